package operation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"flowctl/cmd/internal/report"
	"flowctl/collectors"
	"flowctl/collectors/flow"
	"flowctl/collectors/minutes"
	"flowctl/collectors/summary"
	"flowctl/plan"
	"flowctl/plan/config"
	"flowctl/plan/session"
)

// Answer is what flows say to the questions that were asked.
type Answer struct {
	Doc      *summary.Document
	Problems collectors.Problems // what could not be read
	Folder   string              // of a run's results; empty of loose files
	Meta     report.Meta         // what a report says of the run
}

// Close gives back what the answer keeps on disk.
func (a *Answer) Close() error { return a.Doc.Conversations.Close() }

// Sources counts the files that were to be read, and those of which nothing
// could be.
func (a *Answer) Sources() (all, unreadable int) {
	for _, s := range a.Doc.Sources {
		n := max(1, s.Files)
		all += n
		if s.Status == flow.Unreadable {
			unreadable += n
		}
	}
	return all, unreadable
}

// errNothingRead says that no source could be read.
var errNothingRead = errors.New("nothing could be read")

// Err is an error if nothing at all could be read.
func (a *Answer) Err() error {
	all, unreadable := a.Sources()
	if n := a.Problems.Count; n > 0 && n == unreadable && n == all {
		return errNothingRead
	}
	return nil
}

// answer sums up a run's folder with the file's questions and writes the
// reports that the file asks for.
func (op *Operation) answer(ctx context.Context, folder session.Folder) (*Answer, error) {
	m, err := folder.Manifest()
	if err != nil {
		return nil, err
	}
	if m.Investigation.Name == "" {
		return nil, fmt.Errorf("%s holds no results of a run", folder.Path)
	}
	inv := op.investigation(m.Investigation.Name)
	if m, err = keepTags(folder, m, op.Tags); err != nil {
		return nil, err
	}
	if b := inv.Budget; b != nil {
		m.Prices = b.Prices
	}
	if m, err = op.keepQuestions(folder, m, inv); err != nil {
		return nil, err
	}
	questions, err := compile(inv.Summaries)
	if err != nil {
		return nil, err
	}
	sum, err := folderSum(folder, m, questions)
	if err != nil {
		return nil, err
	}
	doc, problems, err := sumFolderFlows(ctx, sum, folder, op.Version)
	if err != nil {
		return nil, err
	}
	doc.Simulated = m.Investigation.Simulated
	a := &Answer{doc, problems, folder.Path, meta(m)}
	if err := errors.Join(sinceBefore(ctx, folder, m, doc), overTime(ctx, sum, m, doc)); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	if _, err := writeReports(folder, m, doc, inv.Report.Formats); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, op.engage(ctx, folder.Path)
}

func (op *Operation) investigation(name string) *config.Investigation {
	i := slices.IndexFunc(op.Config.Investigations, func(i *config.Investigation) bool { return i.Name == name })
	return op.Config.Investigations[i]
}

// compile makes a file's questions ready.
func compile(asks []config.Summary) ([]*summary.Question, error) {
	var out []*summary.Question
	for _, a := range asks {
		if a.Where != nil && a.Question.Where == nil {
			return nil, fmt.Errorf("summarize %q: its condition depends on a value that is not known", a.Name)
		}
		out = append(out, summary.Compile(*a.Question))
	}
	return out, nil
}

// folderSum sums up what a run collected, in its window and with its names.
func folderSum(folder session.Folder, m session.Manifest, questions []*summary.Question) (collectors.Sum, error) {
	inv, err := folder.Inventory()
	if err != nil {
		return collectors.Sum{}, err
	}
	var expects []summary.Expect
	if len(questions) >= len(m.Questions) { // all that they are about is asked
		if expects, err = keptExpects(m); err != nil {
			return collectors.Sum{}, err
		}
	}
	tags, missing, err := keptTags(folder, m)
	if err != nil {
		return collectors.Sum{}, err
	}
	o := summary.Options{Expects: expects, Inventories: inv, Tags: tags, Prices: m.Prices, Dictionary: m.Dictionary, Questions: questions, SHA256: map[string]string{}, Coverage: append(coverage(m), missing...), Unseen: unseen(m)}
	for _, a := range m.Artifacts {
		o.SHA256[a.Path] = a.SHA256
	}
	return collectors.Sum{Root: folder.Path, Items: artifacts(m), Start: m.Start, End: m.End, Followed: followed(m, inv), Fine: true, Options: o}, nil
}

