package collectors

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"flowctl/collectors/summary"
)

// flowSeen is a flow as the test makes it up, with all points that saw it.
type flowSeen struct {
	port    int
	packets []uint64 // by minute, even
	views   []pointView
}

// pointView is what one point saw of a flow: minutes from to to, all packets or
// half of them.
type pointView struct {
	mac, log, direction string
	from, to            int
	half                bool
}

func (v pointView) saw(f *flowSeen, minute int) uint64 {
	n := f.packets[minute]
	if v.half {
		n /= 2
	}
	return n
}

const lawsStart = int64(1794470400) // 2026-11-12T08:00:00Z, in seconds

// makeFlows makes up flows: seen at one point, at both ends, through something
// that forwards, by two logs of one interface, at nodes behind a load balancer,
// and at points that began or stopped to look in between.
func makeFlows(r *rand.Rand, n int) []flowSeen {
	var list []flowSeen
	for i := range n {
		f := flowSeen{port: 1024 + i}
		last := 1 + r.IntN(9)
		for range last + 1 {
			f.packets = append(f.packets, 2*uint64(1+r.IntN(50)))
		}
		points := []pointView{{mac: "00224800000A", log: "VNET", direction: "O"}}
		switch r.IntN(6) {
		case 0:
		case 1:
			points = append(points, pointView{mac: "00224800000B", log: "VNET", direction: "I"})
		case 2:
			points = append(points, pointView{mac: "00224800000F", log: "VNET", direction: "I"}, pointView{mac: "00224800000F", log: "VNET", direction: "O"})
		case 3:
			points = append(points, pointView{mac: "00224800000A", log: "NIC", direction: "O"})
		case 4: // moves from one to another
			cut := r.IntN(last)
			f.views = []pointView{{mac: "00224800000A", log: "VNET", direction: "I", to: cut}, {mac: "00224800000B", log: "VNET", direction: "I", from: cut + 1, to: last}}
			list = append(list, f)
			continue
		case 5:
			points[0].mac = fmt.Sprintf("0022480000C%d", i%3)
		}
		for k, v := range points {
			v.to = last
			if len(points) > 1 && r.IntN(2) == 0 {
				v.from = r.IntN(last + 1)
				v.to = v.from + r.IntN(last+1-v.from)
			}
			v.half = k > 0 && r.IntN(3) == 0
			f.views = append(f.views, v)
		}
		list = append(list, f)
	}
	return list
}

// truth is what counts of a flow, found minute by minute: a run of minutes in
// which the same points saw it counts from the one that saw most.
func (f *flowSeen) truth() (packets uint64) {
	for m := 0; m < len(f.packets); {
		var there []pointView
		end := len(f.packets)
		for _, v := range f.views {
			switch {
			case v.from <= m && m <= v.to:
				there = append(there, v)
				end = min(end, v.to+1)
			case v.from > m:
				end = min(end, v.from)
			}
		}
		var most uint64
		for _, v := range there {
			var n uint64
			for k := m; k < end; k++ {
				n += v.saw(f, k)
			}
			most = max(most, n)
		}
		packets += most
		m = end
	}
	return packets
}

// filesOf writes what points saw, one file for each log and interface.
func filesOf(t *testing.T, dir string, flows []flowSeen) []string {
	t.Helper()
	type place struct{ mac, log string }
	records := map[place]map[int][]string{}
	for i := range flows {
		f := &flows[i]
		for _, v := range f.views {
			at := place{v.mac, v.log}
			if records[at] == nil {
				records[at] = map[int][]string{}
			}
			for m := v.from; m <= v.to; m++ {
				n := v.saw(f, m)
				records[at][m] = append(records[at][m], fmt.Sprintf("%d,10.1.0.4,10.2.0.5,%d,443,6,%s,C,NX,%d,%d,0,0",
					(lawsStart+int64(m)*60+10)*1000, f.port, v.direction, n, 100*n))
			}
		}
	}
	var paths []string
	for at, minutes := range records {
		var all []string
		for m := range 10 {
			if len(minutes[m]) == 0 {
				continue
			}
			all = append(all, fmt.Sprintf(`{"time":%q,"flowLogVersion":4,"macAddress":%q,"category":"FlowLogFlowEvent","flowLogResourceID":"/X/%s","targetResourceID":"/x/%s",`+
				`"operationName":"FlowLogFlowEvent","flowRecords":{"flows":[{"aclID":"a","flowGroups":[{"rule":"r","flowTuples":["%s"]}]}]}}`,
				time.Unix(lawsStart+int64(m)*60+60, 0).UTC().Format(time.RFC3339), at.mac, at.log, at.log, strings.Join(minutes[m], `","`)))
		}
		name := filepath.Join(dir, at.mac+at.log+".json")
		put(t, name, []byte(`{"records":[`+strings.Join(all, ",")+`]}`))
		paths = append(paths, name)
	}
	slices.Sort(paths)
	return paths
}

