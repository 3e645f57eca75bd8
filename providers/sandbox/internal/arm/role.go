package arm

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// authorize refuses what the world's roles do not permit.
func (q *request) authorize(c call) error {
	if len(q.world.Roles) == 0 || c.action == "" || q.world.Permits(c.scope, c.action, false) {
		return q.linked(c)
	}
	below := slices.ContainsFunc(q.world.Roles, func(r *world.Role) bool { return covers(c.scope, r.Scope) && r.Allows(c.action, false) })
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
	var claims struct {
		ObjectID string `json:"oid"`
	}
	token := strings.TrimPrefix(q.r.Header.Get("Authorization"), "Bearer ")
	if parts := strings.Split(token, "."); len(parts) == 3 {
		text, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err == nil && json.Unmarshal(text, &claims) == nil && claims.ObjectID != "" {
			return claims.ObjectID
		}
	}
	return q.world.GUID("servicePrincipals/flowctl")
}

// storageActions are what somebody who makes a recording must be permitted on
// the account that it is written to, as the page "Azure role-based access
// control permissions required to use Network Watcher" lists them.
var storageActions = []string{"read", "listServiceSas/action", "listAccountSas/action", "listKeys/action"}

// linked refuses a recording whose maker may not use what it is of or where it
// is written to.
func (q *request) linked(c call) error {
	recording := c.thing == "flow_log" || c.thing == "packet_capture"
	if len(q.world.Roles) == 0 || !recording || q.r.Method != http.MethodPut {
		return nil
	}
	var missing, scopes []string
	need := func(id plan.ID, action string) {
		if id != "" && !q.world.Permits(id, id.Type()+"/"+action, false) {
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
	graph := len(q.world.Roles) > 0 && q.asked.verb == "query"
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
			if json.Unmarshal(item, &of) != nil || of.ID == "" || q.mayRead(of.ID) {
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
func (q *request) mayRead(id plan.ID) bool {
	if id.Type() != "" {
		return q.world.Permits(id, id.Type()+"/read", false)
	}
	const read = "Microsoft.Resources/subscriptions/resourceGroups/read"
	return q.world.Permits(id, read, false) || slices.ContainsFunc(q.world.Roles, func(r *world.Role) bool { return covers(id, r.Scope) })
}

// permission is what one role permits, as ARM writes it.
type permission struct {
	Actions        []string `json:"actions"`
	NotActions     []string `json:"notActions"`
	DataActions    []string `json:"dataActions"`
	NotDataActions []string `json:"notDataActions"`
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
	all := []permission{}
	if len(q.world.Roles) == 0 {
		all = append(all, permission{[]string{"*"}, []string{}, []string{"*"}, []string{}})
	}
	list := func(s []string) []string { return append([]string{}, s...) }
	for _, r := range q.world.Roles {
		if r.Covers(scope) {
			all = append(all, permission{list(r.Actions), list(r.NotActions), list(r.DataActions), list(r.NotDataActions)})
		}
	}
	return whole(all)
}
