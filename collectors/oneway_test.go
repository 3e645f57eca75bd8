package collectors

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"flowctl/collectors/flow/flowtest"
	"flowctl/collectors/pcap/pcaptest"
)

// side is a point that saw one direction of a flow, or both, from one second to another.
type side struct {
	name        string
	there, back bool
	from, to    int // seconds, whole minutes of a flow log; to is in it
	log         bool
}

// saw is what it saw in a second of packets each way.
func (p *side) saw(second int, packets [2][]int) (n [2]int) {
	if second <= p.from || second > p.to {
		return n
	}
	if p.there {
		n[0] = packets[0][second]
	}
	if p.back {
		n[1] = packets[1][second]
	}
	return n
}

func (p *side) put(t *testing.T, dir string, packets [2][]int) {
	if p.log {
		put(t, filepath.Join(dir, p.name+".json"), []byte(p.flowLog(packets)))
		return
	}
	client, server := netip.MustParseAddrPort("10.1.0.4:50000"), netip.MustParseAddrPort("10.2.0.5:443")
	var rs []pcaptest.Record
	for s := p.from + 1; s <= p.to; s++ {
		for w, n := range p.saw(s, packets) {
			from, to := client, server
			if w == 1 {
				from, to = server, client
			}
			for i := range n {
				frame := pcaptest.Ethernet(pcaptest.TCP(from, to, pcaptest.ACK, uint32(60*s), 1, make([]byte, 60)))
				pcaptest.Identify(frame, uint16(6*s+3*w+i))
				rs = append(rs, pcaptest.Record{At: (lawsStart+int64(s))*int64(time.Second) - int64(time.Second)*int64(2*i+w+1)/20, Data: frame})
			}
		}
	}
	slices.SortFunc(rs, func(a, b pcaptest.Record) int { return cmp.Compare(a.At, b.At) })
	put(t, filepath.Join(dir, p.name+".pcap"), pcaptest.Classic{Magic: pcaptest.Nano}.File(rs...))
}

func (p *side) flowLog(packets [2][]int) string {
	var all []string
	for at := p.from + 60; at <= p.to; at += 60 {
		var n [2]int
		for s := at - 59; s <= at; s++ {
			one := p.saw(s, packets)
			n[0], n[1] = n[0]+one[0], n[1]+one[1]
		}
		state := "C"
		if at == p.to {
			state = "E"
		}
		all = append(all, fmt.Sprintf(`{"time":%q,"flowLogVersion":4,"macAddress":"0022480000%s","category":"FlowLogFlowEvent","flowLogResourceID":"/X/%s","targetResourceID":"/x/%s",`+
			`"operationName":"FlowLogFlowEvent","flowRecords":{"flows":[{"aclID":"a","flowGroups":[{"rule":"r","flowTuples":["%d,10.1.0.4,10.2.0.5,50000,443,6,O,%s,NX,%d,%d,%d,%d"]}]}]}}`,
			time.Unix(lawsStart+int64(at)+60, 0).UTC().Format(time.RFC3339), p.name, p.name, p.name, (lawsStart+int64(at))*1000, state, n[0], 100*n[0], n[1], 100*n[1]))
	}
	return `{"records":[` + strings.Join(all, ",") + `]}`
}

// TestClocksApart checks that two captures of one traffic, one with a clock that is wrong and a
// packet that was lost, either count it once or say how much may count twice, and that captures
// which follow one another say nothing.
func TestClocksApart(t *testing.T) {
	const long = 400
	packets := [2][]int{slices.Repeat([]int{1}, 2*long+1), make([]int, 2*long+1)}
	for _, late := range []int{0, 1, 3, 10, 60, 300} {
		dir := t.TempDir()
		here, there := side{name: "here", there: true, to: long}, side{name: "there", there: true, to: 2 * long}
		here.put(t, dir, packets)
		lost := [2][]int{make([]int, 2*long+1), packets[1]}
		for s := range long {
			if s != 200 {
				lost[0][late+1+s] = 1
			}
		}
		there.put(t, dir, lost)
		n, _, _, codes := sumOf(t, Sum{Items: itemsOf(dir)})
		if told := slices.Contains(codes, "clocks-apart"); n > long+2 && !told || n <= long && told || n < long {
			t.Errorf("%d s apart: %d packets of %d; %v", late, n, long, codes)
		}
	}
}

// TestOneWayLaw checks that what points saw of one direction each counts, however much more
// another saw of the other direction: of each direction and second what at least one saw.
func TestOneWayLaw(t *testing.T) {
	const long = 600
	for seed := range flowtest.Seeds(60) {
		r := rand.New(rand.NewPCG(seed, 11))
		var packets [2][]int
		for w := range packets {
			for range long + 1 {
				packets[w] = append(packets[w], r.IntN(2)+w)
			}
		}
		sides := []side{{name: "AA", there: true, from: 0, to: long}, {name: "BB", back: true, from: 0, to: long}, {name: "CC", there: true, back: true, from: 0, to: long}}[:2+r.IntN(2)]
		logs := r.IntN(2) == 0
		for i := range sides {
			p := &sides[i]
			p.log = logs
			if i == 2 || r.IntN(3) == 0 {
				p.from = 60 * r.IntN(long/60/2)
				p.to = p.from + 60*(1+r.IntN((long-p.from)/60))
			}
		}
		dir := t.TempDir()
		var want [2]uint64
		for i := range sides {
			sides[i].put(t, dir, packets)
		}
		for s := range long + 1 {
			var most [2]int
			for i := range sides {
				n := sides[i].saw(s, packets)
				most[0], most[1] = max(most[0], n[0]), max(most[1], n[1])
			}
			want[0], want[1] = want[0]+uint64(most[0]), want[1]+uint64(most[1])
		}
		doc, _, err := Sum{Items: itemsOf(dir)}.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all := slices.Collect(doc.Conversations.All())
		c := all[0]
		if got := [2]uint64{c.PacketsAB.N, c.PacketsBA.N}; got != want || len(all) != 1 || doc.Total.Flows != 1 || doc.Total.Packets.N != want[0]+want[1] {
			t.Errorf("seed %d: %+v: %d packets of %d flows each way, want %d", seed, sides, got, doc.Total.Flows, want)
		}
	}
}
