package collectors

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2"

	"flowctl/collectors/etl/etltest"
	"flowctl/collectors/pcap/pcaptest"
	"flowctl/collectors/summary"
	"flowctl/plan/question"
	"flowctl/plan/syntax"
)

// oneOfEach are sources of every kind that hold one flow or more, without an
// inventory, and the same kept as Parquet.
func oneOfEach(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	capture := pcaptest.Classic{}.Append(nil)
	for r := range (pcaptest.Traffic{Seed: 1, Packets: 50, Flows: 3, Active: 3, Data: 100, Span: time.Minute}).Records() {
		capture = pcaptest.Classic{}.AppendRecord(capture, r)
	}
	v2 := string(logOfNoted(noted{mac: macA, log: "nsg", nsg: true, tuples: []string{nsgTuple(0, "10.1.0.4,10.2.0.5,50001,443", "O", "A", "E", "1,100,2,200")}}))
	v1 := strings.Replace(string(logOfNoted(noted{mac: macA, log: "nsg", nsg: true, tuples: []string{fmt.Sprintf("%d,10.1.0.4,10.2.0.5,50001,443,T,O,A", lawsStart)}})), `"Version":2`, `"Version":1`, 1)
	files := map[string]string{
		"VNet flow log": string(logOfNoted(noted{mac: macA, log: "v", tuples: []string{tuple(0, 1, web, "O", "E", "NX", "1,100,2,200")}})),
		"NSG v2":        v2, "NSG v1": v1, "capture": string(capture), "Windows trace": string(windowsTrace()),
		// Of these only what a row says of itself is known; sums are not kept as Parquet.
		"Traffic Analytics": ntaCSV([]ntaRow{nta(8)}, time.RFC3339, "\n"), "VMConnection": vmConnection,
	}
	paths := map[string]string{}
	for name, text := range files {
		paths[name] = saved(dir, strings.ReplaceAll(name, " ", "-"), text)
		if name == "Traffic Analytics" || name == "VMConnection" {
			continue
		}
		var kept bytes.Buffer
		if _, _, err := (Sum{Items: itemsOf(paths[name]), Flows: &Flows{To: &kept}}).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		paths[name+" as Parquet"] = filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".parquet")
		put(t, paths[name+" as Parquet"], kept.Bytes())
	}
	return paths
}

// vmConnection is a row of Azure Monitor's agent.
const vmConnection = `{"TenantId":"t","Type":"VMConnection","TimeGenerated":"2026-08-25T08:00:00Z","Computer":"app-1","Direction":"outbound","ProcessName":"curl","SourceIp":"10.1.0.4",` +
	`"DestinationIp":"10.2.0.5","DestinationPort":443,"Protocol":"tcp","BytesSent":100,"BytesReceived":200,"LinksEstablished":1,"LinksTerminated":1,"LinksFailed":0,"LinksLive":0}` + "\n"

// windowsTrace is one of pktmon, with a conversation to a public address.
func windowsTrace() []byte {
	var events []etltest.Event
	at := int64(0)
	for r := range (pcaptest.Traffic{Seed: 1, Packets: 50, Flows: 3, Active: 3, Data: 100, Span: time.Minute}).Records() {
		at += 1000
		events = append(events, etltest.Report{Component: 1, Direction: 4, Kind: 1, Payload: bytes.Clone(r.Data), At: at, Group: uint64(at)}.Event())
	}
	return etltest.Trace{Build: 26100, Buffers: []etltest.Buffer{{Events: events}}}.Bytes()
}

// unknownIn are the fields that a kind of source does not know of any of its
// flows, and no inventory is at hand for.
var unknownIn = map[string][]string{
	"VNet flow log":     {"nic", "vm"},
	"NSG v2":            {"nic", "vm", "encryption"},
	"NSG v1":            {"nic", "vm", "encryption"},
	"capture":           {"nic", "vm", "encryption", "verdict", "rule", "acl", "direction"},
	"Windows trace":     {"nic", "vm", "encryption", "verdict", "rule", "acl", "direction"},
	"Traffic Analytics": {"nic", "vm", "source.port"},
	"VMConnection":      {"nic", "vm", "source.port", "encryption", "verdict", "rule", "acl"},
}

