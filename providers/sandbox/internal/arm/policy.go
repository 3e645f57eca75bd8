package arm

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// ownPolicy is the definition of a policy that a world has beside Azure's.
type ownPolicy struct{ *world.Policy }

func (p ownPolicy) body() doc {
	return policyBody(world.Definition{DisplayName: p.DisplayName, Effect: p.Effect, Field: watcherType + "/flowLogs"}, true)
}

// policyRoutes are those of definitions that belong to no subscription.
func policyRoutes() []route {
	const path = "/providers/" + authorization
	definitions := kindOf(policyDefinitions)
	return []route{
		read("/providers/"+policyDefinitions, listLaid(definitions)), read("/providers/"+policyDefinitions+"/{laid}", getLaid(definitions)),
		read("/subscriptions/{sub}"+path+"/policySetDefinitions", func(*request) (reply, error) { return whole([]any{}) }),
		read("/providers/"+roleDefinitions+"/{laid}", getLaid(kindOf(roleDefinitions))),
	}
}

func assignmentBody(p *world.Policy) doc {
	mode, parameters := "Default", doc{}
	if !p.Enforced {
		mode = "DoNotEnforce"
	}
	if p.Given {
		parameters["effect"] = doc{"value": p.Effect}
	}
	return doc{"properties": doc{"displayName": p.DisplayName, "policyDefinitionId": string(p.Definition), "scope": string(p.Scope), "notScopes": []any{},
		"parameters": parameters, "enforcementMode": mode, "metadata": doc{}}}
}

// policyBody is a definition in ARM's form. Of Azure's own it has as much as
// says what the policy looks at, what it makes, and with which effect.
func policyBody(d world.Definition, custom bool) doc {
	effect, kind, parameters := "[parameters('effect')]", "BuiltIn", doc{
		"effect": doc{"type": "String", "defaultValue": d.Effect, "allowedValues": []any{d.Effect, "Disabled"}, "metadata": doc{"displayName": "Effect"}}}
	if custom {
		effect, kind, parameters = d.Effect, "Custom", doc{}
	}
	then := doc{"effect": effect}
	if d.Effect == "DeployIfNotExists" || d.Effect == "AuditIfNotExists" {
		then["details"] = doc{"type": watcherType + "/flowLogs", "resourceGroupName": "NetworkWatcherRG"}
	}
	return doc{"properties": doc{"displayName": d.DisplayName, "policyType": kind, "mode": "All", "metadata": doc{"category": "Network", "version": "1.0.0"},
		"parameters": parameters, "policyRule": doc{"if": doc{"allOf": []any{doc{"field": "type", "equals": d.Field}}}, "then": then}}}
}

// builtinPolicies are Azure's own definitions about flow logs.
func builtinPolicies() []*Resource {
	var all []*Resource
	known := world.Definitions()
	for _, name := range slices.Sorted(maps.Keys(known)) {
		d := known[name]
		all = append(all, &Resource{ID: plan.ID("/providers/" + policyDefinitions + "/" + d.Name), Type: policyDefinitions, Body: policyBody(d, false)})
	}
	return all
}

// definitionOf is the definition that an assignment names, or nil.
func (q *request) definitionOf(st *State, assignment *Resource) *Resource {
	id := plan.ID(text(assignment.properties(), "policyDefinitionId"))
	if m := q.at(st, id); m != nil {
		return m
	}
	for _, m := range builtinPolicies() {
		if m.ID.Is(id) {
			return m
		}
	}
	return nil
}

func (q *request) checkAssignment(st *State, m *Resource) error {
	if q.definitionOf(st, m) == nil {
		return gatewayError(404, "PolicyDefinitionNotFound", "The policy definition '%s' could not be found.", text(m.properties(), "policyDefinitionId"))
	}
	return nil
}

// checkPolicy refuses rules whose conditions the sandbox could not decide.
func (q *request) checkPolicy(_ *State, m *Resource) error {
	rule := object(m.properties(), "policyRule")
	if text(rule, "then", "effect") == "" {
		return gatewayError(400, "InvalidPolicyRule", "Failed to parse policy rule: 'The policy rule has no effect.'.")
	}
	if _, known := fits(object(rule, "if"), func(string) (string, bool) { return "", true }); !known {
		return gatewayError(400, "InvalidPolicyRule", "Failed to parse policy rule: 'The sandbox knows the conditions allOf, anyOf and not, and of the fields type, name, "+
			"location and tags the conditions equals, notEquals, in, notIn, like, notLike and exists.'.")
	}
	return nil
}

