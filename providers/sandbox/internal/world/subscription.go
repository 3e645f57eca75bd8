package world

import (
	"cmp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
)

// Subscription is one of the world's subscriptions.
type Subscription struct {
	ID     string // GUID
	Name   string // by which the file calls it, and clients show it
	Tenant string // GUID

	body      hcl.Body
	unwatched []string // regions in which it has no network watcher
}

// subscriptions reads the first, which the file's head is about, and others.
func (b *builder) subscriptions() {
	s := b.spec
	b.w.Subscription = b.guid(s.Body, "subscription", s.Subscription)
	b.w.Tenant = b.guid(s.Body, "tenant", s.Tenant)
	b.w.Subscriptions = []Subscription{{ID: b.w.Subscription, Name: s.Name, Tenant: b.w.Tenant, body: s.Body, unwatched: s.Unwatched}}
	for _, o := range s.Others {
		sub := Subscription{ID: b.guid(o.Body, "id", o.ID), Name: o.Name, Tenant: b.w.Tenant, body: o.Body, unwatched: o.Unwatched}
		if o.Tenant != "" {
			sub.Tenant = b.guid(o.Body, "tenant", o.Tenant)
		}
		if slices.ContainsFunc(b.w.Subscriptions, func(other Subscription) bool { return other.ID == sub.ID || other.Name == sub.Name }) {
			b.errorf(o.Body, "id", "Defined twice", "There is a subscription %q, or one of this id, already.", o.Name)
			continue
		}
		b.w.Subscriptions = append(b.w.Subscriptions, sub)
	}
}

// subscriptionOf is the id of the subscription that a file calls so.
func (b *builder) subscriptionOf(body hcl.Body, name string) string {
	var known []string
	for _, s := range b.w.Subscriptions {
		if s.Name == name {
			return s.ID
		}
		known = append(known, s.Name)
	}
	b.unknown(body, "subscription", "subscription", name, known)
	return b.w.Subscription
}

func (w *World) subscriptionName(id string) string {
	for _, s := range w.Subscriptions {
		if s.ID == id {
			return s.Name
		}
	}
	return ""
}

// SubscriptionOf is the subscription that an id is in; false if it is none of
// the world's.
func (w *World) SubscriptionOf(id plan.ID) (Subscription, bool) {
	for _, s := range w.Subscriptions {
		if strings.EqualFold(s.ID, id.Subscription()) {
			return s, true
		}
	}
	return Subscription{}, false
}

// TenantOf is the tenant of what has that id; the first one's if the world does
// not have its subscription.
func (w *World) TenantOf(id plan.ID) string {
	s, _ := w.SubscriptionOf(id)
	return cmp.Or(s.Tenant, w.Tenant)
}

// Application is the client id of an application whose home is a tenant: who
// signs in without naming one is in that of the application.
func (w *World) Application(tenant string) string {
	if tenant == w.Tenant {
		return w.GUID("applications/client")
	}
	return w.GUID("applications/client of " + tenant)
}

// Tenants are those of the subscriptions, each once.
func (w *World) Tenants() (all []string) {
	for _, s := range w.Subscriptions {
		if !slices.Contains(all, s.Tenant) {
			all = append(all, s.Tenant)
		}
	}
	return all
}