// TestUnknownIsNotFalse asks every source for a value of every field that none of
// its flows has: what the source does not know cannot be answered, neither by ==
// nor by !=, and what it knows is not found, or everything is.
func TestUnknownIsNotFalse(t *testing.T) {
	for source, path := range oneOfEach(t) {
		kind := strings.TrimSuffix(source, " as Parquet")
		unknown, packets := unknownIn[kind], kind == "capture" || kind == "Windows trace"
		var asked []string
		var about []question.Field
		for _, f := range append(question.Fields(), tagFields()...) {
			if f.Name == question.PriceClass { // which no condition can ask for, see TestPriceClassIsUnknown
				continue
			}
			for _, op := range []string{"==", "!="} {
				asked, about = append(asked, f.Name+" "+op+" "+notIts(f)), append(about, f)
			}
		}
		for i, a := range askedOf(t, path, asked...) {
			f, src := about[i], asked[i]
			wants := contains(unknown, f.Name) || ofInventory(f.Name) || packets && f.Sided()
			if strings.HasSuffix(f.Name, "service_tag") || strings.HasSuffix(f.Name, "azure_service") {
				wants = packets && f.Name[:6] != "source" // its traffic goes to public addresses; that of logs is private
			}
			if packets && (f.Name == "scope" || f.Name == "destination.scope") {
				wants = false // its traffic goes to public addresses
			}
			if contains([]string{"tls.server_name", "tls.version", "tls.alpn", "http.host"}, f.Name) {
				if wants = source != kind || !packets; packets && wants && !strings.Contains(src, "==") {
					continue // what is kept of a capture has UDP too, which has none
				}
			}
			switch equal := strings.Contains(src, "=="); {
			case wants && a.Outcome != summary.CannotAnswer:
				t.Errorf("%s: %s: %s, but it is not known", source, src, a.Outcome)
			case wants && (len(a.Needs) != 1 || a.Needs[0].Field != f.Name || a.Undecided == 0):
				t.Errorf("%s: %s: needs %v of %d flows", source, src, a.Needs, a.Undecided)
			case !wants && equal && a.Outcome != summary.NothingFound && (f.Name != "protocol" && f.Name != "time" || a.Outcome != summary.CannotAnswer):
				t.Errorf("%s: %s: %s, but it is known to be another", source, src, a.Outcome)
			case !wants && !equal && a.Outcome != summary.Answered:
				t.Errorf("%s: %s: %s, but it is known to be another", source, src, a.Outcome)
			}
		}
	}
}

// TestPriceClassIsUnknown wants of every source, without an inventory and a list of
// service tags, that nobody knows what its bytes cost.
func TestPriceClassIsUnknown(t *testing.T) {
	for source, path := range oneOfEach(t) {
		q := summary.Compile(question.Question{Name: "q", By: []string{question.PriceClass}, Order: question.Order{Measure: "cost"}})
		doc, _, err := Sum{Items: itemsOf(path), Options: summary.Options{Questions: []*summary.Question{q}}}.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		doc.Conversations.Close()
		if len(doc.Asks[0].Rows) != 1 {
			t.Errorf("%s: %d rows, want one", source, len(doc.Asks[0].Rows))
		}
		for _, r := range doc.Asks[0].Rows {
			if r.Key[0] != "unknown" || r.Cost == nil || r.Cost.Low != nil || r.Cost.High != nil {
				t.Errorf("%s: class %s costs %+v", source, r.Key[0], r.Cost)
			}
		}
	}
}

// notIts is a value that a field could have and that no flow of the sources has.
func notIts(f question.Field) string {
	switch {
	case f.Name == "protocol":
		return `"GRE"`
	case strings.HasSuffix(f.Name, ".service") || f.Name == "service":
		return `"bgp"`
	case strings.HasSuffix(f.Name, "scope"):
		return `"peered"`
	case f.Name == "tls.version":
		return `"1.0"`
	case f.Name == "verdict":
		return `"denied"`
	case f.Name == "direction":
		return `"inbound"`
	case f.Values != nil:
		return `"` + f.Values[len(f.Values)-1] + `"`
	}
	return map[question.Type]string{question.Text: `"nobody"`, question.Number: "9", question.Address: `"192.0.2.1"`, question.Moment: `"2001-01-01T00:00:00Z"`}[f.Type]
}

// ofInventory reports whether only an inventory knows a field of a side, or of names a dictionary.
func ofInventory(name string) bool {
	_, part, sided := strings.Cut(name, ".")
	if !sided {
		return name == "scope"
	}
	return contains([]string{"vm", "nic", "subnet", "vnet", "region", "scope", "name", "tag.role"}, part)
}

