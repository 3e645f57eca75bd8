package arm

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"flowctl/plan"
)

// deleteResource answers the DELETE of a resource of a kind.
func deleteResource(name string) handler {
	return func(q *request) (rep reply, err error) {
		k := kindOf(name)
		err = q.update(q.r.Context(), func(st *State) error {
			id := q.pathID(st, name)
			m := q.at(st, id)
			if m == nil {
				rep = reply{status: http.StatusNoContent}
				return nil
			}
			if err := q.inUse(st, m); err != nil {
				return err
			}
			takes := k.takes
			if k.quiet {
				takes = 0
			}
			if k.removed != nil {
				k.removed(q, st, m)
			}
			q.remove(st, m, takes)
			if takes == 0 {
				rep = reply{status: http.StatusOK}
				return nil
			}
			op, err := q.begin(st, id, q.regionOf(st, m), takes, http.StatusNoContent, nil)
			if err == nil {
				rep = q.accepted(op)
			}
			return err
		})
		return rep, err
	}
}

// inUse refuses to delete a resource that others need, or one of its children.
func (q *request) inUse(st *State, m *Resource) error {
	return q.inUseBy(st, m, func(*Resource) bool { return true })
}

func (q *request) inUseBy(st *State, m *Resource, counts func(user *Resource) bool) error {
	for _, u := range kindOf(m.Type).used {
		for _, user := range q.users(st, m.ID, u.by) {
			if counts(user) {
				return u.refuse(m, user, configOf(user, m.ID))
			}
		}
	}
	for _, child := range []string{subnetType} {
		if m.is(vnetType) {
			for _, c := range q.below(st, m.ID, child) {
				if err := q.inUseBy(st, c, counts); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// configOf is the IP configuration with which a resource uses another.
func configOf(user *Resource, of plan.ID) string {
	for _, name := range []string{"ipConfigurations", "gatewayIPConfigurations"} {
		for _, c := range objects(user.properties(), name) {
			if refers(c["properties"], of) {
				return text(c, "name")
			}
		}
	}
	return "ipconfig1"
}

// remove ends a resource, its children and extensions, and the flow log that
// it is the target of.
func (q *request) remove(st *State, m *Resource, takes time.Duration) {
	gone := q.now.Add(takes)
	for _, other := range append(q.inside(st, m.ID), m) {
		if !there(other.Gone, q.now) {
			continue
		}
		other = q.own(st, other)
		other.Gone = gone
		st.note(other, gone)
	}
	for _, e := range st.Extensions {
		if there(e.Gone, q.now) && strings.HasPrefix(e.ID.Key(), m.ID.Key()+"/") {
			e.Gone = gone
		}
	}
	for _, l := range st.FlowLogs {
		if there(l.Gone, q.now) && strings.HasPrefix(l.Settings.Target.Key()+"/", m.ID.Key()+"/") {
			l.end(q.now)
			l.Gone = gone
		}
	}
}

// inside are the resources whose ids begin with that of another one.
func (q *request) inside(st *State, id plan.ID) []*Resource {
	var all []*Resource
	over, start := q.overlay(st), id.Key()+"/"
	for _, k := range kinds() {
		for _, m := range q.origin.byType[strings.ToLower(k.name)] {
			if _, changed := over[m.ID.Key()]; !changed && strings.HasPrefix(m.ID.Key(), start) {
				all = append(all, m)
			}
		}
	}
	for _, m := range st.Resources {
		if strings.HasPrefix(m.ID.Key(), start) {
			all = append(all, m)
		}
	}
	return all
}

// pruned drops what is gone, unless the world would show it again.
func (s *Server) pruned(all []*Resource, now time.Time) []*Resource {
	return slices.DeleteFunc(all, func(m *Resource) bool { return !there(m.Gone, now) && s.origin.all[m.ID.Key()] == nil })
}
