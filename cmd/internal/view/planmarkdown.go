package view

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"flowctl/cmd/internal/report"
	"flowctl/cmd/internal/terminal"
	"flowctl/plan"
	"flowctl/plan/preflight"
)

// CommentSize is how many characters GitHub takes in a comment; the least of those that
// are known (GitLab takes 1,000,000, Azure DevOps 150,000).
const CommentSize = 65536

// PlanMarker begins a plan as a comment, so that the next one finds it to take its place.
const PlanMarker = "<!-- flowctl plan -->"

// PlanMarkdown writes the document as a comment on a pull request. Of what does not fit the
// rows are left out evenly, with how many there are. It says no time of its own, so that two
// plans that say the same are the same text.
func PlanMarkdown(w io.Writer, d PlanDoc, role preflight.RoleDefinition) error {
	many := 0
	for _, i := range d.Investigations {
		many = max(many, len(i.Changes), len(i.Findings))
	}
	for rows, blocks := many, len(d.Investigations); ; {
		m := markdownPlan{rows: rows, blocks: blocks}
		m.doc(d, role)
		if m.Len() <= CommentSize || blocks == 0 {
			_, err := w.Write(m.Bytes())
			return err
		}
		if rows > 1 {
			rows /= 2
		} else {
			blocks /= 2
		}
	}
}

// markdownPlan is a comment that has so many rows of each list, and so many investigations.
type markdownPlan struct {
	bytes.Buffer
	rows, blocks int
}

func (m *markdownPlan) printf(format string, args ...any) { fmt.Fprintf(m, format, args...) }

func (m *markdownPlan) doc(d PlanDoc, role preflight.RoleDefinition) {
	m.printf("%s\n### %s\n", PlanMarker, verdictOf(d))
	for n, i := range d.Investigations {
		if n == m.blocks {
			m.printf("\nAnd %d more, for which there is no room here: `flowctl plan` has them.\n", len(d.Investigations)-n)
			break
		}
		m.investigation(i)
	}
	m.permissions(role)
}

// verdictOf is what a reviewer has to know first.
func verdictOf(d PlanDoc) string {
	switch {
	case blocked(d):
		return "flowctl: this cannot be applied"
	case !anyPending(d):
		return "flowctl: nothing to do"
	}
	return "flowctl: " + strings.TrimSuffix(strings.TrimPrefix(counts(d.Summary), "Plan: "), ".")
}

func (m *markdownPlan) investigation(i InvestigationDoc) {
	m.printf("\n#### %s: %s\n\nOwner %s", quoted(i.Name), quoted(i.Reason), quoted(i.Owner))
	if i.Ticket != "" {
		m.printf(", ticket %s", quoted(i.Ticket))
	}
	m.printf(", %s.\n", quoted(until(i)))
	if i.Simulated {
		m.printf("Simulated: flowctl's sandbox answers in the place of Azure.\n")
	}
	if i.MaxBytes > 0 {
		m.printf("It ends once %s are recorded.\n", size(i.MaxBytes))
	}
	m.findings(i.Findings, plan.Error, plan.Warning)
	m.changes(i)
	m.cost(i)
	m.findings(i.Findings, plan.Info)
}

// until says when i records, without the present time.
func until(i InvestigationDoc) string {
	if i.Monitor != nil || !i.start.IsZero() || i.Begun || i.Finished && !i.Pending {
		if i.Finished && !i.Pending {
			return "finished"
		}
		return timeBox(i)
	}
	return plan.Duration(i.window) + " from when it is applied"
}

// changes says of whom what is recorded: what changes open, what goes on folded.
func (m *markdownPlan) changes(i InvestigationDoc) {
	called := plan.CalledAmong(targets(i.Changes, func(c ChangeDoc) plan.ID { return c.Target }))
	var now, rest []ChangeDoc
	for _, c := range i.Changes {
		if c.symbol == plan.Keep || c.symbol == plan.Leave {
			rest = append(rest, c)
		} else {
			now = append(now, c)
		}
	}
	m.table(called, now)
	if len(rest) > 0 {
		m.fold(fmt.Sprintf("%d that stay as they are", len(rest)), func() { m.table(called, rest) })
	}
}

