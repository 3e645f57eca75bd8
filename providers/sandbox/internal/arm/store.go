package arm

import (
	"slices"
	"strings"
	"time"

	"flowctl/plan"
)

// base are the resources of the world as its file has them, and who uses whom.
// It never changes; what clients change is in the State, above it.
type base struct {
	all    map[string]*Resource   // by the keys of their ids
	byType map[string][]*Resource // by type in lower case, in the order of the world
	below  map[string][]*Resource // by the key of the parent and the type
	users  map[string][]*Resource // by the key of what they refer to
}

func newBase() *base {
	return &base{all: map[string]*Resource{}, byType: map[string][]*Resource{}, below: map[string][]*Resource{}, users: map[string][]*Resource{}}
}

func (b *base) add(m *Resource, refs ...plan.ID) {
	typ := strings.ToLower(m.Type)
	b.all[m.ID.Key()] = m
	b.byType[typ] = append(b.byType[typ], m)
	if parent := m.ID.Parent(); parent != "" {
		b.below[parent.Key()+" "+typ] = append(b.below[parent.Key()+" "+typ], m)
	}
	for _, id := range refs {
		if id != "" {
			b.users[id.Key()] = append(b.users[id.Key()], m)
		}
	}
}

// overlay are the resources of a state by the keys of their ids. It is made
// once for a state, and again while the request adds to it.
func (q *request) overlay(st *State) map[string]*Resource {
	if q.over.of != st || q.over.n != len(st.Resources) {
		q.over.of, q.over.n, q.over.all = st, len(st.Resources), make(map[string]*Resource, len(st.Resources))
		for _, m := range st.Resources {
			q.over.all[m.ID.Key()] = m
		}
	}
	return q.over.all
}

// at returns the resource with that id, or nil.
func (q *request) at(st *State, id plan.ID) *Resource {
	m, changed := q.overlay(st)[id.Key()]
	if !changed {
		m = q.origin.all[id.Key()]
	}
	if m == nil || !there(m.Gone, q.now) {
		return nil
	}
	return m
}

// ofType are the resources of a type: the world's, and then those that clients
// made, in their order.
func (q *request) ofType(st *State, kind string) []*Resource {
	return q.merged(st, q.origin.byType[strings.ToLower(kind)], func(m *Resource) bool { return strings.EqualFold(m.Type, kind) })
}

// below are the resources of a type that are children of parent.
func (q *request) below(st *State, parent plan.ID, kind string) []*Resource {
	return q.merged(st, q.origin.below[parent.Key()+" "+strings.ToLower(kind)], func(m *Resource) bool {
		return strings.EqualFold(m.Type, kind) && m.ID.Parent().Is(parent)
	})
}

// users are the resources of a type that refer to id and are not on their way
// out.
func (q *request) users(st *State, id plan.ID, kind string) []*Resource {
	all := q.merged(st, slices.Clone(q.origin.users[id.Key()]), func(m *Resource) bool { return strings.EqualFold(m.Type, kind) && refers(m.Body, id) })
	return slices.DeleteFunc(all, func(m *Resource) bool { return !m.Gone.IsZero() || !strings.EqualFold(m.Type, kind) })
}

// merged are resources of the world and those of the state that belong to
// them. What a client changed stands where the world had it. The result may be
// own itself, and is not to be changed.
func (q *request) merged(st *State, own []*Resource, belongs func(*Resource) bool) []*Resource {
	if len(st.Resources) == 0 {
		return slices.Clip(own)
	}
	over := q.overlay(st)
	all, shown := make([]*Resource, 0, len(own)), map[*Resource]bool{}
	for _, m := range own {
		if len(over) > 0 {
			if o, changed := over[m.ID.Key()]; changed {
				if belongs(o) && there(o.Gone, q.now) {
					all, shown[o] = append(all, o), true
				}
				continue
			}
		}
		all = append(all, m)
	}
	for _, m := range st.Resources {
		if !shown[m] && there(m.Gone, q.now) && belongs(m) {
			all = append(all, m)
		}
	}
	return all
}

// refers reports whether there is a reference to id in a document.
func refers(v any, id plan.ID) bool {
	switch v := v.(type) {
	case map[string]any:
		if s, ok := v["id"].(string); ok && id.Is(plan.ID(s)) {
			return true
		}
		for _, inner := range v {
			if refers(inner, id) {
				return true
			}
		}
	case []any:
		for _, inner := range v {
			if refers(inner, id) {
				return true
			}
		}
	}
	return false
}

// own is a resource that may be changed: one of the state, or a copy of the
// world's that the state has from now on.
func (q *request) own(st *State, m *Resource) *Resource {
	if m.of == nil {
		return m
	}
	c := *m
	c.Body, c.Given, c.of = m.body(), m.given(), nil
	st.Resources = append(st.Resources, &c)
	return &c
}

// Event is a change of a resource, which traffic follows: from when on it is
// so, and what it is; nil if it is gone.
type Event struct {
	At  time.Time `json:"at"`
	ID  plan.ID   `json:"id"`
	Put *Resource `json:"put,omitempty"`
}

// note remembers what became of a resource.
func (st *State) note(m *Resource, at time.Time) {
	e := &Event{At: at.UTC(), ID: m.ID}
	if m.Gone.IsZero() {
		c := *m
		c.Body, c.Given = deepObject(m.Body), deepObject(m.Given)
		e.Put = &c
	}
	st.History = append(st.History, e)
}

// exists reports whether there is a resource of that id.
func (q *request) exists(st *State, id plan.ID) bool {
	return q.at(st, id) != nil || q.live(st).byID[id.Key()] != nil
}

// described returns a resource as the world describes its own, or nil.
func (q *request) described(st *State, id plan.ID) any { return q.live(st).byID[id.Key()] }
