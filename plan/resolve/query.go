package resolve

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
	"flowctl/plan/config"
)

// Queries asks Resource Graph what the watches of inv select by query and
// returns inv with the answers in it. A query is asked by the watch's
// provider, over the subscriptions of all providers that sign in to the same
// tenant.
func Queries(ctx context.Context, inv *config.Investigation, inventories map[string]*plan.Inventory, providers map[string]plan.Checker) (*config.Investigation, hcl.Diagnostics) {
	asked := *inv
	asked.Watches = slices.Clone(inv.Watches)
	var diags hcl.Diagnostics
	for i := range asked.Watches {
		w := &asked.Watches[i]
		if w.Select.Query == "" || providers[w.Provider] == nil {
			continue
		}
		ids, err := providers[w.Provider].Query(ctx, w.Select.Query, together(w.Provider, inventories))
		if err != nil {
			diags = append(diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Query failed", Subject: w.SelectRange.Ptr(),
				Detail: fmt.Sprintf("Watch %s: Resource Graph did not answer: %s. Try the query with: az graph query -q \"…\"", w.Address(), err)})
			continue
		}
		w.Select.IDs = ids
	}
	return &asked, diags
}

// together lists the subscriptions that can be asked with one's credential;
// nil if it is one's own only.
func together(alias string, inventories map[string]*plan.Inventory) []string {
	own := inventories[alias]
	if own == nil || own.Tenant == "" {
		return nil
	}
	var out []string
	for _, other := range slices.Sorted(maps.Keys(inventories)) {
		if inv := inventories[other]; strings.EqualFold(inv.Tenant, own.Tenant) && !slices.Contains(out, inv.Subscription) {
			out = append(out, inv.Subscription)
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// byQuery returns the targets that the watch's query returned. What is not of
// the watch's kind is an error; what is not there is said and left out.
func (r *resolver) byQuery(w config.Watch) []plan.Target {
	there := map[string]plan.Target{}
	for _, alias := range append(slices.Sorted(maps.Keys(r.inventories)), w.Provider) { // the watch's own counts last
		maps.Copy(there, byKey(candidates(w.Kind, alias, r.inventories[alias])))
	}
	var out []plan.Target
	var other, gone, outside []plan.ID
	seen := map[string]bool{}
	for _, id := range w.Select.IDs {
		t, ok := there[id.Key()]
		switch {
		case seen[id.Key()]:
		case ok:
			out = append(out, t)
		case !strings.EqualFold(id.Type(), config.ResourceType(w.Kind)):
			other = append(other, id)
		case !r.reads(id.Subscription()):
			outside = append(outside, id)
		default:
			gone = append(gone, id)
		}
		seen[id.Key()] = true
	}
	r.unfit(w, other, gone, outside)
	if len(out) == 0 && len(other) == 0 {
		r.fail("No target", fmt.Sprintf("Watch %s: the query returns nothing that can be watched (%d rows). Try it with: az graph query -q \"…\"", w.Address(), len(w.Select.IDs)), w.SelectRange)
	}
	return out
}

// reads reports whether a subscription is one of the providers'.
func (r *resolver) reads(subscription string) bool {
	for _, inv := range r.inventories {
		if strings.EqualFold(inv.Subscription, subscription) {
			return true
		}
	}
	return false
}

// unfit says what a query returned and cannot be watched.
func (r *resolver) unfit(w config.Watch, other, gone, outside []plan.ID) {
	if len(other) > 0 {
		r.fail("Wrong resource type", fmt.Sprintf("Watch %s: the query returns %d resources that are not a %s, such as %s. Add a line to it: | where type =~ '%s'.",
			w.Address(), len(other), w.Kind, other[0], strings.ToLower(config.ResourceType(w.Kind))), w.SelectRange)
	}
	if len(outside) > 0 {
		r.warn(w, outside[0], w.SelectRange, plan.QueryOutside, "Query leaves the subscriptions",
			fmt.Sprintf("The query returns %d resources in subscriptions that no provider of the file reads: %s. They are left out. Add a provider for each, and a watch that uses it.", len(outside), subscriptions(outside)))
	}
	if len(gone) > 0 {
		r.warn(w, gone[0], w.SelectRange, plan.QueryStale, "Query returns what is gone",
			fmt.Sprintf("The query returns %d resources that Resource Manager does not have, such as %s: Resource Graph is minutes behind. They are left out.", len(gone), gone[0]))
	}
}

func subscriptions(ids []plan.ID) string {
	var out []string
	for _, id := range ids {
		if s := id.Subscription(); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}
