package arm

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"flowctl/plan"
	"flowctl/plan/region"
	"flowctl/providers/sandbox/internal/fault"
	"flowctl/providers/sandbox/internal/world"
)

// call is what a request does, in the words of permissions and of faults.
type call struct {
	action string  // such as Microsoft.Network/networkWatchers/flowLogs/write; empty: no permission is needed
	scope  plan.ID // at which the action is permitted or not
	thing  string  // as faults name it, such as flow_log
	verb   string  // as faults name it, such as create; of a PUT, write
	id     plan.ID // what is called: a resource, or what holds a list
}

// verbs are the names that faults have for actions, where those differ from
// the actions' own.
var verbs = map[string]string{"queryStatus": "status", "checkNameAvailability": "check_name", "resources": "query", "manualupgrade": "upgrade"}

// call tells what the request does.
func (q *request) call(segments []string) call {
	for i := len(segments) - 2; i >= 0; i-- {
		if strings.EqualFold(segments[i], "providers") && i != 2 || strings.EqualFold(segments[i], "providers") && len(segments) > 4 {
			return q.callOf(segments[:i], segments[i+1], segments[i+2:])
		}
	}
	return q.callAt(segments)
}

// callAt is a call of the subscription itself or of a group.
func (q *request) callAt(segments []string) call {
	id := plan.ID("/" + strings.Join(segments, "/"))
	c := call{scope: id, id: id, verb: q.verb("read"), thing: "subscription"}
	name := func(i int) string {
		if i < len(segments) {
			return strings.ToLower(segments[i])
		}
		return ""
	}
	up := func(n int) plan.ID { return plan.ID("/" + strings.Join(segments[:n], "/")) }
	const sub = "Microsoft.Resources/subscriptions/"
	switch list := len(segments) == 3; {
	case len(segments) == 1: // who may see none gets an empty list
		c.verb = "list"
	case len(segments) == 2:
		c.action = sub + "read"
	case name(2) == "operationresults":
		c.thing, c.verb = "operation", "read"
	case name(2) == "locations":
		c.thing, c.verb, c.scope, c.action = "location", "list", up(2), sub+"locations/read"
	case name(2) == "providers":
		c.thing, c.scope, c.action = "provider", up(2), sub+"providers/read"
		if list {
			c.verb = "list"
		}
	case name(2) == "resources":
		c.thing, c.verb, c.scope, c.action = "resource", "list", up(2), sub+"resources/read"
	case name(4) == "resources":
		c.thing, c.verb, c.scope, c.action = "resource", "list", up(4), sub+"resourceGroups/resources/read"
	case name(2) == "deployments", name(4) == "deployments":
		c.thing, c.verb, c.action = "deployment", "list", deploymentType+"/operations/read"
	case name(2) == "resourcegroups":
		c.thing, c.action = "resource_group", sub+"resourceGroups/"+c.verb
		if list {
			c.verb, c.scope = "list", up(2)
		}
	}
	return c
}

// callOf is a call of a resource provider: types and names by turns, after
// which a list or an action is an odd one.
func (q *request) callOf(base []string, ns string, rest []string) call {
	var types []string
	for i := 0; i < len(rest); i += 2 {
		types = append(types, rest[i])
	}
	at := plan.ID("/" + strings.Join(base, "/"))
	c := call{scope: at, id: at + plan.ID("/providers/"+strings.Join(append([]string{ns}, rest...), "/"))}
	if len(types) > 1 && strings.EqualFold(types[0], "locations") && strings.Contains(strings.ToLower(types[1]), "operation") {
		// Whether polling needs a permission of its own no source says. Here
		// it does not, as custom roles in use leave it out.
		c.thing, c.verb = "operation", "read"
		return c
	}
	odd := len(rest)%2 == 1
	if act := odd && q.r.Method == http.MethodPost; act {
		return q.action(c, at, ns, types, rest)
	}
	typ := ns + "/" + strings.Join(types, "/")
	c.thing, c.verb = thing(typ), q.verb("read")
	c.action = typ + "/" + c.verb
	switch {
	case !odd:
		c.scope = c.id
	case len(rest) > 1:
		c.scope = at + plan.ID("/providers/"+strings.Join(append([]string{ns}, rest[:len(rest)-1]...), "/"))
		fallthrough
	default:
		c.id = c.scope
		if !strings.EqualFold(types[len(types)-1], "instanceView") {
			c.verb = "list"
		}
	}
	return c
}

