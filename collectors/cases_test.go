package collectors

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/pcap/pcaptest"
	"flowctl/collectors/summary"
)

// noted is a record of a flow log in one minute.
type noted struct {
	minute int
	mac    string
	log    string // the last part of its id
	nsg    bool   // it is of an NSG
	rule   string
	tuples []string
}

func (n noted) text() string {
	at := time.Unix(lawsStart+int64(n.minute+1)*60, 0).UTC().Format(time.RFC3339)
	rule, tuples := n.rule, strings.Join(n.tuples, `","`)
	if rule == "" {
		rule = "UserRule_allow"
	}
	if n.nsg {
		return fmt.Sprintf(`{"time":%q,"systemId":"s","macAddress":%q,"category":"NetworkSecurityGroupFlowEvent","resourceId":"/SUBSCRIPTIONS/S/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/%s",`+
			`"operationName":"NetworkSecurityGroupFlowEvents","properties":{"Version":2,"flows":[{"rule":%q,"flows":[{"mac":%q,"flowTuples":["%s"]}]}]}}`, at, n.mac, n.log, rule, n.mac, tuples)
	}
	return fmt.Sprintf(`{"time":%q,"flowLogVersion":4,"macAddress":%q,"category":"FlowLogFlowEvent","flowLogResourceID":"/X/FLOWLOGS/%s","targetResourceID":"/x/%s","operationName":"FlowLogFlowEvent",`+
		`"flowRecords":{"flows":[{"aclID":"a","flowGroups":[{"rule":%q,"flowTuples":["%s"]}]}]}}`, at, n.mac, n.log, n.log, rule, tuples)
}

func logOfNoted(all ...noted) []byte {
	var list []string
	for _, n := range all {
		list = append(list, n.text())
	}
	return []byte(file(list))
}

// tuple is one of a VNet flow log at a second after the minute; nsgTuple one of an NSG's.
func tuple(minute, second int, ends, direction, state, encryption, counters string) string {
	return fmt.Sprintf("%d,%s,6,%s,%s,%s,%s", (lawsStart+int64(minute*60+second))*1000, ends, direction, state, encryption, counters)
}

func nsgTuple(minute int, ends, direction, decision, state, counters string) string {
	return fmt.Sprintf("%d,%s,T,%s,%s,%s,%s", lawsStart+int64(minute*60), ends, direction, decision, state, counters)
}

// counts is what is asked of a case.
type counts struct{ Packets, IPBytes, Flows, Denied uint64 }

const web = "10.1.0.4,10.2.0.5,50001,443"

// connection is one of webClient and webServer with n packets of data each way
// every gap, from the beginning of lawsStart's minute on.
func connection(n int, gap time.Duration) []pcaptest.Record {
	rs := webPackets(2 * n)
	for i := range rs {
		rs[i].At = lawsStart*1e9 + int64(i)*int64(gap)/2
	}
	return rs
}

func weigh(rs []pcaptest.Record) (c counts) {
	for _, r := range rs {
		c.Packets++
		c.IPBytes += uint64(r.Data[16])<<8 | uint64(r.Data[17])
	}
	c.Flows = 1
	return c
}

func between(rs []pcaptest.Record, from, to time.Duration) []pcaptest.Record {
	return slices.DeleteFunc(slices.Clone(rs), func(r pcaptest.Record) bool {
		at := time.Duration(r.At - lawsStart*1e9)
		return at < from || at >= to
	})
}

func delayed(rs []pcaptest.Record, by time.Duration) []pcaptest.Record {
	rs = slices.Clone(rs)
	for i := range rs {
		rs[i].At += int64(by)
	}
	return rs
}

// logged is the log of a point that saw what the packets say, a tuple a minute.
func logged(rs []pcaptest.Record, from, to int) []byte {
	var all []noted
	for m := from; m < to; m++ {
		var sent, received counts
		for _, r := range between(rs, time.Duration(m)*time.Minute, time.Duration(m+1)*time.Minute) {
			c := &received
			if r.Data[26] == 10 && r.Data[27] == 1 {
				c = &sent
			}
			w := weigh([]pcaptest.Record{r})
			c.Packets += w.Packets
			c.IPBytes += w.IPBytes
		}
		all = append(all, noted{minute: m, mac: macA, log: "v", tuples: []string{
			tuple(m, 59, web, "O", "C", "NX", fmt.Sprintf("%d,%d,%d,%d", sent.Packets, sent.IPBytes, received.Packets, received.IPBytes))}})
	}
	return logOfNoted(all...)
}

