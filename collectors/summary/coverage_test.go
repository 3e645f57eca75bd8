package summary

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"flowctl/collectors/flow"
	"flowctl/plan"
	"flowctl/plan/question"
)

// said is what coverage says under a code; empty if nothing.
func said(doc *Document, code string) string {
	var texts []string
	for _, c := range doc.Coverage {
		if c.Code == code {
			texts = append(texts, c.Text)
		}
	}
	return strings.Join(texts, " ")
}

// TestWhatFlowsDoNotTell wants what logs leave open of their flows to be counted in
// flows, each under the code of its own.
func TestWhatFlowsDoNotTell(t *testing.T) {
	log := []flow.Source{{Kind: flow.VNetFlowLog, Records: 9}}
	begin := made{sport: 1, dport: 443, state: flow.Begin}
	for name, tt := range map[string]struct {
		flows []made
		want  map[string]string
	}{
		"whole": {[]made{begin, {sport: 1, dport: 443, sent: 5, at: 1}, {sport: 1, dport: 443, sent: 5, at: 2, state: flow.End}},
			map[string]string{"window-start": "", "window-end": "", "no-counters": "", "denied-uncounted": "", "no-icmp": "Flow logs hold TCP and UDP only: pings and every other protocol are not in them."}},
		"no beginning": {[]made{{sport: 1, dport: 443, sent: 5, state: flow.End}, {sport: 2, dport: 443, sent: 5, state: flow.End}},
			map[string]string{"window-start": "2 of 2 flows that flow logs counted have no recorded beginning: their first counters can cover up to 5 minutes before the first record.", "window-end": ""}},
		"no end": {[]made{begin, {sport: 1, dport: 443, sent: 5, at: 1}},
			map[string]string{"window-start": "", "window-end": "1 flow that began is without a recorded end: what flowed after the last counters, up to 5 minutes of each, is missing."}},
		"no counters": {[]made{begin, {sport: 2, dport: 443, state: flow.Begin}},
			map[string]string{"no-counters": "Of 2 allowed flows only the beginning is recorded: how much was sent is not known.", "window-end": "2 flows that began are without a recorded end: what flowed after the last counters, up to 5 minutes of each, is missing."}},
		"denied": {[]made{{sport: 1, dport: 443, state: flow.Deny}, {sport: 1, dport: 443, state: flow.Deny, at: 60}},
			map[string]string{"denied-uncounted": "Denied flows have no counters: 1 flow is recorded, their packets and bytes are not.", "no-counters": "", "window-start": ""}},
		"let out here and refused there": {[]made{begin, {sport: 1, dport: 443, at: 1, point: macB, in: true, state: flow.Deny}},
			map[string]string{"no-counters": "", "window-end": "", "denied-uncounted": "Denied flows have no counters: 1 flow is recorded, their packets and bytes are not."}},
		"two rows of one flow": {[]made{begin, {sport: 1, dport: 443, at: 1, sent: 5, rule: "x"}, {sport: 1, dport: 443, at: 2, sent: 5, rule: "x", state: flow.End}},
			map[string]string{"window-start": "", "window-end": "", "no-counters": ""}},
	} {
		names := flow.NewNames()
		doc := documentOf(t, names, recordsOf(names, tt.flows...), Options{Sources: log})
		for code, want := range tt.want {
			if got := said(doc, code); got != want {
				t.Errorf("%s: %s is\n %q, want\n %q", name, code, got, want)
			}
		}
		if said(doc, "ip-bytes-only") == "" || said(doc, "no-inventory") == "" || said(doc, "captures-see-the-machine") != "" {
			t.Errorf("%s: %v", name, doc.Coverage)
		}
	}
}

