package world

import (
	"maps"
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
	sub := plan.ID("/subscriptions/" + b.w.Subscription)
	if name == "subscription" {
		return sub
	}
	if strings.HasPrefix(name, "/") {
		id := plan.ID(strings.TrimRight(name, "/"))
		if !id.Is(sub) && !strings.HasPrefix(id.Key(), sub.Key()+"/") {
			b.errorf(body, attr, "Outside the subscription", "%s is not in the world's subscription %s.", name, b.w.Subscription)
			return ""
		}
		return id
	}
	named := b.named()
	switch ids := named[name]; len(ids) {
	case 0:
		b.unknown(body, attr, "resource or resource group", name, append(slices.Sorted(maps.Keys(named)), "subscription"))
		return ""
	case 1:
		return ids[0]
	default:
		b.errorf(body, attr, "Ambiguous name", "%q may be %s or %s. Write the whole id.", name, ids[0], ids[1])
		return ""
	}
}

// named are the ids of everything that the file can name, by name.
func (b *builder) named() map[string][]plan.ID {
	if b.names != nil {
		return b.names
	}
	b.names = map[string][]plan.ID{}
	put := func(name string, id plan.ID) { b.names[name] = append(b.names[name], id) }
	collect(b.groups, func(n string, v *ResourceGroup) { put(n, v.ID) })
	collect(b.nsgs, func(n string, v *NSG) { put(n, v.ID) })
	collect(b.vnets, func(n string, v *VNet) { put(n, v.ID) })
	collect(b.subnets, func(n string, v *Subnet) { put(n, v.ID) })
	collect(b.vms, func(n string, v *VM) { put(n, v.ID) })
	collect(b.sets, func(n string, v *ScaleSet) { put(n, v.ID) })
	collect(b.nics, func(n string, v *NIC) { put(n, v.ID) })
	collect(b.accounts, func(n string, v *StorageAccount) { put(n, v.ID) })
	for _, w := range b.w.Watchers {
		put(w.Name, w.ID)
	}
	return b.names
}

func collect[T any](m map[string]T, put func(string, T)) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		put(name, m[name])
	}
}