// fits decides a condition of a policy rule. What it cannot decide is not
// known, and does not fit.
func fits(c map[string]any, field func(string) (string, bool)) (yes, known bool) {
	all := func(name string, want bool) (bool, bool) {
		met := !want
		for _, inner := range objects(c, name) {
			yes, known := fits(inner, field)
			if !known {
				return false, false
			}
			if yes == want {
				met = want
			}
		}
		return met, true
	}
	switch {
	case c["allOf"] != nil:
		return all("allOf", false)
	case c["anyOf"] != nil:
		return all("anyOf", true)
	case c["not"] != nil:
		yes, known := fits(object(c, "not"), field)
		return !yes && known, known
	}
	name := text(c, "field")
	tag := strings.HasPrefix(strings.ToLower(name), "tags")
	if !tag && !slices.Contains([]string{"type", "name", "location"}, strings.ToLower(name)) {
		return false, false
	}
	value, exists := field(name)
	in := func(list any) bool {
		items, _ := list.([]any)
		return slices.ContainsFunc(items, func(v any) bool { s, _ := v.(string); return strings.EqualFold(s, value) })
	}
	for condition, decide := range map[string]func(any) bool{
		"equals": func(v any) bool { return in([]any{v}) }, "notEquals": func(v any) bool { return !in([]any{v}) },
		"in": in, "notIn": func(v any) bool { return !in(v) },
		"like":    func(v any) bool { s, _ := v.(string); return world.Matches(s, value) },
		"notLike": func(v any) bool { s, _ := v.(string); return !world.Matches(s, value) },
		"exists":  func(v any) bool { return (v == true || v == "true") == exists },
	} {
		if v, ok := c[condition]; ok {
			return decide(v), true
		}
	}
	return false, false
}

// effectOf is what a policy does, and its effect may be a parameter.
func effectOf(assignment, definition *Resource) string {
	effect := text(definition.properties(), "policyRule", "then", "effect")
	name, isParameter := strings.CutPrefix(effect, "[parameters('")
	if !isParameter {
		return effect
	}
	name = strings.TrimSuffix(name, "')]")
	if v, ok := object(assignment.properties(), "parameters", name)["value"].(string); ok {
		return v
	}
	return text(definition.properties(), "parameters", name, "defaultValue")
}

// allowed refuses a write that a policy with the effect Deny forbids; m is the
// resource as it is to be, where there is one.
func (q *request) allowed(st *State, id plan.ID, typ string, m *Resource) error {
	field := func(name string) (string, bool) {
		switch name = strings.ToLower(name); {
		case name == "type":
			return typ, true
		case name == "name":
			return id.Name(), true
		case m == nil:
			return "", false
		case name == "location":
			return m.Location, m.Location != ""
		}
		tag := strings.Trim(strings.TrimPrefix(strings.TrimPrefix(name, "tags"), "."), "[]'")
		for k, v := range m.tags() {
			if strings.EqualFold(k, tag) {
				return v, true
			}
		}
		return "", false
	}
	for _, p := range q.ofType(st, policyAssignments) {
		props := p.properties()
		if strings.EqualFold(text(props, "enforcementMode"), "DoNotEnforce") || !covers(scopeOf(p.ID), id) {
			continue
		}
		d := q.definitionOf(st, p)
		if d == nil || !strings.EqualFold(effectOf(p, d), "Deny") {
			continue
		}
		if yes, _ := fits(object(d.properties(), "policyRule", "if"), field); !yes {
			continue
		}
		name := text(props, "displayName")
		if name == "" {
			name = p.ID.Name()
		}
		return gatewayError(http.StatusForbidden, "RequestDisallowedByPolicy", "Resource '%s' was disallowed by policy. Policy identifiers: "+
			"'[{\"policyAssignment\":{\"name\":\"%s\",\"id\":\"%s\"},\"policyDefinition\":{\"name\":\"%s\",\"id\":\"%s\"}}]'.",
			id.Name(), name, p.ID, d.ID.Name(), d.ID)
	}
	return nil
}
