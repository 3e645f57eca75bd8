package world

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
)

// register holds the things of one kind by their names. Those of several
// resource groups may share a name: a file then writes the group before it
// ("rg-a/web"), and before that the subscription ("spoke/rg-a/web").
type register[T any] map[string][]registered[T]

type registered[T any] struct {
	id    plan.ID // empty: the name is the only one in the world
	thing T
}

// add files v under a name, which must be new where v is.
func add[T any](b *builder, body hcl.Body, kind string, r register[T], name string, id plan.ID, v T) {
	if slices.ContainsFunc(r[name], func(e registered[T]) bool { return e.id == "" || e.id.Is(id) }) {
		b.errorf(body, "", "Defined twice", "There is a %s %q already. Give this one another name.", kind, name)
	}
	r[name] = append(r[name], registered[T]{id, v})
}

// candidates are what a name can mean, by the longest part of it that is the
// name of anything.
func candidates[T any](b *builder, r register[T], name string) (all []registered[T]) {
	within, more := "", true
	for key := name; more && len(all) == 0; {
		for _, e := range r[key] {
			if b.inside(e.id, within) {
				all = append(all, e)
			}
		}
		var part string
		part, key, more = strings.Cut(key, "/")
		within = path.Join(within, part)
	}
	return all
}

// ids are those of what a name can mean.
func ids[T any](b *builder, r register[T], name string) (all []plan.ID) {
	for _, e := range candidates(b, r, name) {
		all = append(all, e.id)
	}
	return all
}

func keys[T any](r register[T]) []string { return slices.Sorted(maps.Keys(r)) }

// inside reports whether a thing is in what a file writes before its name.
func (b *builder) inside(id plan.ID, within string) bool {
	if within == "" {
		return true
	}
	holder := "/" + b.w.subscriptionName(id.Subscription())
	if id.Type() != "" {
		holder += "/" + id.ResourceGroup()
	}
	return strings.HasSuffix(holder, "/"+within)
}

// lookup finds what a name means, if there is such a thing; that it means
// several is told.
func lookup[T any](b *builder, body hcl.Body, attr string, r register[T], name string) (v T, ok bool) {
	all := candidates(b, r, name)
	if len(all) == 0 {
		return v, false
	}
	if len(all) > 1 {
		b.ambiguous(body, attr, name, b.called(all[0].id), b.called(all[1].id))
	}
	return all[0].thing, true
}

// find looks a name up, or says what there is.
func find[T any](b *builder, body hcl.Body, attr, kind string, r register[T], name string) T {
	v, ok := lookup(b, body, attr, r, name)
	if !ok {
		b.unknown(body, attr, kind, name, keys(r))
	}
	return v
}

// called is a thing by as much of its path as tells it from others of its name.
func (b *builder) called(id plan.ID) string {
	var parts []string
	if len(b.w.Subscriptions) > 1 {
		parts = append(parts, b.w.subscriptionName(id.Subscription()))
	}
	parts = append(parts, id.ResourceGroup())
	if parent := id.Parent(); parent != "" {
		parts = append(parts, parent.Name())
	}
	if id.Type() != "" {
		parts = append(parts, id.Name())
	}
	return strings.Join(parts, "/")
}

func (b *builder) ambiguous(body hcl.Body, attr, name, one, other string) {
	b.errorf(body, attr, "Ambiguous name", "%q may be %s or %s. Write more of the path.", name, one, other)
}

func (b *builder) unknown(body hcl.Body, attr, kind, name string, known []string) {
	hint := fmt.Sprintf("This world has no %s yet.", kind)
	if len(known) > 0 {
		near := slices.MinFunc(known, func(x, y string) int {
			return levenshtein.Distance(x, name, nil) - levenshtein.Distance(y, name, nil)
		})
		hint = fmt.Sprintf("Did you mean %q?", near)
	}
	b.errorf(body, attr, "Unknown "+kind, "There is no %s %q. %s", kind, name, hint)
}
