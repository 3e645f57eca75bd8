package view

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/collectors/summary"
	"flowctl/plan"
	"flowctl/plan/question"
)

// summaryFile is the summary that the tests of reports and views share.
const summaryFile = "../report/testdata/summary.json"

// story makes up a run: a machine that uploads to the internet, a database
// whose traffic both ends logged, a scan that was denied, and a capture.
func story(t *testing.T) *summary.Document {
	t.Helper()
	names := flow.NewNames()
	table := aggregate.New(names)
	for i, b := range []flow.Batch{storyLog(names), storyCapture(names)} {
		table.Add(i, b)
	}
	doc, err := summary.Of(table, summary.Options{
		Sources: []flow.Source{
			{Path: "vnet/PT1H.json", Kind: flow.VNetFlowLog, Status: flow.OK, Detail: "version 4", Bytes: 123456, Records: 130, Points: []string{"000000000001", "000000000002"}},
			{Path: "vm-db.cap", Kind: flow.Pcap, Status: flow.Truncated, Detail: "little-endian, microseconds, Ethernet", Bytes: 99999, Records: 41, Points: []string{"vm-db"}},
			{Path: "evil\x1b[2J|name.json", Status: flow.Unreadable, Detail: "is neither a packet capture nor a flow log: it begins with the bytes 00"},
		},
		SHA256:      map[string]string{"vm-db.cap": strings.Repeat("0123456789abcdef", 4)},
		Skipped:     []flow.Skip{{Source: "vnet/PT1H.json", Reason: "tuple has 12 fields", Count: 3, Offset: 4711}},
		Inventories: []*plan.Inventory{storyInventory()},
		Questions:   []*summary.Question{asks(t, "egress", `scope == "internet"`, "source.vm", "destination.service"), asks(t, "nobody", `port == 1`)},
		Coverage:    []summary.Coverage{{Code: "headers-only", Text: "Captures kept 128 bytes of each packet."}},
		Top:         5,
	})
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func asks(t *testing.T, name, where string, by ...string) *summary.Question {
	t.Helper()
	e, diags := hclsyntax.ParseExpression([]byte(where), "a.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	x, diags := question.Check(e, question.Scope{Context: &hcl.EvalContext{}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return summary.Compile(question.Question{Name: name, Where: x, By: by})
}

func address(s string) flow.Addr { return flow.AddrOf(netip.MustParseAddr(s)) }

const storyStart = int64(1778320800e9) // 2026-05-09T10:00:00Z

func storyLog(names *flow.Names) flow.Batch {
	var b flow.Batch
	add := func(mac, rule, src, dst string, port uint16, d flow.Direction, st flow.State, minute int64, bytes uint64) {
		r := flow.Record{
			Key:   flow.Key{Src: address(src), Dst: address(dst), SrcPort: uint16(50000 + minute), DstPort: port, Proto: 6},
			First: storyStart + minute*60e9, Direction: d, State: st, Encryption: flow.NotEncrypted,
			Point: names.Of(mac), Rule: names.Of(rule), ACL: names.Of("AAAA"),
		}
		r.Last = r.First
		if st == flow.Continue {
			r.Measured = flow.Packets | flow.IPBytes
			r.Sent = flow.Count{Packets: bytes / 1000, IPBytes: bytes}
			r.Received = flow.Count{Packets: bytes / 2000, IPBytes: bytes / 50}
		}
		b = append(b, r)
	}
	for m := range int64(110) {
		add("000000000001", "DefaultRule_AllowInternetOutBound", "10.0.0.4", "203.0.113.9", 443, flow.Outbound, flow.Continue, m, 360_000_000+uint64(m)*1_000_000)
	}
	for m := range int64(5) {
		add("000000000001", "DefaultRule_AllowVnetOutBound", "10.0.0.4", "10.0.0.5", 1433, flow.Outbound, flow.Continue, 10*m, 50_000_000)
		add("000000000002", "DefaultRule_AllowVnetInBound", "10.0.0.4", "10.0.0.5", 1433, flow.Inbound, flow.Continue, 10*m, 49_000_000)
	}
	for m := range int64(10) {
		add("000000000001", "DefaultRule_DenyAllInBound", fmt.Sprintf("198.51.100.%d", 7+m%7), "10.0.0.4", 22, flow.Inbound, flow.Deny, m, 0)
	}
	return b
}

func storyCapture(names *flow.Names) flow.Batch {
	count := func(n uint64) flow.Count { return flow.Count{Packets: n, IPBytes: 60 * n, FrameBytes: 74 * n} }
	return flow.Batch{{
		Key:   flow.Key{Src: address("10.0.0.5"), Dst: address("168.63.129.16"), SrcPort: 40000, DstPort: 53, Proto: 17},
		First: storyStart, Last: storyStart + 3e9, Sent: count(20), Received: count(21), State: flow.End,
		Class: flow.Capture, Measured: flow.Packets | flow.IPBytes | flow.FrameBytes, Point: names.Of("vm-db"),
		Target: names.Of("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-db"),
	}}
}

func storyInventory() *plan.Inventory {
	const rg = "/subscriptions/s/resourceGroups/rg/providers/"
	vnet := plan.ID(rg + "Microsoft.Network/virtualNetworks/spoke")
	inv := &plan.Inventory{
		VNets: []plan.VNet{{ID: vnet, Location: "westeurope", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/16")},
			Subnets: []plan.Subnet{{ID: vnet + "/subnets/default", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}}}}},
		NSGs: []plan.NSG{{ID: rg + "Microsoft.Network/networkSecurityGroups/nsg-web", GUID: "aaaa"}},
	}
	for i, vm := range []string{"vm-batch", "vm-db", "vm-idle"} {
		inv.NICs = append(inv.NICs, plan.NIC{
			ID: plan.ID(rg + "Microsoft.Network/networkInterfaces/nic-" + vm), MAC: fmt.Sprintf("%012d", i+1), Location: "westeurope",
			Addresses: []netip.Addr{netip.MustParseAddr(fmt.Sprintf("10.0.0.%d", 4+i))}, Subnets: []plan.ID{vnet + "/subnets/default"},
			VM: plan.ID(rg + "Microsoft.Compute/virtualMachines/" + vm),
		})
	}
	return inv
}

// TestSummaryDocument keeps the JSON of the story, from which all views of it
// are drawn.
func TestSummaryDocument(t *testing.T) {
	var b bytes.Buffer
	if err := story(t).Write(&b); err != nil {
		t.Fatal(err)
	}
	compareGolden(t, summaryFile, b.String())
}

func TestSummaryText(t *testing.T) {
	for _, width := range []int{50, 80, 120} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			var b bytes.Buffer
			if err := Summary(&b, story(t), SummaryOptions{Width: width}); err != nil {
				t.Fatal(err)
			}
			for i, l := range strings.Split(b.String(), "\n") {
				if ansi.StringWidth(l) > width {
					t.Errorf("line %d is wider than %d: %s", i+1, width, l)
				}
				if strings.ContainsAny(l, "\x1b\x07") {
					t.Errorf("line %d holds control characters: %q", i+1, l)
				}
			}
			compareGolden(t, fmt.Sprintf("testdata/summary-%d.txt", width), b.String())
		})
	}
}

