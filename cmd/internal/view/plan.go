// Package view draws what people and programs see of plans, runs and
// summaries. Each has one document; the JSON form is that document, the text
// form is drawn from it.
package view

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"flowctl/cmd/internal/terminal"
	"flowctl/plan"
)

// PlanFormat is the number of the plan document's form.
const PlanFormat = "1"

// PlanDoc is the stable JSON form of what apply would do.
type PlanDoc struct {
	Format         string             `json:"format"`
	Investigations []InvestigationDoc `json:"investigations"`
	Summary        PlanCounts         `json:"summary"`
}

// InvestigationDoc is the plan of one investigation.
type InvestigationDoc struct {
	Name     string         `json:"name"`
	Reason   string         `json:"reason"`
	Owner    string         `json:"owner"`
	Ticket   string         `json:"ticket,omitempty"`
	Window   string         `json:"window"`
	Ends     time.Time      `json:"ends"`
	Changes  []ChangeDoc    `json:"changes"`
	Findings []plan.Finding `json:"findings"`
	Pending  bool           `json:"pending"` // apply would do or wait for something
	Finished bool           `json:"finished"`
	Results  string         `json:"results,omitempty"`
}

// ChangeDoc is what happens to one target.
type ChangeDoc struct {
	Action    string         `json:"action"`
	Mechanism plan.Mechanism `json:"mechanism"`
	Kind      string         `json:"kind,omitempty"` // of the target
	Target    plan.ID        `json:"target"`
	Location  string         `json:"location"`
	Watches   []string       `json:"watches"`
	Reason    string         `json:"reason"`
	Recording plan.ID        `json:"recording,omitempty"`
	Storage   plan.ID        `json:"storage,omitempty"`
	Settings  any            `json:"settings,omitempty"`

	symbol plan.Action
	detail string
}

// PlanCounts sums up a plan.
type PlanCounts struct {
	Create  int `json:"create"`
	Reuse   int `json:"reuse"`
	Keep    int `json:"keep"`
	Finish  int `json:"finish"`
	Replace int `json:"replace"`
	Delete  int `json:"delete"`
	Leave   int `json:"leave"`
}

// NewPlanDoc builds the document of plans.
func NewPlanDoc(plans []plan.Plan, results func(name string) string) PlanDoc {
	d := PlanDoc{Format: PlanFormat, Investigations: []InvestigationDoc{}}
	for _, p := range plans {
		i := p.Investigation
		doc := InvestigationDoc{
			Name: i.Name, Reason: i.Reason, Owner: i.Owner, Ticket: i.Ticket, Window: i.Window.String(), Ends: p.Ends,
			Changes: []ChangeDoc{}, Findings: append([]plan.Finding{}, p.Findings...),
			Pending: p.Pending(), Finished: p.Finished, Results: results(i.Name),
		}
		for _, c := range p.Changes {
			doc.Changes = append(doc.Changes, newChangeDoc(c))
			d.Summary.count(c.Action)
		}
		d.Investigations = append(d.Investigations, doc)
	}
	return d
}

func (n *PlanCounts) count(a plan.Action) {
	switch a {
	case plan.Create:
		n.Create++
	case plan.Reuse:
		n.Reuse++
	case plan.Keep:
		n.Keep++
	case plan.Finish:
		n.Finish++
	case plan.Replace:
		n.Replace++
	case plan.Delete:
		n.Delete++
	case plan.Leave:
		n.Leave++
	}
}

func newChangeDoc(c plan.Change) ChangeDoc {
	d := ChangeDoc{
		Action: c.Action.Word(), Mechanism: c.Mechanism(), Target: c.Target(), Reason: c.Reason,
		Watches: []string{}, symbol: c.Action,
	}
	if c.Recording != nil {
		d.Recording, d.Location, d.Storage = c.Recording.ID, c.Recording.Location, c.Recording.Storage
	}
	if s := c.Session; s != nil {
		d.Kind, d.Location, d.Watches = s.Target.Kind, s.Target.Location, s.Watches
	}
	if c.Session != nil && c.Action != plan.Reuse { // what is reused has its own settings
		d.Storage, d.detail = c.Session.Storage, settings(*c.Session)
		if d.Settings = any(c.Session.FlowLog); c.Session.Capture != nil {
			d.Settings = c.Session.Capture
		}
	}
	return d
}

