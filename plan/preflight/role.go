package preflight

import (
	"slices"
	"strings"
)

// RoleDefinition is a custom role as az role definition create takes it.
type RoleDefinition struct {
	Name             string
	IsCustom         bool
	Description      string
	Actions          []string
	NotActions       []string
	DataActions      []string
	NotDataActions   []string
	AssignableScopes []string
}

// Role is the role of exactly what needs are, for all of their scopes.
func Role(name, description string, needs []Need) RoleDefinition {
	r := RoleDefinition{
		Name: name, IsCustom: true, Description: description,
		Actions: []string{}, NotActions: []string{}, DataActions: []string{}, NotDataActions: []string{}, AssignableScopes: []string{},
	}
	for _, n := range needs {
		if n.Data {
			r.DataActions = append(r.DataActions, n.Action)
		} else {
			r.Actions = append(r.Actions, n.Action)
		}
		r.AssignableScopes = append(r.AssignableScopes, string(subscriptionScope(strings.ToLower(n.Scope.Subscription()))))
	}
	for _, list := range []*[]string{&r.Actions, &r.DataActions, &r.AssignableScopes} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return r
}
