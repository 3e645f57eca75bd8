package arm

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// Locks, policies and roles are laid upon scopes: by the world's file, by
// clients, or by `flowctl sandbox lay`. They are resources as all others.

// laidRoutes are those of the kinds that are laid upon scopes.
func laidRoutes() []route {
	var all []route
	for _, k := range kinds() {
		if k.laid == "" {
			continue
		}
		path := "/providers/" + k.name
		all = append(all, atScopes(path, listLaid(k), nil, nil)...)
		all = append(all, atScopes(path+"/{laid}", getLaid(k), putLaid(k), deleteLaid(k))...)
	}
	return all
}

// scopeOf is what a resource is laid upon.
func scopeOf(id plan.ID) plan.ID {
	i := plan.LastIndexFold(string(id), "/providers/")
	if i < 0 {
		return ""
	}
	return id[:i]
}

func (q *request) laidID(k kind) plan.ID {
	return q.scope() + plan.ID("/providers/"+k.name+"/"+q.path["laid"])
}

// laidAt is the one that the path names; the ones that Azure has by itself are
// made when they are asked for.
func (q *request) laidAt(st *State, k kind) *Resource {
	id := q.laidID(k)
	if m := q.at(st, id); m != nil {
		return m
	}
	for _, m := range q.builtin(k) {
		if strings.EqualFold(m.ID.Name(), id.Name()) {
			return m
		}
	}
	return nil
}

func errLaid(k kind, name string) error {
	what := map[string]string{"lock": "lock", "policy": "policy", "role": "role"}[k.thing]
	return gatewayError(404, k.laid, "The %s '%s' could not be found.", what, name)
}

func getLaid(k kind) handler {
	return func(q *request) (reply, error) {
		st, err := q.State()
		if err != nil {
			return reply{}, err
		}
		if m := q.laidAt(st, k); m != nil {
			return ok(q.drawLaid(m))
		}
		return reply{}, errLaid(k, q.path["laid"])
	}
}

func putLaid(k kind) handler {
	return func(q *request) (rep reply, err error) {
		var body map[string]any
		if err := q.decode(&body); err != nil {
			return reply{}, err
		}
		err = q.update(q.r.Context(), func(st *State) error {
			if err := q.needScope(st, q.scope()); err != nil {
				return err
			}
			id := q.laidID(k)
			rep.status = http.StatusCreated
			if q.at(st, id) != nil && k.thing == "lock" {
				rep.status = http.StatusOK
			}
			m, err := q.store(st, k, id, body)
			if err == nil {
				rep.body = q.drawLaid(m)
			}
			return err
		})
		return rep, err
	}
}

func deleteLaid(k kind) handler {
	return func(q *request) (rep reply, err error) {
		err = q.update(q.r.Context(), func(st *State) error {
			rep = reply{status: http.StatusNoContent}
			m := q.at(st, q.laidID(k))
			if m == nil {
				return nil
			}
			rep.status = http.StatusOK
			if k.thing != "lock" {
				rep.body = q.drawLaid(m)
			}
			q.own(st, m).Gone = q.now
			return nil
		})
		return rep, err
	}
}

// drawLaid shows what is laid upon a scope.
func (q *request) drawLaid(m *Resource) map[string]any {
	doc := clone(m.body())
	doc["id"], doc["name"], doc["type"] = m.ID, m.ID.Name(), m.Type
	props := object(doc, "properties")
	doc["properties"] = props
	at := m.Created.UTC().Format(sevenDigits)
	switch k := kindOf(m.Type); {
	case k.name == roleAssignments:
		orElse(props, map[string]any{"scope": scopeOf(m.ID), "principalType": "ServicePrincipal", "condition": nil, "conditionVersion": nil,
			"createdOn": at, "updatedOn": at, "createdBy": q.caller(), "updatedBy": q.caller(), "delegatedManagedIdentityResourceId": nil, "description": nil})
	case k.name == policyAssignments:
		orElse(props, map[string]any{"scope": scopeOf(m.ID), "notScopes": []any{}, "parameters": map[string]any{}, "enforcementMode": "Default", "metadata": map[string]any{}})
	case k.name == policyDefinitions:
		orElse(props, map[string]any{"policyType": "Custom", "mode": "All", "parameters": map[string]any{}, "metadata": map[string]any{}})
	}
	return doc
}

