package arm

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"flowctl/plan"
)

// Resource is a resource as it was put, by the world's file or by a client;
// what the service fills in is added when it is shown. Only those that clients
// made, changed or deleted are in the State: one that is gone stays there if
// the world had it.
type Resource struct {
	ID       plan.ID        `json:"id"`
	Type     string         `json:"type"`
	GUID     string         `json:"guid"`
	Location string         `json:"location,omitempty"`
	Body     map[string]any `json:"body"`            // as put, without what is only read
	Given    map[string]any `json:"given,omitempty"` // by the service when it was made, such as an address
	Serial   int            `json:"serial"`
	Created  time.Time      `json:"created"`
	Ready    time.Time      `json:"ready,omitzero"` // end of the last write
	Gone     time.Time      `json:"gone,omitzero"`  // end of the deletion
	Anew     bool           `json:"anew,omitempty"` // a client made it; the world may have had another of that id

	of any // the world's, of which Body and Given are made when they are asked for
}

// body is what was put. That of the world's own is made anew each time.
func (m *Resource) body() map[string]any {
	if m.of != nil {
		return kindOf(m.Type).put(m.of)
	}
	return m.Body
}

func (m *Resource) given() map[string]any {
	if m.of == nil {
		return m.Given
	}
	if gave := kindOf(m.Type).gave; gave != nil {
		return gave(m.of)
	}
	return nil
}

// properties are those that were put.
func (m *Resource) properties() map[string]any { return object(m.body(), "properties") }

// state is how far the last write has come.
func (m *Resource) state(now time.Time) string {
	switch {
	case !m.Gone.IsZero():
		return "Deleting"
	case now.Before(m.Ready) && !kindOf(m.Type).settled:
		return "Updating"
	}
	return "Succeeded"
}

// object returns an object inside of another one; empty if there is none.
func object(doc map[string]any, path ...string) map[string]any {
	for _, name := range path {
		doc, _ = doc[name].(map[string]any)
	}
	if doc == nil {
		return map[string]any{}
	}
	return doc
}

func text(doc map[string]any, path ...string) string {
	s, _ := object(doc, path[:len(path)-1]...)[path[len(path)-1]].(string)
	return s
}

// objects returns a list of objects inside of another one.
func objects(doc map[string]any, name string) []map[string]any {
	list, _ := doc[name].([]any)
	var all []map[string]any
	for _, item := range list {
		if o, ok := item.(map[string]any); ok {
			all = append(all, o)
		}
	}
	return all
}

// clone copies a document of JSON.
func clone(doc map[string]any) map[string]any {
	raw, err := json.Marshal(doc)
	out := map[string]any{}
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		panic(err) // it came from JSON
	}
	return out
}

// orElse sets what a document leaves out.
func orElse(doc map[string]any, defaults map[string]any) {
	for name, v := range defaults {
		if old, ok := doc[name]; !ok || old == nil {
			doc[name] = v
		}
	}
}

// tags are those of a resource.
func (m *Resource) tags() map[string]string {
	all := map[string]string{}
	for k, v := range object(m.body(), "tags") {
		all[k] = fmt.Sprint(v)
	}
	return all
}

// doc shows a made resource: what was put, and what the service fills in.
func (q *request) draw(st *State, m *Resource) map[string]any {
	doc, given := m.body(), m.given()
	if m.of == nil { // that of the world is made anew each time
		doc, given = clone(doc), clone(given)
	}
	k := kindOf(m.Type)
	props := object(doc, "properties")
	doc["properties"] = props
	doc["id"], doc["name"], doc["type"] = m.ID, m.ID.Name(), m.Type
	if m.Location != "" {
		doc["location"] = m.Location
	}
	if k.tagged && doc["tags"] == nil {
		delete(doc, "tags")
	}
	props["provisioningState"] = m.state(q.now)
	q.fillIdentity(m, doc)
	if strings.HasPrefix(m.Type, "Microsoft.Network/") {
		doc["etag"] = q.tagOf(m)
		if m.Location != "" && m.Type != asgType { // recording nsg
			props["resourceGuid"] = m.GUID
		}
	}
	maps.Copy(props, given)
	if k.fill != nil {
		k.fill(q, st, m, doc, props)
	}
	for name, since := range k.told {
		if v := q.param("api-version"); v != "" && v < since {
			delete(props, name)
		}
	}
	return doc
}

func (q *request) tagOf(m *Resource) string {
	return `W/"` + q.world.GUID(fmt.Sprintf("%s %s %d", m.ID.Key(), m.GUID, m.Serial)) + `"`
}
