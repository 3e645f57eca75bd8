package aggregate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
)

// sums are all that is merged when the tables of several workers become one, of
// some records.
type sums struct {
	source SourceSum
	states states
}

func newSums() sums { return sums{source: SourceSum{First: NoFirst, Last: NoLast}} }

func (s *sums) add(r *flow.Record) {
	s.source.count(r, marksOf(r))
	s.states.count(r, contextOf(r).Class)
}

func (s *sums) merge(o sums) {
	s.source.merge(o.source)
	s.states.merge(o.states)
}

// withTCP are records by chance, some of which know TCP.
func withTCP(r *rand.Rand, n int) flow.Batch {
	all := chance(r, flow.NewNames(), n)
	count := func() flow.TCPCount {
		return flow.TCPCount{
			Retransmitted: uint16(r.IntN(9)), RetransmittedBytes: r.Uint32N(99), DupACKs: uint16(r.IntN(9)), SYN: uint8(r.IntN(2)), SYNACK: uint8(r.IntN(2)),
			FIN: uint8(r.IntN(2)), RST: uint8(r.IntN(2)), ZeroWindow: uint8(r.IntN(3)), KeepAlive: uint8(r.IntN(3)),
		}
	}
	for i := range all {
		if r.IntN(2) == 0 {
			all[i].TCP = flow.TCP{Seen: flow.TCPSeen(r.IntN(32)), Answered: r.Uint32N(1e6), Confirmed: r.Uint32N(1e6), Sent: count(), Received: count()}
		}
	}
	return all
}

// TestSumsLaws wants sums of parts to add up to that of the whole, in whatever
// parts and order, and nothing to be what changes none.
func TestSumsLaws(t *testing.T) {
	for seed := range flowtest.Seeds(40) {
		r := rand.New(rand.NewPCG(seed, 7))
		all := withTCP(r, 1+r.IntN(60))
		whole := newSums()
		for i := range all {
			whole.add(&all[i])
		}
		parts := make([]sums, 1+r.IntN(5))
		for i := range parts {
			parts[i] = newSums()
		}
		for _, i := range r.Perm(len(all)) {
			parts[r.IntN(len(parts))].add(&all[i])
		}
		got := newSums()
		got.merge(newSums())
		for _, i := range r.Perm(len(parts)) {
			got.merge(parts[i])
		}
		got.merge(newSums())
		if got != whole {
			t.Fatalf("seed %d, %d records in %d parts:\n%+v, want\n%+v", seed, len(all), len(parts), got, whole)
		}
	}
}

// TestLatencySum compares sums of times with their definition.
func TestLatencySum(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for n := range 20 {
		want := LatencySum{Least: math.MaxUint64}
		var got LatencySum
		for range n {
			us := r.Uint64N(1 << r.IntN(30))
			want = LatencySum{want.Count + 1, min(want.Least, us), max(want.Most, us), want.Sum + us}
			got.add(us)
		}
		if n == 0 {
			want.Least = 0
		}
		if got != want {
			t.Errorf("%d times: %+v, want %+v", n, got, want)
		}
	}
}

