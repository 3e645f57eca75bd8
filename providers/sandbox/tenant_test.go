package sandbox

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestBlobsOfTenants: an account takes the tokens of its own tenant, and the
// provider of a subscription signs in to that subscription's.
func TestBlobsOfTenants(t *testing.T) {
	const path = "internal/arm/testdata/tenants.hcl"
	zero := 0.0
	s, err := Open(Options{WorldPath: path, Clock: &zero})
	if err != nil {
		t.Fatal(err)
	}
	tenants := s.World.Tenants()
	for account, home := range map[string]string{"stprod": tenants[0], "stspoke": tenants[0], "stpartner": tenants[1]} {
		for _, tenant := range tenants {
			r := httptest.NewRequest("GET", "https://"+account+".blob.core.windows.net/?comp=list", nil)
			r.Header.Set("Authorization", "Bearer "+s.login.Token(tenant, "app", "https://storage.azure.com", time.Hour))
			r.Header.Set("X-Ms-Version", "2025-01-05")
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			want := http.StatusOK
			if tenant != home {
				want = http.StatusUnauthorized
			}
			if w.Code != want || want != http.StatusOK && (w.Header().Get("X-Ms-Error-Code") != "InvalidAuthenticationInfo" ||
				!strings.Contains(w.Body.String(), "\nRequestId:") || !strings.Contains(w.Body.String(), "\nTime:")) {
				t.Errorf("%s with a token of %s: %d %s", account, tenant, w.Code, w.Body)
			}
		}
	}
	for _, sub := range s.World.Subscriptions {
		p, err := New(Options{WorldPath: path, Clock: &zero, Subscription: strings.ToUpper(sub.ID)})
		if err != nil || p.Subscription() != sub.ID {
			t.Errorf("%s: %v %v", sub.Name, p, err)
			continue
		}
		inv, err := p.Inventory(t.Context())
		if err != nil || len(inv.VNets) != 1 || inv.VNets[0].ID.Subscription() != sub.ID {
			t.Errorf("%s: %v %v", sub.Name, inv, err)
		}
	}
	if _, err := New(Options{WorldPath: path, Subscription: "x"}); err == nil || !strings.Contains(err.Error(), "(partner)") {
		t.Errorf("a subscription that is not there: %v", err)
	}
}
