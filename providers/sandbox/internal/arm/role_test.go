package arm

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/plan"
)

func TestRolesAreEnforced(t *testing.T) {
	const reader, network = "role \"Reader\" {}\n", "role \"Network Contributor\" {}\n"
	storage := func(scope string) string {
		return fmt.Sprintf("role \"Storage Account Contributor\" { scope = %q }\n", scope)
	}
	tests := map[string]struct {
		roles  string
		method string
		path   func(*cloud) (string, string)
		code   int
		name   string
		says   func(*cloud) []string
	}{
		"a reader reads": {reader, "GET", func(c *cloud) (string, string) { return string(c.vnet.ID), "" }, 200, "", nil},
		"a reader does not write": {reader, "PUT", func(c *cloud) (string, string) { return c.log() }, 403, "AuthorizationFailed", func(c *cloud) []string {
			return []string{"'Microsoft.Network/networkWatchers/flowLogs/write'", "'" + c.watcher + "/flowLogs/l'", "with object id"}
		}},
		"a reader does not delete": {reader, "DELETE", func(c *cloud) (string, string) { return c.watcher, "" }, 403, "AuthorizationFailed",
			func(*cloud) []string { return []string{"'Microsoft.Network/networkWatchers/delete'"} }},
		"a reader does not act": {reader, "POST", func(c *cloud) (string, string) { return string(c.account.ID) + "/listKeys", "" }, 403, "AuthorizationFailed",
			func(c *cloud) []string {
				return []string{"'Microsoft.Storage/storageAccounts/listKeys/action'", "'" + string(c.account.ID) + "'"}
			}},
		"nobody registers": {reader, "POST", func(c *cloud) (string, string) { return c.sub + "/providers/Microsoft.Insights/register", "" }, 403, "AuthorizationFailed",
			func(c *cloud) []string {
				return []string{"'Microsoft.Insights/register/action'", "'" + c.sub + "'"}
			}},
		"a network contributor does not write to accounts": {network, "PUT", func(c *cloud) (string, string) { return c.log() }, 403, "LinkedAuthorizationFailed",
			func(c *cloud) []string {
				return []string{"Microsoft.Storage/storageAccounts/read,Microsoft.Storage/storageAccounts/listServiceSas/action", string(c.account.ID)}
			}},
		"unless another role lets him": {network + storage("ACCOUNT"), "PUT", func(c *cloud) (string, string) { return c.log() }, 201, "", nil},
		"on that account":              {network + storage("rg-backup"), "PUT", func(c *cloud) (string, string) { return c.log() }, 403, "LinkedAuthorizationFailed", nil},
		"a capture needs its machine": {network + storage("ACCOUNT"), "PUT", func(c *cloud) (string, string) { return c.watcher + "/packetCaptures/p", c.capture(c.vm.ID, "") },
			403, "LinkedAuthorizationFailed", func(*cloud) []string { return []string{"'Microsoft.Compute/virtualMachines/read'"} }},
		"what a role excludes": {"role \"mine\" {\n actions = [\"*\"]\n not_actions = [\"Microsoft.Network/networkWatchers/*\"]\n}\n", "GET",
			func(c *cloud) (string, string) { return c.watcher, "" }, 403, "AuthorizationFailed", nil},
		"a list of nothing permitted": {network, "GET", func(c *cloud) (string, string) { return c.sub + "/providers/Microsoft.Compute/virtualMachines", "" }, 403, "AuthorizationFailed",
			func(c *cloud) []string {
				return []string{"'Microsoft.Compute/virtualMachines/read'", "'" + c.sub + "'"}
			}},
		"the subscription is seen": {storage("ACCOUNT"), "GET", func(c *cloud) (string, string) { return c.sub, "" }, 200, "", nil},
		"before what is not there": {storage("ACCOUNT"), "GET", func(c *cloud) (string, string) {
			return c.sub + "/resourceGroups/none/providers/Microsoft.Network/virtualNetworks/v", ""
		}, 403, "AuthorizationFailed", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			base := newCloud(t)
			roles := strings.ReplaceAll(tt.roles, "ACCOUNT", base.account.Name)
			roles = strings.ReplaceAll(roles, "rg-backup", otherGroup(base))
			c := amid(t, "\n"+roles)
			path, body := tt.path(c)
			a := c.want(c.do(tt.method, path, body), tt.code, name)
			if a.errorCode() != tt.name {
				t.Errorf("code %q, want %q", a.errorCode(), tt.name)
			}
			if tt.says == nil {
				return
			}
			for _, part := range tt.says(c) {
				if message, _ := a.at("error.message").(string); !strings.Contains(message, part) {
					t.Errorf("%q does not say %s", message, part)
				}
			}
		})
	}
}