// TestRowLaws wants rows to add up in any order, to be themselves when turned
// twice, and their turned sum to be the sum of the turned ones.
func TestRowLaws(t *testing.T) {
	for seed := range flowtest.Seeds(40) {
		r := rand.New(rand.NewPCG(seed, 9))
		names := flow.NewNames()
		all := chance(r, names, 2+r.IntN(20))
		key := Key{Src: flow.Addr4(1), Dst: flow.Addr4(2), SrcPort: 3, Port: 4, Proto: 6}
		rows := make([]Row, len(all))
		for i := range all {
			x := &all[i]
			rows[i] = Row{Key: key, First: NoFirst, Last: NoLast, Flows: 1}
			e := entry{marks: marksOf(x), sent: Wire{x.Sent.Packets, x.Sent.IPBytes}, received: Wire{x.Received.Packets, x.Received.IPBytes}}
			e.records, e.begins = counted(x)
			e.first, e.last = bounds(x.First, x.Last)
			rows[i].count(&e)
		}
		sum := func(order []int, turn bool) Row {
			out := Row{Key: key, First: NoFirst, Last: NoLast, Flows: 1}
			if turn {
				out, _ = out.Flipped(FrameBytes{})
			}
			for _, i := range order {
				row := rows[i]
				if turn {
					row, _ = row.Flipped(FrameBytes{})
				}
				out.merge(&row)
			}
			return out
		}
		whole := sum(r.Perm(len(rows)), false)
		if other := sum(r.Perm(len(rows)), false); other != whole {
			t.Fatalf("seed %d: %+v in one order, %+v in another", seed, whole, other)
		}
		turned := sum(r.Perm(len(rows)), true)
		if back, _ := turned.Flipped(FrameBytes{}); back != whole {
			t.Fatalf("seed %d: turned rows add up to %+v, want %+v", seed, back, whole)
		}
		for name, m := range map[string][2]Marks{"sent": {whole.Marks.Sent(), turned.Marks.Received()}, "received": {whole.Marks.Received(), turned.Marks.Sent()}} {
			if m[0].Packets() != m[1].Packets() || m[0].IPBytes() != m[1].IPBytes() || m[0].Frames() != m[1].Frames() {
				t.Fatalf("seed %d: what was %s is known from one end only: %b, %b", seed, name, m[0], m[1])
			}
		}
	}
}

// TestSides wants a side without counters to be unknown, and the other one to stay
// known.
func TestSides(t *testing.T) {
	for name, tt := range map[string]struct {
		measured       flow.Measure
		sent, received bool
	}{
		"both":     {flow.Packets | flow.IPBytes, true, true},
		"sent":     {flow.Packets | flow.IPBytes | flow.SentOnly, true, false},
		"received": {flow.Packets | flow.IPBytes | flow.ReceivedOnly, false, true},
		"none":     {0, false, false},
	} {
		m := marksOf(&flow.Record{Measured: tt.measured})
		if got := [2]bool{m.Sent().IPBytes(), m.Received().IPBytes()}; got != [2]bool{tt.sent, tt.received} {
			t.Errorf("%s: known are %v", name, got)
		}
		if m.Flipped().Flipped() != m {
			t.Errorf("%s: turned twice it is another one", name)
		}
	}
}

// TestHashes wants the hash of a pair, and that of a flow, to be one for both
// directions, other hashes for others, and partitions to be about as full.
func TestHashes(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	seen := map[uint64]Key{}
	var parts [Partitions]int
	const pairs = 64 * Partitions
	for i := range uint32(pairs) {
		k := Key{Src: flow.Addr4(10<<24 | i), Dst: flow.Addr4(20<<24 | i/7), SrcPort: uint16(r.IntN(1 << 16)), Port: 443, Proto: 6, Context: r.Uint32N(4)}
		turned := Row{Key: k}
		turned, _ = turned.Flipped(FrameBytes{})
		pair, key := k.hashes()
		if p, other := turned.hashes(); p != pair || other == key || k.PairHash() != pair {
			t.Fatalf("%+v: pair %x and %x, key %x and %x", k, pair, p, key, other)
		}
		if flowHash(k.Src, k.Dst, k.SrcPort, k.Port, k.Proto) != flowHash(turned.Src, turned.Dst, turned.SrcPort, turned.Port, turned.Proto) {
			t.Fatalf("%+v: another flow from the other end", k)
		}
		if o, ok := seen[key]; ok {
			t.Fatalf("%+v and %+v have one hash", k, o)
		}
		seen[key] = k
		parts[pair%Partitions]++
	}
	for i, n := range parts {
		if n < pairs/Partitions/4 || n > 4*pairs/Partitions {
			t.Errorf("partition %d has %d of %d pairs", i, n, pairs)
		}
	}
}