// wish is a condition of a filter of what is laid.
var wish = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^\s*(?:(atScope|atExactScope)\s*\(\s*\)|(assignedTo)\s*\(\s*'([^']*)'\s*\)|(principalId|roleName|type|policyDefinitionId|policyType)\s+eq\s+'([^']*)')\s*(?:and\b|$)`)
})

// listLaid lists those on the scope, on what holds it, and, unless the filter
// is atScope(), on what is in it.
func listLaid(k kind) handler {
	return func(q *request) (reply, error) {
		st, err := q.State()
		if err == nil {
			err = q.needScope(st, q.scope())
		}
		if err != nil {
			return reply{}, err
		}
		all := append(slices.Clone(q.ofType(st, k.name)), q.builtin(k)...)
		keep := func(m *Resource) bool {
			at := scopeOf(m.ID)
			return covers(at, q.scope()) || covers(q.scope(), at)
		}
		for rest := q.param("$filter"); strings.TrimSpace(rest) != ""; {
			c := wish().FindStringSubmatch(rest)
			if c == nil {
				return reply{}, gatewayError(400, "InvalidFilterInQueryString", "Invalid $filter '%s' specified in the query string; the sandbox knows "+
					"atScope(), atExactScope(), assignedTo('…'), and principalId, roleName, type, policyType and policyDefinitionId eq '…'.", q.param("$filter"))
			}
			rest = rest[len(c[0]):]
			before, fits := keep, q.wished(c)
			keep = func(m *Resource) bool { return before(m) && fits(m) }
		}
		all = slices.DeleteFunc(all, func(m *Resource) bool { return !keep(m) })
		return paged(q, all, func(m *Resource) map[string]any { return q.drawLaid(m) })
	}
}

// wished is what one condition of a filter keeps.
func (q *request) wished(c []string) func(*Resource) bool {
	switch scope, field := strings.ToLower(c[1]), strings.ToLower(c[4]); {
	case scope == "atscope":
		return func(m *Resource) bool { return covers(scopeOf(m.ID), q.scope()) }
	case scope == "atexactscope":
		return func(m *Resource) bool { return scopeOf(m.ID).Is(q.scope()) }
	case c[2] != "":
		return func(m *Resource) bool { return strings.EqualFold(text(m.properties(), "principalId"), c[3]) }
	case field == "policytype":
		return func(m *Resource) bool {
			return strings.EqualFold(text(q.drawLaid(m), "properties", "policyType"), c[5])
		}
	default:
		name := map[string]string{"principalid": "principalId", "rolename": "roleName", "type": "type", "policydefinitionid": "policyDefinitionId"}[field]
		return func(m *Resource) bool { return strings.EqualFold(text(m.properties(), name), c[5]) }
	}
}

// builtin are what Azure has of a kind by itself.
func (q *request) builtin(k kind) []*Resource {
	switch k.name {
	case roleDefinitions:
		return builtinRoles(q.sub())
	case policyDefinitions:
		return builtinPolicies()
	}
	return nil
}

// laidBy are what the world's file lays upon scopes, as resources.
func laidBy(w *world.World) []*Resource {
	var all []*Resource
	add := func(id plan.ID, of any) {
		all = append(all, &Resource{ID: id, Type: id.Type(), GUID: w.GUID(string(id)), Created: w.Epoch.AddDate(0, -6, 0), of: of})
	}
	for _, l := range w.Locks {
		add(l.ID, l)
	}
	for _, p := range w.Policies {
		add(p.ID, p)
		if p.Definition.Subscription() != "" {
			add(p.Definition, ownPolicy{p})
		}
	}
	for _, r := range w.Roles {
		definition, builtin := roleIDs[r.Name]
		if !builtin {
			definition = w.GUID("roleDefinitions/" + r.Name)
			add(plan.ID("/subscriptions/"+w.Subscription+"/providers/"+roleDefinitions+"/"+definition), ownRole{r})
		}
		add(r.Scope+plan.ID("/providers/"+roleAssignments+"/"+w.GUID("roleAssignments/"+r.Name+string(r.Scope))),
			assigned{r, w.GUID("servicePrincipals/flowctl"), "/subscriptions/" + w.Subscription + "/providers/" + roleDefinitions + "/" + definition})
	}
	return all
}

// Laid is something laid upon a scope.
type Laid struct {
	Kind  string  `json:"kind"` // lock, policy, role, fault
	Name  string  `json:"name"`
	Scope plan.ID `json:"scope"`
	id    plan.ID
}

// Laid lists locks, policies and the caller's roles.
func (s *Server) Laid() ([]Laid, error) {
	q := &request{Server: s, now: s.clock.Now()}
	st, err := s.State()
	if err != nil {
		return nil, err
	}
	all := []Laid{}
	for _, kind := range []string{authorization + "/locks", policyAssignments, roleAssignments} {
		for _, m := range q.ofType(st, kind) {
			l := Laid{Kind: kindOf(kind).thing, Name: m.ID.Name(), Scope: scopeOf(m.ID), id: m.ID}
			if kind == roleAssignments {
				l.Name = q.roleName(st, plan.ID(text(m.properties(), "roleDefinitionId")))
			}
			all = append(all, l)
		}
	}
	return all, nil
}

// Lay makes the locks, policies and roles of w, which is this world with what
// is to be laid upon it. Its roles are the caller's, whoever signs in.
func (s *Server) Lay(ctx context.Context, w *world.World) error {
	return s.update(ctx, func(st *State) error {
		for _, m := range laidBy(w) {
			m.Body, m.Given, m.of, m.Anew, m.Created = m.body(), map[string]any{"everybody": true}, nil, true, s.clock.Now().UTC()
			st.Resources = slices.DeleteFunc(st.Resources, func(other *Resource) bool { return other.ID.Is(m.ID) })
			st.Resources = append(st.Resources, m)
		}
		return nil
	})
}

// Lift takes away the locks, policies or roles of a name, and returns how many.
func (s *Server) Lift(ctx context.Context, kind, name string) (int, error) {
	all, err := s.Laid()
	if err != nil {
		return 0, err
	}
	all = slices.DeleteFunc(all, func(l Laid) bool { return l.Kind != kind || !strings.EqualFold(l.Name, name) })
	return len(all), s.update(ctx, func(st *State) error {
		q := &request{Server: s, now: s.clock.Now()}
		for _, l := range all {
			if m := q.at(st, l.id); m != nil {
				q.own(st, m).Gone = q.now
			}
		}
		return nil
	})
}
