package summary

import (
	"bytes"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/plan"
	"flowctl/plan/question"
)

// peeredNetworks are those of twoOfAll, in Germany and Japan, peered with each other
// and the first also with one that no inventory holds; a private endpoint is in it.
func peeredNetworks() *plan.Inventory {
	inv := twoOfAll()
	one, two := &inv.VNets[0], &inv.VNets[1]
	one.Location, two.Location = "germanywestcentral", "Japan East"
	one.Peerings = []plan.Peering{
		{Remote: two.ID, State: "Connected", Prefixes: two.Prefixes},
		{Remote: "/subscriptions/x/resourceGroups/y/providers/Microsoft.Network/virtualNetworks/theirs", State: "Connected", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.77.0.0/16")}},
	}
	two.Peerings = []plan.Peering{{Remote: one.ID, State: "Connected", Prefixes: one.Prefixes}}
	endpoint := inv.NICs[0]
	endpoint.ID, endpoint.MAC, endpoint.VM, endpoint.Addresses = one.ID+"-pe-nic", "", "", []netip.Addr{netip.MustParseAddr("10.0.0.9")}
	inv.NICs = append(inv.NICs, endpoint)
	inv.PrivateEndpoints = []plan.PrivateEndpoint{{ID: one.ID + "-pe", Location: "germanywestcentral", NICs: []plan.ID{endpoint.ID}}}
	return inv
}

// gigabytes is what each of the flows of bill sends; half of that comes back.
const gigabytes = 2

// bill counts flows from the first machine to one address each.
func bill(t *testing.T, o Options, by []string, order string, to ...string) *Document {
	t.Helper()
	names := flow.NewNames()
	table := aggregate.New(names)
	for _, a := range to {
		k := flow.Key{Src: flow.Addr4(10<<24 | 4), Dst: flow.AddrOf(netip.MustParseAddr(a)), SrcPort: 50000, DstPort: 443, Proto: protoTCP}
		r := observation{point: macA, direction: flow.Outbound, packets: 1}.record(names, k)
		r.Sent, r.Received = flow.Count{Packets: 2e6, IPBytes: gigabytes * 1e9}, flow.Count{Packets: 1e6, IPBytes: gigabytes * 5e8}
		table.Add(0, flow.Batch{r})
	}
	ordered, problem := question.ParseOrder(order)
	if problem != nil {
		t.Fatal(problem)
	}
	o.Questions = []*Question{Compile(question.Question{Name: "q", By: by, Order: ordered})}
	doc, err := Of(table, o)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// shown is a row with its sent and received gigabytes and its cost.
func shown(r *Row) string {
	cost := "no price"
	if r.Cost.Low != nil {
		cost = fmt.Sprintf("%.4g–%.4g", *r.Cost.Low, *r.Cost.High)
	}
	return fmt.Sprintf("%s: %g %g GB, %d flows, %s, %d unpriced", strings.Join(r.Key, " "), float64(r.Sent.IPBytes.N)/1e9, float64(r.Received.IPBytes.N)/1e9, r.Flows, cost, r.Cost.Unpriced)
}

func shownRows(doc *Document) []string {
	var list []string
	for i := range doc.Asks[0].Rows {
		list = append(list, shown(&doc.Asks[0].Rows[i]))
	}
	return list
}

func TestPriceClass(t *testing.T) {
	to := []string{"8.8.8.8", "20.1.2.9", "20.2.0.1", "20.9.0.1", "10.1.0.4", "10.0.0.7", "10.0.0.9", "10.77.0.1", "10.200.0.1", "168.63.129.16"}
	o := Options{Inventories: []*plan.Inventory{peeredNetworks()}, Tags: tagList()}
	doc := bill(t, o, []string{"price_class"}, "-cost", to...)
	// 2 GB go to each and 1 GB comes back: to the internet at 0.087, to Europe at 0.02
	// both ways, to a network in Japan at 0.035 and 0.09, to a private endpoint at 0.01,
	// to a network of which the region is not known at 0.02 to 0.195 both ways, and to
	// Azure in no region at 0 to 0.05 and back at 0 to 0.16.
	want := []string{
		"peering: 2 1 GB, 1 flows, 0.06–0.585, 0 unpriced",
		"peering-global: 2 1 GB, 1 flows, 0.375–0.375, 0 unpriced",
		"azure-anywhere: 2 1 GB, 1 flows, 0–0.26, 0 unpriced",
		"internet: 2 0 GB, 1 flows, 0.174–0.174, 0 unpriced",
		"inter-region: 2 1 GB, 1 flows, 0.06–0.06, 0 unpriced",
		"private-endpoint: 2 1 GB, 1 flows, 0.03–0.03, 0 unpriced",
		"platform: 2 1 GB, 1 flows, 0–0, 0 unpriced",
		"same-region: 2 1 GB, 1 flows, 0–0, 0 unpriced",
		"same-vnet: 2 1 GB, 1 flows, 0–0, 0 unpriced",
		"free-ingress: 0 1 GB, 1 flows, 0–0, 0 unpriced",
		"unknown: 2 1 GB, 1 flows, no price, 3000000000 unpriced",
	}
	if diff := cmp.Diff(want, shownRows(doc)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := shown(&doc.Asks[0].Total); got != ": 20 10 GB, 10 flows, 0.699–1.484, 3000000000 unpriced" {
		t.Errorf("in all %s", got)
	}
	if p := doc.Prices; p == nil || p.Currency != "USD" || p.Date == "" || p.Source == "" || len(p.Notes) < 3 {
		t.Errorf("prices are %+v", p)
	}
	if !slices.ContainsFunc(doc.Coverage, func(c Coverage) bool { return c.Code == "cost" && strings.Contains(c.Text, "not of billed bytes") }) {
		t.Error("that it is an estimate is not said")
	}
}

// TestPriceClassUnknown: without an inventory, without a list, and where private
// endpoints could not be read, nothing that rests on them has a class.
func TestPriceClassUnknown(t *testing.T) {
	unread := peeredNetworks()
	unread.PrivateEndpoints, unread.Unread = nil, map[string]string{"private_endpoints": "forbidden"}
	tests := map[string]struct {
		o    Options
		to   string
		want []string
	}{
		"no inventory":          {Options{Tags: tagList()}, "8.8.8.8", []string{"unknown: 2 1 GB, 1 flows, no price, 3000000000 unpriced"}},
		"no list":               {Options{Inventories: []*plan.Inventory{peeredNetworks()}}, "8.8.8.8", []string{"unknown: 2 1 GB, 1 flows, no price, 3000000000 unpriced"}},
		"unread endpoints":      {Options{Inventories: []*plan.Inventory{unread}}, "10.0.0.9", []string{"unknown: 2 1 GB, 1 flows, no price, 3000000000 unpriced"}},
		"unread, but a machine": {Options{Inventories: []*plan.Inventory{unread}}, "10.1.0.4", []string{"peering-global: 2 1 GB, 1 flows, 0.375–0.375, 0 unpriced"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, shownRows(bill(t, tt.o, []string{"price_class"}, "", tt.to))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestGivenPrices takes prices in another currency, and says so.
func TestGivenPrices(t *testing.T) {
	o := Options{Inventories: []*plan.Inventory{peeredNetworks()}, Tags: tagList(), Prices: &plan.Prices{
		Currency: "EUR", Source: "ours", Date: "2026-11-01", Meters: map[plan.Meter]plan.Rate{plan.Egress: plan.Flat(0.05)},
	}}
	doc := bill(t, o, nil, "-cost", "8.8.8.8", "10.1.0.4")
	if diff := cmp.Diff([]string{": 4 2 GB, 2 flows, 0.1–0.1, 3000000000 unpriced"}, shownRows(doc)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if doc.Prices.Currency != "EUR" {
		t.Errorf("prices are %+v", doc.Prices)
	}
}

// TestClassesAddUp: classes are parts of the question without them, whatever else
// rows are by, in any order of records and over steps of time.
func TestClassesAddUp(t *testing.T) {
	to := []string{"8.8.8.8", "8.8.4.4", "20.1.2.9", "20.2.0.1", "20.9.0.1", "10.1.0.4", "10.0.0.7", "10.0.0.9", "10.77.0.1", "10.200.0.1"}
	o := Options{Inventories: []*plan.Inventory{peeredNetworks()}, Tags: tagList()}
	for _, by := range [][]string{{}, {"local.vm"}, {"remote.address"}, {"remote.service_tag", "port"}, {"source.address", "destination.address"}} {
		whole := bill(t, o, by, "-cost", to...)
		parts := bill(t, o, append(slices.Clone(by), "price_class"), "-cost", to...)
		if diff := cmp.Diff(whole.Asks[0].Total, parts.Asks[0].Total); diff != "" {
			t.Errorf("%v: total (-without +by class):\n%s", by, diff)
		}
		sums := func(doc *Document) map[string][6]float64 {
			m := map[string][6]float64{}
			for _, r := range doc.Asks[0].Rows {
				key := strings.Join(r.Key[:len(by)], " ")
				v := m[key]
				v[0] += float64(r.Sent.IPBytes.N)
				v[1] += float64(r.Received.IPBytes.N)
				if v[2] += float64(r.Cost.Unpriced); r.Cost.Low != nil {
					v[3], v[4] = math.Round((v[3]+*r.Cost.Low)*1e6)/1e6, math.Round((v[4]+*r.Cost.High)*1e6)/1e6
				}
				if r.Left != nil {
					v[5] += float64(r.Left.IPBytes.N)
				}
				m[key] = v
			}
			return m
		}
		if diff := cmp.Diff(sums(whole), sums(parts)); diff != "" {
			t.Errorf("%v (-without +by class):\n%s", by, diff)
		}
		random := rand.New(rand.NewPCG(3, 4))
		mixed := slices.Clone(to)
		random.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		var a, b bytes.Buffer
		for w, doc := range map[*bytes.Buffer]*Document{&a: parts, &b: bill(t, o, append(slices.Clone(by), "price_class"), "-cost", mixed...)} {
			if err := doc.Write(w); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(a.String(), b.String()); diff != "" {
			t.Errorf("%v in another order:\n%s", by, diff)
		}
	}
}

// TestMoney adds amounts of any size and compares them with integers without limit.
func TestMoney(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		var sum aggregate.Tally
		want := new(big.Int)
		for range 1 + random.IntN(50) {
			bytes, price := random.Uint64()>>random.IntN(60), uint64(random.IntN(1_000_000))
			addMoney(&sum, bytes, price)
			want.Add(want, new(big.Int).Mul(new(big.Int).SetUint64(bytes), new(big.Int).SetUint64(price)))
		}
		want.Div(want, big.NewInt(1_000_000))
		if !want.IsInt64() {
			want.SetInt64(math.MaxInt64)
		}
		if got := money(&sum); got != want.Int64() {
			t.Fatalf("it comes to %d, want %v", got, want)
		}
	}
}
