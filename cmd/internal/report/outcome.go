package report

import (
	"fmt"
	"strings"

	"flowctl/collectors/summary"
)

// outcome says how a question ended, if its rows do not say it all.
func outcome(a *summary.Answer) string {
	switch {
	case a.Outcome == summary.CannotAnswer && len(a.Unseen) > 0 && a.Undecided == 0:
		return "Cannot be answered from these sources: " + list(a.Unseen) + "."
	case a.Outcome == summary.CannotAnswer && len(a.Needs) == 0:
		return "Cannot be answered: nothing was measured."
	case a.Outcome == summary.CannotAnswer:
		return fmt.Sprintf("Cannot be answered from these sources: %s. %s", lacking(a, "all"), needed(a))
	case a.Undecided > 0:
		return fmt.Sprintf("There may be more: %s. %s", lacking(a, "others"), needed(a))
	case len(a.Unseen) > 0:
		return "There may be more: " + list(a.Unseen) + "."
	case a.Outcome == summary.NothingFound && a.Excluded > 0:
		return fmt.Sprintf("No row is as having asks; there are %s.", Many(a.Excluded, "row"))
	case a.Outcome == summary.NothingFound && a.Measured != nil:
		return fmt.Sprintf("No flow matches. Measured: %s.", Many(*a.Measured, "flow"))
	case len(a.Rows) == 0:
		return "No flow matches."
	}
	return ""
}

// selected says which rows of an answer overlap, and which having left out.
func selected(a *summary.Answer) string {
	var parts []string
	var flows uint64
	for i := range a.Rows {
		flows += a.Rows[i].Flows
	}
	if a.Total.Left != nil && flows > a.Total.Flows {
		parts = append(parts, "A flow that was seen at both ends is in the rows of both.")
	}
	if a.Excluded > 0 && len(a.Rows) > 0 {
		parts = append(parts, fmt.Sprintf("%s left out by having.", Many(a.Excluded, "row")))
	}
	if a.Unclear > 0 && len(a.Rows) > 0 {
		parts = append(parts, fmt.Sprintf("Of %s having cannot tell: what it asks for was not measured there.", Many(a.Unclear, "row")))
	}
	return strings.Join(parts, " ")
}

// lacking says which fields are not known, and of how many flows.
func lacking(a *summary.Answer, which string) string {
	var fields []string
	for _, n := range a.Needs {
		fields = append(fields, n.Field)
	}
	verb := "is"
	if len(fields) > 1 {
		verb = "are"
	}
	if a.Undecided == 0 {
		return fmt.Sprintf("%s %s not known", list(fields), verb)
	}
	if which == "all" {
		return fmt.Sprintf("%s %s not known of %s", list(fields), verb, Many(a.Undecided, "flow"))
	}
	return fmt.Sprintf("%s %s not known of %s", list(fields), verb, Many(a.Undecided, "other flow"))
}

// needed says what would tell, each source once.
func needed(a *summary.Answer) string {
	var parts []string
	seen := map[string]bool{}
	for _, n := range a.Needs {
		if !seen[n.From] && n.From != "" {
			seen[n.From] = true
			parts = append(parts, n.From)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "It takes " + list(parts) + "."
}

// list joins words as a sentence does.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
