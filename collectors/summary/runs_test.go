package summary

import (
	"flowctl/collectors/aggregate"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
)

// TestRuns checks that conversations that do not fit into memory come back in
// order, and all of each.
func TestRuns(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var few, all pairs
	few.most = 7
	for range 100 {
		v := aggregate.Row{Key: aggregate.Key{Src: flow.Addr4(r.Uint32()), Dst: flow.Addr4(r.Uint32())}, First: testStart, Last: testStart + int64(r.IntN(1e6)), Marks: aggregate.MeasuredPackets | aggregate.MeasuredIP}
		if r.IntN(4) == 0 {
			v.Src, v.Dst = flow.Addr{Hi: 0xfd00 << 48, Lo: r.Uint64()}, flow.Addr{Hi: 0xfd00 << 48, Lo: r.Uint64()}
		}
		v.Sent, v.Received = aggregate.Wire{Packets: r.Uint64(), IPBytes: r.Uint64()}, aggregate.Wire{Packets: r.Uint64() >> 1, IPBytes: r.Uint64() >> 63}
		v.Flows, v.Begins = r.Uint32(), r.Uint32()
		v.Records = v.Flows
		f := aggregate.FrameBytes{Sent: r.Uint64() & 1, Received: 0}
		few.add(&v, f, &aggregate.Pool{})
		all.add(&v, f, &aggregate.Pool{})
	}
	if len(few.runs) != 14 || few.len() != 100 {
		t.Fatalf("%d runs of %d pairs", len(few.runs), few.len())
	}
	var got, want []Conversation
	for c := range (Conversations{pairs: &few}).All() {
		got = append(got, c)
	}
	for c := range (Conversations{pairs: &all}).All() {
		want = append(want, c)
	}
	if diff := cmp.Diff(want, got); diff != "" || few.err != nil {
		t.Errorf("conversations (-in memory +in runs), error %v:\n%s", few.err, diff)
	}
	if err := few.close(); err != nil {
		t.Error(err)
	}
}

// TestRunsLost checks that conversations that cannot be read back are missed.
func TestRunsLost(t *testing.T) {
	p := pairs{most: 2}
	for i := range uint32(6) {
		p.add(&aggregate.Row{Key: aggregate.Key{Src: flow.Addr4(i), Dst: flow.Addr4(i)}}, aggregate.FrameBytes{}, &aggregate.Pool{})
	}
	p.file.File.Truncate(10)
	n := 0
	for range (Conversations{pairs: &p}).All() {
		n++
	}
	if n == 6 || p.err == nil {
		t.Errorf("%d conversations of a file that was cut, error %v", n, p.err)
	}
	p.close()
}