// otherGroup is a resource group that does not hold the account of the tests.
func otherGroup(c *cloud) string {
	for _, g := range c.w.Groups {
		if g.Name != c.account.Group {
			return g.Name
		}
	}
	c.Fatal("the world has one group only")
	return ""
}

func TestListsShowWhatMayBeRead(t *testing.T) {
	base := newCloud(t)
	c := amid(t, fmt.Sprintf("\nrole \"Reader\" { scope = %q }\n", base.vm.Group))
	for name, path := range map[string]string{"machines": "/providers/Microsoft.Compute/virtualMachines", "resources": "/resources", "groups": "/resourceGroups"} {
		next, ids := c.sub+path, []plan.ID(nil)
		for next != "" {
			var page struct {
				Value []struct{ ID plan.ID }
				Next  string `json:"nextLink"`
			}
			a := c.want(c.do("GET", next, ""), 200, name)
			if err := json.Unmarshal([]byte(a.text), &page); err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Value {
				ids = append(ids, r.ID)
			}
			next = page.Next
		}
		if len(ids) == 0 {
			t.Errorf("%s: nothing is seen", name)
		}
		for _, id := range ids {
			if !strings.EqualFold(id.ResourceGroup(), base.vm.Group) {
				t.Errorf("%s: %s is seen", name, id)
			}
		}
	}
}

func TestPermissions(t *testing.T) {
	base := newCloud(t)
	c := amid(t, fmt.Sprintf(`
role "Reader" {}
role "Storage Blob Data Reader" { scope = %q }
role "mine" {
  scope       = %q
  actions     = ["Microsoft.Network/*"]
  not_actions = ["*/delete"]
}
`, base.account.Name, base.vnet.Name))
	type permission struct{ Actions, NotActions, DataActions, NotDataActions []string }
	const blobs = "Microsoft.Storage/storageAccounts/blobServices/"
	reader := permission{[]string{"*/read"}, []string{}, []string{}, []string{}}
	data := permission{[]string{blobs + "containers/read", blobs + "generateUserDelegationKey/action"}, []string{}, []string{blobs + "containers/blobs/read"}, []string{}}
	mine := permission{[]string{"Microsoft.Network/*"}, []string{"*/delete"}, []string{}, []string{}}
	tests := map[string]struct {
		cloud *cloud
		scope string
		want  []permission
	}{
		"subscription": {c, c.sub, []permission{reader}},
		"account":      {c, string(c.account.ID), []permission{reader, data}},
		"group":        {c, c.sub + "/resourceGroups/" + c.vnet.Group, []permission{reader}},
		"subnet":       {c, string(c.subnet.ID), []permission{reader, mine}},
		"no roles":     {base, base.sub, []permission{{[]string{"*"}, []string{}, []string{"*"}, []string{}}}},
	}
	for name, tt := range tests {
		a := tt.cloud.want(tt.cloud.do("GET", tt.scope+"/providers/Microsoft.Authorization/permissions", ""), 200, name)
		var doc struct{ Value []permission }
		if err := json.Unmarshal([]byte(a.text), &doc); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(tt.want, doc.Value); d != "" {
			t.Errorf("%s: -want +got\n%s", name, d)
		}
	}
	c.refused(c.do("GET", string(c.account.ID)+"x/providers/Microsoft.Authorization/permissions", ""), 404, "ResourceNotFound")
}

func TestRatesAreShown(t *testing.T) {
	c := newCloud(t)
	left := func(a answer, kind string) string { return a.h.Get("x-ms-ratelimit-remaining-" + kind) }
	a := c.do("GET", c.sub, "")
	if left(a, "subscription-reads") != "249" || left(a, "subscription-global-reads") != "3749" {
		t.Errorf("first read: %v", a.h)
	}
	for range 9 {
		a = c.do("GET", c.sub, "")
	}
	if left(a, "subscription-reads") != "240" || left(a, "subscription-global-reads") != "3740" {
		t.Errorf("tenth read: %v", a.h)
	}
	c.pass(200 * time.Millisecond) // 25 tokens a second
	if a = c.do("GET", c.sub, ""); left(a, "subscription-reads") != "244" {
		t.Errorf("after 200 ms: %v", a.h)
	}
	path, body := c.log()
	if a = c.do("PUT", path, body); left(a, "subscription-writes") != "199" || left(a, "subscription-reads") != "" {
		t.Errorf("a write: %v", a.h)
	}
	if a = c.do("DELETE", path, ""); left(a, "subscription-deletes") != "199" {
		t.Errorf("a deletion: %v", a.h)
	}
	if a = c.do("GET", "/subscriptions", ""); left(a, "tenant-reads") != "249" || left(a, "subscription-reads") != "" {
		t.Errorf("of the tenant: %v", a.h)
	}
	for range 300 {
		a = c.want(c.do("GET", c.sub, ""), 200, "a limit that is not enforced")
	}
	if left(a, "subscription-reads") != "0" {
		t.Errorf("after 300 reads: %v", a.h)
	}
}

