package meter

import (
	"testing"
	"unsafe"

	"flowctl/collectors/flow"
)

// TestFull checks that a full table is emptied, and that nothing is lost by it.
func TestFull(t *testing.T) {
	states := map[flow.State]uint64{}
	m := New(flow.Record{}, func(b flow.Batch) bool {
		for _, r := range b {
			states[r.State] += r.Sent.Packets + r.Received.Packets
		}
		return true
	})
	for i := range m.crew.parts {
		m.crew.parts[i].most = 5000 / parts
	}
	for i := range 60_000 {
		p := m.Next()
		p.Key = flow.Key{Src: flow.Addr4(uint32(i)), Dst: flow.Addr4(1 << 31), Proto: 17}
		m.Add()
		for i := range m.crew.parts {
			if p := &m.crew.parts[i]; p.table.used > p.most+chunkPackets {
				t.Fatalf("%d conversations are held in part %d", p.table.used, i)
			}
		}
	}
	m.Close()
	if states[flow.Continue] < 50_000 || states[flow.Continue]+states[flow.End] != 60_000 {
		t.Errorf("packets by state: %v", states)
	}
}

// TestEntrySize keeps entries to two cache lines.
func TestEntrySize(t *testing.T) {
	if n := unsafe.Sizeof(entry{}); n != 128 {
		t.Errorf("an entry has %d bytes", n)
	}
}
