package summary

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
	"flowctl/plan"
)

// seenAgain lets flows be cut in time: all records are read once more.
func seenAgain(all flow.Batch) func(*aggregate.Table, *aggregate.Watch) *aggregate.Detail {
	return func(t *aggregate.Table, w *aggregate.Watch) *aggregate.Detail { return watched(t, w, all) }
}

// recordsOfSeer are the records of what a point saw of a flow.
func recordsOfSeer(names *flow.Names, k flow.Key, s seer) (all flow.Batch) {
	for i, c := range s.counts {
		o := observation{point: s.name, direction: flow.Outbound, from: c[0], to: c[0], packets: uint64(c[1]), capture: s.capture, state: flow.Continue}
		switch {
		case i == 0 && s.begun && !s.capture:
			o.state, o.packets = flow.Begin, 0
		case i == len(s.counts)-1 && s.ended && !s.capture:
			o.state = flow.End
		}
		all = append(all, o.record(names, k))
	}
	return all
}

func keyOf(src, dst string, port uint16) flow.Key {
	return flow.Key{Src: addr(src), Dst: addr(dst), SrcPort: port, DstPort: 443, Proto: protoTCP}
}

// TestCutInTime wants of flows that points saw at different times what counts of them in
// the whole document: the packets, those left out, those of each step of time, and that
// all is decided.
func TestCutInTime(t *testing.T) {
	const outcome = "%d packets, %d left out, by minute %v, turns %q"
	for name, tt := range map[string]struct {
		seers []seer
		want  string
	}{
		"captures, half over each other": { // the second one has 10 packets alone, and as many of which the first saw 20
			[]seer{{name: "1.pcap", capture: true, counts: every(40, 59, 1, 2)}, {name: "2.pcap", capture: true, counts: every(50, 69, 1, 1)}},
			fmt.Sprintf(outcome, 50, 10, "[40 10]", "")},
		"a capture within a log": {
			[]seer{{name: macA, begun: true, ended: true, counts: join(every(0, 0, 1, 0), every(60, 240, 60, 100))}, {name: "c.pcap", capture: true, counts: every(100, 130, 1, 1)}},
			fmt.Sprintf(outcome, 400, 31, "[0 100 100 100 100]", "")},
		"a log, then another, some minutes later": {
			[]seer{{name: macA, begun: true, counts: join(every(0, 0, 1, 0), every(60, 240, 60, 100))}, {name: macB, counts: every(1200, 1380, 60, 100)}},
			fmt.Sprintf(outcome, 800, 0, "[0 100 100 100 100 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 100 100 100 100]", "")},
	} {
		names := flow.NewNames()
		var all flow.Batch
		for _, s := range tt.seers {
			all = append(all, recordsOfSeer(names, keyOf("10.0.0.4", "20.0.0.1", 50000), s)...)
		}
		for i := range all { // whole minutes
			all[i].First -= testStart % 60e9
			all[i].Last -= testStart % 60e9
		}
		doc := documentOf(t, names, all, Options{Again: seenAgain(all)}, asked(t, "", "", "time(1m)"))
		var minutes []uint64
		for _, s := range doc.Timeline.Steps {
			minutes = append(minutes, s.Packets.N)
		}
		_, turns, _ := strings.Cut(said(doc, "logs-in-turns"), "up to ")
		turns, _, _ = strings.Cut(turns, " may")
		if got := fmt.Sprintf(outcome, doc.Total.Packets.N, doc.Merged.Packets.N, fmt.Sprint(minutes), turns); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tt.want)
		}
		var steps uint64
		for _, r := range doc.Asks[0].Rows {
			steps += r.Packets.N
		}
		if steps != doc.Total.Packets.N || doc.Total.Flows != 1 {
			t.Errorf("%s: %d packets in steps and %d flows, want %d in one", name, steps, doc.Total.Flows, doc.Total.Packets.N)
		}
	}
}

