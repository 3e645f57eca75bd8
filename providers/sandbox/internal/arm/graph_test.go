package arm

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"flowctl/providers/sandbox/internal/world"
)

// ask sends a query to Resource Graph.
func (c *cloud) ask(query, options string) answer {
	c.Helper()
	text, err := json.Marshal(query)
	if err != nil {
		c.Fatal(err)
	}
	_ = c.clock.Sleep(c.Context(), graphWindow) // so that there is a quota
	return c.do("POST", "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01",
		fmt.Sprintf(`{"subscriptions":[%q],"query":%s,"options":{%s}}`, c.w.Subscription, text, options))
}

// rows are the rows of an answer, as the text of their JSON.
func (a answer) rows() []string {
	var all []string
	data, _ := a.doc["data"].([]any)
	for _, r := range data {
		text, _ := json.Marshal(r)
		all = append(all, string(text))
	}
	return all
}

func TestGraph(t *testing.T) {
	c := newWorld(t, "guests.hcl")
	tests := map[string]string{
		"Resources | where type =~ 'Microsoft.Compute/virtualMachines' and name startswith 'vm-' | order by name asc | project name":                                             `{"name":"vm-bare"}{"name":"vm-new"}{"name":"vm-north"}{"name":"vm-plain"}{"name":"vm-windows"}`,
		"Resources | where type == 'microsoft.compute/virtualmachines' and location == 'northeurope' | project id":                                                               `{"id":"` + c.path("vm-north") + `"}`,
		"resources | where type has 'virtualnetworks' | summarize n = count() by location | order by location asc":                                                               `{"location":"northeurope","n":1}{"location":"westeurope","n":1}`,
		"resources | where name == 'vm-windows' | project os = properties.storageProfile.osDisk.osType, power = properties.extended.instanceView.powerState.code, resourceGroup": `{"os":"Windows","power":"PowerState/running","resourceGroup":"rg"}`,
		"resources | where type =~ 'microsoft.network/networkinterfaces' | where isempty(properties.macAddress) | project name | order by name asc | take 2":                     `{"name":"nic-loose"}{"name":"nic-new"}`,
		"resources | where type =~ 'microsoft.storage/storageaccounts' | where name == 'stguests' | project kind, sku.name":                                                      `{"kind":"StorageV2","sku_name":"Standard_LRS"}`,
		"resources | where type =~ 'microsoft.network/networkwatchers/flowlogs' | project name, properties.enabled":                                                              `{"name":"old","properties_enabled":true}`,
		"resources | where type =~ 'microsoft.compute/virtualmachines/extensions' | project name | distinct name":                                                                `{"name":"AzureNetworkWatcherExtension"}`,
		"ResourceContainers | where type == 'microsoft.resources/subscriptions/resourcegroups' | project name | order by name asc":                                               `{"name":"NetworkWatcherRG"}{"name":"rg"}{"name":"rg-north"}`,
		"ResourceContainers | where type == 'microsoft.resources/subscriptions' | project name, subscriptionId":                                                                  `{"name":"guests","subscriptionId":"` + c.w.Subscription + `"}`,
		`resources | where type =~ 'microsoft.compute/virtualmachines' and name == 'vm-north'
		 | mv-expand nic = properties.networkProfile.networkInterfaces | project vm = name, nicId = tolower(tostring(nic.id))
		 | join kind=leftouter (resources | where type =~ 'microsoft.network/networkinterfaces' | project nicId = tolower(id), mac = properties.macAddress) on nicId
		 | project vm, hasMac = isnotempty(mac)`: `{"hasMac":true,"vm":"vm-north"}`,
	}
	for query, want := range tests {
		a := c.want(c.ask(query, ""), 200, query)
		if got := strings.Join(a.rows(), ""); got != want {
			t.Errorf("%s\ngives %s, want %s", query, got, want)
		}
	}
}

