package arm

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/token"
	"flowctl/providers/sandbox/internal/world"
)

// ownRole is the definition of a role that a world has beside Azure's.
type ownRole struct{ *world.Role }

func (r ownRole) body() doc { return roleBody(r.Name, "CustomRole", r.Permission) }

// assigned is a role of the world that the caller has, whoever it is.
type assigned struct {
	*world.Role
	principal, definition string
}

func (a assigned) body() doc {
	return doc{"properties": doc{"roleDefinitionId": a.definition, "principalId": a.principal, "principalType": "ServicePrincipal"}}
}

// roleIDs are those of Azure's own roles ("Azure built-in roles").
var roleIDs = map[string]string{
	"Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c", "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
	"User Access Administrator": "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "Network Contributor": "4d97b98b-1d4f-4787-a291-c67834d212e7",
	"Storage Account Contributor": "17d1049b-9a84-46fb-8f53-869881c3d3ab", "Virtual Machine Contributor": "9980e02c-c2be-4d73-94e8-173b1dc7cf3c",
	"Reader and Data Access": "c12c1c16-33a1-487b-954d-41c89c60f349", "Storage Account Key Operator Service Role": "81a9662b-bebf-436f-a333-f67b29880f12",
	"Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
	"Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
}

func roleBody(name, kind string, p plan.Permission) doc {
	permission := jsonOf(permissionOf(p))
	return doc{"properties": doc{"roleName": name, "type": kind, "description": "", "assignableScopes": []any{"/"}, "permissions": []any{permission}}}
}

// builtinRoles are Azure's own, in the subscription that asks.
func builtinRoles(sub string) []*Resource {
	var all []*Resource
	known := world.BuiltinRoles()
	for _, name := range slices.Sorted(maps.Keys(known)) {
		all = append(all, &Resource{ID: plan.ID("/subscriptions/" + sub + "/providers/" + roleDefinitions + "/" + roleIDs[name]),
			Type: roleDefinitions, Body: roleBody(name, "BuiltInRole", known[name])})
	}
	return all
}

// roleOf is the definition of that id, which may be named without a
// subscription.
func (q *request) roleOf(st *State, id plan.ID) *Resource {
	if m := q.at(st, id); m != nil {
		return m
	}
	for _, m := range builtinRoles(q.sub()) {
		if strings.EqualFold(m.ID.Name(), id.Name()) {
			return m
		}
	}
	return nil
}

func (q *request) roleName(st *State, id plan.ID) string {
	if m := q.roleOf(st, id); m != nil {
		return text(m.properties(), "roleName")
	}
	return id.Name()
}

func (q *request) checkRoleAssignment(st *State, m *Resource) error {
	props := m.properties()
	if text(props, "principalId") == "" {
		return gatewayError(400, "BadRequestFormat", "The request was incorrectly formatted: the principalId is missing.")
	}
	if q.roleOf(st, plan.ID(text(props, "roleDefinitionId"))) == nil {
		return gatewayError(400, "RoleDefinitionDoesNotExist", "The specified role definition with ID '%s' does not exist.", plan.ID(text(props, "roleDefinitionId")).Name())
	}
	for _, other := range q.ofType(st, roleAssignments) {
		p := other.properties()
		same := strings.EqualFold(text(p, "principalId"), text(props, "principalId")) && strings.EqualFold(text(p, "roleDefinitionId"), text(props, "roleDefinitionId"))
		if same && scopeOf(other.ID).Is(scopeOf(m.ID)) && !other.ID.Is(m.ID) {
			return gatewayError(http.StatusConflict, "RoleAssignmentExists", "The role assignment already exists.")
		}
	}
	return nil
}

func (q *request) checkRole(_ *State, m *Resource) error {
	props := m.properties()
	if text(props, "roleName") == "" || len(objects(props, "permissions")) == 0 {
		return gatewayError(400, "InvalidRoleDefinition", "A role definition needs a roleName and permissions.")
	}
	orElse(props, map[string]any{"type": "CustomRole"})
	return nil
}

