package apply

import (
	"context"
	"errors"
	"fmt"

	"flowctl/plan"
)

// prepare makes what a session needs and does not find. It reports whether the
// session can start now; a step that installs an agent takes minutes, and the
// start is a step of its own.
func (r *Run) prepare(ctx context.Context, t *tracked) bool {
	if t.needsAgent() {
		if err := r.install(ctx, t); err != nil && ctx.Err() == nil {
			r.fail(t, err)
		}
		return false
	}
	err := r.watcher(ctx, t)
	if err == nil && t.session.FlowLog != nil && t.session.FlowLog.RetentionDays > 0 {
		err = r.keepRules(ctx, t)
	}
	if err != nil && ctx.Err() == nil {
		r.fail(t, err)
	}
	return err == nil
}

func (t *tracked) needsAgent() bool { return t.session.InstallAgent != "" && !t.agent }

// once does something that several sessions need for the first of them.
func (r *Run) once(what string, do func() error) error {
	r.mu.Lock()
	err, done := r.ready[what]
	r.mu.Unlock()
	if done {
		return err
	}
	err = do()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !errors.Is(err, context.Canceled) {
		r.ready[what] = err
	}
	return err
}

// watcher makes the Network Watcher of the session's region.
func (r *Run) watcher(ctx context.Context, t *tracked) error {
	if !t.session.CreateWatcher {
		return nil
	}
	key := t.session.Target.Provider + " watcher " + t.session.Target.Location
	err := r.once(key, func() error {
		w, err := t.provider.CreateWatcher(ctx, t.session.Target.Location)
		if err != nil {
			return err
		}
		r.mu.Lock()
		_, known := r.watchers[key]
		r.watchers[key] = w
		r.mu.Unlock()
		if !known {
			r.emit(Event{Kind: Made, Target: w.ID, Text: fmt.Sprintf("Network Watcher of %s; it stays, since a region has one for all", w.Location)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	t.session.Watcher, t.session.CreateWatcher = r.watchers[key].ID, false
	return nil
}

// install brings the agent to the session's machine. That it does is written
// down before, for all machines at once.
func (r *Run) install(ctx context.Context, t *tracked) error {
	if err := r.once("agents", r.bring); err != nil {
		return err
	}
	if err := r.State.Hold(ctx); err != nil {
		return err
	}
	a := plan.AgentFor(r.Plan.Investigation, t.session)
	err := t.provider.InstallAgent(ctx, a)
	switch {
	case errors.Is(err, plan.ErrExists):
		r.bringsNot(a) // somebody else was faster: it stays
	case err != nil:
		return err
	default:
		r.emit(Event{Kind: Installed, Target: a.Machine.ID, Session: t.session.Address(), Text: "installed; removed again in the end"})
	}
	t.agent = true
	return nil
}

// bring writes down which agents are going to be brought. One that does not
// come after all is not found in the end, or is not flowctl's, and stays.
func (r *Run) bring() error {
	r.mu.Lock()
	if r.run.Agents == nil {
		r.run.Agents = map[string]plan.Agent{}
	}
	for _, c := range r.Plan.Changes {
		if c.Session != nil && c.Session.InstallAgent != "" && (c.Action == plan.Create || c.Action == plan.Replace) {
			s := *c.Session
			s.Deadline = r.run.Ends
			a := plan.AgentFor(r.Plan.Investigation, s)
			if old, ok := r.run.Agents[a.Machine.ID.Key()]; ok && old.ID.Is(a.ID) && old.Expires.After(a.Expires) {
				continue // the window was made shorter since
			}
			r.run.Agents[a.Machine.ID.Key()] = a
		}
	}
	r.noted++
	r.mu.Unlock()
	return r.commit()
}

func (r *Run) bringsNot(a plan.Agent) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.run.Agents, a.Machine.ID.Key())
	r.noted++
}

// keepRules writes down the lifecycle rules of the session's storage account
// before a retention makes Azure change them. Of several runs that do so at the
// same time the first one's count.
func (r *Run) keepRules(ctx context.Context, t *tracked) error {
	account := t.session.Storage
	return r.once("rules of "+account.Key(), func() error {
		r.mu.Lock()
		_, known := r.run.Lifecycles[account.Key()]
		r.mu.Unlock()
		if known {
			return nil
		}
		before, ok := r.State.Before(r.Plan.Investigation.Name, account)
		kept := r.clock.Now()
		if !ok {
			var err error
			if before, kept, err = r.earliest(ctx, t.provider, account); err != nil {
				return fmt.Errorf("a retention makes Azure change the account's rules, and how they are now cannot be kept: %w", err)
			}
		}
		r.mu.Lock()
		if r.run.Lifecycles == nil {
			r.run.Lifecycles = map[string]plan.Lifecycle{}
		}
		r.run.Lifecycles[account.Key()] = before
		r.noted++
		r.mu.Unlock()
		r.keepUndo(ctx, t.provider, before, kept)
		return r.commit()
	})
}
