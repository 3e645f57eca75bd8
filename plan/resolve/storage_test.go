package resolve

import (
	"testing"

	"flowctl/plan"
)

// TestNearest checks that an account in the target's own subscription is taken
// before one that the file names earlier.
func TestNearest(t *testing.T) {
	account := func(sub string) candidate {
		return candidate{StorageAccount: plan.StorageAccount{ID: plan.ID("/subscriptions/" + sub + "/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/a")}}
	}
	tests := map[string]struct {
		all  []candidate
		want string
	}{
		"own":           {[]candidate{account("other"), account("own")}, "own"},
		"own, any case": {[]candidate{account("other"), account("OWN")}, "OWN"},
		"none of it":    {[]candidate{account("other"), account("third")}, "other"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := nearest(tt.all, "/subscriptions/own/x").ID.Subscription(); got != tt.want {
				t.Errorf("account in %s, want %s", got, tt.want)
			}
		})
	}
}
