package arm

import (
	"strings"

	"flowctl/plan"
)

// getResource answers the GET of a resource.
func getResource(name string) handler {
	return func(q *request) (reply, error) {
		st, err := q.State()
		if err != nil {
			return reply{}, err
		}
		id := q.pathID(st, name)
		m := q.at(st, id)
		if m == nil {
			return reply{}, q.missing(id, name)
		}
		return q.show(st, m)
	}
}

func (q *request) show(st *State, m *Resource) (reply, error) {
	doc := q.draw(st, m)
	if tag, ok := doc["etag"].(string); ok {
		return tagged(tag, doc)
	}
	return ok(doc)
}

func idOf(m *Resource) plan.ID { return m.ID }

// listResource answers with the resources of a kind: all, those of the group
// in the path, or the children of the resource in it.
func listResource(name string) handler {
	return func(q *request) (reply, error) {
		st, err := q.State()
		if err != nil {
			return reply{}, err
		}
		k := kindOf(name)
		var all []*Resource
		if k.top() {
			all = inPath(q, q.ofType(st, name), idOf)
		} else {
			kind := name[:strings.LastIndexByte(name, '/')]
			parent := q.pathID(st, kind)
			if q.at(st, parent) == nil {
				return reply{}, q.missing(parent, kind)
			}
			all = q.below(st, parent, name)
		}
		return paged(q, all, func(m *Resource) map[string]any { return q.draw(st, m) })
	}
}

// shownIn draws the children of a resource inside of it.
func (q *request) shownIn(st *State, parent plan.ID, kind string) []any {
	all := []any{}
	for _, m := range q.below(st, parent, kind) {
		all = append(all, q.draw(st, m))
	}
	return all
}

// ref is a reference to a resource.
func ref(id plan.ID) map[string]any { return map[string]any{"id": string(id)} }
