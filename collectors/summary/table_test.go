package summary

import (
	"bytes"
	"flowctl/collectors/aggregate"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
)

// text is the whole document of t as JSON.
func text(t *testing.T, table *aggregate.Table, o Options) string {
	t.Helper()
	doc, err := Of(table, o)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := doc.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// records makes up n records of a network whose both ends are logged.
func records(w *world, n int) flow.Batch {
	b := make(flow.Batch, n)
	w.fill(b)
	for i := range b {
		if i%3 == 0 { // seen at the other end as well, there with less
			r := b[i]
			r.Src, r.Dst = flow.Addr4(10<<24|4), flow.Addr4(10<<24|5)
			r.SrcPort, r.DstPort = uint16(1024+i/6%50), 1433
			if i%2 == 0 {
				r.Point, r.Direction = w.points[1], flow.Inbound
				r.Sent.Packets /= 2
			} else {
				r.Point, r.Direction = w.points[0], flow.Outbound
			}
			b[i] = r
		}
	}
	return b
}

// TestOrder checks that neither the order of records nor the worker that
// counts them nor a temporary file changes any of the document.
func TestOrder(t *testing.T) {
	w := newWorld(3, 4, 300)
	all := records(w, 20_000)
	one := aggregate.New(w.names)
	one.Add(0, all)
	want := text(t, one, Options{})

	shuffled := append(flow.Batch{}, all...)
	rand.New(rand.NewPCG(5, 5)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	tests := map[string]func() *aggregate.Table{
		"other order": func() *aggregate.Table {
			table := aggregate.New(w.names)
			table.Add(0, shuffled)
			return table
		},
		"two workers": func() *aggregate.Table {
			a, b := aggregate.New(w.names), aggregate.New(w.names)
			for i := 0; i < len(shuffled); i += 100 {
				[]*aggregate.Table{a, b}[i/100%2].Add(0, shuffled[i:i+100])
			}
			b.Merge(a)
			return b
		},
		"temporary files": func() *aggregate.Table {
			a, b := aggregate.New(w.names), aggregate.New(w.names)
			a.Limit, b.Limit = 500, 300
			for i := 0; i < len(shuffled); i += 100 {
				[]*aggregate.Table{a, b}[i/100%2].Add(0, shuffled[i:i+100])
			}
			if len(a.Spills) == 0 || len(b.Spills) == 0 {
				t.Fatal("no temporary file was made")
			}
			c := aggregate.New(w.names)
			c.Limit = 400
			c.Merge(b)
			c.Merge(a)
			return c
		},
	}
	for name, build := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, text(t, build(), Options{})); diff != "" {
				t.Errorf("document differs (-one by one +%s):\n%s", name, diff)
			}
		})
	}
}

