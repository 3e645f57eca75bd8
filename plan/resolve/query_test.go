package resolve

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/plan"
	"flowctl/plan/config"
)

// graph answers queries with the ids by their text, and notes what it was
// asked over.
type graph struct {
	plan.Checker
	ids  map[string][]plan.ID
	over [][]string
}

func (g *graph) Query(_ context.Context, query string, over []string) ([]plan.ID, error) {
	g.over = append(g.over, over)
	ids, ok := g.ids[query]
	if !ok {
		return nil, errors.New("400 BadRequest: query is not valid")
	}
	return ids, nil
}

func TestQueries(t *testing.T) {
	own, other, foreign := inventory(), inventory(), inventory()
	other.Subscription, foreign.Subscription = "other", "foreign"
	own.Tenant, other.Tenant, foreign.Tenant = "t", "T", "u"
	tests := map[string]struct {
		query       string
		inventories map[string]*plan.Inventory
		over        [][]string
		ids         []plan.ID
		diag        string
	}{
		"one subscription":  {"hubs", map[string]*plan.Inventory{"azure": own, "u": foreign}, [][]string{nil}, []plan.ID{hub}, ""},
		"two of one tenant": {"hubs", map[string]*plan.Inventory{"azure": own, "b": other, "u": foreign}, [][]string{{own.Subscription, "other"}}, []plan.ID{hub}, ""},
		"no such query":     {"hub", map[string]*plan.Inventory{"azure": own}, [][]string{nil}, nil, "Query failed"},
		"no query":          {"", map[string]*plan.Inventory{"azure": own}, nil, nil, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			g := &graph{ids: map[string][]plan.ID{"hubs": {hub}}}
			inv := &config.Investigation{Name: "spike", Watches: []config.Watch{watch(config.VNet, "q", config.Selector{Query: tc.query})}}
			got, diags := Queries(context.Background(), inv, tc.inventories, map[string]plan.Checker{"azure": g})
			if diff := cmp.Diff(tc.over, g.over); diff != "" {
				t.Errorf("asked over (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.ids, got.Watches[0].Select.IDs); diff != "" {
				t.Errorf("ids (-want +got):\n%s", diff)
			}
			if inv.Watches[0].Select.IDs != nil {
				t.Error("the investigation that was given is changed")
			}
			if (tc.diag != "") != diags.HasErrors() || tc.diag != "" && diags[0].Summary != tc.diag {
				t.Errorf("diagnostics %v, want %q", diags, tc.diag)
			}
		})
	}
}
