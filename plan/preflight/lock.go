package preflight

import (
	"strings"

	"flowctl/plan"
)

// locks looks at the locks over all that apply touches.
func (c *checker) locks() {
	for _, inv := range c.Inventories {
		for _, l := range inv.Locks {
			c.lock(l)
		}
	}
}

func (c *checker) lock(l plan.Lock) {
	readOnly := strings.EqualFold(l.Level, "ReadOnly")
	for _, s := range c.made() {
		if readOnly {
			c.readOnly(l, s)
		} else {
			c.kept(l, s)
		}
	}
	for _, s := range c.sessions(plan.Keep, plan.Finish) {
		c.kept(l, s)
	}
}

// kept names what a lock keeps from being removed after a session.
func (c *checker) kept(l plan.Lock, s *plan.Session) {
	at := on(s, c.watch(s).Range)
	if covers(l.Scope, s.Watcher) {
		c.say(plan.Warning, plan.LockedDelete, at, "A lock keeps what flowctl makes",
			"Lock %s (%s) on %s keeps all below it from being deleted, and with it the flow logs and captures of %s: flowctl cannot remove them when the window is over. Take the lock off until then, or remove them by hand.",
			l.ID.Name(), l.Level, scopeName(l.Scope), s.Watcher.Name())
	}
	if c.restores(s) && covers(l.Scope, s.Storage) {
		c.say(plan.Warning, plan.LockedDelete, at, "A lock keeps what flowctl makes",
			"Lock %s (%s) on %s guards storage account %s. The retention makes Azure write a lifecycle rule there, and the account has no rules yet: putting that back means to delete the policy, which the lock forbids. The rule would stay and delete blobs. Take the lock off until then, or leave retention_days out.",
			l.ID.Name(), l.Level, scopeName(l.Scope), s.Storage.Name())
	}
	if s.InstallAgent != "" && covers(l.Scope, s.Target.ID) {
		c.say(plan.Warning, plan.LockedDelete, at, "A lock keeps what flowctl makes",
			"Lock %s (%s) on %s keeps the agent that flowctl installs on %s from being removed afterwards.", l.ID.Name(), l.Level, scopeName(l.Scope), s.Target.ID.Name())
	}
}

// restores reports whether what a session makes Azure write in its account can
// only be put back by a deletion.
func (c *checker) restores(s *plan.Session) bool {
	if s.FlowLog == nil || s.FlowLog.RetentionDays == 0 {
		return false
	}
	before, known := c.Facts.Lifecycles[s.Storage.Key()]
	return !known || before.Raw == nil
}

// readOnly names what a lock keeps from being written for a session.
func (c *checker) readOnly(l plan.Lock, s *plan.Session) {
	at := on(s, c.watch(s).Range)
	for _, guarded := range []struct {
		id   plan.ID
		what string
	}{
		{s.Watcher, "the Network Watcher, below which flow logs and captures are made"},
		{s.Target.ID, "the target"},
		{s.Storage, "the storage account, whose keys cannot be used under it"},
	} {
		if covers(l.Scope, guarded.id) {
			c.say(plan.Error, plan.LockedReadOnly, at, "Locked against changes",
				"Lock %s (ReadOnly) on %s guards %s, %s. Azure would refuse to start. Take the lock off, or choose something else.", l.ID.Name(), scopeName(l.Scope), guarded.id.Name(), guarded.what)
		}
	}
}

// scopeName names a scope for people.
func scopeName(id plan.ID) string {
	switch {
	case id.Type() != "":
		return id.Name()
	case id.ResourceGroup() != "":
		return "resource group " + id.ResourceGroup()
	}
	return "subscription " + id.Subscription()
}
