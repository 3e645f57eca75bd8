package arm

import (
	"net/http"
	"strings"
	"time"

	"flowctl/plan"
)

// errLocked refuses to change what the world is made of.
func errLocked(id plan.ID, verb string) *Error {
	return refuse(http.StatusConflict, "ScopeLocked", "The scope '%s' cannot perform %s operation because following scope(s) are locked: '%s'. "+
		"Resources of the sandbox's world cannot be changed; make others beside them.", id, verb, id)
}

// inWorld reports whether the world has a resource or group.
func (q *request) inWorld(id plan.ID, kind string) bool {
	if kind == groupType {
		return q.groups[strings.ToLower(id.Name())] != nil
	}
	return q.byID[id.Key()] != nil
}

// putMade answers the PUT of a resource of a kind.
func putMade(name string) handler {
	return func(q *request) (reply, error) {
		var body map[string]any
		if err := q.decode(&body); err != nil {
			return reply{}, err
		}
		return q.writeMade(kindOf(name), func(*Made) map[string]any { return body })
	}
}

// patchMade answers the PATCH of one: what it leaves out stays, but tags are
// replaced as a whole.
func patchMade(name string) handler {
	return func(q *request) (reply, error) {
		var body map[string]any
		if err := q.decode(&body); err != nil {
			return reply{}, err
		}
		st, err := q.State()
		if err != nil {
			return reply{}, err
		}
		id := q.madeID(st, name)
		if !q.inWorld(id, name) && st.made(id, q.now) == nil {
			return reply{}, q.missing(id, name)
		}
		rep, err := q.writeMade(kindOf(name), func(old *Made) map[string]any {
			if old == nil {
				return body
			}
			doc := clone(old.Body)
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

// writeMade makes a resource or changes it.
func (q *request) writeMade(k kind, body func(old *Made) map[string]any) (rep reply, err error) {
	err = q.update(q.r.Context(), func(st *State) error {
		id := q.madeID(st, k.name)
		if q.inWorld(id, k.name) {
			return errLocked(id, "write")
		}
		old := st.made(id, q.now)
		m, err := q.store(st, k, id, body(old))
		if err != nil {
			return err
		}
		rep.status, rep.header = http.StatusOK, http.Header{}
		if old == nil {
			rep.status = k.created
		}
		if k.takes == 0 {
			rep.body = q.madeDoc(st, m)
			return nil
		}
		op, err := q.begin(st, id, q.regionOf(st, m), k.takes, http.StatusOK, nil)
		if err == nil {
			rep = q.started(op, rep.status, q.madeDoc(st, m))
		}
		return err
	})
	return rep, err
}

// regionOf is where the operations of a resource are.
func (q *request) regionOf(st *State, m *Made) string {
	if m.Location != "" {
		return m.Location
	}
	if location, _, ok := q.targetOf(st, m.ID.Parent()); ok {
		return location
	}
	return q.world.Regions[0]
}

// store checks a resource and puts it into the state.
func (q *request) store(st *State, k kind, id plan.ID, body map[string]any) (*Made, error) {
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
	if k.check != nil {
		if err := k.check(q, st, m); err != nil {
			return nil, err
		}
	}
	m.Serial++
	m.Ready = time.Time{}
	if k.takes > 0 {
		m.Ready = q.now.Add(k.takes)
	}
	if st.made(id, q.now) == nil {
		st.Made = append(st.Made, m)
	}
	if k.wrote != nil {
		return m, k.wrote(q, st, m)
	}
	return m, nil
}

// draft is the resource as it is to be, new or old.
func (q *request) draft(st *State, k kind, id plan.ID, body map[string]any) (*Made, error) {
	if err := q.needRegistered(st, strings.SplitN(k.name, "/", 2)[0]); err != nil {
		return nil, err
	}
	if parent := id.Parent(); parent != "" && strings.Contains(id.Type(), "/") && st.made(parent, q.now) == nil {
		if q.byID[parent.Key()] != nil {
			return nil, errLocked(parent, "write")
		}
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
	m := st.made(id, q.now)
	if m == nil {
		m = &Made{ID: id, Type: k.name, Location: location, Created: q.now.UTC(), GUID: q.world.GUID(string(id) + q.now.String())}
	}
	if m.Location != location {
		return nil, refuse(409, "InvalidResourceLocation", "The resource '%s' already exists in location '%s' in resource group '%s'. "+
			"A resource with the same name cannot be created in location '%s'. Please select a new resource name.", id.Name(), m.Location, q.path["group"], location)
	}
	m.Body = body
	return m, nil
}

// sync makes the children of a resource those that a list in its body names.
func (q *request) sync(st *State, parent *Made, k kind, list []map[string]any) error {
	segment := k.name[strings.LastIndexByte(k.name, '/')+1:]
	keep := map[string]bool{}
	for _, item := range list {
		name := text(item, "name")
		if name == "" {
			return errInvalid(segment, "A name is required.")
		}
		id := parent.ID + plan.ID("/"+segment+"/"+name)
		keep[id.Key()] = true
		if _, err := q.store(st, k, id, item); err != nil {
			return err
		}
	}
	for _, child := range st.below(parent.ID, k.name, q.now) {
		if keep[child.ID.Key()] {
			continue
		}
		if k.inUse != nil {
			if err := k.inUse(q, st, child); err != nil {
				return err
			}
		}
		q.remove(st, child, 0)
	}
	return nil
}
