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
	for i := range m.pool.parts {
		m.pool.parts[i].most = 5000 / parts
	}
	for i := range 60_000 {
		p := m.Next()
		p.Key = flow.Key{Src: flow.Addr4(uint32(i)), Dst: flow.Addr4(1 << 31), Proto: 17}
		m.Add()
		for i := range m.pool.parts {
			if p := &m.pool.parts[i]; p.table.used > p.most+chunkPackets {
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

// TestFullKeepsTheBusy checks that a full table lets go of what was silent for
// longest: a conversation that goes on stays in one record.
func TestFullKeepsTheBusy(t *testing.T) {
	const scans = 40_000
	records, packets := 0, uint64(0)
	busy := flow.Key{Src: flow.Addr4(1), Dst: flow.Addr4(2), SrcPort: 1000, DstPort: 443, Proto: 17}
	m := New(flow.Record{}, func(b flow.Batch) bool {
		for _, r := range b {
			if r.Src == busy.Src {
				records, packets = records+1, packets+r.Sent.Packets
			}
		}
		return true
	})
	m.Bound(1)
	if most := m.pool.parts[0].most; most != minFlows/parts {
		t.Fatalf("%d conversations in a part, of no memory", most)
	}
	for i := range m.pool.parts {
		m.pool.parts[i].most = 1000
	}
	add := func(k flow.Key, at int) {
		p := m.Next()
		p.Key, p.Time = k, int64(at)*1e6
		m.Add()
	}
	for i := range scans {
		add(flow.Key{Src: flow.Addr4(1 << 31), Dst: flow.Addr4(uint32(10 + i)), Proto: 17}, i)
		if i%100 == 0 {
			add(busy, i)
		}
	}
	m.Close()
	if records != 1 || packets != scans/100 {
		t.Errorf("the busy conversation is in %d records of %d packets, want 1 of %d", records, packets, scans/100)
	}
}