// settings says in a line how a target is recorded.
func settings(s plan.Session) string {
	if c := s.Capture; c != nil {
		parts := []string{duration(c.Duration.String()) + " or " + size(c.MaxBytes)}
		if c.BytesPerPacket > 0 {
			parts = append(parts, fmt.Sprintf("the first %d bytes of each packet", c.BytesPerPacket))
		} else {
			parts = append(parts, "whole packets")
		}
		if n := len(c.Filters); n > 0 {
			parts = append(parts, "only "+filters(c.Filters))
		}
		return strings.Join(parts, ", ")
	}
	if s.FlowLog != nil && s.FlowLog.Filter != "" {
		return "only " + s.FlowLog.Filter
	}
	return ""
}

// PlanJSON prints the document.
func PlanJSON(w io.Writer, d PlanDoc) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(d)
}

// PlanText draws the document.
func PlanText(w io.Writer, d PlanDoc) {
	for _, i := range d.Investigations {
		investigationText(w, i)
	}
	n := d.Summary
	if blocked(d) {
		fmt.Fprintln(w, "The errors above must be mended first.")
		return
	}
	if n == (PlanCounts{Leave: n.Leave, Reuse: n.Reuse}) && !anyPending(d) {
		fmt.Fprintln(w, "Nothing to do: everything was recorded and collected before. To record anew: flowctl apply --again")
		return
	}
	fmt.Fprintf(w, "Plan: %d to create, %d reused, %d to replace, %d to remove, %d going on, %d left.\n",
		n.Create, n.Reuse, n.Replace, n.Delete+n.Finish, n.Keep, n.Leave)
}

func blocked(d PlanDoc) bool {
	for _, i := range d.Investigations {
		if plan.Blocking(i.Findings) {
			return true
		}
	}
	return false
}

func anyPending(d PlanDoc) bool {
	for _, i := range d.Investigations {
		if i.Pending {
			return true
		}
	}
	return false
}

func investigationText(w io.Writer, i InvestigationDoc) {
	fmt.Fprintf(w, "%s: %s\n", i.Name, terminal.Escape(i.Reason))
	line := "  owner " + terminal.Escape(i.Owner)
	if i.Ticket != "" {
		line += ", ticket " + terminal.Escape(i.Ticket)
	}
	if i.Finished && !i.Pending {
		fmt.Fprintf(w, "%s, finished; results in %s\n\n", line, i.Results)
	} else {
		fmt.Fprintf(w, "%s, %s until %s\n\n", line, duration(i.Window), i.Ends.UTC().Format("2006-01-02 15:04 MST"))
	}
	for _, c := range i.Changes {
		changeText(w, c)
	}
	if len(i.Changes) > 0 {
		fmt.Fprintln(w)
	}
	for _, f := range i.Findings {
		findingText(w, f)
	}
}

// duration drops the zero parts that time.Duration prints.
func duration(s string) string {
	s = strings.TrimSuffix(s, "0s")
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// size shows a limit in the binary units that people give it in.
func size(n int64) string {
	for i, unit := range []string{"GiB", "MiB", "KiB"} {
		if one := int64(1) << (30 - 10*i); n >= one && n%one == 0 {
			return fmt.Sprintf("%d %s", n/one, unit)
		}
	}
	return terminal.Bytes(uint64(n))
}

// filters says what the filters of a capture let through.
func filters(list []plan.CaptureFilter) string {
	var all []string
	for _, f := range list {
		var parts []string
		for _, p := range [][2]string{{"", f.Protocol}, {"from local ", f.LocalAddress}, {"local port ", f.LocalPort}, {"to ", f.RemoteAddress}, {"remote port ", f.RemotePort}} {
			if p[1] != "" {
				parts = append(parts, p[0]+p[1])
			}
		}
		all = append(all, strings.Join(parts, " "))
	}
	return strings.Join(all, " or ")
}

func changeText(w io.Writer, c ChangeDoc) {
	fmt.Fprintf(w, "  %-3s %-14s %s %s", c.symbol, c.Mechanism, terminal.Escape(c.Target.Name()), c.Location)
	if len(c.Watches) > 0 {
		fmt.Fprintf(w, "  for %s", terminal.Escape(strings.Join(c.Watches, ", ")))
	}
	fmt.Fprintln(w)
	fmt.Fprintf(w, "      %s\n", terminal.Escape(c.Reason))
	if c.detail != "" {
		fmt.Fprintf(w, "      %s\n", terminal.Escape(c.detail))
	}
}

func findingText(w io.Writer, f plan.Finding) {
	word := "Warning"
	if f.Severity == plan.Error {
		word = "Error"
	}
	at := ""
	if f.File != "" {
		at = fmt.Sprintf(" (%s:%d)", terminal.Escape(f.File), f.Line)
	}
	fmt.Fprintf(w, "  %s: %s%s\n    %s\n\n", word, f.Summary, at, terminal.Escape(f.Detail))
}
