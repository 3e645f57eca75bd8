package arm

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// deleteMade answers the DELETE of a resource of a kind.
func deleteMade(name string) handler {
	return func(q *request) (rep reply, err error) {
		k := kindOf(name)
		err = q.update(q.r.Context(), func(st *State) error {
			id := q.madeID(st, name)
			if q.inWorld(id, name) {
				return errLocked(id, "delete")
			}
			m := st.made(id, q.now)
			if m == nil {
				rep = reply{status: http.StatusNoContent}
				return nil
			}
			if k.inUse != nil {
				if err := k.inUse(q, st, m); err != nil {
					return err
				}
			}
			takes := k.takes
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

// remove ends a resource, its children and extensions, and the flow log that
// it is the target of.
func (q *request) remove(st *State, m *Made, takes time.Duration) {
	gone := q.now.Add(takes)
	for _, other := range st.Made {
		if there(other.Gone, q.now) && strings.HasPrefix(other.ID.Key()+"/", m.ID.Key()+"/") {
			other.Gone = gone
		}
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

// prunedMade drops what is gone.
func prunedMade(all []*Made, now time.Time) []*Made {
	return slices.DeleteFunc(all, func(m *Made) bool { return !there(m.Gone, now) })
}
