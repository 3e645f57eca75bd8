package summary

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/plan"
	"flowctl/plan/question"
	"flowctl/plan/servicetag"
)

// tagList is a list of few tags, one of which spells its region as lists do.
func tagList() *servicetag.List {
	l, err := servicetag.Read("ServiceTags_Public_20251028.json", []byte(`{"changeNumber": 375, "cloud": "Public", "values": [
		{"name": "AzureCloud", "properties": {"region": "", "addressPrefixes": ["20.0.0.0/8", "40.0.0.0/8"]}},
		{"name": "AzureCloud.germanywc", "properties": {"region": "germanywc", "addressPrefixes": ["20.1.0.0/16"]}},
		{"name": "AzureCloud.westeurope", "properties": {"region": "westeurope", "addressPrefixes": ["20.2.0.0/16", "40.1.2.0/25"]}},
		{"name": "Storage.GermanyWestCentral", "properties": {"region": "germanywc", "addressPrefixes": ["20.1.2.0/24"]}},
		{"name": "AzureActiveDirectory", "properties": {"region": "", "addressPrefixes": ["40.1.2.0/24"]}}]}`))
	if err != nil {
		panic(err)
	}
	return l
}

// tagged asks for rows of what the interfaces of twoOfAll sent to some addresses.
func tagged(t *testing.T, o Options, by ...string) *Document {
	t.Helper()
	names := flow.NewNames()
	table := aggregate.New(names)
	for i, to := range []flow.Addr{
		flow.Addr4(20<<24 | 1<<16 | 2<<8 | 9), flow.Addr4(20<<24 | 1<<16 | 2<<8 | 10), flow.Addr4(20<<24 | 1<<16 | 3<<8), flow.Addr4(40<<24 | 1<<16 | 2<<8 | 1),
		flow.Addr4(20<<24 | 9<<16), flow.Addr4(8<<24 | 8), flow.Addr4(10<<24 | 1<<16 | 4), flow.Addr4(168<<24 | 63<<16 | 129<<8 | 16), flow.Addr4(100<<24 | 64<<16),
	} {
		k := flow.Key{Src: flow.Addr4(10<<24 | 4), Dst: to, SrcPort: 50000 + uint16(i), DstPort: 443, Proto: protoTCP}
		table.Add(0, flow.Batch{observation{point: macA, direction: flow.Outbound, packets: 1 << i}.record(names, k)})
	}
	o.Questions = []*Question{Compile(question.Question{Name: "q", By: by})}
	doc, err := Of(table, o)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func rowsOf(doc *Document) map[string]uint64 {
	rows := map[string]uint64{}
	for _, r := range doc.Asks[0].Rows {
		rows[strings.Join(r.Key, " ")] = r.Flows
	}
	return rows
}

func TestServiceTags(t *testing.T) {
	inv := twoOfAll()
	inv.VNets[0].Location = "Germany West Central"
	inv.VNets[1].Location = "germanywestcentral"
	o := Options{Inventories: []*plan.Inventory{inv}, Tags: tagList()}
	want := map[string]uint64{
		"Storage.GermanyWestCentral Storage germanywestcentral": 2, "AzureCloud.germanywc AzureCloud germanywestcentral": 1,
		"AzureActiveDirectory AzureActiveDirectory westeurope": 1, "AzureCloud AzureCloud ": 1, "internet  ": 1,
		"<private>  ": 1, "<platform>  ": 1, "<shared>  ": 1,
	}
	doc := tagged(t, o, "remote.service_tag", "remote.azure_service", "remote.region")
	if diff := cmp.Diff(want, rowsOf(doc)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]uint64{" ": 5, "germanywestcentral ": 3, "westeurope ": 1}, func() map[string]uint64 {
		rows := map[string]uint64{}
		for k, n := range rowsOf(tagged(t, o, "destination.region")) {
			rows[k+" "] = n
		}
		return rows
	}()); diff != "" {
		t.Errorf("regions of inventory and list are told apart (-want +got):\n%s", diff)
	}
	if s := doc.ServiceTags; s == nil || s.Date != "2025-10-28" || s.ChangeNumber != "375" || s.Tags != 5 || s.Prefixes != 7 || s.Origin != "file" {
		t.Errorf("%+v", doc.ServiceTags)
	}
	notes := 0
	for _, c := range doc.Coverage {
		if c.Code == "service-tags" && strings.Contains(c.Text, "Public list of Azure's service tags of 2025-10-28 (change 375, ServiceTags_Public_20251028.json, 5 tags)") {
			notes++
		}
	}
	if notes != 1 {
		t.Errorf("the list is said %d times: %v", notes, doc.Coverage)
	}
}

// TestWithoutServiceTags names nothing, and says so nowhere as if it were known.
func TestWithoutServiceTags(t *testing.T) {
	doc := tagged(t, Options{}, "remote.service_tag", "remote.azure_service")
	if diff := cmp.Diff(map[string]uint64{" ": 6, "<private> ": 1, "<platform> ": 1, "<shared> ": 1}, rowsOf(doc)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, c := range doc.Coverage {
		if c.Code == "service-tags" {
			t.Error(c.Text)
		}
	}
	if doc.ServiceTags != nil {
		t.Errorf("%+v", doc.ServiceTags)
	}
}

// TestPublicAddressesInside are those that a virtual network uses for itself: no
// service has them there.
func TestPublicAddressesInside(t *testing.T) {
	p := newPublicNames()
	p.use(tagList())
	a := flow.Addr4(20<<24 | 1<<16 | 2<<8 | 9)
	if got := p.tags[p.of(a, location{vnet: 1}).tag]; got != "<private>" {
		t.Errorf("inside: %s", got)
	}
	if got := p.tags[p.of(a, location{}).tag]; got != "Storage.GermanyWestCentral" {
		t.Errorf("outside: %s", got)
	}
}

// BenchmarkNaming measures, in pairs, what it adds to a summary of a million flows
// with the internet that they are named: the counting and the answer to one question, with
// a list of service tags and without. See the metric naming-%.
func BenchmarkNaming(b *testing.B) {
	list := tagList()
	if dir := os.Getenv("FLOWCTL_CORPUS"); dir != "" {
		data, err := os.ReadFile(filepath.Join(dir, "servicetags", "ServiceTags_Public_20251028.json"))
		if err != nil {
			b.Fatal(err)
		}
		if list, err = servicetag.Read("ServiceTags_Public_20251028.json", data); err != nil {
			b.Fatal(err)
		}
	}
	names := flow.NewNames()
	batch := outbound(names, 1_000_000)
	q := Compile(question.Question{Name: "q", By: []string{"remote.service_tag", "remote.region"}})
	took := func(tags *servicetag.List) time.Duration {
		t := aggregate.New(names)
		start := time.Now()
		t.Add(0, batch)
		if _, err := Of(t, Options{Questions: []*Question{q}, Tags: tags}); err != nil {
			b.Fatal(err)
		}
		return time.Since(start)
	}
	var with, without time.Duration
	for b.Loop() {
		with += took(list)
		without += took(nil)
		without += took(nil)
		with += took(list)
	}
	b.ReportMetric(100*(with.Seconds()/without.Seconds()-1), "naming-%")
}