// roles are those that the caller has: the world's, those laid upon it, and
// those that clients gave to whoever the token names. A world without roles
// lets everybody do everything, whatever clients give to whom.
func (q *request) roles(st *State) (all []*world.Role, open bool) {
	if q.mine.known {
		return q.mine.roles, q.mine.open
	}
	open = len(q.world.Roles) == 0
	for _, m := range q.ofType(st, roleAssignments) {
		everybody := m.Given["everybody"] == true
		_, own := m.of.(assigned)
		open = open && !everybody
		props := m.properties()
		if !own && !everybody && !strings.EqualFold(text(props, "principalId"), q.caller()) {
			continue
		}
		d := q.roleOf(st, plan.ID(text(props, "roleDefinitionId")))
		if d == nil {
			continue
		}
		role := &world.Role{Name: text(d.properties(), "roleName"), Scope: scopeOf(m.ID)}
		for _, p := range objects(d.properties(), "permissions") {
			role.Actions, role.NotActions = append(role.Actions, words(p, "actions")...), append(role.NotActions, words(p, "notActions")...)
			role.DataActions, role.NotDataActions = append(role.DataActions, words(p, "dataActions")...), append(role.NotDataActions, words(p, "notDataActions")...)
		}
		all = append(all, role)
	}
	q.mine.roles, q.mine.open, q.mine.known = all, open, true
	return all, open
}

