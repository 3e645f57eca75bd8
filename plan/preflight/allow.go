package preflight

import (
	"slices"
	"strings"

	"flowctl/plan"
)

// Allows reports whether permissions let a need be met, as Azure decides it:
// a role allows what its actions name and its not-actions do not take away
// again; of several roles one is enough. Letters count in any case.
func Allows(roles []plan.Permission, n Need) bool {
	return slices.ContainsFunc(roles, func(p plan.Permission) bool {
		yes, no := p.Actions, p.NotActions
		if n.Data {
			yes, no = p.DataActions, p.NotDataActions
		}
		return matchesAny(yes, n.Action) && !matchesAny(no, n.Action)
	})
}

func matchesAny(patterns []string, action string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(strings.ToLower(p), strings.ToLower(action)) })
}

// matches compares with a pattern in which each * stands for any text, over
// slashes too.
func matches(pattern, text string) bool {
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == text
	}
	text, ok := strings.CutPrefix(text, head)
	if !ok {
		return false
	}
	for {
		part, next, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(text, part)
		}
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text, rest = text[i+len(part):], next
	}
}

// levels lists what is above a scope and then the scope itself: subscription,
// resource group, resource.
func levels(scope plan.ID) []plan.ID {
	sub := subscriptionScope(scope.Subscription())
	out := []plan.ID{sub}
	if g := scope.ResourceGroup(); g != "" {
		out = append(out, sub+plan.ID("/resourceGroups/"+g))
	}
	if !slices.ContainsFunc(out, scope.Is) {
		out = append(out, scope)
	}
	return out
}

// builtin are roles of Azure that have actions, by how those begin; the first
// that fits has the least beside it.
var builtin = []struct{ prefix, role string }{
	{"Microsoft.Storage/storageAccounts/blobServices/", "Storage Blob Data Reader"},
	{"Microsoft.Storage/", "Storage Account Contributor"},
	{"Microsoft.Compute/", "Virtual Machine Contributor"},
	{"Microsoft.OperationalInsights/", "Log Analytics Contributor"},
	{"Microsoft.Insights/", "Monitoring Contributor"},
	{"Microsoft.Network/", "Network Contributor"},
	{"Microsoft.Resources/", "Contributor"},
}

func builtinRole(action string) string {
	for _, b := range builtin {
		if strings.HasPrefix(action, b.prefix) {
			return b.role
		}
	}
	return "Contributor"
}

// missing are the actions that the caller lacks at one scope.
type missing struct {
	scope   plan.ID
	actions []string
	data    []string
}

// permissions compares what the plan needs with what the caller may do.
func (c *checker) permissions() {
	var lacks []missing
	for _, n := range Needs(c.Input) {
		if n.Read || !c.Facts.denies(n) {
			continue
		}
		if len(lacks) == 0 || !lacks[len(lacks)-1].scope.Is(n.Scope) {
			lacks = append(lacks, missing{scope: n.Scope})
		}
		m := &lacks[len(lacks)-1]
		if n.Data {
			m.data = append(m.data, n.Action)
		} else {
			m.actions = append(m.actions, n.Action)
		}
	}
	for _, m := range lacks {
		c.lacking(m)
	}
}

func (c *checker) lacking(m missing) {
	var roles, parts []string
	for _, a := range slices.Concat(m.actions, m.data) {
		if r := builtinRole(a); !slices.Contains(roles, r) {
			roles = append(roles, r)
		}
	}
	if len(m.actions) > 0 {
		parts = append(parts, strings.Join(m.actions, ", "))
	}
	if len(m.data) > 0 {
		parts = append(parts, "and the data action "+strings.Join(m.data, ", "))
	}
	sev := plan.Error
	if len(c.made()) == 0 { // what is there can still be read
		sev = plan.Warning
	}
	c.say(sev, plan.PermissionMissing, about{target: m.scope, at: c.Config.Range}, "Permission is missing",
		"You may not do this at %s, and the plan needs it: %s. Ask for the role %s there, or for a role of exactly what is needed, which flowctl plan --role prints.", m.scope, strings.Join(parts, " "), strings.Join(roles, " and "))
}

// denies reports whether it is known that a need is not met: the caller's
// permissions at its scope were read, and neither they nor those above allow it.
func (f Facts) denies(n Need) bool {
	_, known := f.Permissions[n.Scope.Key()]
	return known && !f.allows(n)
}

func (f Facts) allows(n Need) bool {
	return slices.ContainsFunc(levels(n.Scope), func(scope plan.ID) bool { return Allows(f.Permissions[scope.Key()], n) })
}
