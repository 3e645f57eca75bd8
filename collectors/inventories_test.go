package collectors

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flowlog/flowlogtest"
	"flowctl/collectors/summary"
	"flowctl/plan"
	"flowctl/plan/question"
)

// machines is an inventory of a virtual network whose machines have the interfaces
// of generated flow logs.
func machines(subscription string, read time.Time, prefix string, vms int) *plan.Inventory {
	id := func(kind, name string) plan.ID {
		return plan.ID("/subscriptions/" + subscription + "/resourceGroups/rg/providers/" + kind + "/" + name)
	}
	vnet := id("Microsoft.Network/virtualNetworks", "vnet")
	subnet := plan.ID(string(vnet) + "/subnets/all")
	inv := &plan.Inventory{Subscription: subscription, Read: read, VNets: []plan.VNet{{
		ID: vnet, Location: "westeurope", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/12")},
		Subnets: []plan.Subnet{{ID: subnet, Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/12")}}},
	}}}
	for i := range vms {
		spec := flowlogtest.Spec{NIC: i}
		inv.NICs = append(inv.NICs, plan.NIC{
			ID: id("Microsoft.Network/networkInterfaces", fmt.Sprintf("%s-nic-%d", prefix, i)), MAC: strings.ToUpper(spec.MAC()), Location: "westeurope",
			Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 0, 0, byte(4 + i)})}, Subnets: []plan.ID{subnet},
			VM: id("Microsoft.Compute/virtualMachines", fmt.Sprintf("%s-vm-%d", prefix, i)),
		})
	}
	return inv
}

// TestFlowsKeepTheirNames wants of a Parquet file alone the answers that its sources
// give together with the inventory, also by what only an inventory knows.
func TestFlowsKeepTheirNames(t *testing.T) {
	dir := t.TempDir()
	mixedFiles(t, dir)
	inv := machines("s1", time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC), "new", 12)
	ask := func() summary.Options {
		return summary.Options{Questions: []*summary.Question{summary.Compile(question.Question{Name: "q", By: []string{"source.vm", "destination.vm", "source.region"}})}}
	}
	with := ask()
	with.Inventories = []*plan.Inventory{inv}
	var b bytes.Buffer
	want := answer(t, Sum{Items: itemsOf(dir), Options: with, Flows: &Flows{To: &b, Version: "test"}})
	if text, _ := json.Marshal(want); !bytes.Contains(text, []byte("new-vm-")) {
		t.Fatal("no machine is named")
	}
	flows := filepath.Join(t.TempDir(), "flows.parquet")
	put(t, flows, b.Bytes())
	var again bytes.Buffer
	if diff := cmp.Diff(want, answer(t, Sum{Items: itemsOf(flows), Options: ask(), Flows: &Flows{To: &again, Version: "test"}})); diff != "" {
		t.Errorf("from Parquet without the inventory (-want +got):\n%s", diff)
	}
	put(t, flows, again.Bytes())
	if diff := cmp.Diff(want, answer(t, Sum{Items: itemsOf(flows), Options: ask()})); diff != "" {
		t.Errorf("from Parquet of Parquet (-want +got):\n%s", diff)
	}
}

// TestKeptInventories wants of each subscription what is given, else what was read
// last, whatever comes first.
func TestKeptInventories(t *testing.T) {
	day := time.Date(2026, 5, 9, 0, 0, 0, 0, time.UTC)
	file := func(all ...*plan.Inventory) []byte {
		text, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	files := [][]byte{file(machines("a", day, "old", 1), machines("b", day, "b", 1)), file(machines("a", day.Add(time.Hour), "new", 1)), file(machines("c", day, "c", 1))}
	for _, order := range [][]int{{0, 1, 2}, {1, 0, 2}, {2, 1, 0}} {
		var k inventories
		for _, i := range order {
			if err := k.add(files[i]); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		for _, inv := range k.beside([]*plan.Inventory{machines("c", day, "given", 1)}) {
			got = append(got, inv.Subscription+" "+inv.NICs[0].VM.Name())
		}
		if diff := cmp.Diff([]string{"c given-vm-0", "a new-vm-0", "b b-vm-0"}, got); diff != "" {
			t.Errorf("order %v (-want +got):\n%s", order, diff)
		}
	}
	for _, text := range []string{"x", "[null]", `{"a":1}`} {
		if err := new(inventories).add([]byte(text)); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

// TestLargeInventory wants a large inventory to be left out, and that to be said.
func TestLargeInventory(t *testing.T) {
	inv := machines("s", time.Time{}, strings.Repeat("n", mostInventories/4), 3)
	var b bytes.Buffer
	doc, _ := answerOf(t, Sum{Items: itemsOf(), Options: summary.Options{Inventories: []*plan.Inventory{inv}}, Flows: &Flows{To: &b, Version: "test"}})
	if text, _ := json.Marshal(doc["coverage"]); !bytes.Contains(text, []byte("inventory-not-kept")) || b.Len() > mostInventories/2 {
		t.Errorf("%d bytes, coverage %s", b.Len(), text)
	}
}