// TestContexts wants the numbers of contexts to be those of their first records,
// for all workers, whatever else comes between: far more than are known at once.
func TestContexts(t *testing.T) {
	names := flow.NewNames()
	table := New(names)
	workers := []*Table{table, table.Worker(), table.Worker()}
	r := rand.New(rand.NewPCG(5, 5))
	numbers := map[Context]uint32{}
	for range 20_000 {
		rec := flow.Record{
			Point: names.Of(fmt.Sprint("mac", r.IntN(30))), Rule: names.Of(fmt.Sprint("rule", r.IntN(20))), ACL: names.Of("acl"), Log: names.Of(fmt.Sprint("log", r.IntN(2))),
			Direction: flow.Direction(r.IntN(3)), State: flow.State(1 + r.IntN(4)), Encryption: flow.Encryption(r.IntN(4)),
		}
		want := contextOf(&rec)
		n := workers[r.IntN(3)].Number(&rec)
		if known, ok := numbers[want]; ok && known != n {
			t.Fatalf("%+v has the numbers %d and %d", want, known, n)
		}
		numbers[want] = n
		if table.Contexts[n] != want {
			t.Fatalf("number %d is %+v, want %+v", n, table.Contexts[n], want)
		}
	}
	if len(numbers) != len(table.Contexts) || len(numbers) < 2000 {
		t.Errorf("%d contexts have %d numbers", len(numbers), len(table.Contexts))
	}
}

// TestContextOf says what of a record tells rows apart, and what does not.
func TestContextOf(t *testing.T) {
	log := flow.Record{Point: 1, Log: 2, Target: 3, Rule: 4, ACL: 5, State: flow.Continue, Encryption: flow.Encrypted, Direction: flow.Inbound}
	change := func(f func(*flow.Record)) flow.Record { r := log; f(&r); return r }
	want := Context{Point: 1, Log: 2, Rule: 4, ACL: 5, Encryption: flow.Encrypted, Direction: flow.Inbound}
	with := func(f func(*Context)) Context { c := want; f(&c); return c }
	for name, tt := range map[string]struct {
		r    flow.Record
		want Context
	}{
		"a flow log":          {log, want},
		"its state":           {change(func(r *flow.Record) { r.State = flow.End }), want},
		"denied":              {change(func(r *flow.Record) { r.State = flow.Deny }), with(func(c *Context) { c.Verdict = Denied })},
		"a log without an id": {change(func(r *flow.Record) { r.Log = 0 }), with(func(c *Context) { c.Log = 3 })},
		"an NSG's":            {change(func(r *flow.Record) { r.Class = flow.NSGLog }), with(func(c *Context) { c.Class = NSGLog })},
		"a capture": {change(func(r *flow.Record) { r.Class = flow.Capture }),
			with(func(c *Context) { c.Class, c.Log, c.Target, c.Verdict = Capture, 0, 3, UnknownVerdict })},
		"a frame without IP": {change(func(r *flow.Record) { r.Class, r.EtherType = flow.Capture, 0x88cc }),
			with(func(c *Context) { c.Class, c.Log, c.Target, c.Verdict = NoIP, 0, 3, UnknownVerdict })},
	} {
		if diff := cmp.Diff(tt.want, contextOf(&tt.r)); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

// TestRenumber compares new numbers of sources with adding up anew.
func TestRenumber(t *testing.T) {
	for seed := range flowtest.Seeds(30) {
		r := rand.New(rand.NewPCG(seed, 11))
		names := flow.NewNames()
		const sources = 6
		to := make([]int, sources)
		for i := range to {
			to[i] = r.IntN(sources+1) - 1
		}
		table, want := New(names), New(names)
		for i := range sources {
			all := chance(r, names, r.IntN(20))
			table.Add(i, all)
			if to[i] >= 0 {
				want.Add(to[i], all)
			}
		}
		table.Renumber(to)
		for i := range max(len(want.Sources), len(table.Sources)) {
			get := func(t *Table) SourceSum {
				if i < len(t.Sources) {
					return t.Sources[i]
				}
				return SourceSum{First: NoFirst, Last: NoLast}
			}
			if get(table) != get(want) {
				t.Fatalf("seed %d, numbers %v: source %d is %+v, want %+v", seed, to, i, get(table), get(want))
			}
		}
	}
}

// TestMove wants one source's sums to go to another, also to one that had none.
func TestMove(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 12))
	names := flow.NewNames()
	all := chance(r, names, 50)
	table, want := New(names), New(names)
	table.Add(0, all[:20])
	table.Add(1, all[20:])
	want.Add(3, all)
	table.Move(9, 0) // nothing is there
	table.Move(0, 3)
	table.Move(1, 3)
	if table.Sources[3] != want.Sources[3] {
		t.Errorf("%+v, want %+v", table.Sources[3], want.Sources[3])
	}
	if none := (SourceSum{First: NoFirst, Last: NoLast}); table.Sources[0] != none || table.Sources[1] != none {
		t.Errorf("%+v are left", table.Sources[:2])
	}
}

