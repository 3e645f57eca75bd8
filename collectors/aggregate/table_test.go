package aggregate

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
)

// ways are the ways in which records can come into a table; none may change
// what is in it.
var ways = map[string]func(names *flow.Names, all flow.Batch, r *rand.Rand) *Table{
	"in one": func(names *flow.Names, all flow.Batch, _ *rand.Rand) *Table {
		t := New(names)
		t.Add(0, all)
		return t
	},
	"one by one, in any order": func(names *flow.Names, all flow.Batch, r *rand.Rand) *Table {
		t := New(names)
		for _, i := range r.Perm(len(all)) {
			t.Add(0, all[i:i+1])
		}
		return t
	},
	"by workers": func(names *flow.Names, all flow.Batch, r *rand.Rand) *Table {
		t := New(names)
		workers := []*Table{t, t.Worker(), t.Worker()}
		for b := range slices.Chunk(all, 7) {
			workers[r.IntN(3)].Add(0, b)
		}
		t.Merge(workers[2])
		t.Merge(workers[1])
		return t
	},
	"by tables": func(names *flow.Names, all flow.Batch, r *rand.Rand) *Table {
		tables := []*Table{New(names), New(names), New(names)}
		for b := range slices.Chunk(all, 11) {
			tables[r.IntN(3)].Add(0, b)
		}
		tables[1].Merge(tables[0])
		tables[2].Merge(tables[1])
		return tables[2]
	},
	"through a file": func(names *flow.Names, all flow.Batch, _ *rand.Rand) *Table {
		t := New(names)
		t.Limit = 60
		for b := range slices.Chunk(all, 50) {
			t.Add(0, b)
			t.Flush()
		}
		return t
	},
	"through files of tables": func(names *flow.Names, all flow.Batch, r *rand.Rand) *Table {
		tables := []*Table{New(names), New(names), New(names)}
		for i, b := range slices.Collect(slices.Chunk(all, 40)) {
			t := tables[i%3]
			t.Limit = 30
			t.Add(0, b)
			t.Flush()
		}
		tables[1].Merge(tables[2])
		tables[0].Merge(tables[1])
		return tables[0]
	},
	"by workers through a file": func(names *flow.Names, all flow.Batch, _ *rand.Rand) *Table {
		t := New(names)
		t.Limit = 10
		other := t.Worker()
		half := len(all) / 2
		done := make(chan bool)
		go func() { other.Add(0, all[:half]); other.Flush(); close(done) }()
		t.Add(0, all[half:])
		<-done
		t.Merge(other)
		return t
	},
}