// apart says how far apart captures began that were to begin together.
func apart(m session.Manifest) string {
	var first, last session.Session
	n := 0
	for _, s := range m.Sessions {
		if !m.Investigation.AlignedStart || s.Mechanism != plan.PacketCapture || s.Started.IsZero() {
			continue
		}
		if n++; n == 1 || s.Started.Before(first.Started) {
			first = s
		}
		if n == 1 || s.Started.After(last.Started) {
			last = s
		}
	}
	if n < 2 {
		return ""
	}
	return fmt.Sprintf("The %d captures were to begin together: the first, of %s, began at %s, and the last, of %s, %s later. What one of them alone has before that says nothing about the other.",
		n, first.Address, first.Started.UTC().Format("15:04:05"), last.Address, plan.Duration(last.Started.Sub(first.Started)))
}

// followed are the flow logs of a run, with when they did not record.
func followed(m session.Manifest, inv []*plan.Inventory) []minutes.Followed {
	var out []minutes.Followed
	for _, s := range m.Sessions {
		if s.Log == "" || m.Start.IsZero() || s.Outcome == "failed" && len(s.Gaps) == 0 {
			continue // a log that never was is told by its session
		}
		f := minutes.Followed{Log: string(s.Log), Target: string(s.Target.ID), From: m.Start, To: m.End}
		for _, g := range s.Gaps {
			off := minutes.Off{From: g.From, To: g.To, Why: g.Why, Read: g.Read}
			if len(g.Targets) > 0 {
				off.Interfaces = interfacesOf(g.Targets, inv)
			}
			f.Off = append(f.Off, off)
		}
		out = append(out, f)
	}
	return out
}

// interfacesOf are the MAC addresses of interfaces and of those in subnets and VNets, as far
// as an inventory knows them; not nil.
func interfacesOf(targets []plan.ID, inv []*plan.Inventory) []string {
	macs := []string{}
	for _, i := range inv {
		for _, n := range i.NICs {
			in := func(id plan.ID) bool {
				return id.Is(n.ID) || slices.ContainsFunc(n.Subnets, func(s plan.ID) bool { return id.Is(s) || id.Is(s.Parent()) })
			}
			if slices.ContainsFunc(targets, in) {
				macs = append(macs, n.MAC)
			}
		}
	}
	return macs
}

// artifacts are the files of a run, with what the run knows of them.
func artifacts(m session.Manifest) iter.Seq2[collectors.Item, error] {
	return func(yield func(collectors.Item, error) bool) {
		acls := map[string][]string{} // by session, of which there are many fewer than artifacts
		only := map[string]collectors.Only{}
		for i := len(m.Sessions) - 1; i >= 0; i-- {
			acls[m.Sessions[i].Name] = onlyViews(m, m.Sessions[i])
			only[m.Sessions[i].Name] = onlyAsked(m, m.Sessions[i])
		}
		spans := spansRead(m)
		for _, a := range m.Artifacts {
			item := collectors.Item{Path: a.Path, Target: string(a.Target), ACLs: acls[a.Session], Only: only[a.Session]}
			if item.Start, item.End = cutOf(spans[a.Session], a); item.Start.Equal(item.End) && !item.Start.IsZero() {
				continue // all of it is read elsewhere
			}
			if a.Kind == plan.PacketCapture {
				item.Point = a.Target.Name() + "/" + strings.TrimSuffix(filepath.Base(a.Path), filepath.Ext(a.Path))
			}
			if !yield(item, nil) {
				return
			}
		}
	}
}

// onlyAsked is what the file asks for of a log that is somebody else's; all of it
// if sessions that share the log ask for different things.
func onlyAsked(m session.Manifest, s session.Session) collectors.Only {
	for _, o := range m.Sessions {
		if o.Name == s.Name && (o.ReadFilter != s.ReadFilter || o.ReadTypes != s.ReadTypes) {
			return collectors.Only{}
		}
	}
	return collectors.Only{Filter: s.ReadFilter, RecordTypes: s.ReadTypes}
}

