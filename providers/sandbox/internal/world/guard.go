package world

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
)

// Lock is a management lock: it keeps its scope, and all below it, from being
// changed (ReadOnly) or deleted (CanNotDelete).
type Lock struct {
	ID    plan.ID
	Name  string
	Scope plan.ID // of the subscription, a group or a resource
	Level string  // ReadOnly, CanNotDelete
	Notes string
}

// namespace is the form of a resource provider's name.
var namespace = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)+$`) })

func (b *builder) registrations() {
	for _, ns := range b.spec.Unregistered {
		if !namespace().MatchString(ns) {
			b.errorf(b.spec.Body, "unregistered", "Invalid resource provider", "%q is no resource provider such as \"Microsoft.Insights\".", ns)
		}
	}
	b.w.Unregistered = b.spec.Unregistered
}

func (b *builder) locks() {
	for _, s := range b.spec.Locks {
		b.oneOf(s.Body, "level", s.Level, "ReadOnly", "CanNotDelete")
		scope := b.scope(s.Body, "scope", s.Scope)
		if scope == "" {
			continue
		}
		l := &Lock{ID: scope + "/providers/Microsoft.Authorization/locks/" + plan.ID(s.Name), Name: s.Name, Scope: scope, Level: s.Level, Notes: s.Notes}
		b.once(s.Body, "", "lock "+l.ID.Key(), "another block")
		b.w.Locks = append(b.w.Locks, l)
	}
}

// scope finds what a name in the file means: "subscription", a resource group
// or resource of the world, or an id within the subscription. It is empty if
// the name means nothing, or several things, which is told.
func (b *builder) scope(body hcl.Body, attr, name string) plan.ID {
	if name == "subscription" {
		return plan.ID("/subscriptions/" + b.w.Subscription)
	}
	if strings.HasPrefix(name, "/") {
		id := plan.ID(strings.TrimRight(name, "/"))
		if _, known := b.w.SubscriptionOf(id); !known {
			b.errorf(body, attr, "Outside the subscription", "%s is not in the world's subscription %s.", name, b.w.Subscription)
			return ""
		}
		return id
	}
	switch ids := b.idsOf(name); len(ids) {
	case 0:
		b.unknown(body, attr, "resource or resource group", name, slices.Concat(b.places(), keys(b.groups), keys(b.nsgs), keys(b.accounts), keys(b.watched), []string{"subscription"}))
		return ""
	case 1:
		return ids[0]
	default:
		b.errorf(body, attr, "Ambiguous name", "%q may be %s or %s. Write the whole id.", name, ids[0], ids[1])
		return ""
	}
}

// idsOf are the ids of everything that a name can mean: a subscription, a
// resource group, or a resource.
func (b *builder) idsOf(name string) []plan.ID {
	for _, s := range b.w.Subscriptions[1:] {
		if s.Name == name {
			return []plan.ID{plan.ID("/subscriptions/" + s.ID)}
		}
	}
	return slices.Concat(ids(b, b.groups, name), ids(b, b.nsgs, name), ids(b, b.vnets, name), ids(b, b.subnets, name), ids(b, b.vms, name),
		ids(b, b.sets, name), ids(b, b.nics, name), ids(b, b.accounts, name), ids(b, b.watched, name))
}