func (m *markdownPlan) table(called *plan.Called, list []ChangeDoc) {
	if len(list) == 0 {
		return
	}
	m.printf("\n| | of whom | what is recorded | why |\n|---|---|---|---|\n")
	for n, c := range list {
		if n == m.rows {
			m.printf("\n… and %d more.\n", len(list)-n)
			return
		}
		what := strings.ReplaceAll(string(c.Mechanism), "_", " ")
		if c.detail != "" {
			what += ", " + c.detail
		}
		m.printf("| `%s` %s | %s %s, %s | %s | %s |\n", c.symbol, c.Action, quoted(c.Kind), quoted(called.Name(c.Target)), quoted(c.Location), quoted(what), quoted(c.Reason))
	}
}

// findings writes those of some severities, which notes are folded of.
func (m *markdownPlan) findings(fs []plan.Finding, of ...plan.Severity) {
	var list []plan.Finding
	for _, f := range fs {
		for _, s := range of {
			if f.Severity == s {
				list = append(list, f)
			}
		}
	}
	write := func() {
		for n, g := range grouped(list) {
			if n == m.rows {
				m.printf("- … and %d more.\n", len(list)-n)
				return
			}
			m.printf("- **%s**", quoted(head(g.first)))
			for _, d := range g.details[:min(len(g.details), mostAlike)] {
				m.printf("  \n  %s", quoted(d))
			}
			if more := len(g.details) - mostAlike; more > 0 {
				m.printf("  \n  … and %d more like this.", more)
			}
			m.printf("\n")
		}
	}
	switch {
	case len(list) == 0:
	case of[0] == plan.Info:
		m.fold(Count(len(list), "note"), write)
	default:
		m.printf("\n")
		write()
	}
}

func (m *markdownPlan) cost(i InvestigationDoc) {
	if i.Cost == nil {
		return
	}
	sum := fmt.Sprintf("Cost%s, at most: %s %s", monthly(i), money(i.Cost.Total), i.Cost.Currency)
	if !i.Cost.Complete {
		sum = fmt.Sprintf("Cost%s: %s %s, and what is not estimated", monthly(i), money(i.Cost.Total), i.Cost.Currency)
	}
	m.fold(sum, func() {
		m.printf("| of | amount | %s |\n|---|--:|--:|\n", quoted(i.Cost.Currency))
		for _, meter := range plan.Meters() {
			if row := meterRow(*i.Cost, meter); row != nil {
				m.printf("| %s | %s | %s |\n", quoted(row[0]), quoted(row[1]), quoted(row[2]))
			}
		}
		m.printf("\nPrices: %s, of %s.\n", quoted(i.Cost.Source), quoted(i.Cost.Date))
	})
}

func (m *markdownPlan) permissions(role preflight.RoleDefinition) {
	all := len(role.Actions) + len(role.DataActions)
	if all == 0 {
		return
	}
	m.fold(fmt.Sprintf("Permissions that this needs: %d actions in %s", all, Count(len(role.AssignableScopes), "scope")), func() {
		for _, list := range [][]string{role.Actions, role.DataActions, role.AssignableScopes} {
			for n, a := range list {
				if n == max(m.rows, 20) {
					m.printf("- … and %d more\n", len(list)-n)
					break
				}
				m.printf("- `%s`\n", strings.ReplaceAll(terminal.Escape(a), "`", ""))
			}
		}
	})
}

func (m *markdownPlan) fold(title string, write func()) {
	m.printf("\n<details><summary>%s</summary>\n\n", quoted(title))
	write()
	m.printf("\n</details>\n")
}

// quoted makes text mean itself in Markdown. It calls nobody: an @ at the begin of a word
// would send a notice to whoever has that name.
func quoted(s string) string {
	s = strings.Join(strings.Fields(report.Plain(s)), " ")
	words := strings.Split(s, " ")
	for i, w := range words {
		if strings.HasPrefix(strings.TrimLeft(w, "(,;:\"'"), "@") {
			words[i] = strings.Replace(w, "@", "@\u2060", 1)
		}
	}
	return strings.Join(words, " ")
}