// TestTable compares tables with a Go map, for records by chance and every way in
// which they can come.
func TestTable(t *testing.T) {
	for way, count := range ways {
		t.Run(way, func(t *testing.T) {
			for seed := range uint64(6) {
				r := rand.New(rand.NewPCG(seed, 2))
				names := flow.NewNames()
				all := chance(r, names, r.IntN(2000))
				w := newWant()
				w.add(0, all)
				table := count(names, all, r)
				if diff := cmp.Diff(w.settled(), rowsOf(t, table), cmp.AllowUnexported(wantKey{}, wantRow{})); diff != "" {
					t.Fatalf("seed %d (-want +got):\n%.2000s", seed, diff)
				}
				var sum SourceSum
				if len(table.Sources) > 0 {
					sum = table.Sources[0]
				}
				if got := (wantSource{sum.Sum.Packets, sum.Sum.IPBytes, sum.Sum.FrameBytes}); got != w.sources[0] {
					t.Errorf("seed %d: the source has %+v, want %+v", seed, got, w.sources[0])
				}
				if err := table.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestManyContexts counts more contexts than are known without a map, again and
// again.
func TestManyContexts(t *testing.T) {
	names := flow.NewNames()
	w, table := newWant(), New(names)
	for round := range 3 {
		var b flow.Batch
		for i := range 700 {
			b = append(b, flow.Record{Key: flow.Key{Src: flow.Addr4(1), Dst: flow.Addr4(2)}, Point: flow.ID(1 + i), Rule: flow.ID(i % 3), State: flow.Continue,
				Measured: flow.Packets | flow.IPBytes, Sent: flow.Count{Packets: uint64(i + round)}})
		}
		w.add(0, b)
		table.Add(0, b)
	}
	if diff := cmp.Diff(w.settled(), rowsOf(t, table), cmp.AllowUnexported(wantKey{}, wantRow{})); diff != "" {
		t.Errorf("(-want +got):\n%.2000s", diff)
	}
}

// TestSources moves and numbers sources anew: what was counted stays.
func TestSources(t *testing.T) {
	names := flow.NewNames()
	one := func(bytes uint64) flow.Batch {
		return flow.Batch{{Measured: flow.Packets | flow.IPBytes, Sent: flow.Count{Packets: 1, IPBytes: bytes}, First: int64(bytes), Last: int64(2 * bytes), State: flow.Continue}}
	}
	table := New(names)
	table.Add(0, one(1))
	table.Add(1, one(10))
	table.Add(2, one(100))
	table.Repeat(2, one(1000))
	table.Move(1, 4)
	table.Move(9, 1) // nothing is there
	bytes := func() (list []uint64) {
		for _, s := range table.Sources {
			list = append(list, s.Sum.IPBytes)
		}
		return list
	}
	if got := bytes(); !slices.Equal(got, []uint64{1, 0, 1100, 0, 10}) {
		t.Errorf("after Move: %v", got)
	}
	if s := table.Sources[2]; s.First != 100 || s.Last != 2000 {
		t.Errorf("source 2 is from %d to %d", s.First, s.Last)
	}
	table.Renumber([]int{1, -1, 1, 0, 3})
	if got := bytes(); !slices.Equal(got, []uint64{0, 1101, 0, 10}) {
		t.Errorf("after Renumber: %v", got)
	}
	if rows := rowsOf(t, table); len(rows) != 1 || slices.Collect(maps.Values(rows))[0].sent.IPBytes != 111 {
		t.Errorf("what was met before is counted: %+v", rows)
	}
}

// TestBudget keeps rows in memory within what was allowed, and never below the least.
func TestBudget(t *testing.T) {
	table := New(flow.NewNames())
	table.Budget(1)
	if table.Limit != MinRows {
		t.Errorf("%d rows of no memory", table.Limit)
	}
	table.Budget(1 << 30)
	if got := table.Limit * BytesPerRow; got > 1<<30 || got < 1<<29 {
		t.Errorf("%d bytes of a GiB", got)
	}
	table.Limit = 1000
	if !table.Few() {
		t.Error("an empty table has few rows")
	}
	for i := range 20_000 {
		table.Add(0, flow.Batch{{Key: flow.Key{Src: flow.Addr4(uint32(i)), Dst: flow.Addr4(1)}, State: flow.Continue}})
	}
	table.Flush()
	if used := table.Used.Load(); used > 1000+Partitions*int64(entries) {
		t.Errorf("%d rows are in memory", used)
	}
	if table.Few() {
		t.Error("a table with a file has many rows")
	}
	if n := len(rowsOf(t, table)); n != 20_000 {
		t.Errorf("%d rows came back", n)
	}
	if err := table.Reset(); err != nil || len(table.Spills) > 0 || table.Used.Load() != 0 {
		t.Error("a table that was reset holds something", err)
	}
}

// TestLostRows says so if rows cannot be read back from a file.
func TestLostRows(t *testing.T) {
	table := New(flow.NewNames())
	table.Limit = 1
	table.Add(0, flow.Batch{{Key: flow.Key{Src: flow.Addr4(1)}, State: flow.Continue}, {Key: flow.Key{Src: flow.Addr4(2)}, State: flow.Continue}})
	table.Flush()
	table.Ready()
	if len(table.Spills) != 1 {
		t.Fatalf("%d files", len(table.Spills))
	}
	table.Spills[0].File.Close()
	lost := 0
	var buf []byte
	for i := range Partitions {
		_, errs := table.Partition(i, new(Partition), &buf)
		lost += len(errs)
	}
	if lost == 0 {
		t.Error("rows are lost, and no error says so")
	}
}

// TestNoFile keeps all rows in memory where no file can be made.
func TestNoFile(t *testing.T) {
	t.Setenv("TMPDIR", "/nowhere")
	if _, err := os.CreateTemp("", ""); err == nil {
		t.Skip("temporary files are made elsewhere here")
	}
	r := rand.New(rand.NewPCG(1, 1))
	names := flow.NewNames()
	all, w := chance(r, names, 2000), newWant()
	w.add(0, all)
	table := ways["through a file"](names, all, r)
	if diff := cmp.Diff(w.settled(), rowsOf(t, table), cmp.AllowUnexported(wantKey{}, wantRow{})); diff != "" {
		t.Errorf("(-want +got):\n%.2000s", diff)
	}
}

// TestFullDisk keeps all rows, once, where a file can be written no more.
func TestFullDisk(t *testing.T) {
	table := New(flow.NewNames())
	table.Limit = 1 << 30
	add := func(from, to uint32) {
		for i := from; i < to; i++ {
			table.Add(0, flow.Batch{{Key: flow.Key{Src: flow.Addr4(1), Dst: flow.Addr4(2), SrcPort: uint16(i)}, Sent: flow.Count{Packets: 1}, Measured: flow.Packets, State: flow.Continue}})
		}
		table.Flush()
	}
	add(0, 1000)
	table.relieve(int((&Key{Src: flow.Addr4(1), Dst: flow.Addr4(2)}).PairHash() % Partitions))
	if len(table.Spills) != 1 || table.Used.Load() != 0 {
		t.Fatal("the rows are not in a file")
	}
	file := table.Spills[0].File
	read, err := os.Open(file.Name())
	if err != nil { // it has no name any more, so a second one reads only where systems let it
		if read, err = os.Open(fmt.Sprintf("/proc/self/fd/%d", file.Fd())); err != nil {
			t.Skip("the file cannot be opened for reading alone here")
		}
	}
	table.Spills[0].File = read // as on a full disk, nothing can be written
	add(1000, 2500)
	rows := rowsOf(t, table)
	var packets uint64
	for _, v := range rows {
		packets += v.sent.Packets
	}
	if len(rows) != 2500 || packets != 2500 {
		t.Errorf("%d rows with %d packets, want 2500 each", len(rows), packets)
	}
	file.Close()
	table.Close()
}

// TestPartition wants the rows of a partition that borrowed the index of another one
// to be all there, and one that was emptied to begin anew.
func TestPartition(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 12))
	var p, spare Partition
	var free Pool
	for round := range 6 {
		want := map[Key]uint64{}
		for range []int{3000, 10, 500}[round%3] {
			k := Key{Src: flow.Addr4(r.Uint32N(30)), Dst: flow.Addr4(r.Uint32N(30)), SrcPort: uint16(r.IntN(3)), Port: 443, Proto: 6}
			_, hash := k.hashes()
			e := entry{key: k, hash: uint32(hash >> 32), sent: Wire{Packets: 1}, records: 1, first: 1, last: 2}
			if k.SrcPort == 2 {
				e.frames = FrameBytes{Sent: 60}
			}
			p.count(&e, &free)
			want[k]++
			if r.IntN(400) == 0 {
				p.index.Borrow(&spare.index)
			}
		}
		if p.Rows.N != len(want) {
			t.Fatalf("round %d: %d rows, want %d", round, p.Rows.N, len(want))
		}
		for n := range p.Rows.N {
			row, frames := p.Rows.At(n), uint64(0)
			if row.SrcPort == 2 {
				frames = 60 * want[row.Key]
			}
			if row.Sent.Packets != want[row.Key] || uint64(row.Records) != want[row.Key] || p.Rows.Frames(n).Sent != frames {
				t.Fatalf("round %d: %+v with %v, want %d packets", round, row, p.Rows.Frames(n), want[row.Key])
			}
		}
		p.Reset(&free)
		p.PassIndex(&spare)
	}
}
