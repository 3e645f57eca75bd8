package arm

import (
	"net/http"
	"strings"
	"time"

	"flowctl/plan"
)

// groupName is a resource group's name in its own case.
func (q *request) groupName(st *State, name string) string {
	if m := q.at(st, q.groupID(name)); m != nil {
		return m.ID.Name()
	}
	return name
}

func (q *request) groupID(name string) plan.ID {
	return plan.ID("/subscriptions/" + q.world.Subscription + "/resourceGroups/" + name)
}

// groupDeleteTime is how long it takes to delete a resource group.
const groupDeleteTime = 15 * time.Second

// deleteGroup removes a group with all that is in it. Its clients are given
// the address of the result only.
func (q *request) deleteGroup() (rep reply, err error) {
	err = q.update(q.r.Context(), func(st *State) error {
		id := q.pathID(st, groupType)
		m := q.at(st, id)
		if m == nil {
			return errGroup(id.Name())
		}
		if err := q.groupInUse(st, m); err != nil {
			return err
		}
		q.remove(st, m, groupDeleteTime)
		for _, w := range st.Watchers {
			if there(w.Gone, q.now) && strings.EqualFold(w.ID.ResourceGroup(), m.ID.Name()) {
				w.Gone = q.now.Add(groupDeleteTime)
				q.endChildren(st, w)
			}
		}
		op, err := q.begin(st, id, m.Location, groupDeleteTime, http.StatusOK, nil)
		if err != nil {
			return err
		}
		op.Provider = "Microsoft.Resources"
		rep = reply{status: http.StatusAccepted, header: http.Header{"Location": {q.operationURL(op, "operationResults")}}}
		return nil
	})
	return rep, err
}

// groupInUse refuses to delete a group while resources of others need one of
// its own; those of the group itself go together.
func (q *request) groupInUse(st *State, g *Resource) error {
	for _, m := range q.inside(st, g.ID) {
		if !there(m.Gone, q.now) {
			continue
		}
		others := func(user *Resource) bool { return !strings.HasPrefix(user.ID.Key(), g.ID.Key()+"/") }
		if err := q.inUseBy(st, m, others); err != nil {
			return err
		}
	}
	return nil
}
