package arm

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/world"
)

// hands is a clock that is moved by hand.
type hands struct {
	mu  sync.Mutex
	now time.Time
}

func (h *hands) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hands) Sleep(_ context.Context, d time.Duration) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
	return nil
}

// cloud is a server under test with a few resources of its world picked out.
type cloud struct {
	*testing.T
	srv   *Server
	clock *hands
	w     *world.World

	sub     string // path of the subscription
	watcher string // path of the watcher in the first region
	vnet    *world.VNet
	subnet  *world.Subnet
	account *world.StorageAccount
	vm      *world.VM
}

var (
	loadOnce sync.Once
	theWorld *world.World
	theModel *traffic.Model
)

func builtin(t testing.TB) (*world.World, *traffic.Model) {
	loadOnce.Do(func() {
		w, err := world.Builtin()
		if err != nil {
			t.Fatal(err)
		}
		theWorld, theModel = w, traffic.New(w)
	})
	return theWorld, theModel
}

func open(t testing.TB, dir string, clock *hands) *Server {
	w, m := builtin(t)
	srv, err := New(Options{World: w, Model: m, Clock: clock, Dir: dir, PageSize: 5})
	if err != nil {
		t.Fatal(err)
	}
	return srv
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	w, _ := builtin(t)
	c := &cloud{T: t, w: w, clock: &hands{now: w.Epoch}, sub: "/subscriptions/" + w.Subscription}
	c.srv = open(t, "", c.clock)
	return c.pick()
}

// pick chooses what tests record, and where.
func (c *cloud) pick() *cloud {
	c.Helper()
	for _, v := range c.w.VNets {
		if c.srv.fresh.flowLogOn(v.ID, c.w.Epoch) == nil && v.Location == c.w.Regions[0] {
			c.vnet, c.subnet = v, v.Subnets[0]
		}
	}
	c.watcher = string(c.watcherIn(c.vnet.Location).ID)
	c.account = c.accountWith(func(a *world.StorageAccount) bool {
		return a.Location == c.vnet.Location && a.SharedKey && strings.HasPrefix(a.SKU, "Standard")
	})
	c.vm = c.vmWith(func(v *world.VM) bool {
		return v.Agent && v.Power == "running" && v.Location == c.vnet.Location && v.OS == "Linux"
	})
	return c
}

func (c *cloud) watcherIn(region string) *world.Watcher {
	for _, w := range c.w.Watchers {
		if w.Location == region {
			return w
		}
	}
	c.Fatalf("no watcher in %s", region)
	return nil
}

func (c *cloud) accountWith(ok func(*world.StorageAccount) bool) *world.StorageAccount {
	c.Helper()
	for _, a := range c.w.Accounts {
		if ok(a) {
			return a
		}
	}
	c.Fatal("the world has no such storage account")
	return nil
}

func (c *cloud) vmWith(ok func(*world.VM) bool) *world.VM {
	c.Helper()
	for _, v := range c.w.VMs {
		if ok(v) {
			return v
		}
	}
	c.Fatal("the world has no such VM")
	return nil
}

// answer is what came back.
type answer struct {
	code int
	h    http.Header
	text string
	doc  map[string]any
}

// do sends a request; a path without a query gets an api-version, and one
// that is no URL the host of the public cloud.
func (c *cloud) do(method, path, body string) answer {
	c.Helper()
	return send(c.srv, method, path, body)
}

func send(h http.Handler, method, path, body string) answer {
	if !strings.Contains(path, "?") {
		path += "?api-version=2025-05-01"
	}
	if strings.HasPrefix(path, "/") {
		path = "https://management.azure.com" + path
	}
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer x")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	a := answer{code: w.Code, h: w.Header(), text: w.Body.String()}
	_ = json.Unmarshal(w.Body.Bytes(), &a.doc)
	return a
}