// TestSummaryColour checks that colour adds nothing but escape sequences.
func TestSummaryColour(t *testing.T) {
	var plain, colour bytes.Buffer
	if err := Summary(&plain, story(t), SummaryOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := Summary(&colour, story(t), SummaryOptions{Colour: true}); err != nil {
		t.Fatal(err)
	}
	if plain.String() == colour.String() {
		t.Error("no colour")
	}
	if diff := cmp.Diff(plain.String(), ansi.Strip(colour.String())); diff != "" {
		t.Errorf("text (-plain +colour):\n%s", diff)
	}
}

var updateSummary = flag.Bool("update", false, "write the golden files anew")

// compareGolden compares got with a file.
func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *updateSummary {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// TestSummarySchema checks documents against the schema that is published.
func TestSummarySchema(t *testing.T) {
	b, err := os.ReadFile("../../flowctl/docs/summary.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(b, &s.root); err != nil {
		t.Fatal(err)
	}
	empty, err := summary.Of(aggregate.New(flow.NewNames()), summary.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, doc := range map[string]*summary.Document{"story": story(t), "nothing": empty} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := doc.Write(&out); err != nil {
				t.Fatal(err)
			}
			d := json.NewDecoder(&out)
			d.UseNumber()
			var v any
			if err := d.Decode(&v); err != nil {
				t.Fatal(err)
			}
			for _, problem := range s.check(s.root, v, "") {
				t.Error(problem)
			}
		})
	}
	t.Run("of something else", func(t *testing.T) {
		v := map[string]any{"format": "2", "sources": []any{map[string]any{"path": json.Number("1")}}, "total": nil}
		if n := len(s.check(s.root, v, "")); n < 20 {
			t.Errorf("only %d problems", n)
		}
	})
}
