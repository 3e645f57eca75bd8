// Package view draws what people and programs see of plans, runs and
// summaries. Each has one document; the JSON form is that document, the text
// form is drawn from it.
package view

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

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
	Ends     time.Time      `json:"ends"`                      // of a monitor, which has none, the year 9999
	Monitor  *plan.Monitor  `json:"monitor,omitempty"`         // of a standing watch
	Removed  bool           `json:"removed,omitempty"`         // a monitor that is in the file no more
	MaxBytes int64          `json:"max_total_bytes,omitempty"` // of all recordings together, which end the run
	Changes  []ChangeDoc    `json:"changes"`
	Findings []plan.Finding `json:"findings"`
	Coverage *plan.Coverage `json:"coverage,omitempty"` // of the part of the window that is past
	Cost     *plan.Estimate `json:"cost,omitempty"`     // at most
	Pending  bool           `json:"pending"`            // apply would do or wait for something
	Finished bool           `json:"finished"`
	Begun    bool           `json:"begun"`            // a run is under way, and Ends is its end
	Failed   int            `json:"failed,omitempty"` // sessions of the finished run
	Results  string         `json:"results,omitempty"`

	Simulated bool      `json:"simulated,omitempty"` // by the sandbox
	Made      time.Time `json:"made"`                // by the clock of Azure, or of the sandbox

	window time.Duration
	start  time.Time // only if the file states it
	past   bool      // the window was over before
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
	Update  int `json:"update"`
	Delete  int `json:"delete"`
	Leave   int `json:"leave"`
}