// TestRepeat wants what was met before to count for its source alone.
func TestRepeat(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 12))
	names := flow.NewNames()
	all := chance(r, names, 50)
	once, twice := New(names), New(names)
	once.Add(0, all)
	twice.Add(0, all)
	twice.Repeat(1, all)
	if diff := cmp.Diff(rowsOf(t, once), rowsOf(t, twice), cmp.AllowUnexported(wantKey{}, wantRow{})); diff != "" {
		t.Errorf("rows: -once +twice\n%s", diff)
	}
	if twice.Sources[0] != twice.Sources[1] || twice.FlowLogs != once.FlowLogs {
		t.Errorf("%+v and %+v, states %+v, want %+v", twice.Sources[0], twice.Sources[1], twice.FlowLogs, once.FlowLogs)
	}
}

// TestSpill reads parts back as they were written, of each partition apart.
func TestSpill(t *testing.T) {
	s, err := NewSpill()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(4, 12))
	want := map[int]string{}
	for range 200 {
		part, b := r.IntN(5), make([]byte, r.IntN(50))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if err := s.Append(part, b); err != nil {
			t.Fatal(err)
		}
		want[part] += string(b)
	}
	var buf []byte
	for part := range 7 {
		var got string
		if err := s.Each(part, &buf, func(b []byte) { got += string(b) }); err != nil || got != want[part] || s.length(part) != int64(len(want[part])) {
			t.Errorf("part %d: %d bytes, want %d, %v", part, len(got), len(want[part]), err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := s.Each(0, &buf, func([]byte) {}); err == nil {
		t.Error("no error after the file is gone")
	}
	if s.Append(0, []byte("x")) == nil {
		t.Error("it is written to after it is gone")
	}
}

// TestSpillNumbers wants new numbers of contexts to be those of the last table that
// took a file over.
func TestSpillNumbers(t *testing.T) {
	s := Spill{}
	s.renumber([]uint32{4, 2, 0})
	s.renumber([]uint32{10, 11, 12, 13, 14})
	if diff := cmp.Diff([]uint32{14, 12, 10}, s.ids); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestPlus wants counters of records to stop and not to begin anew.
func TestPlus(t *testing.T) {
	const most = math.MaxUint32
	for _, c := range [][3]uint32{{1, 2, 3}, {most, 0, most}, {most, 1, most}, {most - 1, 1, most}, {1 << 31, 1 << 31, most}, {most, most, most}} {
		if got := plus(c[0], c[1]); got != c[2] || plus(c[1], c[0]) != got {
			t.Errorf("%d and %d are %d, want %d", c[0], c[1], got, c[2])
		}
	}
}
