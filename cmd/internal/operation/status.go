package operation

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"flowctl/plan"
	"flowctl/plan/state"
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
	Ends     *time.Time      `json:"ends"`
	Finished *time.Time      `json:"finished"`
	Results  string          `json:"results,omitempty"`
	Sessions []SessionStatus `json:"sessions"`
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
}

// Status joins what Azure shows with what the state remembers.
func (op *Operation) Status(ctx context.Context) (Status, error) {
	doc := Status{Format: "1", Now: op.now(), Investigations: []Standing{}}
	var errs []error
	for _, inv := range op.Config.Investigations {
		s, err := op.standing(ctx, inv.Name)
		doc.Investigations = append(doc.Investigations, s)
		errs = append(errs, err)
	}
	return doc, errors.Join(errs...)
}

// standing joins what Azure shows of an investigation with what the state
// remembers of it.
func (op *Operation) standing(ctx context.Context, name string) (Standing, error) {
	s := Standing{Name: name, Sessions: []SessionStatus{}}
	there, err := op.ours(ctx, name)
	for _, r := range there {
		n, _ := plan.ParseName(r.ID.Name())
		s.Sessions = append(s.Sessions, statusOf(r, n))
		s.Ends = &n.Deadline
	}
	run := op.snapshot.Runs[name]
	if run == nil {
		return s, err
	}
	s.Ends, s.Results = &run.Ends, run.Results
	if !run.Finished.IsZero() {
		s.Finished = &run.Finished
	}
	s.remember(run, there)
	return s, err
}

func statusOf(r plan.Recording, n plan.Name) SessionStatus {
	st := SessionStatus{Name: r.ID.Name(), Mechanism: r.Mechanism, Target: r.Target, There: true, Deadline: &n.Deadline, Reason: r.StopReason}
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
func (s *Standing) remember(run *state.Run, there []plan.Recording) {
	known := map[string]bool{}
	for _, r := range there {
		known[r.ID.Name()] = true
	}
	for _, m := range byAddress(run.Sessions) {
		if known[m.Session.Name] {
			continue
		}
		s.Sessions = append(s.Sessions, SessionStatus{
			Name: m.Session.Name, Mechanism: m.Session.Mechanism, Target: m.Session.Target.ID,
			State: string(m.Phase), Reason: m.Reason, Reused: m.Reused, There: m.Reused,
		})
	}
}

// byAddress lists sessions in the order of their watches and targets.
func byAddress(sessions map[string]*state.Session) []*state.Session {
	return slices.SortedFunc(maps.Values(sessions), func(a, b *state.Session) int {
		return cmp.Or(cmp.Compare(a.Session.Address(), b.Session.Address()), cmp.Compare(a.Session.Name, b.Session.Name))
	})
}

// ours lists what flowctl made for an investigation, captures with their
// state.
func (op *Operation) ours(ctx context.Context, name string) ([]plan.Recording, error) {
	var out []plan.Recording
	var errs []error
	for _, alias := range op.aliases() {
		for _, r := range op.recordings[alias] {
			n, ok := plan.ParseName(r.ID.Name())
			if !ok || n.Investigation != name {
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