// words are the texts of a list.
func words(doc map[string]any, name string) (all []string) {
	list, _ := doc[name].([]any)
	for _, v := range list {
		if s, ok := v.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

// permits reports whether the caller may do something at a scope.
func (q *request) permits(st *State, scope plan.ID, action string, data bool) bool {
	all, open := q.roles(st)
	return open || slices.ContainsFunc(all, func(r *world.Role) bool { return r.Covers(scope) && r.Allows(action, data) })
}

// Permits reports whether the sender of a request may do something at a scope.
func (s *Server) Permits(r *http.Request, scope plan.ID, action string, data bool) bool {
	q := &request{Server: s, r: r, now: s.clock.Now()}
	st, err := s.State()
	return err == nil && q.permits(st, scope, action, data)
}

// authorize refuses what the caller's roles do not permit.
func (q *request) authorize(c call) error {
	st, err := q.State()
	if err != nil {
		return err
	}
	if err := q.linkedTenants(c); err != nil {
		return err
	}
	roles, open := q.roles(st)
	if open || c.action == "" || q.permits(st, c.scope, c.action, false) {
		return q.linked(st, c)
	}
	below := slices.ContainsFunc(roles, func(r *world.Role) bool { return covers(c.scope, r.Scope) && r.Allows(c.action, false) })
	switch {
	case c.thing == "subscription" || c.thing == "provider" && q.r.Method == http.MethodGet || c.thing == "location":
		return nil // who may do anything in a subscription sees that it is there; no source says more
	case c.verb == "list" && (below || c.thing == "resource" || c.thing == "resource_group"):
		q.partly = true
		return nil
	}
	who := q.caller()
	return gatewayError(http.StatusForbidden, "AuthorizationFailed", "The client '%s' with object id '%s' does not have authorization to perform action '%s' "+
		"over scope '%s' or the scope is invalid. If access was recently granted, please refresh your credentials.", who, who, c.action, c.scope)
}

// caller is the object id of who asks, as the token tells.
func (q *request) caller() string {
	if c, ok := token.Of(q.r); ok && c.Object != "" {
		return c.Object
	}
	return q.world.GUID("servicePrincipals/flowctl")
}

// storageActions are what somebody who makes a recording must be permitted on
// the account that it is written to, as the page "Azure role-based access
// control permissions required to use Network Watcher" lists them.
var storageActions = []string{"read", "listServiceSas/action", "listAccountSas/action", "listKeys/action"}

// linked refuses a recording whose maker may not use what it is of or where it
// is written to.
func (q *request) linked(st *State, c call) error {
	recording := c.thing == "flow_log" || c.thing == "packet_capture"
	if _, open := q.roles(st); open || !recording || q.r.Method != http.MethodPut {
		return nil
	}
	var missing, scopes []string
	need := func(id plan.ID, action string) {
		if id != "" && !q.permits(st, id, id.Type()+"/"+action, false) {
			missing, scopes = append(missing, id.Type()+"/"+action), append(scopes, string(id))
		}
	}
	target, storage := q.wanted()
	need(target, "read")
	for _, action := range storageActions {
		need(storage, action)
	}
	if missing == nil {
		return nil
	}
	who := q.caller()
	return gatewayError(http.StatusForbidden, "LinkedAuthorizationFailed", "The client '%s' with object id '%s' has permission to perform action '%s' on scope '%s'; "+
		"however, it does not have permission to perform action(s) '%s' on the linked scope(s) '%s' (respectively) or the linked scope(s) are invalid.",
		who, who, c.action, c.scope, strings.Join(missing, ","), strings.Join(slices.Compact(scopes), ","))
}

// visible leaves out of a list what the caller may not read.
func (q *request) visible(rep reply) (reply, error) {
	st, err := q.State()
	if err != nil {
		return rep, err
	}
	_, open := q.roles(st)
	graph := !open && q.asked.verb == "query"
	if !q.partly && !graph || rep.status != http.StatusOK {
		return rep, nil
	}
	text, err := json.Marshal(rep.body)
	if err != nil {
		return rep, err
	}
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(text, &doc); err != nil {
		return rep, fmt.Errorf("look for what the caller may see: %w", err)
	}
	for _, key := range []string{"value", "data"} {
		var all, kept []json.RawMessage
		if json.Unmarshal(doc[key], &all) != nil {
			continue
		}
		for _, item := range all {
			var of struct {
				ID plan.ID `json:"id"`
			}
			if json.Unmarshal(item, &of) != nil || of.ID == "" || q.mayRead(st, of.ID) {
				kept = append(kept, item)
			}
		}
		if doc[key], err = json.Marshal(append([]json.RawMessage{}, kept...)); err != nil {
			return rep, err
		}
		if _, counted := doc["count"]; counted {
			doc["count"] = fmt.Append(nil, len(kept))
		}
	}
	rep.body = doc
	return rep, nil
}

// mayRead reports whether the caller sees a resource or group in lists. A
// group is seen by those who may read something in it.
func (q *request) mayRead(st *State, id plan.ID) bool {
	if id.Type() != "" {
		return q.permits(st, id, id.Type()+"/read", false)
	}
	const read = "Microsoft.Resources/subscriptions/resourceGroups/read"
	roles, _ := q.roles(st)
	return q.permits(st, id, read, false) || slices.ContainsFunc(roles, func(r *world.Role) bool { return covers(id, r.Scope) })
}

// permission is what one role permits, as ARM writes it; without data actions
// in versions before 2018 (recording permissions).
type permission struct {
	Actions        []string  `json:"actions"`
	NotActions     []string  `json:"notActions"`
	DataActions    *[]string `json:"dataActions,omitempty"`
	NotDataActions *[]string `json:"notDataActions,omitempty"`
}

func permissionRoutes() []route {
	return atScopes("/providers/"+authorization+"/permissions", (*request).listPermissions, nil, nil)
}

// listPermissions tells what the caller may do at a scope: a permission for
// each role at it or above it.
func (q *request) listPermissions() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	scope := q.scope()
	if err := q.needScope(st, scope); err != nil {
		return reply{}, err
	}
	roles, open := q.roles(st)
	all := []permission{}
	if open {
		all = append(all, permissionOf(plan.Permission{Actions: []string{"*"}, DataActions: []string{"*"}}))
	}
	for _, r := range roles {
		if r.Covers(scope) {
			all = append(all, permissionOf(r.Permission))
		}
	}
	for i := range all {
		if q.param("api-version") < "2018" {
			all[i].DataActions, all[i].NotDataActions = nil, nil
		}
	}
	return whole(all)
}

func permissionOf(p plan.Permission) permission {
	list := func(s []string) []string { return append([]string{}, s...) }
	data, notData := list(p.DataActions), list(p.NotDataActions)
	return permission{list(p.Actions), list(p.NotActions), &data, &notData}
}
