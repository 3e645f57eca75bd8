package arm

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// Made is a resource that a client made beside those of the world. It is kept
// as it was put; what the service fills in is added when it is shown.
type Made struct {
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
}

// properties are those that the client put.
func (m *Made) properties() map[string]any { return object(m.Body, "properties") }

// state is how far the last write has come.
func (m *Made) state(now time.Time) string {
	switch {
	case !m.Gone.IsZero():
		return "Deleting"
	case now.Before(m.Ready):
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

// made returns the resource with that id, or nil.
func (st *State) made(id plan.ID, now time.Time) *Made {
	for _, m := range st.Made {
		if m.ID.Is(id) && there(m.Gone, now) {
			return m
		}
	}
	return nil
}

// allMade are the resources of a type, in the order in which they were made.
func (st *State) allMade(kind string, now time.Time) []*Made {
	var all []*Made
	for _, m := range st.Made {
		if strings.EqualFold(m.Type, kind) && there(m.Gone, now) {
			all = append(all, m)
		}
	}
	return all
}

// below are the resources of a type that are children of parent.
func (st *State) below(parent plan.ID, kind string, now time.Time) []*Made {
	var all []*Made
	for _, m := range st.allMade(kind, now) {
		if m.ID.Parent().Is(parent) {
			all = append(all, m)
		}
	}
	return all
}

// exists reports whether the world has a resource, or a client made it.
func (q *request) exists(st *State, id plan.ID) bool {
	return q.byID[id.Key()] != nil || st.made(id, q.now) != nil
}

// Account is the storage account of that name that a client made, or nil.
func (st *State) Account(name string, now time.Time) *world.StorageAccount {
	for _, m := range st.allMade(accountType, now) {
		if strings.EqualFold(m.ID.Name(), name) {
			return m.account()
		}
	}
	return nil
}

// account is a made storage account as the world describes its own.
func (m *Made) account() *world.StorageAccount {
	shared, set := m.properties()["allowSharedKeyAccess"].(bool)
	kind := text(m.Body, "kind")
	return &world.StorageAccount{Resource: m.resource(), SKU: text(m.Body, "sku", "name"), Kind: kind, SharedKey: shared || !set}
}

func (m *Made) resource() world.Resource {
	return world.Resource{ID: m.ID, Name: m.ID.Name(), Group: m.ID.ResourceGroup(), Location: m.Location, GUID: m.GUID}
}

// described returns a resource as the world describes its own, or nil. Of those
// that clients made only accounts and machines have such a description.
func (q *request) described(st *State, id plan.ID) any {
	if r := q.byID[id.Key()]; r != nil {
		return r
	}
	m := st.made(id, q.now)
	switch {
	case m == nil:
		return nil
	case strings.EqualFold(m.Type, accountType):
		return m.account()
	case strings.EqualFold(m.Type, vmType):
		return m.vm()
	}
	return nil
}

// tags are those of a made resource.
func (m *Made) tags() map[string]string {
	all := map[string]string{}
	for k, v := range object(m.Body, "tags") {
		all[k] = fmt.Sprint(v)
	}
	return all
}

// doc shows a made resource: what was put, and what the service fills in.
func (q *request) madeDoc(st *State, m *Made) map[string]any {
	doc := clone(m.Body)
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
		doc["etag"] = q.madeTag(m)
		if m.Location != "" {
			props["resourceGuid"] = m.GUID
		}
	}
	maps.Copy(props, clone(m.Given))
	if k.fill != nil {
		k.fill(q, st, m, doc, props)
	}
	return doc
}

func (q *request) madeTag(m *Made) string {
	return `W/"` + q.world.GUID(fmt.Sprintf("%s %s %d", m.ID.Key(), m.GUID, m.Serial)) + `"`
}