// onlyViews returns the security groups that alone asked for a session; nil if
// something else asked too.
func onlyViews(m session.Manifest, s session.Session) []string {
	var acls []string
	for _, w := range s.Watches {
		v := slices.IndexFunc(m.Views, func(v plan.View) bool { return v.Watch == w })
		if v < 0 {
			return nil
		}
		for _, view := range m.Views {
			if view.Watch == w {
				acls = append(acls, string(view.NSG), view.GUID)
			}
		}
	}
	return acls
}

// coverage is what the run knows that it could not see.
func coverage(m session.Manifest) []summary.Coverage {
	var out []summary.Coverage
	say := func(code, format string, args ...any) {
		out = append(out, summary.Coverage{Code: code, Text: fmt.Sprintf(format, args...)})
	}
	for _, f := range m.Findings {
		out = append(out, summary.Coverage{Code: f.Code, Text: f.Detail, Planned: true})
	}
	for _, s := range m.Sessions {
		switch {
		case s.Outcome == "failed":
			say("session-failed", "%s: %s.", s.Address, s.Reason)
		case s.Mechanism == plan.PacketCapture && s.Reason != "" && s.Reason != "TimeExceeded" && s.Outcome != "recording":
			say("capture-ended-early", "The capture of %s ended for the reason %q, before its time: later packets are missing.", s.Address, s.Reason)
		}
		if s.Mechanism == plan.PacketCapture && s.Filtered {
			say("capture-filtered", "The capture of %s holds only what its filters let through.", s.Address)
		}
		if s.Mechanism == plan.FlowLog && s.Filtered {
			say("flow-log-filtered", "The flow log %s records only a part: it has a filter or leaves out record types.", s.Name)
		}
	}
	if text := apart(m); text != "" {
		say("captures-began", "%s", text)
	}
	for _, s := range m.Sessions {
		if asked := (collectors.Only{Filter: s.ReadFilter, RecordTypes: s.ReadTypes}); asked != (collectors.Only{}) && onlyAsked(m, s) != asked {
			say("flow-log-read-whole", "Flow log %s is shared by watches that ask for different parts of it, so all of it counts.", s.Name)
		}
	}
	return out
}

func writeReports(folder session.Folder, m session.Manifest, doc *summary.Document, formats []string) (files []string, err error) {
	for _, f := range formats {
		var b bytes.Buffer
		name := ""
		switch f {
		case config.JSON:
			name, err = "summary.json", doc.Write(&b)
		case config.Markdown:
			name, err = "report.md", report.Markdown(&b, doc, meta(m))
		case config.HTML:
			name, err = "report.html", report.HTML(&b, doc, meta(m))
		default:
			continue
		}
		if err != nil {
			return files, fmt.Errorf("report %s: %w", f, err)
		}
		if err := folder.Write(name, b.Bytes()); err != nil {
			return files, err
		}
		files = append(files, filepath.Join(folder.Path, name))
	}
	return files, nil
}

// meta is what a report says about its run.
func meta(m session.Manifest) report.Meta {
	i := m.Investigation
	out := report.Meta{Name: i.Name, Reason: i.Reason, Owner: i.Owner, Ticket: i.Ticket, Start: m.Start, End: m.End}
	for _, s := range m.Sessions {
		out.Recorded = append(out.Recorded, recorded(s))
	}
	out.Expects, out.Questions = map[string]session.Place{}, map[string]session.Place{}
	for _, e := range m.Expects {
		out.Expects[e.Name] = e.Place
	}
	out.HCL = map[string]string{}
	for _, q := range m.Questions {
		out.Questions[q.Name], out.HCL[q.Name] = q.Place, q.HCL()
	}
	return out
}

// recorded says in a line how one session went.
func recorded(s session.Session) string {
	what := "packet capture"
	if s.Mechanism == plan.FlowLog {
		what = "flow log"
	}
	if s.Reused {
		what = "somebody's flow log " + s.Name
		if s.Owner != "" {
			what = fmt.Sprintf("flow log %s of %s", s.Name, s.Owner)
		}
		if s.Log == "" && s.Mechanism == plan.FlowLog && strings.Contains(s.Name, "@") {
			what = "rows of Traffic Analytics " + s.Name
		}
	}
	line := fmt.Sprintf("%s of %s (%s)", what, s.Target.ID.Name(), strings.Join(s.Watches, ", "))
	if !s.Since.IsZero() {
		line += ", which took over at " + s.Since.UTC().Format("15:04")
	}
	if s.Reason != "" {
		line += ", ended by " + s.Reason
	}
	return line
}