func TestGraphPages(t *testing.T) {
	c := newWorld(t, "guests.hcl")
	query, options, seen, pages := "resources | project id, type", `"$top":3`, map[string]bool{}, 0
	for {
		a := c.want(c.ask(query, options), 200, "page")
		for _, r := range a.rows() {
			if seen[r] {
				t.Errorf("%s twice", r)
			}
			seen[r] = true
		}
		pages++
		token, _ := a.doc["$skipToken"].(string)
		if (token != "") != (a.doc["resultTruncated"] == "true") || a.doc["totalRecords"].(float64) < 10 {
			t.Errorf("page %s", a.text)
		}
		if token == "" {
			if len(seen) != int(a.doc["totalRecords"].(float64)) {
				t.Errorf("%d of %v", len(seen), a.doc["totalRecords"])
			}
			break
		}
		options = fmt.Sprintf(`"$top":3,"$skipToken":%q`, token)
	}
	if pages < 4 {
		t.Errorf("%d pages", pages)
	}
	if a := c.ask("resources | project name", `"$top":2`); a.doc["$skipToken"] != nil || a.doc["resultTruncated"] != "true" {
		t.Errorf("rows without ids: %s", a.text)
	}
	if a := c.ask("resources | order by id asc | project name", `"$top":1,"$skip":1`); len(a.rows()) != 1 {
		t.Errorf("skip: %s", a.text)
	}
	a := c.ask("resources | where name == 'vm-new' | project name, n = 1, tags", `"resultFormat":"table"`)
	if want := `"data":{"columns":[{"name":"name","type":"string"},{"name":"n","type":"integer"},{"name":"tags","type":"string"}],"rows":[["vm-new",1,null]]}`; !strings.Contains(a.text, want) {
		t.Errorf("table %s", a.text)
	}
	c.want(c.ask("resources", `"$top":5000`), 400, "a page too large")
	c.want(c.ask("resources", `"$skipToken":"?"`), 400, "a token that is none")
	none := c.do("POST", "/providers/Microsoft.ResourceGraph/resources", `{"subscriptions":["55555555-2222-3333-4444-555555555555"],"query":"resources"}`)
	if none.doc["totalRecords"] != 0.0 {
		t.Errorf("another subscription: %s", none.text)
	}
}

func TestGraphRefuses(t *testing.T) {
	c := newWorld(t, "guests.hcl")
	a := c.ask("Resources\n| where name = 'x'", "")
	if a.code != 400 || a.errorCode() != "BadRequest" || !strings.Contains(a.text, `"details":[{"code":"InvalidQuery"`) ||
		!strings.Contains(a.text, `{"code":"ParserFailure","message":"It is not expected here.","line":2,"characterPositionInLine":13,"token":"="}`) {
		t.Errorf("a query that is none: %d %s", a.code, a.text)
	}
	for query, want := range map[string]string{
		"HealthResources | count": "There is no table 'HealthResources'", "resources | render piechart": "does not serve the operator 'render'",
		"resources | where cout(x) > 1": "Unknown function: 'cout'.",
	} {
		if a := c.ask(query, ""); a.code != 400 || !strings.Contains(a.text, want) {
			t.Errorf("%s: %d %s", query, a.code, a.text)
		}
	}
}

func TestGraphQuota(t *testing.T) {
	c := newWorld(t, "guests.hcl")
	ask := func() answer {
		return c.do("POST", "/providers/Microsoft.ResourceGraph/resources", `{"query":"resources | count"}`)
	}
	for i := range graphQueries {
		a := c.want(ask(), 200, "query")
		if got, want := a.h.Get("X-Ms-User-Quota-Remaining"), fmt.Sprint(graphQueries-1-i); got != want || a.h.Get("X-Ms-User-Quota-Resets-After") != "00:00:05" {
			t.Errorf("query %d: %s remaining, resets after %s", i, got, a.h.Get("X-Ms-User-Quota-Resets-After"))
		}
	}
	a := ask()
	if a.code != 429 || a.errorCode() != "RateLimiting" || a.h.Get("Retry-After") != "5" {
		t.Errorf("one too many: %d %s", a.code, a.text)
	}
	_ = c.clock.Sleep(c.Context(), 5*time.Second)
	c.want(ask(), 200, "after the window")
}

// largeWorld has 500 VNets and 10,000 machines.
func largeWorld(t testing.TB) *world.World {
	t.Helper()
	w, err := world.Parse("large.hcl", []byte(`
name         = "large"
epoch        = "2026-11-12T08:00:00Z"
seed         = 5
subscription = "66666666-2222-3333-4444-555555555555"
tenant       = "66666666-2222-3333-4444-666666666666"
regions      = ["westeurope"]
resource_group "rg" {
  region = "westeurope"
}
storage_account "stlarge" {
  resource_group = "rg"
}
fleet "app" {
  resource_group = "rg"
  address_space  = "10.0.0.0/8"
  vnets          = 500
  vms            = 10000
  tags           = { role = "app" }
}
`))
	if err != nil {
		t.Fatal(err)
	}
	return w
}