func TestFlowsAreDistinctPorts(t *testing.T) {
	names := flow.NewNames()
	point := names.Of("0022484D0001")
	table := aggregate.New(names)
	want := map[uint16]bool{}
	r := rand.New(rand.NewPCG(1, 1))
	for range 5000 {
		port := uint16(r.IntN(3000))
		want[port] = true
		table.Add(0, flow.Batch{{
			Key:   flow.Key{Src: flow.Addr4(1), Dst: flow.Addr4(2), SrcPort: port, DstPort: 443, Proto: protoTCP},
			First: testStart, Last: testStart, State: flow.Begin, Point: point, Encryption: flow.NotEncrypted,
		}})
	}
	doc, err := Of(table, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if doc.Total.Flows != uint64(len(want)) || doc.Total.Records != 5000 {
		t.Errorf("%d flows of %d records, want %d of 5000", doc.Total.Flows, doc.Total.Records, len(want))
	}
}

// TestMeasured checks that what was not measured is unknown, never 0, and
// that a sum of which only a part was measured is unknown too.
func TestMeasured(t *testing.T) {
	names := flow.NewNames()
	log := flow.Record{
		Key:   flow.Key{Src: flow.Addr4(10<<24 | 4), Dst: flow.Addr4(20 << 24), SrcPort: 50000, DstPort: 443, Proto: protoTCP},
		First: testStart, Last: testStart, Point: names.Of("0022484D0001"), Encryption: flow.NotEncrypted, Direction: flow.Outbound,
	}
	begin, deny, counted := log, log, log
	begin.State, deny.State, counted.State = flow.Begin, flow.Deny, flow.Continue
	counted.Measured = flow.Packets | flow.IPBytes
	counted.Sent = flow.Count{Packets: 2, IPBytes: 100}
	packets := flow.Record{
		Key:   flow.Key{Src: flow.Addr4(10<<24 | 4), Dst: flow.Addr4(30 << 24), DstPort: 80, Proto: protoTCP},
		First: testStart, Last: testStart, Measured: flow.Packets | flow.IPBytes | flow.FrameBytes,
		Sent: flow.Count{Packets: 1, IPBytes: 40, FrameBytes: 54}, Point: names.Of("a.pcap"), State: flow.End,
	}
	arp := flow.Record{EtherType: 0x0806, First: testStart, Last: testStart, Measured: flow.Packets | flow.FrameBytes,
		Sent: flow.Count{Packets: 3, FrameBytes: 126}, Point: names.Of("a.pcap"), State: flow.End}

	tests := map[string]struct {
		records       flow.Batch
		sources       []flow.Source
		total         Volume
		conversations []Figure // IP bytes from a to b
	}{
		"nothing":                {nil, nil, Volume{}, nil},
		"capture without packet": {nil, []flow.Source{{Kind: flow.Pcap, Status: flow.OK}}, Volume{Known(0), Known(0), Known(0)}, nil},
		"unreadable capture":     {nil, []flow.Source{{Kind: flow.Pcap, Status: flow.Unreadable}}, Volume{}, nil},
		"flow log without tuple": {nil, []flow.Source{{Kind: flow.VNetFlowLog, Status: flow.OK}}, Volume{}, nil},
		"begun and denied only":  {flow.Batch{begin, deny}, nil, Volume{}, []Figure{{}}},
		"begun and counted":      {flow.Batch{begin, counted}, nil, Volume{Known(2), Figure{}, Known(100)}, []Figure{Known(100)}},
		"capture":                {flow.Batch{packets}, nil, Volume{Known(1), Known(54), Known(40)}, []Figure{Known(40)}},
		"frames without IP":      {flow.Batch{arp}, nil, Volume{Known(3), Known(126), Figure{}}, nil},
		"frames and packets":     {flow.Batch{arp, packets}, nil, Volume{Known(4), Known(180), Known(40)}, []Figure{Known(40)}},
		"capture and flow log":   {flow.Batch{packets, counted}, nil, Volume{Known(3), Figure{}, Known(140)}, []Figure{Known(100), Known(40)}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			table := aggregate.New(names)
			table.Add(0, tt.records)
			doc, err := Of(table, Options{Sources: tt.sources})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.total, doc.Total.Volume); diff != "" {
				t.Errorf("total (-want +got):\n%s", diff)
			}
			var got []Figure
			for c := range doc.Conversations.All() {
				got = append(got, c.IPBytesAB)
			}
			if diff := cmp.Diff(tt.conversations, got); diff != "" {
				t.Errorf("conversations (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMemory keeps what one more distinct row costs below a bound, and checks
// that beyond the limit rows cost next to nothing: what a table with a
// temporary file holds is buffers, which twice as many rows do not make more.
func TestMemory(t *testing.T) {
	const rows = 200_000
	if got := heldBy(t, rows, rows+1) / rows; got > 140 {
		t.Errorf("a row costs %d bytes, want at most 140", got)
	}
	const limit = rows / 20
	once, twice := heldBy(t, rows, limit), heldBy(t, 2*rows, limit)
	if got := (twice - once) / rows; got > 5 {
		t.Errorf("with a temporary file a row costs %d bytes, want at most 5", got)
	}
	if once > 10<<20 {
		t.Errorf("with a temporary file a table of %d rows in memory holds %d bytes, want at most 10 MiB", limit, once)
	}
}

// heldBy returns the bytes that a table of distinct rows holds, of which limit
// may be in memory.
func heldBy(t *testing.T, rows, limit int) int64 {
	t.Helper()
	table := aggregate.New(flow.NewNames())
	table.Limit = limit
	b := make(flow.Batch, 1000)
	before := heapInUse()
	for i := range rows / len(b) {
		for j := range b {
			n := uint32(i*len(b) + j)
			b[j] = flow.Record{Key: flow.Key{Src: flow.Addr4(10 << 24), Dst: flow.Addr4(n), DstPort: 443, Proto: protoTCP},
				First: testStart, Last: testStart, State: flow.Begin, Encryption: flow.NotEncrypted}
		}
		table.Add(0, b)
	}
	held := heapInUse() - before
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	runtime.KeepAlive(table)
	return held
}

func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
