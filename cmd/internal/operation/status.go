package operation

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"flowctl/plan"
	"flowctl/plan/ledger"
)

// Status is how the investigations of a file stand, in its stable JSON form.
type Status struct {
	Format         string     `json:"format"`
	Now            time.Time  `json:"now"`
	Investigations []Standing `json:"investigations"`
}

// Standing is how one investigation stands.
type Standing struct {
	Name     string          `json:"name"`
	Starts   *time.Time      `json:"starts,omitempty"` // only if that is to come
	Ends     *time.Time      `json:"ends"`
	Finished *time.Time      `json:"finished"`
	Results  string          `json:"results,omitempty"`
	Sessions []SessionStatus `json:"sessions"`
	SoFar    *SoFar          `json:"so_far,omitempty"` // the answer to the first question, from what was collected last
	Left     []ledger.Left   `json:"left,omitempty"`   // what should be gone and is not

	// Of a monitor.
	Monitor *plan.Monitor `json:"monitor,omitempty"`
	Periods int           `json:"periods,omitempty"` // that were reported
	Next    string        `json:"next,omitempty"`    // report
}

// Recording reports whether anything of it may still record.
func (s Standing) Recording() bool {
	return slices.ContainsFunc(s.Sessions, func(x SessionStatus) bool { return x.There })
}

// SessionStatus is how one session stands.
type SessionStatus struct {
	Name      string         `json:"name"` // of the resource
	Mechanism plan.Mechanism `json:"mechanism"`
	Target    plan.ID        `json:"target"`
	State     string         `json:"state"` // as Azure says, or where flowctl stands
	Reason    string         `json:"reason,omitempty"`
	Reused    bool           `json:"reused,omitempty"`
	There     bool           `json:"there"` // in Azure
	Deadline  *time.Time     `json:"deadline"`
	Changes   []string       `json:"changes,omitempty"` // what others did to it
}

// Status joins what Azure shows with what the state remembers.
func (op *Operation) Status(ctx context.Context) (Status, error) {
	doc := Status{Format: "1", Now: op.now(), Investigations: []Standing{}}
	var errs []error
	for _, inv := range op.Config.Investigations {
		s, err := op.standing(ctx, header(inv))
		doc.Investigations = append(doc.Investigations, s)
		errs = append(errs, err)
	}
	return doc, errors.Join(errs...)
}

// standing joins what Azure shows of an investigation with what the state
// remembers of it.
func (op *Operation) standing(ctx context.Context, inv plan.Investigation) (Standing, error) {
	s := Standing{Name: inv.Name, Sessions: []SessionStatus{}}
	there, err := op.ours(ctx, inv)
	for _, r := range there {
		st := statusOf(r)
		s.Sessions = append(s.Sessions, st)
		s.Ends = st.Deadline
	}
	run := op.ledger.Runs[inv.Name]
	if run == nil {
		return s, err
	}
	s.Results, s.Left = run.Results, run.Left
	if inv.Standing() {
		s.Monitor, s.Periods, s.Next = inv.Monitor, len(run.Periods), op.next(inv, run)
	}
	start, end := run.Window(inv)
	s.Ends = &end
	if op.now().Before(start) {
		s.Starts = &start
	}
	if !run.Finished.IsZero() {
		s.Finished = &run.Finished
	} else if !inv.Standing() {
		s.SoFar = soFar(run, start, end)
	}
	s.remember(run, there)
	return s, err
}

func statusOf(r plan.Recording) SessionStatus {
	ends := r.Deadline()
	st := SessionStatus{Name: r.ID.Name(), Mechanism: r.Mechanism, Target: r.Target, There: true, Deadline: &ends, Reason: r.StopReason}
	switch {
	case r.Mechanism == plan.PacketCapture:
		st.State = string(r.State)
	case r.Enabled:
		st.State = "recording"
	default:
		st.State = "disabled"
	}
	return st
}

// remember adds the sessions that are not in Azure any more, or never were
// ours.
func (s *Standing) remember(run *ledger.Run, there []plan.Recording) {
	known := map[string]int{}
	for i, r := range there {
		known[r.ID.Name()] = i
	}
	for _, m := range byAddress(run.Sessions) {
		if i, ok := known[m.Session.Name]; ok {
			s.Sessions[i].Changes = changes(m)
			continue
		}
		one := SessionStatus{
			Name: m.Session.Name, Mechanism: m.Session.Mechanism, Target: m.Session.Target.ID,
			State: string(m.Stand()), Reason: m.Reason(), Reused: m.Reused, There: m.Reused, Changes: changes(m),
		}
		if m.Stand() == ledger.Recording && !m.Reused {
			one.State, one.Reason = "gone", "not in Azure any more; flowctl apply collects what it recorded"
		}
		s.Sessions = append(s.Sessions, one)
	}
}

func changes(e *ledger.Entry) []string {
	var out []string
	for _, c := range e.Changes {
		out = append(out, c.String())
	}
	return out
}

// byAddress lists sessions in the order of their watches and targets.
func byAddress(sessions map[string]*ledger.Entry) []*ledger.Entry {
	return slices.SortedFunc(maps.Values(sessions), func(a, b *ledger.Entry) int {
		return cmp.Or(cmp.Compare(a.Session.Address(), b.Session.Address()), cmp.Compare(a.Session.Name, b.Session.Name))
	})
}

// ours lists what flowctl made for an investigation, captures with their
// state.
func (op *Operation) ours(ctx context.Context, inv plan.Investigation) ([]plan.Recording, error) {
	var out []plan.Recording
	var errs []error
	for _, alias := range op.aliases() {
		for _, r := range op.recordings[alias] {
			if !inv.Made(r) && !op.ledger.Runs[inv.Name].Has(r.ID) {
				continue
			}
			if r.Mechanism == plan.PacketCapture {
				got, err := op.providers[alias].Status(ctx, r)
				if errs = append(errs, err); err == nil {
					r = got
				}
			}
			out = append(out, r)
		}
	}
	return out, errors.Join(errs...)
}