// TestWhatSourcesDoNotTell wants sources that were not read whole to be named, with
// how many they are.
func TestWhatSourcesDoNotTell(t *testing.T) {
	source := func(path string, status flow.Status, records uint64, files int) flow.Source {
		return flow.Source{Path: path, Kind: flow.VNetFlowLog, Status: status, Records: records, Files: files}
	}
	list := []flow.Source{source("a", flow.OK, 3, 0), source("b", flow.Truncated, 2, 0), source("c", flow.Corrupt, 1, 0), source("d", flow.Unreadable, 0, 0), source("e", flow.OK, 0, 0), source("copy", flow.OK, 0, 0)}
	list[5].Copy = true
	for i := range 7 {
		list = append(list, source(fmt.Sprint("t", i), flow.Truncated, 1, 0))
	}
	list = append(list, source("folder", flow.Truncated, 1, 20))
	doc := documentOf(t, flow.NewNames(), nil, Options{Sources: list})
	for code, want := range map[string]string{
		"source-truncated":  "28 sources end before the end of a record; what came before is counted: b, t0, t1, t2, t3 and 23 more.",
		"source-corrupt":    "1 source is damaged; what could be read is counted: c.",
		"source-unreadable": "1 source is unreadable, nothing of it is counted: d.",
		"source-empty":      "1 source holds no observation: e.",
	} {
		if got := said(doc, code); got != want {
			t.Errorf("%s: %q, want %q", code, got, want)
		}
	}
	if doc := documentOf(t, flow.NewNames(), nil, Options{Sources: list[:1]}); said(doc, "source-empty")+said(doc, "source-truncated") != "" {
		t.Errorf("of sound sources: %v", doc.Coverage)
	}
}

// TestRemarks wants every remark of a source to be a sentence with its number, its
// sentence in the singular too, and what the reader was told, each once.
func TestRemarks(t *testing.T) {
	for _, r := range remarks {
		for n, words := range map[uint64]string{1: "1 " + r.one, 2: "2 " + r.many} {
			var a, b flow.Source
			a.Remark(r.code, "why <it> 100%", n/2)
			b.Remark(r.code, "why <it> 100%", n-n/2)
			doc := documentOf(t, flow.NewNames(), nil, Options{Sources: []flow.Source{a, b}})
			got := said(doc, r.code)
			if !strings.HasPrefix(got, words) || strings.Contains(got, "%!") || !strings.HasSuffix(got, ".") {
				t.Errorf("%s, %d: %q", r.code, n, got)
			}
			if blank := said(documentOf(t, flow.NewNames(), nil, Options{Sources: []flow.Source{{Remarks: []flow.Remark{{Code: r.code, Count: n}}}}}), r.code); strings.Contains(blank, "%!") || !strings.HasPrefix(blank, words) {
				t.Errorf("%s, of which nothing was told: %q", r.code, blank)
			}
			takes := strings.Count(r.text, "%s") > 1
			if told := strings.Count(got, "why <it> 100%"); takes && told != 1 {
				t.Errorf("%s: %q", r.code, got)
			}
		}
	}
	var tables flow.Source
	tables.Remark("table-without-flows", "Heartbeat", 3)
	tables.Remark("table-without-flows", "AzureDiagnostics", 1)
	doc := documentOf(t, flow.NewNames(), nil, Options{Sources: []flow.Source{tables}})
	if want := "Of a workspace there are also tables that hold no flows, and nothing of them is counted: AzureDiagnostics (1 row), Heartbeat (3 rows)."; said(doc, "table-without-flows") != want {
		t.Errorf("%q", said(doc, "table-without-flows"))
	}
}

// TestRepeats wants records that were met before in the document: by source, in sum,
// and null where nothing was measured.
func TestRepeats(t *testing.T) {
	doc := documentOf(t, flow.NewNames(), nil, Options{Repeats: []flow.Repeat{
		{Source: "copy.json", Records: 3, Packets: 7, IPBytes: 700, Measured: flow.Packets | flow.IPBytes}, {Source: "begins.json", Records: 2}, {Records: 5, Packets: 1, IPBytes: 60, Measured: flow.Packets | flow.IPBytes},
	}})
	m := doc.Merged
	if m.Records != 10 || m.Packets != Known(8) || m.IPBytes != Known(760) || len(m.Repeats) != 3 || m.Repeats[1].Packets.Known || m.Repeats[1].Records != 2 {
		t.Errorf("%+v", m)
	}
	if want := "10 records were met before, in a copy, an earlier download or a second delivery, and counted once: in copy.json, begins.json and 1 more."; said(doc, "records-repeated") != want {
		t.Errorf("%q", said(doc, "records-repeated"))
	}
	if doc := documentOf(t, flow.NewNames(), nil, Options{}); doc.Merged.Repeats != nil || said(doc, "records-repeated") != "" {
		t.Errorf("of none: %+v", doc.Merged)
	}
}