// at is the value at a path such as properties.format.version.
func (a answer) at(path string) any {
	var v any = a.doc
	for name := range strings.SplitSeq(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func (a answer) errorCode() string { s, _ := a.at("error.code").(string); return s }

func (c *cloud) want(a answer, code int, what string) answer {
	c.Helper()
	if a.code != code {
		c.Fatalf("%s: status %d, want %d\n%s", what, a.code, code, a.text)
	}
	return a
}

// settle waits out the operation of an answer and returns its final document.
func (c *cloud) settle(a answer) answer {
	c.Helper()
	for range 100 {
		op := c.want(c.do("GET", a.h.Get("Azure-AsyncOperation"), ""), 200, "poll")
		if op.at("status") != "InProgress" {
			return op
		}
		_ = c.clock.Sleep(c.Context(), time.Second)
	}
	c.Fatal("an operation did not end in 100 s")
	return answer{}
}

func (c *cloud) flowLog(target plan.ID, more string) string {
	return fmt.Sprintf(`{"location":%q,"properties":{"targetResourceId":%q,"storageId":%q,"enabled":true%s}}`,
		c.vnet.Location, target, c.account.ID, more)
}

func (c *cloud) capture(target plan.ID, more string) string {
	return fmt.Sprintf(`{"properties":{"target":%q,"storageLocation":{"storageId":%q}%s}}`, target, c.account.ID, more)
}

func TestEveryAnswer(t *testing.T) {
	c := newCloud(t)
	base := c.sub + "/resourceGroups/" + c.vnet.Group + "/providers/Microsoft.Network/virtualNetworks/" + c.vnet.Name
	tests := map[string]struct {
		method, path string
		status       int
		code         string
		header       map[string]string
	}{
		"headers": {"GET", c.sub, 200, "", map[string]string{
			"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-cache", "Pragma": "no-cache", "Expires": "-1",
			"Date": c.w.Epoch.UTC().Format(http.TimeFormat)}},
		"no version":      {"GET", c.sub + "?x=1", 400, "MissingApiVersionParameter", map[string]string{"X-Ms-Failure-Cause": "gateway"}},
		"version's case":  {"GET", c.sub + "?API-Version=2015-01-01", 200, "", nil},
		"any version":     {"GET", base + "?api-version=2016-09-01&unknown=x", 200, "", nil},
		"any case":        {"GET", strings.ToUpper(base), 200, "", nil},
		"trailing slash":  {"GET", base + "/", 200, "", nil},
		"subscription":    {"GET", "/subscriptions/00000000-0000-0000-0000-000000000000", 404, "SubscriptionNotFound", nil},
		"group":           {"GET", c.sub + "/resourceGroups/nowhere", 404, "ResourceGroupNotFound", nil},
		"group of a list": {"GET", c.sub + "/resourceGroups/nowhere/providers/Microsoft.Compute/virtualMachines", 404, "ResourceGroupNotFound", nil},
		"resource":        {"GET", base + "x", 404, "ResourceNotFound", map[string]string{"X-Ms-Failure-Cause": "gateway"}},
		"type":            {"GET", c.sub + "/providers/Microsoft.Network/loadBalancers", 404, "InvalidResourceType", nil},
		"path":            {"GET", "/nothing/here", 404, "NotFound", nil},
		"root":            {"GET", "/", 404, "NotFound", nil},
		"method":          {"POST", base, 405, "MethodNotAllowed", nil},
		"namespace":       {"GET", c.sub + "/providers/Microsoft.Nothing", 404, "InvalidResourceNamespace", nil},
		"operation":       {"GET", c.sub + "/providers/Microsoft.Network/locations/westeurope/operations/1", 404, "OperationNotFound", nil},
		"filter":          {"GET", c.sub + "/resources?api-version=2024-05-01&$filter=plan+eq+'x'", 400, "InvalidFilterInQueryString", nil},
		"top":             {"GET", c.sub + "/resources?api-version=2024-05-01&$top=-1", 400, "InvalidTopParameter", nil},
		"token":           {"GET", c.sub + "/resources?api-version=2024-05-01&$skipToken=zzz", 400, "InvalidSkipToken", nil},
	}
	for name, tt := range tests {
		a := c.do(tt.method, tt.path, "")
		if a.code != tt.status || a.errorCode() != tt.code {
			t.Errorf("%s: %d %q, want %d %q\n%s", name, a.code, a.errorCode(), tt.status, tt.code, a.text)
		}
		for h, v := range tt.header {
			if got := a.h.Get(h); got != v {
				t.Errorf("%s: %s is %q, want %q", name, h, got, v)
			}
		}
		for _, h := range []string{"X-Ms-Request-Id", "X-Ms-Correlation-Request-Id", "X-Ms-Routing-Request-Id"} {
			if a.h.Get(h) == "" {
				t.Errorf("%s: no %s", name, h)
			}
		}
	}
}

func TestNobodySigned(t *testing.T) {
	c := newCloud(t)
	w := httptest.NewRecorder()
	c.srv.ServeHTTP(w, httptest.NewRequest("GET", c.sub+"?api-version=2024-05-01", nil))
	if w.Code != 401 || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Bearer ") {
		t.Errorf("status %d, challenge %q", w.Code, w.Header().Get("WWW-Authenticate"))
	}
}

func TestNotFoundIsWordedAsAzures(t *testing.T) {
	c := newCloud(t)
	a := c.do("GET", c.watcher+"/flowLogs/none", "")
	want := fmt.Sprintf(`{"error":{"code":"ResourceNotFound","message":"The Resource 'Microsoft.Network/networkWatchers/%s/flowLogs/none' `+
		`under resource group '%s' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"}}`,
		plan.ID(c.watcher).Name(), plan.ID(c.watcher).ResourceGroup())
	if a.text != want {
		t.Errorf("body\n%s, want\n%s", a.text, want)
	}
}

// names returns the names of a listing, all pages of it, and how many there were.
func (c *cloud) names(path string) (all []string, pages int) {
	c.Helper()
	for path != "" {
		a := c.want(c.do("GET", path, ""), 200, path)
		items, _ := a.doc["value"].([]any)
		for _, item := range items {
			name, _ := item.(map[string]any)["name"].(string)
			all = append(all, name)
		}
		pages++
		path, _ = a.doc["nextLink"].(string)
	}
	return all, pages
}

func TestListings(t *testing.T) {
	c := newCloud(t)
	network, compute := c.sub+"/providers/Microsoft.Network/", c.sub+"/providers/Microsoft.Compute/"
	set := c.w.ScaleSets[0]
	tests := map[string]struct {
		path string
		want int
	}{
		"subscriptions": {"/subscriptions", 1},
		"locations":     {c.sub + "/locations", len(c.w.Regions)},
		"providers":     {c.sub + "/providers", len(providerTypes())},
		"groups":        {c.sub + "/resourceGroups", len(c.w.Groups)},
		"vnets":         {network + "virtualNetworks", len(c.w.VNets)},
		"nics":          {network + "networkInterfaces", len(c.srv.origin.byType[strings.ToLower(nicType)])},
		"nsgs":          {network + "networkSecurityGroups", len(c.w.NSGs)},
		"public ips":    {network + "publicIPAddresses", len(c.w.PublicIPs)},
		"watchers":      {network + "networkWatchers", len(c.w.Watchers)},
		"vms":           {compute + "virtualMachines", len(c.w.VMs)},
		"vm states":     {compute + "virtualMachines?api-version=2024-05-01&statusOnly=true", len(c.w.VMs)},
		"scale sets":    {compute + "virtualMachineScaleSets", len(c.w.ScaleSets)},
		"instances":     {string(set.ID) + "/virtualMachines?api-version=2024-05-01&$expand=instanceView", len(set.Instances)},
		"instance nics": {string(set.ID) + "/networkInterfaces", len(set.Instances)},
		"accounts":      {c.sub + "/providers/Microsoft.Storage/storageAccounts", len(c.w.Accounts)},
		"subnets":       {string(c.vnet.ID) + "/subnets", len(c.vnet.Subnets)},
		"peerings":      {string(c.vnet.ID) + "/virtualNetworkPeerings", len(c.vnet.Peerings)},
		"small pages":   {compute + "virtualMachines?api-version=2024-05-01&$top=1", len(c.w.VMs)},
	}
	for name, tt := range tests {
		all, pages := c.names(tt.path)
		if len(all) != tt.want {
			t.Errorf("%s: %d, want %d", name, len(all), tt.want)
		}
		if tt.want > 5 && pages < 2 {
			t.Errorf("%s: %d in %d page", name, len(all), pages)
		}
		seen := map[string]bool{}
		for _, n := range all {
			if seen[n] && n != "" && name != "instance nics" { // which are called the same
				t.Errorf("%s: %s twice", name, n)
			}
			seen[n] = true
		}
	}
}

func TestResourcesByTag(t *testing.T) {
	c := newCloud(t)
	tagged := c.vmWith(func(v *world.VM) bool { return len(v.Tags) > 0 })
	for k, v := range tagged.Tags {
		all, _ := c.names(c.sub + "/resources?api-version=2024-05-01&$filter=tagName+eq+'" + strings.ToUpper(k) + "'+and+tagValue+eq+'" + v + "'")
		if !strings.Contains(strings.Join(all, " "), tagged.Name) {
			t.Errorf("tag %s=%s finds %v, not %s", k, v, all, tagged.Name)
		}
		if none, _ := c.names(c.sub + "/resources?api-version=2024-05-01&$filter=tagName+eq+'" + k + "'+and+tagValue+eq+'never'"); len(none) > 0 {
			t.Errorf("a value that nobody has finds %v", none)
		}
	}
	all, _ := c.names(c.sub + "/resources?api-version=2024-05-01&$filter=resourceType+eq+'microsoft.compute/virtualmachines'")
	if len(all) != len(c.w.VMs) {
		t.Errorf("by type: %d, want %d", len(all), len(c.w.VMs))
	}
}

func TestEveryResourceCanBeRead(t *testing.T) {
	c := newCloud(t)
	for key := range c.srv.byID {
		if a := c.do("GET", key, ""); a.code != 200 || !plan.ID(a.at("id").(string)).Is(plan.ID(key)) {
			t.Errorf("%s: %d %s", key, a.code, a.text)
		}
	}
}

func TestMachines(t *testing.T) {
	c := newCloud(t)
	for _, v := range c.w.VMs {
		a := c.want(c.do("GET", string(v.ID)+"?api-version=2024-05-01&$expand=instanceView", ""), 200, v.Name)
		if text := `"code":"PowerState/` + v.Power + `"`; !strings.Contains(a.text, text) {
			t.Errorf("%s: no %s in %s", v.Name, text, a.text)
		}
		if got := strings.Contains(a.text, "NetworkWatcherAgent"+v.OS); got != v.Agent {
			t.Errorf("%s: agent shown %v, has it %v", v.Name, got, v.Agent)
		}
		if plain := c.do("GET", string(v.ID), ""); strings.Contains(plain.text, "PowerState") {
			t.Errorf("%s: a plain GET tells of its state", v.Name)
		}
	}
	n := c.vm.NICs[0]
	a := c.do("GET", string(n.ID), "")
	if mac, _ := a.at("properties.macAddress").(string); strings.ReplaceAll(mac, "-", "") != n.MAC || len(mac) != 17 {
		t.Errorf("MAC %q of %s", mac, n.MAC)
	}
}

func TestBlobEndpointFollowsTheHost(t *testing.T) {
	c := newCloud(t)
	name := c.account.Name
	tests := map[string]string{
		"https://management.azure.com":         "https://" + name + ".blob.core.windows.net/",
		"https://management.usgovcloudapi.net": "https://" + name + ".blob.core.usgovcloudapi.net/",
		"https://azure.example:8443":           "https://" + name + ".blob.azure.example:8443/",
		"https://localhost:8443":               "https://localhost:8443/" + name + "/",
		"http://127.0.0.1:8080":                "http://127.0.0.1:8080/" + name + "/",
		"https://[::1]:8443":                   "https://[::1]:8443/" + name + "/",
	}
	for host, want := range tests {
		a := c.want(c.do("GET", host+string(c.account.ID)+"?api-version=2024-05-01", ""), 200, host)
		if got := a.at("properties.primaryEndpoints.blob"); got != want {
			t.Errorf("%s: %v, want %s", host, got, want)
		}
		account, container, blob, ok := blobAt(want + "c/a/b.cap")
		if account != name || container != "c" || blob != "a/b.cap" || !ok {
			t.Errorf("%s comes apart as %q %q %q", want, account, container, blob)
		}
	}
}

func FuzzRouter(f *testing.F) {
	w, _ := builtin(f)
	srv := open(f, "", &hands{now: w.Epoch})
	for _, r := range srv.routes {
		path := "/" + strings.Join(r.segments, "/")
		for method := range r.methods {
			f.Add(method, path+"?api-version=2024-05-01", `{"properties":{"target":"x","targetResourceId":"y"}}`)
		}
		path = strings.ReplaceAll(path, "{sub}", w.Subscription)
		path = strings.ReplaceAll(path, "{group}", w.Groups[0].Name)
		f.Add("PUT", path+"?api-version=2024-05-01&$top=1&$expand=instanceView", `{"properties":{}}`)
		f.Add("GET", strings.ReplaceAll(path, "{ns}", "microsoft.network")+"?api-version=2024-05-01", "null")
	}
	f.Add("GET", "/%zz?api-version=2024-05-01", "")
	group := "/subscriptions/" + w.Subscription + "/resourceGroups/" + w.Groups[0].Name
	longer := strings.Repeat("\xfc", 300) // in lower case thrice as long
	f.Add("GET", group+"/providers/microsoft.network/"+longer+"/a/providers/Microsoft.Authorization/locks?api-version=2024-05-01", "")
	f.Fuzz(func(t *testing.T, method, path, body string) {
		r, err := http.NewRequest(method, "http://localhost/", io.NopCloser(strings.NewReader(body)))
		if err != nil {
			return
		}
		r.Header.Set("Authorization", "Bearer x")
		path, r.URL.RawQuery, _ = strings.Cut(path, "?")
		r.URL.Path, r.URL.RawPath = path, path
		rec := httptest.NewRecorder()
		srv.ServeHTTP(rec, r)
		if rec.Code == 500 {
			t.Errorf("%s %s: %s", method, path, rec.Body)
		}
		if rec.Code >= 400 && !strings.HasPrefix(rec.Body.String(), `{"error":{`) {
			t.Errorf("%s %s: %d without ARM's error form: %s", method, path, rec.Code, rec.Body)
		}
	})
}