// NewPlanDoc builds the document of plans.
func NewPlanDoc(plans []plan.Plan, results func(name string) string) PlanDoc {
	d := PlanDoc{Format: PlanFormat, Investigations: []InvestigationDoc{}}
	for _, p := range plans {
		i := p.Investigation
		doc := InvestigationDoc{
			Name: i.Name, Reason: i.Reason, Owner: i.Owner, Ticket: i.Ticket, Window: i.Window.String(), Ends: p.Ends, MaxBytes: i.MaxTotalBytes,
			Changes: []ChangeDoc{}, Findings: append([]plan.Finding{}, p.Findings...),
			Cost: p.Cost, Pending: p.Pending(), Finished: p.Finished, Results: results(i.Name), window: i.Window,
			Begun: p.Begun, Failed: p.Failed, start: i.Start, Monitor: i.Monitor, Removed: p.Removed, Simulated: i.Simulated, Made: p.Made,
			Coverage: p.Coverage, past: i.Past,
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
	case plan.Update:
		n.Update++
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
		parts := []string{plan.Duration(c.Duration) + " or " + size(c.MaxBytes)}
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

// PlanText draws the document, for people at the width of their terminal and
// for files without breaking lines.
func PlanText(w io.Writer, d PlanDoc) {
	width := wide
	if terminal.Is(w) || os.Getenv("COLUMNS") != "" {
		width = terminal.Width(w)
	}
	planText(w, d, width)
}

// wide is a width at which no line is broken.
const wide = math.MaxInt32

func planText(w io.Writer, d PlanDoc, width int) {
	for _, i := range d.Investigations {
		investigationText(w, i, width)
	}
	n := d.Summary
	if blocked(d) {
		fmt.Fprintln(w, "Fix the errors above first.")
		return
	}
	if n == (PlanCounts{Leave: n.Leave, Reuse: n.Reuse}) && !anyPending(d) {
		fmt.Fprintln(w, terminal.Wrap("Nothing to do: "+done(d)+". To record anew: flowctl apply --again", width, "  "))
		return
	}
	if !anyPending(d) {
		fmt.Fprintln(w, terminal.Wrap(fmt.Sprintf("Nothing to do: everything is as the file says, %d going on, %d reused.", n.Keep, n.Reuse), width, "  "))
		return
	}
	fmt.Fprintln(w, terminal.Wrap(counts(n), width, "  "))
}

// counts is a plan in a line.
func counts(n PlanCounts) string {
	update := ""
	if n.Update > 0 {
		update = fmt.Sprintf("%d to update, ", n.Update)
	}
	return fmt.Sprintf("Plan: %d to create, %d reused, %s%d to replace, %d to remove, %d going on, %d left.",
		n.Create, n.Reuse, update, n.Replace, n.Delete+n.Finish, n.Keep, n.Leave)
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

func investigationText(w io.Writer, i InvestigationDoc, width int) {
	fmt.Fprintln(w, terminal.Wrap(i.Name+": "+terminal.Escape(i.Reason), width, "  "))
	if i.Simulated {
		fmt.Fprintln(w, indented("  simulated: flowctl's sandbox answers in the place of Azure, where it is "+i.Made.UTC().Format("2006-01-02 15:04")+" UTC", width, "  "))
	}
	line := "  owner " + terminal.Escape(i.Owner)
	if i.Ticket != "" {
		line += ", ticket " + terminal.Escape(i.Ticket)
	}
	if i.Finished && !i.Pending {
		line += ", finished; results in " + i.Results
	} else {
		line += ", " + timeBox(i)
		if i.MaxBytes > 0 {
			line += fmt.Sprintf(", or until %s are recorded", size(i.MaxBytes))
		}
	}
	fmt.Fprintf(w, "%s\n\n", indented(line, width, "  "))
	called := plan.CalledAmong(targets(i.Changes, func(c ChangeDoc) plan.ID { return c.Target }))
	for _, c := range i.Changes {
		changeText(w, c, called.Name(c.Target), width)
	}
	if len(i.Changes) > 0 {
		fmt.Fprintln(w)
	}
	if i.Coverage != nil {
		CoverageText(w, *i.Coverage, width)
	}
	findingsText(w, i.Findings, width)
	if i.Cost != nil {
		costText(w, *i.Cost, monthly(i), width)
	}
}

// monthly says of what time the cost of a monitor is.
func monthly(i InvestigationDoc) string {
	if i.Monitor == nil {
		return ""
	}
	return " of a month"
}

// timeBox says when i records. What has not begun ends by when it begins, unless
// the file states a time.
func timeBox(i InvestigationDoc) string {
	length, ends := plan.Duration(i.window), moment(i.Ends)
	switch {
	case i.Removed:
		return "removed from the file"
	case i.Monitor != nil:
		return standing(*i.Monitor)
	case i.past:
		return fmt.Sprintf("%s from %s until %s, which is past: nothing is created, what was recorded is read", length, moment(i.start), ends)
	case !i.start.IsZero():
		return fmt.Sprintf("%s from %s until %s", length, moment(i.start), ends)
	case i.Begun:
		return fmt.Sprintf("%s until %s", length, ends)
	}
	return fmt.Sprintf("%s; until %s if it begins now", length, ends)
}

// standing says how a monitor reports.
func standing(m plan.Monitor) string {
	zone := m.Zone
	if zone == "" {
		zone = "UTC"
	}
	text := fmt.Sprintf("without an end; a report for every %s by %s", days(m.Every), zone)
	if m.Compare != "" {
		text += fmt.Sprintf(", compared with the %s", strings.TrimPrefix(string(m.Compare), "the "))
	}
	if m.Keep > 0 {
		text += fmt.Sprintf(", kept for %s", days(m.Keep))
	}
	return text
}

// days writes a duration in days if it is of several.
func days(d time.Duration) string {
	if n := d / plan.Day; n > 1 && d%plan.Day == 0 {
		return fmt.Sprintf("%d days", n)
	}
	return plan.Duration(d)
}

// moment writes a time to the minute, and to the second where it has seconds.
func moment(t time.Time) string {
	form := "2006-01-02 15:04 MST"
	if t.Second() != 0 {
		form = "2006-01-02 15:04:05 MST"
	}
	return t.UTC().Format(form)
}

// done says what came of runs of which nothing is left to do.
func done(d PlanDoc) string {
	failed := 0
	for _, i := range d.Investigations {
		failed += i.Failed
	}
	if failed == 0 {
		return "everything was recorded and collected before"
	}
	return Count(failed, "session") + " failed, as flowctl status says, and what was recorded was collected before"
}

// indented breaks a text into lines that all begin with indent.
func indented(text string, width int, indent string) string {
	return indent + terminal.Wrap(text, width, indent)
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

func changeText(w io.Writer, c ChangeDoc, target string, width int) {
	line := fmt.Sprintf("%s %s", terminal.Escape(target), c.Location)
	if len(c.Watches) > 0 {
		line += "  for " + terminal.Escape(strings.Join(c.Watches, ", "))
	}
	head := fmt.Sprintf("  %-3s %-14s ", c.symbol, c.Mechanism)
	if len(head)+ansi.StringWidth(line) > width { // a line of its own
		head, line = strings.TrimRight(head, " ")+"\n", indented(line, width, "      ")
	}
	fmt.Fprintln(w, head+line)
	fmt.Fprintln(w, indented(terminal.Escape(c.Reason), width, "      "))
	if c.detail != "" {
		fmt.Fprintln(w, indented(terminal.Escape(c.detail), width, "      "))
	}
}