const (
	macA = "00224800000A"
	macB = "00224800000B"
	macF = "00224800000F"
)

// caseOf is the answer of s, which must be what is wanted.
func caseOf(t *testing.T, want counts, s Sum) *summary.Document {
	t.Helper()
	doc, _, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := counts{doc.Total.Packets.N, doc.Total.IPBytes.N, doc.Total.Flows, doc.Total.Denied.N}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	return doc
}

// TestCases holds inputs of the kinds that were once counted twice, lost or filed
// wrongly, each with what is right, worked out by hand, also of the flows kept of it.
func TestCases(t *testing.T) {
	one := "10,1000,5,500" // 15 packets, 1500 bytes
	nodes := map[string][]byte{}
	for i := range 3 { // each logs its own connections
		mac := fmt.Sprintf("0022480000C%d", i)
		var tuples []string
		for k := range 4 {
			tuples = append(tuples, tuple(0, k, fmt.Sprintf("20.50.60.70,198.51.100.7,%d,443", 40000+10*i+k), "I", "C", "NX", one))
		}
		nodes[mac+".json"] = logOfNoted(noted{mac: mac, log: "v", tuples: tuples})
	}
	both := func(minute int, nsg string) noted {
		return noted{minute: minute, mac: macA, log: nsg, nsg: true, tuples: []string{nsgTuple(minute, web, "O", "A", "C", one)}}
	}
	hour := func(minutes int) []byte {
		var all []noted
		for m := range minutes {
			all = append(all, noted{minute: m, mac: macA, log: "v", tuples: []string{tuple(m, 7, web, "O", "C", "NX", one)}})
		}
		return logOfNoted(all...)
	}
	whole := hour(20)
	seen := connection(300, time.Second) // 5 minutes
	pcapOf := func(rs []pcaptest.Record) []byte { return pcaptest.Classic{}.File(rs...) }
	short := connection(40, time.Second)
	short = short[:40] // 20 s
	syn := []pcaptest.Record{seen[0], delayed(seen[:1], time.Second)[0], delayed(seen[:1], 3*time.Second)[0]}
	refused := weigh(syn)
	refused.Denied = 1
	c := func(packets, bytes, flows, denied uint64) counts { return counts{packets, bytes, flows, denied} }

	tests := map[string]struct {
		files map[string][]byte
		want  counts
		says  string // part of a sentence of the coverage
	}{
		"nodes behind a load balancer": {nodes, c(180, 18000, 12, 0), ""},
		"an address that moves": {map[string][]byte{
			"a": logOfNoted(noted{mac: macA, log: "v", tuples: []string{tuple(0, 0, web, "I", "B", "NX", ",,,"), tuple(1, 0, web, "I", "E", "NX", one)}}),
			"b": logOfNoted(noted{minute: 1, mac: macB, log: "v", tuples: []string{tuple(1, 30, web, "I", "B", "NX", ",,,"), tuple(2, 30, web, "I", "E", "NX", one)}}),
		}, c(30, 3000, 1, 0), ""},
		"an end that the other end's log has a moment later": {map[string][]byte{
			"a": logOfNoted(noted{mac: macA, log: "v", tuples: []string{tuple(0, 7, web, "O", "B", "NX", ",,,"), tuple(1, 7, web, "O", "C", "NX", one), tuple(2, 7, web, "O", "E", "NX", one)}}),
			"b": logOfNoted(noted{minute: 2, mac: macB, log: "v", tuples: []string{tuple(2, 8, web, "I", "E", "NX", one)}}),
		}, c(30, 3000, 1, 0), ""},
		"an end that the other end's log has in the next minute": {map[string][]byte{
			"a": logOfNoted(noted{mac: macA, log: "v", tuples: []string{tuple(0, 40, web, "O", "B", "NX", ",,,"), tuple(1, 40, web, "O", "C", "NX", one), tuple(2, 40, web, "O", "E", "NX", one)}}),
			"b": logOfNoted(noted{minute: 3, mac: macB, log: "v", tuples: []string{tuple(3, 10, web, "I", "E", "NX", one)}}),
		}, c(30, 3000, 1, 0), ""},
		"a log that begins with what another counted last": {map[string][]byte{
			"a": logOfNoted(noted{mac: macA, log: "v", tuples: []string{tuple(0, 59, web, "O", "B", "NX", ",,,"), tuple(1, 59, web, "O", "C", "NX", one), tuple(2, 59, web, "O", "C", "NX", one)}}),
			"b": logOfNoted(noted{minute: 3, mac: macB, log: "v", tuples: []string{tuple(3, 0, web, "I", "C", "NX", one), tuple(4, 0, web, "I", "C", "NX", one)}}),
		}, c(45, 4500, 1, 0), ""},
		"a log that goes on long after another ended": {map[string][]byte{
			"a": logOfNoted(noted{mac: macA, log: "v", tuples: []string{tuple(0, 7, web, "O", "B", "NX", ",,,"), tuple(1, 7, web, "O", "E", "NX", one)}}),
			"b": logOfNoted(noted{minute: 4, mac: macB, log: "v", tuples: []string{tuple(4, 8, web, "I", "E", "NX", one)}}),
		}, c(30, 3000, 1, 0), ""},
		"the same hour, compressed":        {map[string][]byte{"PT1H.json": whole, "b.json.gz": zipped(whole)}, c(300, 30000, 1, 0), "20 records were met before"},
		"an earlier download":              {map[string][]byte{"x.json": whole[:len(whole)/2], "PT1H.json": whole}, c(300, 30000, 1, 0), "were met before"},
		"the same record, delivered twice": {map[string][]byte{"e.json": append(append(hour(2)[:len(hour(2))-2], ','), hour(2)[len(`{"records":[`):]...)}, c(30, 3000, 1, 0), "2 records were met before"},
		"tuples repeated in a record":      {map[string][]byte{"a": logOfNoted(noted{mac: macA, log: "v", tuples: slices.Repeat([]string{tuple(0, 7, web, "O", "C", "NX", one)}, 3)})}, c(45, 4500, 1, 0), ""},
		"begins and ends of different flows": {map[string][]byte{"a": logOfNoted(noted{mac: macA, log: "v", tuples: []string{
			tuple(0, 1, "10.1.0.4,10.2.0.5,50001,443", "O", "B", "NX", ",,,"), tuple(0, 2, "10.1.0.4,10.2.0.5,50002,443", "O", "B", "NX", ",,,"),
			tuple(0, 3, "10.1.0.4,10.2.0.5,50003,443", "O", "B", "NX", ",,,"), tuple(0, 4, "10.1.0.4,10.2.0.5,50004,443", "O", "E", "NX", one),
			tuple(0, 5, "10.1.0.4,10.2.0.5,50005,443", "O", "E", "NX", one)}})}, c(30, 3000, 5, 0), "3 flows that began are without a recorded end"},
		"a machine that forwards on one interface": {map[string][]byte{"a": logOfNoted(noted{mac: macF, log: "v", tuples: []string{
			tuple(0, 1, web, "I", "C", "NX", one), tuple(0, 1, web, "O", "C", "NX", one)}})}, c(15, 1500, 1, 0), ""},
		"a machine that translates": {map[string][]byte{"a": logOfNoted(noted{mac: macF, log: "v", tuples: []string{
			tuple(0, 1, web, "I", "C", "NX", one), tuple(0, 1, "10.9.0.9,10.2.0.5,1024,443", "O", "C", "NX", one)}})}, c(30, 3000, 2, 0), ""},
		"the NSGs of a subnet and of an interface": {map[string][]byte{"s": logOfNoted(both(0, "SUBNET"), both(1, "SUBNET")), "n": logOfNoted(both(0, "NIC"), both(1, "NIC"))}, c(30, 3000, 1, 0), ""},
		"an NSG refuses what the other lets through": {map[string][]byte{
			"s": logOfNoted(noted{mac: macA, log: "SUBNET", nsg: true, tuples: []string{nsgTuple(0, web, "I", "A", "B", ",,,")}}),
			"n": logOfNoted(noted{mac: macA, log: "NIC", nsg: true, tuples: []string{nsgTuple(0, web, "I", "D", "B", ",,,")}}),
		}, c(0, 0, 1, 1), ""},
		"a VNet's, an interface's and an NSG's log of one interface": {map[string][]byte{
			"v": logOfNoted(noted{mac: macA, log: "VNET", tuples: []string{tuple(0, 9, web, "O", "C", "NX", one)}}),
			"i": logOfNoted(noted{mac: macA, log: "NIC", tuples: []string{tuple(0, 9, web, "O", "C", "NX", one)}}),
			"n": logOfNoted(both(0, "NSG")),
		}, c(15, 1500, 1, 0), ""},
		"a log that took over": {map[string][]byte{
			"v": logOfNoted(noted{minute: 0, mac: macA, log: "VNET", tuples: []string{tuple(0, 9, web, "O", "C", "NX", one)}}, noted{minute: 1, mac: macA, log: "VNET", tuples: []string{tuple(1, 9, web, "O", "C", "NX", one)}}),
			"n": logOfNoted(both(1, "NSG"), both(2, "NSG"), both(3, "NSG")),
		}, c(60, 6000, 1, 0), ""},
		"no encryption state": {map[string][]byte{"a": logOfNoted(noted{mac: macA, log: "v", tuples: []string{
			tuple(0, 1, web, "O", "C", "", one), tuple(0, 1, "10.1.0.4,10.2.0.5,50002,443", "O", "C", "NX", "20,2000,10,1000")}})}, c(45, 4500, 2, 0), ""},
		"IPv6 at both ends": {map[string][]byte{
			"a": logOfNoted(noted{mac: macA, log: "v", tuples: []string{tuple(0, 1, "fd00::4,fd01::5,50001,443", "O", "C", "NX", one)}}),
			"b": logOfNoted(noted{mac: macB, log: "v", tuples: []string{tuple(0, 2, "fd00::4,fd01::5,50001,443", "I", "C", "NX", one)}}),
		}, c(15, 1500, 1, 0), ""},
		"refused in a log and seen by a capture": {map[string][]byte{
			"l": logOfNoted(noted{mac: macA, log: "v", rule: "UserRule_deny", tuples: []string{tuple(0, 1, web, "O", "D", "NX", ",,,")}}), "c.pcap": pcapOf(syn),
		}, refused, ""},
		"refused in an NSG's log and seen by a capture": {map[string][]byte{
			"l": logOfNoted(noted{mac: macA, log: "NSG", nsg: true, rule: "UserRule_deny", tuples: []string{nsgTuple(0, web, "O", "D", "B", ",,,")}}), "c.pcap": pcapOf(syn),
		}, refused, ""},
		"captures at two machines":              {map[string][]byte{"a.pcap": pcapOf(seen), "b.pcap": pcapOf(delayed(seen, time.Millisecond))}, weigh(seen), ""},
		"captures of clocks that differ":        {map[string][]byte{"a.pcap": pcapOf(seen), "b.pcap": pcapOf(delayed(seen, 3*time.Second))}, weigh(seen), ""},
		"a capture that begins as another ends": {map[string][]byte{"a.pcap": pcapOf(between(seen, 0, 230*time.Second)), "b.pcap": pcapOf(between(seen, 125*time.Second, time.Hour))}, weigh(seen), ""},
		"the same within a minute":              {map[string][]byte{"a.pcap": pcapOf(between(short, 0, 12*time.Second)), "b.pcap": pcapOf(between(short, 8*time.Second, time.Hour))}, weigh(short), ""},
		"a capture within a log's time":         {map[string][]byte{"l": logged(seen, 0, 5), "c.pcap": pcapOf(between(seen, 150*time.Second, 270*time.Second))}, weigh(seen), ""},
		"a capture that goes on after a log":    {map[string][]byte{"l": logged(seen, 0, 3), "c.pcap": pcapOf(between(seen, 150*time.Second, time.Hour))}, weigh(seen), ""},
		"a log that goes on after a capture":    {map[string][]byte{"l": logged(seen, 3, 5), "c.pcap": pcapOf(between(seen, 0, 200*time.Second))}, weigh(seen), ""},
		"a second capture that lost some":       {map[string][]byte{"a.pcap": pcapOf(seen), "b.pcap": pcapOf(append(slices.Clone(seen[:100]), seen[130:]...))}, weigh(seen), ""},
		"a file beside its pieces":              {map[string][]byte{"m.pcap": pcapOf(short), "p_00001.pcap": pcapOf(short[:15]), "p_00002.pcap": pcapOf(short[15:])}, weigh(short), ""},
		"in another format":                     {map[string][]byte{"a.pcap": pcapOf(short), "b.pcapng": pcaptest.Pcapng(false, short...)}, weigh(short), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for f, b := range test.files {
				put(t, filepath.Join(dir, f), b)
			}
			var flows bytes.Buffer
			doc := caseOf(t, test.want, Sum{Items: itemsOf(dir)})
			caseOf(t, test.want, Sum{Items: itemsOf(dir), Flows: &Flows{To: &flows}})
			caseOf(t, test.want, Sum{Items: itemsOf(saved(t.TempDir(), "flows.parquet", flows.String()))})
			var all []string
			for _, c := range doc.Coverage {
				all = append(all, c.Text)
			}
			if text := strings.Join(all, "\n"); !strings.Contains(text, test.says) {
				t.Errorf("no %q in\n%s", test.says, text)
			}
		})
	}
}