// TestNothingIsLost wants of flows that points by chance saw at times by chance, in any
// rhythm: all that was read either counts or is left out; at least as much counts as the
// one that saw most has, and at most all; the timeline, the lines of any question and the
// conversations have the same sum; and in another order it is the same document.
func TestNothingIsLost(t *testing.T) {
	for seed := range flowtest.Seeds(60) {
		r := rand.New(rand.NewPCG(seed, 41))
		names := flow.NewNames()
		var all flow.Batch
		var read, least uint64
		for port := range uint16(1 + r.IntN(4)) {
			var most uint64
			for i, s := range seersByChance(r) {
				s.name = cmp.Or(map[bool]string{true: fmt.Sprintf("%c.pcap", 'a'+i)}[s.capture], macOf(i+1))
				records := recordsOfSeer(names, keyOf("10.0.0.4", "20.0.0.1", 50000+port), s)
				var sum uint64
				for _, rec := range records {
					sum += rec.Sent.Packets
				}
				read, most = read+sum, max(most, sum)
				all = append(all, records...)
			}
			least += most
		}
		var first string
		for range 2 {
			table := aggregate.New(names)
			table.Add(0, all)
			o := Options{Again: seenAgain(all), Questions: []*Question{asked(t, "", "", "nic"), asked(t, "", "", "source.port"), asked(t, "", "", "direction")}}
			doc, err := Of(table, o)
			if err != nil {
				t.Fatal(err)
			}
			n := doc.Total.Packets.N
			if n+doc.Merged.Packets.N != read || n < least || n > read {
				t.Fatalf("seed %d: %d count and %d do not, of %d; one saw %d", seed, n, doc.Merged.Packets.N, read, least)
			}
			var line, talks, ports uint64
			for _, s := range doc.Timeline.Steps {
				line += s.Packets.N
			}
			for c := range doc.Conversations.All() {
				talks += c.PacketsAB.N + c.PacketsBA.N
			}
			for _, row := range doc.Asks[1].Rows {
				ports += row.Packets.N
			}
			if line != n || talks != n || ports != n || doc.Asks[0].Total.Packets.N != n || doc.Asks[2].Rows[0].Packets.N != n {
				t.Fatalf("seed %d: %d in all, %d in the timeline, %d in conversations, %d by port, by direction %v", seed, n, line, talks, ports, doc.Asks[2].Rows)
			}
			var text strings.Builder
			if err := doc.Write(&text); err != nil {
				t.Fatal(err)
			}
			if first == "" {
				first = text.String()
			} else if diff := gocmp.Diff(first, text.String()); diff != "" {
				t.Fatalf("seed %d: in another order:\n%s", seed, diff)
			}
			r.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
		}
	}
}

// TestSeenTogether sees flows at several points at the same times, and wants of each what
// the point has that saw most, whatever the others say; and the rest to be left out, by
// the names of the points.
func TestSeenTogether(t *testing.T) {
	points := []string{macA, macB, macRouter, "a.pcap", "b.pcap"}
	for seed := range flowtest.Seeds(100) {
		r := rand.New(rand.NewPCG(seed, 42))
		names := flow.NewNames()
		var all flow.Batch
		want, left := uint64(0), map[string]uint64{}
		for port := range uint16(5) {
			most, by := uint64(0), ""
			for _, i := range r.Perm(len(points))[:1+r.IntN(len(points))] {
				p, n := points[i], 1+r.Uint64N(50)
				all = append(all, observation{point: p, direction: flow.Outbound, from: 60 * int64(port), to: 60 * int64(port), packets: n, capture: strings.HasSuffix(p, "pcap")}.record(names, keyOf("10.0.0.4", "20.0.0.1", 1000+port)))
				left[p] += n
				if n > most || n == most && p < by {
					most, by = n, p
				}
			}
			left[by] -= most
			want += most
		}
		doc := documentOf(t, names, all, Options{})
		got := map[string]uint64{}
		for _, from := range doc.Merged.From {
			got[from.Point] = from.Packets.N
		}
		for p, n := range left {
			if n == 0 {
				delete(left, p)
			}
		}
		if diff := gocmp.Diff(left, got); diff != "" || doc.Total.Packets.N != want || doc.Total.Flows != 5 {
			t.Fatalf("seed %d: %d packets, want %d; left out (-want +got):\n%s", seed, doc.Total.Packets.N, want, diff)
		}
	}
}

