// Package summary turns flow records into answers: totals, conversations,
// talkers, services, rules, a timeline and what the investigation's own
// summarize blocks ask for. A conversation that several interfaces or
// captures saw is counted once, and what was not measured stays unknown.
// The rules are written down in cmd/flowctl/docs/summary.md.
package summary
