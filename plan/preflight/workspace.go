package preflight

import (
	"errors"
	"fmt"

	"flowctl/plan"
)

// workspaces asks for those that Traffic Analytics of new flow logs writes to.
func (a *asker) workspaces() {
	for _, ch := range a.in.Plan.Changes {
		if ch.Action != plan.Create && ch.Action != plan.Replace && ch.Action != plan.Update || ch.Session.FlowLog == nil || ch.Session.FlowLog.TrafficAnalytics == nil {
			continue
		}
		id := ch.Session.FlowLog.TrafficAnalytics.Workspace
		alias, ok := a.alias(id)
		finder, can := a.providers[alias].(plan.Finder)
		if _, known := a.facts.Gone[id.Key()]; known || !ok || !can || a.failed[id.Key()] {
			continue
		}
		err := finder.Find(a.ctx, id)
		if err != nil && !errors.Is(err, plan.ErrNotFound) {
			a.failed[id.Key()] = true
			a.note(alias, fmt.Sprintf("workspace %s", id.Name()), err)
			continue
		}
		a.facts.Gone[id.Key()] = err != nil
	}
}

// workspace says that one is not there.
func (c *checker) workspace(s *plan.Session) {
	ta := s.FlowLog.TrafficAnalytics
	if ta == nil || !c.Facts.Gone[ta.Workspace.Key()] {
		return
	}
	c.say(plan.Error, plan.WorkspaceMissing, on(s, c.watch(s).FlowLog.Range), "Workspace does not exist",
		"Subscription %s has no Log Analytics workspace %s in resource group %s, to which Traffic Analytics is to write: Azure would refuse the flow log. Check workspace_id; az monitor log-analytics workspace list shows those that are there.",
		ta.Workspace.Subscription(), ta.Workspace.Name(), ta.Workspace.ResourceGroup())
}