// summed is the document of files, and its text but for the sources.
func summed(t *testing.T, s Sum) (*summary.Document, string) {
	t.Helper()
	doc, problems, err := s.Run(t.Context())
	if err != nil || problems.Count > 0 {
		t.Fatal(err, problems)
	}
	total := doc.Sources
	doc.Sources = nil
	var b bytes.Buffer
	if err := doc.Write(&b); err != nil {
		t.Fatal(err)
	}
	doc.Sources = total
	return doc, b.String()
}

// pointLaws says what is wrong with how flows are counted; empty if nothing is.
func pointLaws(t *testing.T, flows []flowSeen) string {
	paths := filesOf(t, t.TempDir(), flows)
	doc, text := summed(t, Sum{Items: itemsOf(paths...), Workers: 1})
	var want, given uint64
	for i := range flows {
		want += flows[i].truth()
		for _, v := range flows[i].views {
			for m := v.from; m <= v.to; m++ {
				given += v.saw(&flows[i], m)
			}
		}
	}
	var sources uint64
	for _, s := range doc.Sources {
		sources += s.Total.Packets.N
	}
	switch {
	case doc.Total.Packets.N != want || doc.Total.IPBytes.N != 100*want:
		return fmt.Sprintf("%d packets and %d bytes are counted, want %d and %d", doc.Total.Packets.N, doc.Total.IPBytes.N, want, 100*want)
	case doc.Total.Flows != uint64(len(flows)):
		return fmt.Sprintf("%d flows, want %d", doc.Total.Flows, len(flows))
	case sources != given || sources-doc.Merged.Packets.N != doc.Total.Packets.N:
		return fmt.Sprintf("sources %d (given %d) − merged %d is not the total %d", sources, given, doc.Merged.Packets.N, doc.Total.Packets.N)
	}
	slices.Reverse(paths)
	if _, other := summed(t, Sum{Items: itemsOf(paths...), Workers: 3}); other != text {
		return "in another order, with more workers, the document is another: " + firstDifference(text, other)
	}
	var halves uint64
	middle := time.Unix(lawsStart+4*60, 0)
	for _, w := range [][2]time.Time{{time.Unix(lawsStart, 0), middle}, {middle, time.Unix(lawsStart+3600, 0)}} {
		half, _ := summed(t, Sum{Items: itemsOf(paths...), Start: w[0], End: w[1]})
		halves += half.Total.Packets.N
	}
	if halves != doc.Total.Packets.N {
		return fmt.Sprintf("halves of the window have %d packets together, the whole %d", halves, doc.Total.Packets.N)
	}
	return ""
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return x[i] + " | " + y[i]
		}
	}
	return "one is longer"
}

// TestPointLaws counts flows that several points saw against a count by minute of
// what they are known to be. Of a law that does not hold it prints few flows.
func TestPointLaws(t *testing.T) {
	for seed := range uint64(12) {
		flows := makeFlows(rand.New(rand.NewPCG(seed, 1)), 24)
		wrong := pointLaws(t, flows)
		if wrong == "" {
			continue
		}
		for i := 0; i < len(flows); {
			fewer := slices.Delete(slices.Clone(flows), i, i+1)
			if w := pointLaws(t, fewer); w != "" {
				flows, wrong = fewer, w
				continue
			}
			i++
		}
		t.Fatalf("seed %d: %s: %+v", seed, wrong, flows)
	}
}
