package arm

import (
	"net/http"
	"strings"
	"time"

	"flowctl/plan"
)

// putResource answers the PUT of a resource of a kind.
func putResource(name string) handler {
	return func(q *request) (reply, error) {
		var body map[string]any
		if err := q.decode(&body); err != nil {
			return reply{}, err
		}
		return q.writeResource(kindOf(name), func(*Resource) map[string]any { return body })
	}
}

// patchResource answers the PATCH of one: what it leaves out stays, but tags are
// replaced as a whole.
func patchResource(name string) handler {
	return func(q *request) (reply, error) {
		var body map[string]any
		if err := q.decode(&body); err != nil {
			return reply{}, err
		}
		st, err := q.State()
		if err != nil {
			return reply{}, err
		}
		id := q.pathID(st, name)
		if q.at(st, id) == nil {
			return reply{}, q.missing(id, name)
		}
		rep, err := q.writeResource(kindOf(name), func(old *Resource) map[string]any {
			if old == nil {
				return body
			}
			doc := clone(old.body())
			tags, tagged := body["tags"]
			merge(doc, body)
			if tagged {
				doc["tags"] = tags
			}
			if old.Location != "" {
				doc["location"] = old.Location
			}
			return doc
		})
		return rep, err
	}
}

// merge puts what is in from into doc, object by object.
func merge(doc, from map[string]any) {
	for name, v := range from {
		inner, ok := v.(map[string]any)
		if old, both := doc[name].(map[string]any); ok && both {
			merge(old, inner)
			continue
		}
		doc[name] = v
	}
}

func (q *request) missing(id plan.ID, kind string) error {
	if kind == groupType {
		return errGroup(id.Name())
	}
	ns, _, _ := strings.Cut(kind, "/")
	_, path, _ := strings.Cut(string(id), "/providers/"+ns)
	return errNotFound(ns+path, q.path["group"])
}

// writeResource makes a resource or changes it.
func (q *request) writeResource(k kind, body func(old *Resource) map[string]any) (rep reply, err error) {
	err = q.update(q.r.Context(), func(st *State) error {
		id := q.pathID(st, k.name)
		old := q.at(st, id)
		m, err := q.store(st, k, id, body(old))
		if err != nil {
			return err
		}
		rep.status, rep.header = http.StatusOK, http.Header{}
		if old == nil {
			rep.status = k.created
		}
		if k.takes == 0 || k.quiet && old != nil {
			m.Ready = time.Time{}
			rep.body = q.draw(st, m)
			return nil
		}
		op, err := q.begin(st, id, q.regionOf(st, m), k.takes, http.StatusOK, nil)
		switch {
		case err != nil:
		case k.quiet:
			rep = q.elsewhere(op)
		default:
			rep = q.started(op, rep.status, q.draw(st, m))
		}
		return err
	})
	return rep, err
}

// regionOf is where the operations of a resource are.
func (q *request) regionOf(st *State, m *Resource) string {
	if m.Location != "" {
		return m.Location
	}
	if location, _, ok := q.targetOf(st, m.ID.Parent()); ok {
		return location
	}
	return q.world.Regions[0]
}

// store checks a resource and puts it into the state.
func (q *request) store(st *State, k kind, id plan.ID, body map[string]any) (*Resource, error) {
	body = clone(body)
	for _, name := range []string{"id", "name", "type", "etag"} {
		delete(body, name)
	}
	props := object(body, "properties")
	for _, name := range append([]string{"provisioningState", "resourceGuid"}, k.shown...) {
		delete(props, name)
	}
	m, err := q.draft(st, k, id, body)
	if err != nil {
		return nil, err
	}
	if k.laid == "" {
		if err := q.allowed(st, id, k.name, m); err != nil {
			return nil, err
		}
	}
	if k.check != nil {
		if err := k.check(q, st, m); err != nil {
			return nil, err
		}
	}
	m.Serial++
	m.Ready, m.Gone = time.Time{}, time.Time{}
	if k.takes > 0 {
		m.Ready = q.now.Add(k.takes)
	}
	if _, kept := q.overlay(st)[id.Key()]; !kept {
		st.Resources = append(st.Resources, m)
	}
	if k.wrote != nil {
		err = k.wrote(q, st, m)
	}
	if k.laid == "" { // traffic does not follow what is laid upon it
		st.note(m, q.now.Add(k.takes))
	}
	return m, err
}

