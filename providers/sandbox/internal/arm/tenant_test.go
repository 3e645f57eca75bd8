package arm

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

const (
	prod, spoke, partner = "11111111-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002", "33333333-0000-4000-8000-000000000003"
	home, abroad         = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
)

// bearer is a token of a tenant for an audience until a time.
func bearer(tenant, audience string, until time.Time) string {
	part := func(v any) string {
		text, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	return "Bearer " + part(map[string]any{"alg": "none"}) + "." + part(map[string]any{"tid": tenant, "aud": audience, "oid": "me", "exp": until.Unix()}) + "."
}

// as sends a request with a token, and with those of further tenants.
func (c *cloud) as(token, method, path, body string, auxiliary ...string) answer {
	c.Helper()
	if !strings.Contains(path, "?") {
		path += "?api-version=2025-05-01"
	}
	r := httptest.NewRequest(method, "https://management.azure.com"+path, strings.NewReader(body))
	r.Header.Set("Authorization", token)
	if len(auxiliary) > 0 {
		r.Header.Set("X-Ms-Authorization-Auxiliary", strings.Join(auxiliary, ", "))
	}
	w := httptest.NewRecorder()
	c.srv.ServeHTTP(w, r)
	a := answer{code: w.Code, h: w.Header(), text: w.Body.String()}
	_ = json.Unmarshal(w.Body.Bytes(), &a.doc)
	return a
}

const manager = "https://management.azure.com/"

func tokenOf(tenant string) string { return bearer(tenant, manager, time.Now().Add(time.Hour)) }

func at(sub, rest string) string { return "/subscriptions/" + sub + rest }

func ofGroup(sub, rest string) string { return at(sub, "/resourceGroups/rg/providers/"+rest) }

// TestTokens: ps-expired-token is the recording of the first; the others are
// as public reports have them.
func TestTokens(t *testing.T) {
	c := newWorld(t, "tenants.hcl")
	later := time.Now().Add(time.Hour)
	tests := map[string]struct {
		token, path   string
		status        int
		code, message string
	}{
		"expired": {bearer(home, manager, time.Date(2024, 7, 31, 5, 53, 20, 0, time.UTC)), "/nothing/here", 401, "ExpiredAuthenticationToken",
			"The access token expiry UTC time '7/31/2024 5:53:20 AM' is earlier than current UTC time '"},
		"audience": {bearer(home, "https://vault.azure.net", later), at(prod, ""), 401, "InvalidAuthenticationTokenAudience",
			"The access token has been obtained for wrong audience or resource 'https://vault.azure.net'."},
		"a proxy's":    {bearer(home, "https://localhost:8603/", later), at(prod, ""), 200, "", ""},
		"no proxy's":   {bearer(home, "https://localhost.example/", later), at(prod, ""), 401, "InvalidAuthenticationTokenAudience", ""},
		"old audience": {bearer(home, "https://management.core.windows.net/", later), at(prod, ""), 200, "", ""},
		"tenant": {tokenOf(abroad), at(prod, "/resourceGroups"), 401, "InvalidAuthenticationTokenTenant",
			"The access token is from the wrong issuer 'https://sts.windows.net/" + abroad + "/'. It must match the tenant 'https://sts.windows.net/" + home + "/' associated with this subscription."},
		"unknown tenant": {tokenOf("cccccccc-0000-4000-8000-000000000003"), at(prod, ""), 401, "InvalidAuthenticationTokenTenant", ""},
		"subscription":   {tokenOf(abroad), at("44444444-0000-4000-8000-000000000004", ""), 404, "SubscriptionNotFound", "The subscription '44444444-0000-4000-8000-000000000004' could not be found."},
		"other tenant":   {tokenOf(abroad), at(partner, ""), 200, "", ""},
		"any word":       {"Bearer x", at(partner, ""), 200, "", ""},
	}
	for name, tt := range tests {
		a := c.as(tt.token, "GET", tt.path, "")
		message, _ := a.at("error.message").(string)
		if a.code != tt.status || a.errorCode() != tt.code || !strings.HasPrefix(message, tt.message) {
			t.Errorf("%s: %d %s", name, a.code, a.text)
		}
		if tt.status == 401 && !strings.HasPrefix(a.h.Get("WWW-Authenticate"), `Bearer authorization_uri="https://login.windows.net/`+home+`", error="invalid_token"`) {
			t.Errorf("%s: challenge %q", name, a.h.Get("WWW-Authenticate"))
		}
	}
}

func values(a answer, name string) (all []string) {
	list, _ := a.doc["value"].([]any)
	for _, v := range list {
		all = append(all, fmt.Sprint(v.(map[string]any)[name]))
	}
	slices.Sort(all)
	return all
}

// TestSubscriptionsAreKeptApart asks every subscription for all that it lists:
// whatever it is, it is its own.
func TestSubscriptionsAreKeptApart(t *testing.T) {
	c := newWorld(t, "tenants.hcl")
	for token, want := range map[string][]string{tokenOf(home): {prod, spoke}, tokenOf(abroad): {partner}} {
		if got := values(c.as(token, "GET", "/subscriptions", ""), "subscriptionId"); !slices.Equal(got, want) {
			t.Errorf("subscriptions %v, want %v", got, want)
		}
		if got := values(c.as(token, "GET", "/tenants", ""), "tenantId"); !slices.Equal(got, []string{home, abroad}) {
			t.Errorf("tenants %v", got)
		}
	}
	lists := []string{"/resourceGroups", "/resources", "/providers/Microsoft.Network/virtualNetworks", "/providers/Microsoft.Network/networkInterfaces",
		"/providers/Microsoft.Compute/virtualMachines", "/providers/Microsoft.Compute/disks", "/providers/Microsoft.Storage/storageAccounts",
		"/providers/Microsoft.Network/networkWatchers", "/resourceGroups/rg/resources", "/providers/Microsoft.Authorization/roleDefinitions",
		"/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks", "/providers", "/locations", "/providers/Microsoft.Network/locations/westeurope/usages"}
	for sub, tenant := range map[string]string{prod: home, spoke: home, partner: abroad} {
		for _, list := range lists {
			all := values(c.as(tokenOf(tenant), "GET", at(sub, list), ""), "id")
			foreign := slices.ContainsFunc(all, func(id string) bool {
				return !strings.HasPrefix(id, "/subscriptions/"+sub) && !strings.HasPrefix(id, "/Subscriptions/"+sub)
			})
			if foreign || len(all) == 0 && list != "/providers/Microsoft.Compute/virtualMachines" && list != "/providers/Microsoft.Compute/disks" && list != "/providers/Microsoft.Network/networkInterfaces" {
				t.Errorf("%s of %s: %v", list, sub, all)
			}
		}
		if got := c.as(tokenOf(tenant), "GET", ofGroup(sub, "Microsoft.Network/virtualNetworks/vnet"), ""); got.code != 200 || !strings.HasPrefix(fmt.Sprint(got.at("id")), "/subscriptions/"+sub) {
			t.Errorf("the network of %s: %s", sub, got.text)
		}
	}
	if a := c.as(tokenOf(home), "GET", ofGroup(spoke, "Microsoft.Network/networkInterfaces/nic"), ""); !strings.Contains(a.text, `"privateIPAddress":"10.1.1.4"`) {
		t.Errorf("the interface of spoke: %s", a.text)
	}
	for _, sub := range []string{prod, spoke} { // one limit each
		a := c.as(tokenOf(home), "GET", at(sub, "/providers/Microsoft.Network/locations/westeurope/usages"), "")
		if !strings.Contains(a.text, `{"currentValue":1,"id":"`+at(sub, "/providers/Microsoft.Network/locations/westeurope/usages/VirtualNetworks")+`"`) {
			t.Errorf("networks of %s: %s", sub, a.text)
		}
	}
	reg := c.as(tokenOf(home), "POST", at(spoke, "/providers/Microsoft.Insights/unregister"), "")
	if own := c.as(tokenOf(home), "GET", at(prod, "/providers/Microsoft.Insights"), ""); reg.at("registrationState") != "Unregistering" || own.at("registrationState") != "Registered" {
		t.Errorf("registrations %s %s", reg.text, own.text)
	}
}

func TestGraphOfSubscriptions(t *testing.T) {
	c := newWorld(t, "tenants.hcl")
	tests := map[string]struct {
		token, subs string
		want        []string
	}{
		"all of a tenant":     {tokenOf(home), ``, []string{prod + " " + home, spoke + " " + home}},
		"one":                 {tokenOf(home), `"subscriptions":["` + spoke + `"],`, []string{spoke + " " + home}},
		"two":                 {tokenOf(home), `"subscriptions":["` + spoke + `","` + prod + `"],`, []string{prod + " " + home, spoke + " " + home}},
		"of another tenant":   {tokenOf(home), `"subscriptions":["` + spoke + `","` + partner + `"],`, []string{spoke + " " + home}},
		"in the other tenant": {tokenOf(abroad), ``, []string{partner + " " + abroad}},
	}
	for name, tt := range tests {
		body := `{` + tt.subs + `"query":"resources | where type =~ 'microsoft.network/virtualnetworks' | project id, subscriptionId, tenantId, name, resourceGroup","options":{"resultFormat":"objectArray"}}`
		a := c.as(tt.token, "POST", "/providers/Microsoft.ResourceGraph/resources", body)
		var got []string
		rows, _ := a.doc["data"].([]any)
		for _, r := range rows {
			row := r.(map[string]any)
			got = append(got, fmt.Sprint(row["subscriptionId"], " ", row["tenantId"]))
		}
		slices.Sort(got)
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v\n%s", name, got, a.text)
		}
		_ = c.clock.Sleep(t.Context(), graphWindow)
	}
}

