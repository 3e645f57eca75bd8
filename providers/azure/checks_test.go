package azure

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"flowctl/plan"

	"github.com/google/go-cmp/cmp"
)

// answers is a Resource Manager that has an answer for each "METHOD path", the
// path in lower case and without the subscription. What follows a space in
// front of the body is the status. Several answers are given in turn.
type answers struct {
	mu     sync.Mutex
	say    map[string][]string
	asked  []string
	bodies []string
	header http.Header
}

func (a *answers) Do(req *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	path := strings.TrimPrefix(strings.ToLower(req.URL.Path), "/subscriptions/"+sub)
	what := req.Method + " " + path
	if token := req.URL.Query().Get("$skiptoken"); token != "" {
		what += "?" + token
	}
	a.asked = append(a.asked, what)
	if req.Body != nil {
		b, _ := io.ReadAll(req.Body)
		a.bodies = append(a.bodies, string(b))
	}
	w := &answer{status: http.StatusOK, header: a.header.Clone()}
	if w.header == nil {
		w.header = http.Header{}
	}
	list := a.say[what]
	switch {
	case len(list) == 0:
		w.refuse(http.StatusNotFound, "ResourceNotFound", "no "+what)
		return w.response(req), nil
	case len(list) > 1:
		a.say[what] = list[1:]
	}
	if status, code, ok := strings.Cut(list[0], " "); ok && len(status) == 3 {
		fmt.Sscan(status, &w.status)
		w.refuse(w.status, code, "It is so.")
	} else {
		w.body = list[0]
	}
	return w.response(req), nil
}

const (
	authorization = "/providers/microsoft.authorization/"
	rg            = "/subscriptions/" + sub + "/resourceGroups/rg"
)

// guardAnswers are those of a subscription in which everything can be read.
func guardAnswers() map[string][]string {
	assigned := func(name, definition, more string) string {
		return fmt.Sprintf(`{"id":"/subscriptions/%s%sx/%s","name":%q,"properties":{"policyDefinitionId":%q,"scope":"/subscriptions/%s"%s}}`,
			sub, authorization, name, name, definition, sub, more)
	}
	const builtin = "/providers/Microsoft.Authorization/policyDefinitions/"
	const custom = "/providers/Microsoft.Management/managementGroups/root/providers/Microsoft.Authorization/"
	say := map[string][]string{
		"GET ": {`{"tenantId":"AAAAAAAA-0000-0000-0000-000000000001"}`},
		"GET " + authorization + "locks": {`{"value":[{"id":"` + rg + `/providers/Microsoft.Authorization/locks/keep","properties":{"level":"ReadOnly"}}],
			"nextLink":"https://management.azure.com/subscriptions/` + sub + `/providers/Microsoft.Authorization/locks?$skiptoken=2"}`},
		"GET " + authorization + "locks?2": {`{"value":[{"id":"` + account + `/providers/Microsoft.Authorization/locks/save","properties":{"level":"CanNotDelete"}}]}`},
		"GET /providers/microsoft.network/locations/westeurope/usages": {`{"value":[
			{"name":{"value":"PacketCaptures"},"currentValue":3,"limit":10000,"unit":"Count"},
			{"name":{"value":"RouteTables"},"currentValue":9,"limit":200}]}`},
		"GET /providers/microsoft.network/routetables": {`{"value":[{"id":"` + group + `Microsoft.Network/routeTables/rt","properties":{"routes":[
			{"name":"all","properties":{"addressPrefix":"0.0.0.0/0","nextHopType":"VirtualAppliance","nextHopIpAddress":"10.0.0.4"}}]}}]}`},
		"GET /providers/microsoft.network/privateendpoints": {`{"value":[{"id":"` + group + `Microsoft.Network/privateEndpoints/pe","location":"West Europe",
			"properties":{"subnet":{"id":"` + vnetID + `/subnets/a"},"networkInterfaces":[{"id":"` + group + `Microsoft.Network/networkInterfaces/pe.nic"}]}}]}`},
		"GET " + authorization + "policyassignments": {`{"value":[` + strings.Join([]string{
			assigned("a-builtin", builtin+"cd6f7aff-2845-4dab-99f2-6d1754a754b0", `,"displayName":"Log all networks"`),
			assigned("b-off", builtin+"cd6f7aff-2845-4dab-99f2-6d1754a754b0", `,"parameters":{"effect":{"value":"Disabled"}}`),
			assigned("c-unenforced", builtin+"cd6f7aff-2845-4dab-99f2-6d1754a754b0", `,"enforcementMode":"DoNotEnforce"`),
			assigned("d-other", builtin+"06a78e20-9358-41c9-923c-fb736d382a4d", ""),
			assigned("e-custom", custom+"policyDefinitions/no-logs", ""),
			assigned("f-set", custom+"policySetDefinitions/baseline", `,"parameters":{"logs":{"value":"AuditIfNotExists"}}`),
			assigned("g-types", builtin+allowedTypes, `,"parameters":{"listOfResourceTypesAllowed":{"value":["Microsoft.Compute/virtualMachines"]}}`),
			assigned("h-types", builtin+allowedTypes, `,"parameters":{"listOfResourceTypesAllowed":{"value":["microsoft.network/networkWatchers/flowlogs"]}}`),
		}, ",") + `]}`},
		"GET " + strings.ToLower(custom) + "policydefinitions/no-logs": {`{"properties":{"parameters":{"Effect":{"defaultValue":"Deny"}},
			"policyRule":{"if":{"field":"type","equals":"Microsoft.Network/networkWatchers/flowLogs"},"then":{"effect":"[parameters('effect')]"}}}}`},
		"GET " + strings.ToLower(custom) + "policysetdefinitions/baseline": {`{"properties":{"policyDefinitions":[
			{"policyDefinitionId":"` + builtin + `3e9965dc-cc13-47ca-8259-a4252fd0cf7b","parameters":{"effect":{"value":"[parameters('logs')]"}}},
			{"policyDefinitionId":"` + custom + `policyDefinitions/tags"}]}}`},
		"GET " + strings.ToLower(custom) + "policydefinitions/tags": {`{"properties":{"policyRule":{"if":{},"then":{"effect":"modify"}}}}`},
	}
	for _, ns := range resourceProviders {
		say["GET /providers/"+strings.ToLower(ns)] = []string{`{"namespace":"` + ns + `","registrationState":"Registered"}`}
	}
	return say
}

