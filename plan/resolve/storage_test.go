package resolve

import (
	"testing"

	"flowctl/plan"
)

// TestClosest checks that an account in the target's own subscription is taken
// before one that the file names earlier.
func TestClosest(t *testing.T) {
	account := func(sub string) accountAt {
		return accountAt{StorageAccount: plan.StorageAccount{ID: plan.ID("/subscriptions/" + sub + "/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/a")}}
	}
	tests := map[string]struct {
		all  []accountAt
		want string
	}{
		"own":           {[]accountAt{account("other"), account("own")}, "own"},
		"own, any case": {[]accountAt{account("other"), account("OWN")}, "OWN"},
		"none of it":    {[]accountAt{account("other"), account("third")}, "other"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := closest(tt.all, "/subscriptions/own/x").ID.Subscription(); got != tt.want {
				t.Errorf("account in %s, want %s", got, tt.want)
			}
		})
	}
}
