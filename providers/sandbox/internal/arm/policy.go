package arm

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

func policyRoutes() []route {
	const (
		path        = "/providers/" + authorization
		definitions = path + "/policyDefinitions"
		own         = "/subscriptions/{sub}" + definitions
	)
	all := atScopes(path+"/policyAssignments", (*request).listAssignments, nil, nil)
	all = append(all, atScopes(path+"/policyAssignments/{assignment}", (*request).getAssignment, nil, nil)...)
	return append(all,
		read(definitions, (*request).listDefinitions), read(definitions+"/{definition}", (*request).getDefinition),
		read(own, (*request).listDefinitions), read(own+"/{definition}", (*request).getDefinition),
		read("/subscriptions/{sub}"+path+"/policySetDefinitions", func(*request) (reply, error) { return whole([]any{}) }))
}

func assignment(p *world.Policy) map[string]any {
	mode, parameters := "Default", map[string]any{}
	if !p.Enforced {
		mode = "DoNotEnforce"
	}
	if p.Given {
		parameters["effect"] = map[string]any{"value": p.Effect}
	}
	doc := map[string]any{"id": p.ID, "name": p.Name, "type": authorization + "/policyAssignments", "properties": map[string]any{
		"displayName": p.DisplayName, "policyDefinitionId": p.Definition, "scope": p.Scope, "notScopes": []any{},
		"parameters": parameters, "enforcementMode": mode, "metadata": map[string]any{},
	}}
	return doc
}

// listAssignments lists those on the scope, on what holds it, and, unless the
// filter is atScope(), on what is in it.
func (q *request) listAssignments() (reply, error) {
	st, err := q.State()
	if err == nil {
		err = q.needScope(st, q.scope())
	}
	if err != nil {
		return reply{}, err
	}
	filter := strings.ToLower(strings.ReplaceAll(q.param("$filter"), " ", ""))
	var kept []*world.Policy
	for _, p := range q.world.Policies {
		above, below := covers(p.Scope, q.scope()), covers(q.scope(), p.Scope)
		switch {
		case filter == "atexactscope()" && p.Scope.Is(q.scope()), filter == "atscope()" && above, filter == "" && (above || below):
			kept = append(kept, p)
		case filter != "" && filter != "atscope()" && filter != "atexactscope()":
			return reply{}, gatewayError(400, "InvalidFilterInQueryString", "Invalid $filter '%s' specified in the query string; "+
				"the sandbox knows atScope() and atExactScope().", q.param("$filter"))
		}
	}
	return paged(q, kept, assignment)
}

func (q *request) getAssignment() (reply, error) {
	for _, p := range q.world.Policies {
		if p.Scope.Is(q.scope()) && strings.EqualFold(p.Name, q.path["assignment"]) {
			return ok(assignment(p))
		}
	}
	return reply{}, gatewayError(404, "PolicyAssignmentNotFound", "The policy assignment '%s' is not found.", q.path["assignment"])
}

// definition is a policy in ARM's form. Of Azure's own it has as much as says
// what the policy looks at, what it makes, and with which effect.
func definition(d world.Definition, id plan.ID, custom bool) map[string]any {
	effect, kind, parameters := "[parameters('effect')]", "BuiltIn", map[string]any{
		"effect": map[string]any{"type": "String", "defaultValue": d.Effect, "allowedValues": []any{d.Effect, "Disabled"},
			"metadata": map[string]any{"displayName": "Effect"}}}
	if custom {
		effect, kind, parameters = d.Effect, "Custom", map[string]any{}
	}
	then := map[string]any{"effect": effect}
	if d.Effect == "DeployIfNotExists" || d.Effect == "AuditIfNotExists" {
		then["details"] = map[string]any{"type": watcherType + "/flowLogs", "resourceGroupName": "NetworkWatcherRG"}
	}
	return map[string]any{"id": id, "name": id.Name(), "type": authorization + "/policyDefinitions", "properties": map[string]any{
		"displayName": d.DisplayName, "policyType": kind, "mode": "All", "metadata": map[string]any{"category": "Network", "version": "1.0.0"},
		"parameters": parameters, "policyRule": map[string]any{
			"if": map[string]any{"allOf": []any{map[string]any{"field": "type", "equals": d.Field}}}, "then": then},
	}}
}

// definitions are Azure's own, or the subscription's, by id.
func (q *request) definitions() (all []map[string]any) {
	const own = "/providers/" + authorization + "/policyDefinitions/"
	if q.path["sub"] == "" {
		known := world.Definitions()
		for _, name := range slices.Sorted(maps.Keys(known)) {
			all = append(all, definition(known[name], plan.ID(own+known[name].Name), false))
		}
		return all
	}
	for _, p := range q.world.Policies {
		if p.Definition.Subscription() != "" {
			all = append(all, definition(world.Definition{Name: p.Name, DisplayName: p.DisplayName, Effect: p.Effect,
				Field: watcherType + "/flowLogs"}, p.Definition, true))
		}
	}
	return all
}

func (q *request) listDefinitions() (reply, error) {
	return paged(q, q.definitions(), func(d map[string]any) map[string]any { return d })
}

func (q *request) getDefinition() (reply, error) {
	for _, d := range q.definitions() {
		if strings.EqualFold(text(d, "name"), q.path["definition"]) {
			return ok(d)
		}
	}
	return reply{}, gatewayError(404, "PolicyDefinitionNotFound", "The policy definition '%s' could not be found.", q.path["definition"])
}

// allowed refuses what a policy with the effect Deny forbids.
func (q *request) allowed(id plan.ID) error {
	for _, p := range q.world.Policies {
		if p.Effect == "Deny" && p.Enforced && covers(p.Scope, id) {
			return gatewayError(http.StatusForbidden, "RequestDisallowedByPolicy", "Resource '%s' was disallowed by policy. Policy identifiers: "+
				"'[{\"policyAssignment\":{\"name\":\"%s\",\"id\":\"%s\"},\"policyDefinition\":{\"name\":\"%s\",\"id\":\"%s\"}}]'.",
				id.Name(), p.DisplayName, p.ID, p.Definition.Name(), p.Definition)
		}
	}
	return nil
}