// action is a call that is neither reading nor writing.
func (q *request) action(c call, at plan.ID, ns string, types, rest []string) call {
	name := types[len(types)-1]
	held := rest[:len(rest)-1]
	c.verb, c.action = snake(name), strings.Join(append([]string{ns}, types...), "/")+"/action"
	if v := verbs[name]; v != "" {
		c.verb = v
	}
	switch {
	case strings.EqualFold(ns, "Microsoft.ResourceGraph"): // it shows what the caller may read
		c.thing, c.action = "resource", ""
	case len(types) == 1 && (c.verb == "register" || c.verb == "unregister"):
		c.thing = "provider"
	case len(types) == 1:
		c.thing = "storage_account" // whether a name is free
	default:
		c.thing = thing(ns + "/" + strings.Join(types[:len(types)-1], "/"))
		c.scope = at + plan.ID("/providers/"+strings.Join(append([]string{ns}, held...), "/"))
		c.id = c.scope
	}
	return c
}

// thing is what faults call a resource type. An action upon one is the
// thing's own; other types are "other".
func thing(typ string) string {
	if t := kindOf(typ).thing; t != "" {
		return t
	}
	return "other"
}

// verb is what a method does, in the words of permissions.
func (q *request) verb(read string) string {
	switch q.r.Method {
	case http.MethodPut, http.MethodPatch:
		return "write"
	case http.MethodDelete:
		return "delete"
	}
	return read
}

// snake spells camelCase as the world's language does.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// Operations are the names of all that clients can do, as faults name them:
// what the routes serve. "other" stands for resources that have no name here.
func Operations() []string {
	all := map[string]bool{}
	for _, r := range routes() {
		var segments []string
		for _, s := range r.segments {
			segments = append(segments, strings.Trim(s, "{}"))
		}
		for method := range r.methods {
			q := &request{r: &http.Request{Method: method}}
			c := q.call(segments)
			if c.verb == "write" {
				all[c.thing+".create"], all[c.thing+".update"] = true, true
				continue
			}
			all[c.thing+"."+c.verb] = true
		}
	}
	for _, verb := range []string{"read", "list", "create", "update", "delete", "action"} {
		all["other."+verb] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// faultCall is the call as faults know it.
func (q *request) faultCall(st *State, c call) fault.Call {
	verb := c.verb
	if verb == "write" {
		verb = "create"
		if q.r.Method == http.MethodPatch || q.known(st, c.id) || c.thing == "resource_group" && q.needGroup(st, c.id.Name()) == nil {
			verb = "update"
		}
	}
	id := c.id
	if c.thing == "operation" {
		id = q.operated(st)
	}
	f := fault.Call{Operation: c.thing + "." + verb, Thing: string(id), Region: q.whereIs(st, id)}
	if !slices.Contains(q.operations, f.Operation) {
		f.Operation = "other." + verb
	}
	if !slices.Contains(q.operations, f.Operation) {
		f.Operation = "other.action"
	}
	f.Names = append(f.Names, id.Name())
	for _, target := range q.targets(st, id) {
		f.Names = append(f.Names, string(target), target.Name())
	}
	return f
}

// operated is what the operation in the path is of.
func (q *request) operated(st *State) plan.ID {
	for _, op := range st.Operations {
		if strings.EqualFold(op.ID, q.path["op"]) {
			return op.Resource
		}
	}
	return ""
}

// whereIs is the region a resource is, or what it is to be part of.
func (q *request) whereIs(st *State, id plan.ID) string {
	if r := q.path["region"]; r != "" {
		return region.Name(r)
	}
	for ; id != ""; id = id.Parent() {
		if w := st.watcher(id, q.now); w != nil {
			return region.Name(w.Location)
		}
		if at, _, ok := q.targetOf(st, id); ok {
			return region.Name(at)
		}
		if a, ok := q.described(st, id).(*world.StorageAccount); ok {
			return region.Name(a.Location)
		}
	}
	return ""
}