func TestThrottlesAreEnforced(t *testing.T) {
	c := amid(t, "\nthrottle \"reads\" {\n bucket = 3\n refill = 0.5\n}\nthrottle \"network_writes\" {\n bucket = 1\n refill = 0.1\n}\n")
	for range 3 {
		c.want(c.do("GET", c.sub, ""), 200, "read")
	}
	a := c.do("GET", c.sub, "")
	c.refused(a, 429, "SubscriptionRequestsThrottled")
	if a.h.Get("Retry-After") != "2" || a.h.Get("X-Ms-Ratelimit-Remaining-Subscription-Reads") != "0" {
		t.Errorf("header %v", a.h)
	}
	c.pass(time.Second)
	if a = c.do("GET", c.sub, ""); a.code != 429 || a.h.Get("Retry-After") != "1" {
		t.Errorf("too early: %d, Retry-After %q", a.code, a.h.Get("Retry-After"))
	}
	c.pass(time.Second)
	c.want(c.do("GET", c.sub, ""), 200, "in time")

	path, body := c.log()
	c.want(c.do("PUT", path, body), 201, "first write")
	a = c.do("DELETE", path, "")
	c.refused(a, 429, "TooManyRequests")
	if a.h.Get("Retry-After") != "10" {
		t.Errorf("Retry-After %q", a.h.Get("Retry-After"))
	}
	for _, w := range c.w.Watchers { // every region has a bucket of its own
		if w.Location != c.vnet.Location {
			c.want(c.do("PATCH", string(w.ID), `{"tags":{}}`), 200, "another region")
		}
	}
	c.pass(10 * time.Second)
	c.want(c.do("DELETE", path, ""), 202, "after a while")
}

func TestWhoAsks(t *testing.T) {
	c := amid(t, "\nrole \"Reader\" {}\n")
	q := &request{Server: c.srv, r: &http.Request{Header: http.Header{}}}
	for token, want := range map[string]string{
		"sandbox":                    c.w.GUID("servicePrincipals/flowctl"),
		"e30.eyJvaWQiOiJtZSJ9.":      "me",
		"e30.e30.":                   c.w.GUID("servicePrincipals/flowctl"),
		"e30.!.":                     c.w.GUID("servicePrincipals/flowctl"),
		"e30.eyJvaWQiOiJtZSJ9.x.y.z": c.w.GUID("servicePrincipals/flowctl"),
	} {
		q.r.Header.Set("Authorization", "Bearer "+token)
		if got := q.caller(); got != want {
			t.Errorf("%s is %s, want %s", token, got, want)
		}
	}
	if !c.srv.Permits(q.r, c.vnet.ID, "Microsoft.Network/virtualNetworks/read", false) || c.srv.Permits(q.r, c.vnet.ID, "x/read", true) {
		t.Error("a reader reads, but no data")
	}
}

func TestGraphShowsWhatMayBeRead(t *testing.T) {
	base := newCloud(t)
	c := amid(t, fmt.Sprintf("\nrole \"Reader\" { scope = %q }\n", base.vm.Group))
	seen := 0
	for token := ""; ; {
		ask := fmt.Sprintf(`{"query":"Resources | where type =~ 'microsoft.compute/virtualmachines' | project id","options":{"$skipToken":%q}}`, token)
		a := c.want(c.do("POST", "/providers/Microsoft.ResourceGraph/resources", ask), 200, "query")
		var doc struct {
			Data  []struct{ ID plan.ID }
			Count int
			Token string `json:"$skipToken"`
		}
		if err := json.Unmarshal([]byte(a.text), &doc); err != nil || len(doc.Data) != doc.Count {
			t.Fatalf("%v: %s", err, a.text)
		}
		for _, r := range doc.Data {
			if !strings.EqualFold(r.ID.ResourceGroup(), base.vm.Group) {
				t.Errorf("%s is seen", r.ID)
			}
		}
		seen += doc.Count
		if token = doc.Token; token == "" {
			break
		}
	}
	if seen == 0 {
		t.Error("nothing is seen")
	}
}