// TestAcrossSubscriptions: what refers to another subscription works within a
// tenant where Azure lets it, and is refused across tenants.
func TestAcrossSubscriptions(t *testing.T) {
	c := newWorld(t, "tenants.hcl")
	vnet := func(sub string) string { return ofGroup(sub, "Microsoft.Network/virtualNetworks/vnet") }
	account := func(sub, name string) string { return ofGroup(sub, "Microsoft.Storage/storageAccounts/"+name) }
	flowLog := func(target, storage string) string {
		return fmt.Sprintf(`{"location":"westeurope","properties":{"targetResourceId":%q,"storageId":%q,"enabled":true}}`, target, storage)
	}
	peering := func(remote string) string {
		return fmt.Sprintf(`{"properties":{"remoteVirtualNetwork":{"id":%q}}}`, remote)
	}
	nic := func(subnet string) string {
		return fmt.Sprintf(`{"location":"westeurope","properties":{"ipConfigurations":[{"name":"a","properties":{"subnet":{"id":%q}}}]}}`, subnet)
	}
	const watcher = "/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/NetworkWatcher_westeurope/flowLogs/"
	const none = "55555555-0000-4000-8000-000000000005"
	tests := []struct {
		name, path, body string
		aux              []string
		status           int
		code, message    string
	}{
		{"storage of another subscription", at(prod, watcher+"a"), flowLog(vnet(prod), account(spoke, "stspoke")), nil, 201, "", ""},
		{"storage of another tenant", at(spoke, watcher+"a"), flowLog(vnet(spoke), account(partner, "stpartner")), nil, 403, "LinkedAuthorizationFailed",
			"The client has permission to perform action 'Microsoft.Storage/storageAccounts/read' on scope '" + at(spoke, watcher+"a") + "', however the current tenant '" + home +
				"' is not authorized to access linked subscription '" + partner + "'."},
		{"target of another tenant", at(spoke, watcher+"a"), flowLog(vnet(partner), account(spoke, "stspoke")), nil, 403, "LinkedAuthorizationFailed", ""},
		{"target of another subscription", at(spoke, watcher+"a"), flowLog(vnet(prod), account(spoke, "stspoke")), nil, 400, "InvalidResourceReference", ""},
		{"storage of no subscription", at(spoke, watcher+"a"), flowLog(vnet(spoke), account(none, "st")), nil, 403, "LinkedAuthorizationFailed",
			"The client has permission to perform action 'Microsoft.Storage/storageAccounts/read' on scope '" + at(spoke, watcher+"a") + "', however the linked subscription '" + none + "' was not found. "},
		{"peering within the tenant", vnet(spoke) + "/virtualNetworkPeerings/back", peering(vnet(prod)), nil, 400, "AnotherPeeringAlreadyReferencesRemoteVnet", ""},
		{"peering across tenants", vnet(spoke) + "/virtualNetworkPeerings/far", peering(vnet(partner)), nil, 403, "LinkedAuthorizationFailed",
			"The client has permission to perform action 'Microsoft.Network/virtualNetworks/peer/action'"},
		{"peering with a token of each tenant", vnet(spoke) + "/virtualNetworkPeerings/far", peering(vnet(partner)), []string{tokenOf(abroad)}, 201, "", ""},
		{"peering with a token that is over", vnet(prod) + "/virtualNetworkPeerings/far", peering(vnet(partner)), []string{bearer(abroad, manager, time.Unix(1e9, 0))}, 403, "LinkedAuthorizationFailed", ""},
		{"interface in a network of another subscription", ofGroup(spoke, "Microsoft.Network/networkInterfaces/new"), nic(vnet(prod) + "/subnets/snet"), nil, 400, "InvalidResourceReference", ""},
		{"interface in a network of another tenant", ofGroup(spoke, "Microsoft.Network/networkInterfaces/new"), nic(vnet(partner) + "/subnets/snet"), nil, 403, "LinkedAuthorizationFailed",
			"The client has permission to perform action 'Microsoft.Network/virtualNetworks/subnets/join/action'"},
	}
	for _, tt := range tests {
		a := c.as(tokenOf(home), "PUT", tt.path, tt.body, tt.aux...)
		message, _ := a.at("error.message").(string)
		if a.code != tt.status || a.errorCode() != tt.code || !strings.HasPrefix(message, tt.message) {
			t.Errorf("%s: %d %s", tt.name, a.code, a.text)
		}
		_ = c.clock.Sleep(t.Context(), time.Minute)
	}
	if w := c.w.Watchers; len(w) != 3 || !slices.ContainsFunc(c.w.VNets[1].Peerings, func(p world.Peering) bool { return p.Remote == c.w.VNets[0] }) {
		t.Errorf("watchers %v", w)
	}
	if _, known := c.w.SubscriptionOf(plan.ID(vnet(none))); known {
		t.Error("a subscription that there is not")
	}
}
