// Package report draws documents from a summary: what to say first, which
// tables there are and what stands in them, and the Markdown report. The
// text view of the terminal shows the same sentences and tables.
package report