func TestGuards(t *testing.T) {
	src := &answers{say: guardAnswers()}
	p, _ := newTestProvider(t, src)
	inv := &plan.Inventory{VMs: []plan.VM{{ID: vmID, Location: "westeurope"}, {ID: vmID + "2", Location: "westeurope"}}}
	if err := p.Guards(t.Context(), inv); err != nil {
		t.Fatal(err)
	}
	scope := plan.ID("/subscriptions/" + sub)
	policy := func(id, name, effect string) plan.Policy {
		return plan.Policy{ID: scope + plan.ID(authorization+"x/"+id), Scope: scope, Name: name, Effect: effect}
	}
	want := &plan.Inventory{
		VMs: inv.VMs, Tenant: "aaaaaaaa-0000-0000-0000-000000000001",
		Registered: map[string]string{"Microsoft.Compute": "Registered", "Microsoft.Insights": "Registered", "Microsoft.Network": "Registered",
			"Microsoft.OperationalInsights": "Registered", "Microsoft.Storage": "Registered"},
		Locks: []plan.Lock{
			{ID: rg + "/providers/Microsoft.Authorization/locks/keep", Scope: rg, Level: "ReadOnly"},
			{ID: account + "/providers/Microsoft.Authorization/locks/save", Scope: account, Level: "CanNotDelete"},
		},
		Policies: []plan.Policy{
			policy("a-builtin", "Log all networks", "DeployIfNotExists"), policy("e-custom", "e-custom", "Deny"),
			policy("f-set", "f-set", "AuditIfNotExists"), policy("g-types", "g-types", "Deny"),
		},
		Quotas: []plan.Quota{{Name: "PacketCaptures", Location: "westeurope", Used: 3, Limit: 10000}},
		PrivateEndpoints: []plan.PrivateEndpoint{{ID: group + "Microsoft.Network/privateEndpoints/pe", Location: "westeurope",
			Subnet: vnetID + "/subnets/a", NICs: []plan.ID{group + "Microsoft.Network/networkInterfaces/pe.nic"}}},
		RouteTables: []plan.RouteTable{{ID: group + "Microsoft.Network/routeTables/rt", Routes: []plan.Route{{Name: "all", Prefix: "0.0.0.0/0", Hop: "VirtualAppliance", To: "10.0.0.4"}}}},
	}
	if diff := cmp.Diff(want, inv); diff != "" {
		t.Errorf("inventory (-want +got):\n%s", diff)
	}
	requests := map[string]int{
		"GET subscriptions": 1, "GET providers": 5, "GET Microsoft.Authorization/locks": 2,
		"GET Microsoft.Authorization/policyAssignments": 1, "GET Microsoft.Authorization/policyDefinitions": 2,
		"GET Microsoft.Authorization/policySetDefinitions": 1, "GET Microsoft.Network/locations/usages": 1, "GET Microsoft.Network/privateEndpoints": 1, "GET Microsoft.Network/routeTables": 1,
	}
	if diff := cmp.Diff(requests, p.Requests()); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

// What cannot be read stops nothing, and is said.
func TestGuardsThatCannotBeRead(t *testing.T) {
	for _, status := range []string{"403 AuthorizationFailed", "404 NotFound", "409 MissingSubscriptionRegistration"} {
		src := &answers{say: guardAnswers()}
		for what := range src.say {
			src.say[what] = []string{status}
		}
		p, _ := newTestProvider(t, src)
		inv := &plan.Inventory{VMs: []plan.VM{{Location: "westeurope"}}, Unread: map[string]string{"vms": "before"}}
		if err := p.Guards(t.Context(), inv); err != nil {
			t.Fatal(err)
		}
		for part, want := range map[string]string{
			"tenant": "read the subscription: ", "registered": "read whether Microsoft.Compute is registered: ", "locks": "list locks: ",
			"policies": "list policy assignments: ", "quotas": "list limits of westeurope: ", "private_endpoints": "list private endpoints: ", "route_tables": "list route tables: ",
		} {
			if got := inv.Unread[part]; !strings.HasPrefix(got, want+status) {
				t.Errorf("%s is unread for %q, want %q", part, got, want+status)
			}
		}
		if len(inv.Unread) != 8 || inv.Unread["vms"] != "before" {
			t.Errorf("unread: %v", inv.Unread)
		}
	}
}

func TestGuardsWithoutSigningIn(t *testing.T) {
	p, err := New(Options{Subscription: sub, Credential: signedOut{}, Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	check(t, p.Guards(t.Context(), &plan.Inventory{}), "nobody is signed in")
}

func TestPermissions(t *testing.T) {
	src := &answers{say: map[string][]string{
		"GET /resourcegroups/rg/providers/microsoft.authorization/permissions": {`{"value":[
			{"actions":["*/read"],"notActions":["Microsoft.Authorization/*"]},{"dataActions":["a/*"],"notDataActions":["a/b"]}]}`},
		"GET /providers/microsoft.authorization/permissions": {"403 AuthorizationFailed"},
	}}
	p, _ := newTestProvider(t, src)
	got, err := p.Permissions(t.Context(), rg)
	if err != nil {
		t.Fatal(err)
	}
	want := []plan.Permission{
		{Actions: []string{"*/read"}, NotActions: []string{"Microsoft.Authorization/*"}},
		{DataActions: []string{"a/*"}, NotDataActions: []string{"a/b"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("permissions (-want +got):\n%s", diff)
	}
	_, err = p.Permissions(t.Context(), "/subscriptions/"+sub)
	check(t, err, "read what the caller may do at /subscriptions/"+sub+": list permissions: 403 AuthorizationFailed: It is so.")
}

const lifecyclePath = "GET /resourcegroups/rg/providers/microsoft.storage/storageaccounts/logs"

func TestLifecycle(t *testing.T) {
	const doc = `{"properties":{"policy":{"rules":[
		{"name":"old","enabled":true,"definition":{"filters":{"blobTypes":["blockBlob"],"prefixMatch":["insights-logs-flowlogflowevent/"]},
			"actions":{"baseBlob":{"delete":{"daysAfterModificationGreaterThan":30.0}}}}},
		{"name":"off","enabled":false,"definition":{"actions":{"baseBlob":{"delete":{"daysAfterLastAccessTimeGreaterThan":9,"daysAfterCreationGreaterThan":0}}}}},
		{"name":"cool","definition":{"actions":{"baseBlob":{"tierToCool":{"daysAfterModificationGreaterThan":1}}}}},
		{"name":"append","definition":{"filters":{"blobTypes":["appendBlob"]},"actions":{"baseBlob":{"delete":{"daysAfterModificationGreaterThan":2}}}}},
		{"name":"tagged","definition":{"filters":{"blobIndexMatch":[{"name":"a","op":"==","value":"b"}]},"actions":{"baseBlob":{"delete":{"daysAfterModificationGreaterThan":2}}}}}
	]}}}`
	tests := map[string]struct {
		say  map[string][]string
		want plan.Lifecycle
		err  string
	}{
		"rules": {map[string][]string{lifecyclePath + "/managementpolicies/default": {doc}}, plan.Lifecycle{Account: account, Raw: []byte(doc), Rules: []plan.LifecycleRule{
			{Name: "old", Enabled: true, Prefixes: []string{"insights-logs-flowlogflowevent/"}, DeleteDays: 30},
			{Name: "off", DeleteDays: 1}, {Name: "cool", Enabled: true}, {Name: "append", Enabled: true}, {Name: "tagged", Enabled: true},
		}}, ""},
		"none":       {map[string][]string{lifecyclePath + "/managementpolicies/default": {"404 ManagementPolicyNotFound"}}, plan.Lifecycle{Account: account}, ""},
		"none, said": {map[string][]string{lifecyclePath: {`{"id":"a"}`}}, plan.Lifecycle{Account: account}, ""},
		"no account": {nil, plan.Lifecycle{Account: account}, "read the lifecycle rules of storage account logs: 404 ResourceNotFound"},
		"forbidden":  {map[string][]string{lifecyclePath + "/managementpolicies/default": {"403 AuthorizationFailed"}}, plan.Lifecycle{Account: account}, "403 AuthorizationFailed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, _ := newTestProvider(t, &answers{say: tt.say})
			got, err := p.Lifecycle(t.Context(), account)
			check(t, err, tt.err)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("lifecycle (-want +got):\n%s", diff)
			}
		})
	}
}

func TestQueryReadsAllPages(t *testing.T) {
	src := &answers{
		say: map[string][]string{"POST " + strings.ToLower(graphPath): {
			`{"data":[{"id":"/a"},{"id":"/b"}],"resultTruncated":"false","$skipToken":"two"}`,
			"429 RateLimiting",
			`{"data":[{"id":"/A"},{"id":"/c"}],"resultTruncated":"false"}`,
		}},
		header: http.Header{"X-Ms-User-Quota-Remaining": {"0"}, "X-Ms-User-Quota-Resets-After": {"00:00:05"}},
	}
	p, clock := newTestProvider(t, src)
	got, err := p.Query(t.Context(), "Resources | project id", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]plan.ID{"/a", "/b", "/c"}, got); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	if len(clock.slept) != 2 || clock.slept[0] != 5*time.Second {
		t.Errorf("slept %v, want five seconds, since no query was left, and then once more", clock.slept)
	}
	var last graphQuery
	if err := json.Unmarshal([]byte(src.bodies[2]), &last); err != nil {
		t.Fatal(err)
	}
	want := graphQuery{[]string{sub}, "Resources | project id", graphOptions{"objectArray", 1000, "two"}}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Errorf("last query (-want +got):\n%s", diff)
	}
}

func TestQueryRefuses(t *testing.T) {
	tests := map[string]struct{ say, err string }{
		"no id":     {`{"data":[{"name":"x"}]}`, "end it with | project id"},
		"cut":       {`{"data":[],"resultTruncated":"true"}`, "the answer was cut after 1000 rows"},
		"no array":  {`{"data":{"columns":[]}}`, "answer is not what the API says"},
		"refused":   {"400 BadRequest", "query Resource Graph: 400 BadRequest: It is so."},
		"in circle": {`{"data":[],"$skipToken":"x"}`, "followed by one that was read before"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, _ := newTestProvider(t, &answers{say: map[string][]string{"POST " + strings.ToLower(graphPath): {tt.say}}})
			_, err := p.Query(context.Background(), "Resources", []string{"s"})
			check(t, err, tt.err)
		})
	}
}

func TestResourceTypes(t *testing.T) {
	const s = "/subscriptions/" + sub
	for path, want := range map[string]string{
		"/subscriptions": "subscriptions", s: "subscriptions", s + "/resourceGroups/rg": "resourceGroups", s + "/resources": "resources",
		s + "/providers/Microsoft.Insights":                             "providers",
		s + "/providers/Microsoft.Compute/virtualMachines":              "Microsoft.Compute/virtualMachines",
		vmID + "/extensions":                                            "Microsoft.Compute/virtualMachines/extensions",
		account + "/providers/Microsoft.Authorization/permissions":      "Microsoft.Authorization/permissions",
		watcher + "/packetCaptures/c/queryStatus":                       "Microsoft.Network/networkWatchers/packetCaptures/queryStatus",
		s + "/providers/microsoft.Compute/virtualMachineScaleSets":      "Microsoft.Compute/virtualMachineScaleSets",
		s + "/providers/Microsoft.Network/locations/we/operations/0123": "Microsoft.Network/locations/operations",
		graphPath: "Microsoft.ResourceGraph/resources", "/": "",
	} {
		if got := resourceType(path); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}
