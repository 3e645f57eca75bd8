package arm

import (
	"strings"

	"flowctl/plan"
)

// getMade answers the GET of a resource that only clients make.
func getMade(name string) handler {
	return func(q *request) (reply, error) {
		st, err := q.State()
		if err != nil {
			return reply{}, err
		}
		id := q.madeID(st, name)
		m := st.made(id, q.now)
		if m == nil {
			return reply{}, q.missing(id, name)
		}
		return q.show(st, m)
	}
}

// orMade answers with the world's resource, or with one that a client made.
func orMade(name string, get handler) handler {
	made := getMade(name)
	return func(q *request) (reply, error) {
		st, err := q.State()
		if err != nil {
			return reply{}, err
		}
		if st.made(q.madeID(st, name), q.now) != nil {
			return made(q)
		}
		return get(q)
	}
}

func (q *request) show(st *State, m *Made) (reply, error) {
	doc := q.madeDoc(st, m)
	if tag, ok := doc["etag"].(string); ok {
		return tagged(tag, doc)
	}
	return ok(doc)
}

// listMade answers with the resources of a kind that clients made.
func listMade(name string) handler {
	return func(q *request) (reply, error) { return pagedWith(q, name, []any{}, func(any) any { return nil }) }
}

// pagedWith answers with one page of the world's items, followed by the
// resources of a kind that clients made.
func pagedWith[T, D any](q *request, name string, items []T, draw func(T) D) (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	var all []func() any
	for _, item := range items {
		all = append(all, func() any { return draw(item) })
	}
	made := st.allMade(name, q.now)
	if strings.Count(name, "/") > 1 {
		made = st.below(q.madeID(st, name[:strings.LastIndexByte(name, '/')]), name, q.now)
	}
	for _, m := range inGroup(q, made, func(m *Made) plan.ID { return m.ID }) {
		all = append(all, func() any { return q.madeDoc(st, m) })
	}
	return paged(q, all, func(f func() any) any { return f() })
}

// childrenOfMade answers with the children of the resource in the path if it
// is one that a client made.
func (q *request) childrenOfMade(parent, kind string) (made bool, rep reply, err error) {
	st, err := q.State()
	if err != nil || st.made(q.madeID(st, parent), q.now) == nil {
		return false, reply{}, err
	}
	rep, err = listMade(kind)(q)
	return true, rep, err
}

// shownIn draws the children of a resource inside of it.
func (q *request) shownIn(st *State, parent plan.ID, kind string) []any {
	all := []any{}
	for _, m := range st.below(parent, kind, q.now) {
		all = append(all, q.madeDoc(st, m))
	}
	return all
}

// ref is a reference to a resource.
func ref(id plan.ID) map[string]any { return map[string]any{"id": id} }
