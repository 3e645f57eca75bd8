package resolve

import (
	"flowctl/plan"
	"flowctl/plan/config"
)

// Of a window in the past nothing is recorded: it needs neither storage, nor a watcher, nor an
// agent. What is wanted of a machine is what flow logs have of its interfaces.

// recorded wants what flow logs have of a machine.
func (r *resolver) recorded(w config.Watch, t plan.Target) bool {
	any := false
	for _, nic := range interfaces(r.index(t), t) {
		any = r.flowLog(w, nic, "an interface of "+t.ID.Name()+", as flow logs recorded it: no packets of the past can be had") || any
	}
	if !any {
		r.withoutNIC(w, t)
	}
	return any
}

// readOnly adds a session for which nothing is made.
func (r *resolver) readOnly(s plan.Session, watcher plan.Watcher) bool {
	s.Watcher = watcher.ID
	r.logged[s.Target.ID.Key()] = len(r.sessions)
	r.sessions = append(r.sessions, s)
	return true
}
