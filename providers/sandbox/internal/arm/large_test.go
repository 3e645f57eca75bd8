package arm

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"flowctl/providers/sandbox/internal/traffic"
)

// large is a server of 500 VNets and 10,000 machines.
func large(t testing.TB) *Server {
	t.Helper()
	w := largeWorld(t)
	srv, err := New(Options{World: w, Model: traffic.New(w), Clock: &hands{now: w.Epoch}})
	if err != nil {
		t.Fatal(err)
	}
	return srv
}

// everyPage counts the resources of a listing and the pages they come in.
func everyPage(t testing.TB, srv http.Handler, path string) (n, pages int) {
	t.Helper()
	for path != "" {
		a := send(srv, "GET", path, "")
		if a.code != 200 {
			t.Fatalf("%s: %d %s", path, a.code, a.text)
		}
		items, _ := a.doc["value"].([]any)
		n += len(items)
		pages++
		path, _ = a.doc["nextLink"].(string)
	}
	return n, pages
}

func TestLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("10,000 machines")
	}
	srv := large(t)
	sub := "/subscriptions/" + srv.world.Subscription + "/providers/"
	for path, want := range map[string][2]int{
		sub + "Microsoft.Compute/virtualMachines": {10000, 10},
		sub + "Microsoft.Network/virtualNetworks": {500, 1},
	} {
		if n, pages := everyPage(t, srv, path); n != want[0] || pages != want[1] {
			t.Errorf("%s: %d in %d pages, want %v", path, n, pages, want)
		}
	}
	n, token := 0, ""
	for {
		a := send(srv, "POST", "/providers/Microsoft.ResourceGraph/resources", `{"query":"Resources | where type =~ 'microsoft.compute/virtualmachines' and tags['role'] == 'app' | project id",`+
			fmt.Sprintf(`"options":{"$top":1000,"$skipToken":%q}}`, token))
		n += len(a.rows())
		if token, _ = a.doc["$skipToken"].(string); token == "" || a.code != 200 {
			break
		}
	}
	if n != 10000 {
		t.Errorf("Resource Graph finds %d machines", n)
	}
}

// BenchmarkListLarge reads all pages of what an inventory reads.
func BenchmarkListLarge(b *testing.B) {
	srv := large(b)
	sub := "/subscriptions/" + srv.world.Subscription + "/providers/"
	for _, path := range []string{"Microsoft.Compute/virtualMachines", "Microsoft.Compute/virtualMachines?api-version=2024-05-01&statusOnly=true",
		"Microsoft.Network/networkInterfaces", "Microsoft.Network/virtualNetworks"} {
		b.Run(strings.NewReplacer("/", "_", "?", "_").Replace(path), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				everyPage(b, srv, sub+path)
			}
		})
	}
}

// BenchmarkGraphLarge selects machines by a tag, and by what only their
// documents tell.
func BenchmarkGraphLarge(b *testing.B) {
	srv := large(b)
	for name, query := range map[string]string{
		"tag":        "Resources | where type =~ 'microsoft.compute/virtualmachines' and tags['role'] == 'none' | project id",
		"properties": "Resources | where type =~ 'microsoft.compute/virtualmachines' and properties.storageProfile.osDisk.osType == 'Windows' | project id",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				srv.graph.used = 0
				if a := send(srv, "POST", "/providers/Microsoft.ResourceGraph/resources", fmt.Sprintf(`{"query":%q}`, query)); a.code != 200 {
					b.Fatal(a.text)
				}
			}
		})
	}
}

// BenchmarkWriteLarge puts flow logs on networks that have many of them.
func BenchmarkWriteLarge(b *testing.B) {
	srv := large(b)
	w := srv.world.Watchers[0]
	clock := srv.clock.(*hands)
	n := 0
	for b.Loop() {
		nic := srv.world.NICs[n%len(srv.world.NICs)]
		body := fmt.Sprintf(`{"properties":{"targetResourceId":%q,"storageId":%q,"enabled":true}}`, nic.ID, srv.world.Accounts[0].ID)
		if a := send(srv, "PUT", fmt.Sprintf("%s/flowLogs/log%d", w.ID, n), body); a.code != 201 {
			b.Fatal(a.text)
		}
		n++
		_ = clock.Sleep(b.Context(), flowLogWriteTime)
	}
}