// TestUnseenFlows wants "nothing found" taken back where what was not recorded may be
// meant, and only there.
func TestUnseenFlows(t *testing.T) {
	names := flow.NewNames()
	all := recordsOf(names, made{sport: 1, dport: 443, sent: 5})
	logs := []flow.Source{{Kind: flow.VNetFlowLog, Records: 1}}
	sums := []flow.Source{{Kind: flow.TrafficAnalytics, Records: 1}}
	both := append(slices.Clone(logs), flow.Source{Kind: flow.Pcap, Records: 1})
	refused := []Unseen{{Text: "denied flows were not recorded", Which: question.Spot{Is: map[string]string{"verdict": "denied"}}}}
	for _, tt := range []struct {
		src     string
		sources []flow.Source
		unseen  []Unseen
		outcome string
		text    string
	}{
		{`port == 22`, logs, nil, NothingFound, ""},
		{`protocol == "ICMP"`, logs, nil, CannotAnswer, "flow logs hold TCP and UDP only"},
		{`protocol != "TCP"`, logs, nil, CannotAnswer, "flow logs hold TCP and UDP only"},
		{`protocol == "UDP"`, logs, nil, NothingFound, ""},
		{`contains(["tcp", "udp"], protocol) && port == 22`, logs, nil, NothingFound, ""},
		{`protocol == "ICMP"`, sums, nil, CannotAnswer, "Traffic Analytics and the agents of machines count TCP and UDP only"},
		{`protocol == "ICMP"`, both, nil, NothingFound, ""},
		{`verdict == "denied"`, logs, refused, CannotAnswer, "denied flows were not recorded"},
		{`verdict == "allowed" && port == 22`, logs, refused, NothingFound, ""},
		{`port == 22`, logs, refused, CannotAnswer, "denied flows were not recorded"},
		{`port == 443`, logs, refused, Answered, "denied flows were not recorded"},
	} {
		q := asked(t, tt.src, "")
		a := documentOf(t, names, all, Options{Sources: tt.sources, Unseen: tt.unseen}, q).Asks[0]
		if a.Outcome != tt.outcome || strings.Join(a.Unseen, "; ") != tt.text {
			t.Errorf("%s: %s, %q; want %s, %q", tt.src, a.Outcome, a.Unseen, tt.outcome, tt.text)
		}
	}
	outside := documentOf(t, names, nil, Options{Sources: []flow.Source{{Kind: flow.VNetFlowLog, Records: 7}}}, asked(t, `port == 443`, ""))
	if a := outside.Asks[0]; a.Outcome != CannotAnswer || !slices.Equal(a.Unseen, []string{"nothing of the 7 records that were read is of the time asked for"}) || !outside.Unanswered() {
		t.Errorf("of another time: %s, %v", a.Outcome, a.Unseen)
	}
}

// TestSilentInterfaces wants interfaces that a log of their VNet should have and has
// not, by name; those that it has, of other VNets, or captured are not among them.
func TestSilentInterfaces(t *testing.T) {
	o := Options{Inventories: []*plan.Inventory{inventory()}}
	for want, list := range map[string][]made{
		"1 interface has no record although others of their VNet have: not logged, switched off or silent: nic-vm-b.": {{sport: 1, dport: 443, sent: 5}},
		"": {{sport: 1, dport: 443, sent: 5}, {sport: 2, dport: 443, sent: 5, point: macB, src: "10.0.0.5"}},
	} {
		names := flow.NewNames()
		doc := documentOf(t, names, recordsOf(names, list...), o)
		if got := said(doc, "silent-interfaces"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if said(doc, "no-inventory") != "" {
			t.Error("the inventory was at hand")
		}
	}
}
