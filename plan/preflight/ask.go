package preflight

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"flowctl/plan"
)

// Facts are what a plan has to ask beyond inventories and recordings.
type Facts struct {
	Permissions map[string][]plan.Permission // the caller's, by key of the scope
	Lifecycles  map[string]plan.Lifecycle    // by key of the storage account
	Samples     []Sample                     // of flow logs that are there
	Gone        map[string]bool              // by key of a workspace: it is not there
	Unread      map[string][]string          // by alias: what could not be read, and why
}

// mostScopes bounds the calls for permissions. Most callers have what they
// need at the subscription, which is asked first.
const mostScopes = 40

// Ask fetches the facts that the findings about a plan rest on: the
// permissions at the scopes where something is needed, and the lifecycle
// rules of the accounts that are written to. What cannot be read is noted.
func Ask(ctx context.Context, in Input, providers map[string]plan.Checker) Facts {
	a := &asker{ctx: ctx, in: in, providers: providers, facts: Facts{
		Permissions: map[string][]plan.Permission{}, Lifecycles: map[string]plan.Lifecycle{}, Unread: map[string][]string{},
		Gone: map[string]bool{},
	}}
	a.permissions()
	a.lifecycles()
	a.workspaces()
	return a.facts
}

type asker struct {
	ctx       context.Context
	in        Input
	providers map[string]plan.Checker
	facts     Facts
	scopes    int
	failed    map[string]bool
}

// alias finds the provider whose subscription a scope is in.
func (a *asker) alias(scope plan.ID) (string, bool) {
	for _, alias := range slices.Sorted(maps.Keys(a.in.Inventories)) {
		if strings.EqualFold(a.in.Inventories[alias].Subscription, scope.Subscription()) && a.providers[alias] != nil {
			return alias, true
		}
	}
	return "", false
}

func (a *asker) note(alias, what string, err error) {
	a.facts.Unread[alias] = append(a.facts.Unread[alias], fmt.Sprintf("%s: %s", what, err))
}

// permissions asks from the subscription down, and no further than it takes
// to know that a need is met.
func (a *asker) permissions() {
	a.failed = map[string]bool{}
	for _, n := range Needs(a.in) {
		alias, ok := a.alias(n.Scope)
		if n.Read || !ok {
			continue
		}
		for _, scope := range levels(n.Scope) {
			if a.facts.allows(n) {
				break
			}
			a.scope(alias, scope)
		}
	}
}

// scope asks for the permissions at one scope, once. At one that is not there
// yet, those above it count.
func (a *asker) scope(alias string, scope plan.ID) {
	key := scope.Key()
	if _, known := a.facts.Permissions[key]; known || a.failed[key] {
		return
	}
	if a.scopes++; a.scopes > mostScopes {
		if a.scopes == mostScopes+1 {
			a.note(alias, "permissions", fmt.Errorf("they differ at more than %d scopes, and no more were asked for", mostScopes))
		}
		a.failed[key] = true
		return
	}
	roles, err := a.providers[alias].Permissions(a.ctx, scope)
	switch {
	case errors.Is(err, plan.ErrNotFound):
		a.facts.Permissions[key] = nil
	case err != nil:
		a.failed[key] = true
		a.note(alias, "permissions at "+scopeName(scope), err)
	default:
		a.facts.Permissions[key] = roles
	}
}

// lifecycles asks for the rules of the accounts that are written to.
func (a *asker) lifecycles() {
	for _, ch := range a.in.Plan.Changes {
		if ch.Session == nil || ch.Action != plan.Create && ch.Action != plan.Replace && ch.Action != plan.Update {
			continue
		}
		key := ch.Session.Storage.Key()
		alias, ok := a.alias(ch.Session.Storage)
		if _, known := a.facts.Lifecycles[key]; known || !ok || a.failed[key+"/rules"] {
			continue
		}
		l, err := a.providers[alias].Lifecycle(a.ctx, ch.Session.Storage)
		if err != nil && !errors.Is(err, plan.ErrNotFound) {
			a.failed[key+"/rules"] = true
			a.note(alias, "lifecycle rules of "+ch.Session.Storage.Name(), err)
			continue
		}
		a.facts.Lifecycles[key] = l
	}
}