// tagFields are a resource tag of each side, of which there are as many as users like.
func tagFields() (list []question.Field) {
	for _, side := range []string{"source", "destination", "local", "remote"} {
		f, _ := question.Lookup(side + ".tag.role")
		list = append(list, f)
	}
	return list
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// askedOf is what a source answers to conditions, in their order.
func askedOf(t *testing.T, path string, conditions ...string) []summary.Answer {
	t.Helper()
	var questions []*summary.Question
	for _, where := range conditions {
		expr, diags := syntax.Expression(where, "where")
		if diags.HasErrors() {
			t.Fatal(where, diags)
		}
		e, diags := question.Check(expr, question.Scope{Context: &hcl.EvalContext{}})
		if diags.HasErrors() {
			t.Fatal(where, diags)
		}
		questions = append(questions, summary.Compile(question.Question{Name: where, Where: e}))
	}
	doc, _, err := Sum{Items: itemsOf(path), Options: summary.Options{Questions: questions, Only: true}}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return doc.Asks
}

// TestDeniedOfCaptures is not measured, and not 0; of flow logs without denied
// flows it is 0.
func TestDeniedOfCaptures(t *testing.T) {
	for source, path := range oneOfEach(t) {
		doc, _, err := Sum{Items: itemsOf(path)}.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := !contains(unknownIn[strings.TrimSuffix(source, " as Parquet")], "verdict")
		got := []summary.Figure{doc.Total.Denied, doc.Services.Total.Denied, doc.Services.Rows[0].Denied, doc.Top[0].Denied}
		for i, f := range got {
			if f.Known != want || f.N != 0 {
				t.Errorf("%s: figure %d: denied is %s", source, i, f)
			}
		}
	}
}

// TestUnseen asks for what was not recorded.
func TestUnseen(t *testing.T) {
	path := oneOfEach(t)["VNet flow log"]
	denied := summary.Unseen{Text: "denied flows are left out", Which: question.Spot{Is: map[string]string{"verdict": "denied"}}}
	for src, want := range map[string]string{
		`verdict == "denied"`:                summary.CannotAnswer,
		`port == 22`:                         summary.CannotAnswer,
		`port == 22 && verdict == "allowed"`: summary.NothingFound,
		`port == 443`:                        summary.Answered,
	} {
		expr, _ := syntax.Expression(src, "where")
		e, diags := question.Check(expr, question.Scope{Context: &hcl.EvalContext{}})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		q := summary.Compile(question.Question{Name: "q", Where: e})
		o := summary.Options{Questions: []*summary.Question{q}, Only: true, Unseen: []summary.Unseen{denied}}
		doc, _, err := Sum{Items: itemsOf(path), Options: o}.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if a := doc.Asks[0]; a.Outcome != want || (len(a.Unseen) > 0) != (src != `port == 22 && verdict == "allowed"`) {
			t.Errorf("%s: %s, %q", src, a.Outcome, a.Unseen)
		}
	}
	for src, want := range map[string]string{`protocol == "ICMP"`: summary.CannotAnswer, `protocol == "UDP"`: summary.NothingFound, `port == 22`: summary.NothingFound} {
		if a := askedOf(t, path, src)[0]; a.Outcome != want {
			t.Errorf("%s: %s", src, a.Outcome)
		}
	}
	// An hour that a source does not cover is not without traffic.
	for _, source := range []string{"VNet flow log", "capture"} {
		q := summary.Compile(question.Question{Name: "q"})
		at := time.Unix(lawsStart, 0).Add(1000 * time.Hour)
		sum := Sum{Items: itemsOf(oneOfEach(t)[source]), Start: at, End: at.Add(time.Hour), Options: summary.Options{Questions: []*summary.Question{q}, Only: true}}
		doc, _, err := sum.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if a := doc.Asks[0]; a.Outcome != summary.CannotAnswer {
			t.Errorf("%s: an hour later: %s", source, a.Outcome)
		}
	}
}

// TestPortsCutOff checks that ports that a capture did not record are unknown, and neither 0 nor
// absent, and that conditions on them cannot be answered.
func TestPortsCutOff(t *testing.T) {
	const ipHeaderOnly = 14 + 20
	path := saved(t.TempDir(), "cut.pcap", string((pcaptest.Traffic{Seed: 1, Packets: 50, Flows: 3, Active: 3, Data: 100, Span: time.Minute}).File(pcaptest.Classic{}, ipHeaderOnly)))
	conditions := []string{"port == 443", "port != 443", "port == 0", "source.port > 0", `service == "https"`, `service != "https"`, "has(port)", "!has(destination.port)"}
	for i := range conditions {
		conditions[i] = `protocol == "TCP" && (` + conditions[i] + ")"
	}
	for i, a := range askedOf(t, path, conditions...) {
		if a.Outcome != summary.CannotAnswer || len(a.Rows) > 0 {
			t.Errorf("%s: %s, %v", conditions[i], a.Outcome, a.Rows)
		}
	}
	q := summary.Compile(question.Question{Name: "q", By: []string{"port", "service"}})
	doc, _, err := Sum{Items: itemsOf(path), Options: summary.Options{Questions: []*summary.Question{q}}}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if rows := doc.Asks[0].Rows; len(rows) != 1 || rows[0].Key[0] != "" || rows[0].Key[1] != "" {
		t.Errorf("by port and service: %v", rows)
	}
}
