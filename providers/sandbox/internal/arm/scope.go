package arm

import (
	"strings"

	"flowctl/plan"
)

// authorization is the namespace of what is laid upon scopes.
const authorization = "Microsoft.Authorization"

// atScopes are the routes of what can be laid upon a subscription, a resource
// group or a resource, up to three levels deep; path begins after the scope.
func atScopes(path string, get, put, del handler) []route {
	const (
		sub   = "/subscriptions/{sub}"
		group = sub + "/resourceGroups/{group}"
		one   = group + "/providers/{ns}/{type1}/{name1}"
	)
	var all []route
	for _, scope := range []string{sub, group, one, one + "/{type2}/{name2}", one + "/{type2}/{name2}/{type3}/{name3}"} {
		all = append(all, on(scope+path, get, put, nil, del, nil))
	}
	return all
}

// scope is what the path lays something upon: all of it before the last
// namespace.
func (q *request) scope() plan.ID {
	path := strings.Trim(q.r.URL.Path, "/")
	if i := plan.LastIndexFold(path, "/providers/"); i >= 0 {
		path = path[:i]
	}
	return plan.ID("/" + path)
}

// needScope refuses a scope that is not there.
func (q *request) needScope(st *State, scope plan.ID) error {
	if scope.ResourceGroup() == "" || scope.Type() == "" || q.known(st, scope) {
		return nil // that subscription and group are there has been seen already
	}
	_, name, _ := strings.Cut(string(scope), "/providers/")
	return errNotFound(name, scope.ResourceGroup())
}

// known reports whether there is a resource of that id, whoever made it.
func (q *request) known(st *State, id plan.ID) bool {
	return q.exists(st, id) || st.watcher(id, q.now) != nil || st.flowLog(id, q.now) != nil || st.capture(id, q.now) != nil
}

// covers reports whether a scope holds an id, or is it.
func covers(scope, id plan.ID) bool {
	return strings.HasPrefix(id.Key()+"/", scope.Key()+"/")
}