// TestSameAddressesElsewhere wants addresses that mean something else at every interface,
// or in VNets that are not connected, to be flows of their own.
func TestSameAddressesElsewhere(t *testing.T) {
	for name, tt := range map[string]struct {
		src, dst  string
		a, b      string // points
		inventory bool
		packets   uint64
	}{
		"the same":              {"10.0.0.4", "20.0.0.1", macA, macB, false, 10},
		"link-local":            {"169.254.7.1", "169.254.7.2", macA, macB, false, 16},
		"one end on the link":   {"10.0.0.4", "169.254.7.2", macA, macB, false, 16},
		"loopback":              {"127.0.0.1", "127.0.0.1", macA, macB, false, 16},
		"unspecified":           {"0.0.0.0", "255.255.255.255", macA, macB, false, 16},
		"the metadata service":  {"10.0.0.4", "169.254.169.254", macA, macB, false, 10},
		"link-local of IPv6":    {"fe80::1", "fe80::2", macA, macB, false, 16},
		"the end of fe80::/10":  {"febf:ffff::1", "2001:db8::1", macA, macB, false, 16},
		"behind fe80::/10":      {"fec0::1", "2001:db8::1", macA, macB, false, 10},
		"loopback of IPv6":      {"::1", "::1", macA, macB, false, 16},
		"unspecified of IPv6":   {"::", "2001:db8::1", macA, macB, false, 16},
		"the same interface":    {"169.254.7.1", "169.254.7.2", macA, macA, false, 16},
		"both own the source":   {"10.0.0.4", "10.0.0.9", macA, macOther, true, 16},
		"both own the end":      {"10.0.0.9", "10.0.0.4", macA, macOther, true, 16},
		"nobody owns an end":    {"10.0.0.90", "10.0.0.91", macA, macOther, true, 10},
		"peered":                {"10.0.0.4", "10.1.0.4", macA, macRouter, true, 10},
		"one of the two unseen": {"10.0.0.5", "10.0.0.4", macB, macA, true, 10},
	} {
		names := flow.NewNames()
		k := keyOf(tt.src, tt.dst, 5000)
		all := flow.Batch{observation{point: tt.a, direction: flow.Outbound, packets: 10}.record(names, k), observation{point: tt.b, direction: flow.Outbound, packets: 6}.record(names, k)}
		var o Options
		if tt.inventory {
			o.Inventories = []*plan.Inventory{inventory()}
		}
		if doc := documentOf(t, names, all, o); doc.Total.Packets.N != tt.packets || doc.Total.Packets.N+doc.Merged.Packets.N != 16 {
			t.Errorf("%s: %d packets and %d left out, want %d", name, doc.Total.Packets.N, doc.Merged.Packets.N, tt.packets)
		}
	}
}

// TestLinesOfCapturesLaw has captures beside a log of the same flows, and wants what a
// capture does not know in the line of the log, the more of both once, and what the
// capture alone saw in a line without a value.
func TestLinesOfCapturesLaw(t *testing.T) {
	type line struct{ packets, flows uint64 }
	met := map[string]int{}
	for seed := range flowtest.Seeds(150) {
		r := rand.New(rand.NewPCG(seed, 43))
		names := flow.NewNames()
		var all flow.Batch
		want := map[string]map[string]line{"verdict": {}, "rule": {}, "acl": {}, "encryption": {}, "port": {}}
		for port := range uint16(1 + r.IntN(8)) {
			k := keyOf("10.0.0.4", "20.0.0.1", 1000+port)
			values := map[string]string{"verdict": "unknown", "rule": "", "acl": "", "encryption": "unknown", "port": "443"}
			var seen uint64
			logged := r.IntN(4) > 0
			if logged {
				rule, acl := fmt.Sprint("r", r.IntN(2)), fmt.Sprint("acl", r.IntN(2))
				o := observation{point: macA, direction: flow.Outbound, packets: 1 + r.Uint64N(20)}
				values = map[string]string{"verdict": "allowed", "rule": rule, "acl": acl, "encryption": "", "port": "443"}
				if r.IntN(4) == 0 {
					o.state, o.packets = flow.Deny, 0
					values["verdict"] = "denied"
				}
				seen = o.packets
				rec := o.record(names, k)
				rec.Rule, rec.ACL = names.Of(rule), names.Of(acl)
				values["encryption"] = rec.Encryption.String()
				all = append(all, rec)
			}
			if !logged || r.IntN(2) == 0 {
				o := observation{point: "c.pcap", direction: flow.Outbound, packets: 1 + r.Uint64N(20), capture: true}
				seen = max(seen, o.packets)
				all = append(all, o.record(names, k))
				met[fmt.Sprint(logged, " ", values["verdict"])]++
			}
			for by, value := range values {
				l := want[by][value]
				want[by][value] = line{l.packets + seen, l.flows + 1}
			}
		}
		r.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
		for by, lines := range want {
			for _, with := range [][]string{{by}, {by, "day"}} {
				a := documentOf(t, names, all, Options{}, asked(t, "", "", with...)).Asks[0]
				got := map[string]line{}
				for _, row := range a.Rows {
					got[row.Key[0]] = line{row.Packets.N, row.Flows}
				}
				if diff := gocmp.Diff(lines, got, gocmp.AllowUnexported(line{})); diff != "" {
					t.Fatalf("seed %d, by %v (-want +got):\n%s", seed, with, diff)
				}
			}
		}
	}
	if len(met) != 3 {
		t.Errorf("met %v", met)
	}
}

