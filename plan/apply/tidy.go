package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"flowctl/plan"
	"flowctl/plan/ledger"
)

// Tidy undoes what was made for the sessions of one investigation beside them:
// it removes the agents that flowctl brought, and puts lifecycle rules back
// that a retention made Azure change. Watchers stay.
type Tidy struct {
	Investigation plan.Investigation
	Providers     map[string]plan.Provider // by alias
	Inventory     []*plan.Inventory
	Accounts      []plan.ID                  // that the file writes to
	Captures      []string                   // providers through which the file captures packets, by alias
	Removed       []plan.Recording           // that no run knows of
	Run           *ledger.Run                // what is remembered; what is undone is dropped from it
	Last          func(account plan.ID) bool // no other run of the ledger needs the account's rules as they are
	Knows         func(name string) bool     // the ledger has an investigation
	Now           time.Time
	Emit          func(Event)

	mu *sync.Mutex
}

func (r *Run) tidy() Tidy {
	return Tidy{
		Investigation: r.Plan.Investigation, Providers: r.Providers, Inventory: r.Inventory, Accounts: r.Accounts, Captures: r.Captures, Run: r.run, Emit: r.emit,
		Last: r.State.LastFor(r.Plan.Investigation.Name), Knows: r.State.Knows, Now: r.clock.Now(),
	}
}

// Do undoes what there is and returns what it could not.
func (t Tidy) Do(ctx context.Context) []Failure {
	t.mu = &sync.Mutex{}
	return append(t.agents(ctx), t.rules(ctx)...)
}

// agents removes those that the run remembers, and those that tell themselves
// that they are of the investigation: a state may be lost.
func (t Tidy) agents(ctx context.Context) []Failure {
	brought, failures := t.brought(ctx)
	if len(brought) == 0 {
		return failures
	}
	users, err := t.users(ctx)
	if err != nil {
		return append(failures, Failure{Session: "agents", Reason: fmt.Sprintf("whether somebody else uses them cannot be read, so they stay: %v", err), Left: brought[0].ID, WayOut: "flowctl apply tries again"})
	}
	out := make([]*Failure, len(brought))
	sideBySide(len(brought), func(i int) { out[i] = t.agent(ctx, brought[i], users[brought[i].Machine.ID.Key()]) })
	for _, f := range out {
		if f != nil {
			failures = append(failures, *f)
		}
	}
	return failures
}

func (t Tidy) brought(ctx context.Context) ([]plan.Agent, []Failure) {
	all := map[string]plan.Agent{} // by key of the id
	for _, a := range t.Run.Agents {
		all[a.ID.Key()] = a
	}
	var failures []Failure
	for _, alias := range t.captureProviders() {
		found, err := t.Providers[alias].Agents(ctx)
		if err != nil && ctx.Err() == nil {
			failures = append(failures, Failure{Session: "agents", Reason: err.Error()})
		}
		for _, a := range found {
			if _, known := all[a.ID.Key()]; !known && t.Investigation.Installed(a) && !t.later(a) {
				all[a.ID.Key()] = a
			}
		}
	}
	var out []plan.Agent
	for _, k := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[k])
	}
	return out, failures
}

// later reports whether an agent is of a later run: a clone may have begun one
// of the same name.
func (t Tidy) later(a plan.Agent) bool {
	if t.Run.Ends.IsZero() {
		return false
	}
	until := t.Run.Ends
	for _, e := range t.Run.Sessions { // the end may have been moved since
		if n, ok := plan.ParseName(e.Session.Name); ok && n.Deadline.After(until) {
			until = n.Deadline
		}
	}
	return a.Expires.After(until)
}

// captureProviders are those through which the run captures packets: only
// captures need agents. Of a run that nothing is known of, it is any. The file's
// own count too: where the ledger was lost, captures that are over are unknown.
func (t Tidy) captureProviders() []string {
	if len(t.Run.Sessions) == 0 {
		return slices.Sorted(maps.Keys(t.Providers))
	}
	used := map[string]bool{}
	for _, alias := range t.Captures {
		used[alias] = t.Providers[alias] != nil
	}
	for _, s := range t.Run.Sessions {
		if s.Session.Mechanism == plan.PacketCapture && t.Providers[s.Session.Target.Provider] != nil {
			used[s.Session.Target.Provider] = true
		}
	}
	maps.DeleteFunc(used, func(_ string, there bool) bool { return !there })
	return slices.Sorted(maps.Keys(used))
}

// users are the captures that are there, by the key of the machine.
func (t Tidy) users(ctx context.Context) (map[string][]plan.Recording, error) {
	out := map[string][]plan.Recording{}
	for _, inv := range t.Inventory {
		p := t.Providers[inv.Provider]
		if p == nil {
			continue
		}
		recs, err := p.Recordings(ctx, inv.Watchers)
		if err != nil {
			return nil, err
		}
		for _, rec := range recs {
			if rec.Mechanism == plan.PacketCapture {
				out[rec.Target.Key()] = append(out[rec.Target.Key()], rec)
			}
		}
	}
	return out, nil
}

// agent removes one, unless a capture on its machine still needs it.
func (t Tidy) agent(ctx context.Context, a plan.Agent, users []plan.Recording) *Failure {
	_, p := providerOf(t.Providers, a.ID)
	if p == nil || ctx.Err() != nil {
		return nil
	}
	for _, rec := range users {
		now, err := p.Status(ctx, rec)
		if errors.Is(err, plan.ErrNotFound) {
			continue
		}
		if err != nil || !now.State.Ended() { // unknown is not ended
			return &Failure{Session: a.Machine.ID.Name(), Left: a.ID,
				Reason: fmt.Sprintf("its agent stays: packet capture %s uses it; remove the extension when that has ended", rec.ID.Name()), WayOut: "flowctl apply tries again once that capture has ended"}
		}
	}
	err := p.RemoveAgent(ctx, a)
	if err != nil && !errors.Is(err, plan.ErrChanged) {
		return &Failure{Session: a.Machine.ID.Name(), Reason: err.Error(), Left: a.ID, WayOut: "flowctl apply tries again; start the machine first if it is off, or delete the extension yourself"}
	}
	t.mu.Lock()
	delete(t.Run.Agents, a.Machine.ID.Key())
	t.mu.Unlock()
	text := "agent, which flowctl had installed"
	if err != nil {
		text = "agent: left, since somebody else has changed it"
	}
	t.emit(Event{Kind: Removed, Target: a.ID, Session: a.Machine.ID.Name(), Text: text})
	return nil
}

func (t Tidy) emit(e Event) {
	if t.Emit != nil {
		t.Emit(e)
	}
}