// draft is the resource as it is to be, new or old.
func (q *request) draft(st *State, k kind, id plan.ID, body map[string]any) (*Resource, error) {
	if err := q.needRegistered(st, strings.SplitN(k.name, "/", 2)[0]); err != nil {
		return nil, err
	}
	if parent := id.Parent(); parent != "" && !k.top() && q.at(st, parent) == nil {
		return nil, errParent(strings.SplitN(k.name, "/", 2)[1], parent)
	}
	location := ""
	if k.located {
		var err error
		if location, err = q.place(text(body, "location"), k.name); err != nil {
			return nil, err
		}
		delete(body, "location")
	}
	old := q.at(st, id)
	switch {
	case old == nil && k.fixed:
		return nil, refuse(http.StatusBadRequest, "UnsupportedOperation", "The sandbox makes no %s; those of its world can be changed and deleted.", k.name)
	case old == nil:
		m := q.overlay(st)[id.Key()] // what was there once
		if m == nil {
			m = &Resource{}
		}
		*m = Resource{ID: id, Type: k.name, Location: location, Created: q.now.UTC(), GUID: q.world.GUID(string(id) + q.now.String()), Body: body, Anew: true}
		return m, nil
	case old.Location != location && k.located:
		return nil, refuse(409, "InvalidResourceLocation", "The resource '%s' already exists in location '%s' in resource group '%s'. "+
			"A resource with the same name cannot be created in location '%s'. Please select a new resource name.", id.Name(), old.Location, q.path["group"], location)
	}
	m := q.own(st, old)
	was := m.properties()
	for _, path := range k.kept { // az scales a set with a PUT of its size alone
		keepIn(body, was, strings.Split("properties/"+path, "/"))
	}
	m.Body = body
	return m, nil
}

// keepIn puts what was at a path into doc if that has nothing there, but not
// into what doc leaves out as a whole.
func keepIn(doc, was map[string]any, path []string) {
	if doc["properties"] == nil {
		doc["properties"] = map[string]any{}
	}
	for _, name := range path[:len(path)-1] {
		inner, ok := doc[name].(map[string]any)
		if !ok {
			return
		}
		doc = inner
		if name != "properties" {
			was = object(was, name)
		}
	}
	if last := path[len(path)-1]; doc[last] == nil && was[last] != nil {
		doc[last] = was[last]
	}
}

// sync makes the children of a resource those that a list in its body names.
func (q *request) sync(st *State, parent *Resource, k kind, list []map[string]any) error {
	segment := k.name[strings.LastIndexByte(k.name, '/')+1:]
	keep := map[string]bool{}
	for _, item := range list {
		name := text(item, "name")
		if name == "" {
			return errInvalid(segment, "A name is required.")
		}
		keep[(parent.ID + plan.ID("/"+segment+"/"+name)).Key()] = true
	}
	for _, child := range q.below(st, parent.ID, k.name) {
		if keep[child.ID.Key()] {
			continue
		}
		if err := q.inUse(st, child); err != nil {
			return err
		}
		q.remove(st, child, 0)
	}
	// All are what they are to be before any is checked against the others.
	for _, item := range list {
		if old := q.at(st, parent.ID+plan.ID("/"+segment+"/"+text(item, "name"))); old != nil {
			q.own(st, old).Body = clone(item)
		}
	}
	for _, item := range list {
		if _, err := q.store(st, k, parent.ID+plan.ID("/"+segment+"/"+text(item, "name")), item); err != nil {
			return err
		}
	}
	return nil
}