// TestAttemptsAtBothEnds wants what one end let pass and the other refused to be one flow
// with what passed and one that was refused, and what a capture saw of a refused one to
// be refused, unless any log let it pass.
func TestAttemptsAtBothEnds(t *testing.T) {
	out, in := flow.Outbound, flow.Inbound
	for name, tt := range map[string]struct {
		seen []observation
		want string
	}{
		"refused":                             {[]observation{{point: macA, direction: out, state: flow.Deny}}, "denied: 1 flows, 1 denied, 0 packets"},
		"refused twice":                       {[]observation{{point: macA, direction: out, state: flow.Deny}, {point: macA, direction: out, from: 60, to: 60, state: flow.Deny}}, "denied: 1 flows, 1 denied, 0 packets"},
		"refused at both ends":                {[]observation{{point: macA, direction: out, state: flow.Deny}, {point: macB, direction: in, state: flow.Deny}}, "denied: 1 flows, 1 denied, 0 packets"},
		"let out and refused there":           {[]observation{{point: macA, direction: out, packets: 3}, {point: macB, direction: in, state: flow.Deny}}, "allowed: 1 flows, 0 denied, 3 packets; denied: 1 flows, 1 denied, 0 packets"},
		"refused and captured":                {[]observation{{point: macA, direction: out, state: flow.Deny}, {point: "a.pcap", direction: out, packets: 4, capture: true}}, "denied: 1 flows, 1 denied, 4 packets"},
		"refused, passed elsewhere, captured": {[]observation{{point: macB, direction: in, state: flow.Deny}, {point: macA, direction: out, packets: 3}, {point: "a.pcap", direction: out, packets: 4, capture: true}}, "allowed: 1 flows, 0 denied, 4 packets; denied: 1 flows, 1 denied, 0 packets"},
		"captured alone":                      {[]observation{{point: "a.pcap", direction: out, packets: 4, capture: true}}, "unknown: 1 flows, 0 denied, 4 packets"},
		"captured by two, refused by a log":   {[]observation{{point: macA, direction: out, state: flow.Deny}, {point: "a.pcap", direction: out, packets: 4, capture: true}, {point: "b.pcap", direction: in, packets: 5, capture: true}}, "denied: 1 flows, 1 denied, 5 packets"},
		"refused, and captured half an hour later": {[]observation{{point: macA, direction: out, state: flow.Deny}, {point: "a.pcap", direction: out, from: 1800, to: 1802, packets: 4, capture: true}},
			"denied: 1 flows, 1 denied, 0 packets; unknown: 1 flows, 0 denied, 4 packets"},
		"refused, and passed half an hour later": {[]observation{{point: macA, direction: out, state: flow.Deny}, {point: "a.pcap", direction: out, packets: 3, capture: true}, {point: macA, direction: out, from: 1800, to: 1860, packets: 9}},
			"allowed: 1 flows, 0 denied, 9 packets; denied: 1 flows, 1 denied, 3 packets"},
		"begun, of which nothing else is told": {[]observation{{point: macA, direction: out, state: flow.Begin}}, "allowed: 1 flows, 0 denied, 0 packets"},
	} {
		names := flow.NewNames()
		var all flow.Batch
		for _, o := range tt.seen {
			all = append(all, o.record(names, keyOf("10.0.0.4", "10.0.0.5", 5000)))
		}
		doc := documentOf(t, names, all, Options{}, asked(t, "", "", "verdict"))
		var got []string
		for _, r := range doc.Asks[0].Rows {
			got = append(got, fmt.Sprintf("%s: %d flows, %d denied, %d packets", r.Key[0], r.Flows, r.Denied.N, r.Packets.N))
		}
		slices.Sort(got)
		if strings.Join(got, "; ") != tt.want || doc.Total.Flows != 1 {
			t.Errorf("%s: %s, %d flows; want %s", name, strings.Join(got, "; "), doc.Total.Flows, tt.want)
		}
	}
}
