package parquet

import (
	"bytes"
	"cmp"
	"io"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"flowctl/collectors/flow"
)

// randomRecords are records with every kind of value, nulls included.
func randomRecords(seed uint64, n int, names *flow.Names) []flow.Record {
	r := rand.New(rand.NewPCG(seed, 1))
	texts := []flow.ID{0}
	for _, s := range []string{"000D3A000001", "DefaultRule_AllowVnetOutBound", "web/0", "ünïcode", "a\nb"} {
		texts = append(texts, names.Of(s))
	}
	for _, token := range []string{"NX_NEW", "NX_NEWER", "ü"} {
		names.Encryption([]byte(token))
	}
	address := func() flow.Addr {
		switch r.IntN(8) {
		case 0:
			return []flow.Addr{{}, flow.Unspecified, flow.AddrOf(netip.MustParseAddr("::ffff:10.0.0.1"))}[r.IntN(3)]
		case 1:
			return flow.Addr{Hi: 0x2603_1020 << 32, Lo: r.Uint64N(50)}
		case 2:
			return flow.Addr{Hi: r.Uint64(), Lo: r.Uint64()}
		}
		return flow.Addr4(0x0a000000 + uint32(r.IntN(3000)))
	}
	list := make([]flow.Record, n)
	for i := range list {
		x := &list[i]
		x.Key = flow.Key{Src: address(), Dst: address(), SrcPort: uint16(r.IntN(1 << 16)), DstPort: uint16(r.IntN(4)), Proto: uint8(r.IntN(20))}
		x.First, x.Last = flow.NoTime, flow.NoTime
		switch r.IntN(10) {
		case 0:
		case 1:
			x.First = int64(r.Uint64() >> 2)
			x.Last = -x.First
		default:
			x.First = 1793491200e9 + int64(r.IntN(1000))*1e6
			x.Last = x.First + int64(r.IntN(3))*int64(r.IntN(1e9))
		}
		count := func() flow.Count {
			var c flow.Count
			if x.Measured&flow.Packets != 0 {
				c.Packets = r.Uint64N(1 << r.IntN(60))
			}
			if x.Measured&flow.IPBytes != 0 {
				c.IPBytes = r.Uint64N(1<<63 - 1)
			}
			if x.Measured&flow.FrameBytes != 0 {
				c.FrameBytes = r.Uint64N(1000)
			}
			return c
		}
		x.Measured = flow.Measure(r.IntN(8))
		x.Sent, x.Received = count(), count()
		if x.Measured&(flow.Packets|flow.IPBytes) != 0 && x.Measured&flow.FrameBytes == 0 {
			switch r.IntN(8) {
			case 0:
				x.Measured, x.Received = x.Measured|flow.SentOnly, flow.Count{}
			case 1:
				x.Measured, x.Sent = x.Measured|flow.ReceivedOnly, flow.Count{}
			}
		}
		x.Direction, x.State = flow.Direction(r.IntN(3)), flow.State(r.IntN(5))
		x.Encryption, x.Tunnel = flow.Encryption(r.IntN(13)), flow.Tunnel(r.IntN(13))
		x.Guessed = r.IntN(3) == 0
		if r.IntN(5) == 0 {
			x.EtherType = uint16(1 + r.IntN(1<<16-1))
			x.Src, x.Dst = flow.Addr{}, flow.Addr{}
		}
		for _, id := range []*flow.ID{&x.Point, &x.Target, &x.Rule, &x.ACL, &x.Log} {
			*id = texts[r.IntN(len(texts))]
		}
		x.TCP = randomTCP(r)
	}
	return list
}

func randomTCP(r *rand.Rand) (t flow.TCP) {
	t.Seen = flow.TCPSeen(r.IntN(32))
	count := func() flow.TCPCount {
		return flow.TCPCount{
			Retransmitted: uint16(r.Uint32()), RetransmittedBytes: r.Uint32(), DupACKs: uint16(r.Uint32()),
			SYN: uint8(r.Uint32()), SYNACK: uint8(r.Uint32()), FIN: uint8(r.Uint32()), RST: uint8(r.Uint32()),
			ZeroWindow: uint8(r.Uint32()), KeepAlive: uint8(r.Uint32()),
		}
	}
	if t.Seen&flow.TCPSent != 0 {
		t.Sent = count()
	}
	if t.Seen&flow.TCPReceived != 0 {
		t.Received = count()
	}
	if t.Seen&flow.TCPAnswered != 0 {
		t.Answered = r.Uint32()
	}
	if t.Seen&flow.TCPConfirmed != 0 {
		t.Confirmed = r.Uint32()
	}
	return t
}

// write returns a file of records in row groups of so many rows.
func write(t testing.TB, records []flow.Record, names *flow.Names, rows int, m Meta) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := newWriter(&b, names, nil, rows)
	if err != nil {
		t.Fatal(err)
	}
	for part := range slices.Chunk(records, 77) {
		w.Add(part)
	}
	if _, err := w.Close(m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// load returns the records of a file, with what it says of its source.
func load(b []byte, names *flow.Names) ([]flow.Record, flow.Source, []flow.Skip, error) {
	src, skipped := &flow.Source{Path: "x.parquet"}, &flow.Skipped{}
	var out []flow.Record
	var err error
	for batch, e := range Read(bytes.NewReader(b), flow.Input{Source: src, Names: names, Skipped: skipped}) {
		out = append(out, batch...)
		err = e
	}
	return out, *src, skipped.All(), err
}

// inOrder sorts records by all that a Record has.
func inOrder(list []flow.Record) []flow.Record {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b flow.Record) int {
		return cmp.Or(cmp.Compare(a.First, b.First), a.Src.Compare(b.Src), a.Dst.Compare(b.Dst), cmp.Compare(a.SrcPort, b.SrcPort),
			cmp.Compare(a.Last, b.Last), cmp.Compare(a.DstPort, b.DstPort), cmp.Compare(a.Sent.IPBytes, b.Sent.IPBytes),
			cmp.Compare(a.TCP.Sent.RetransmittedBytes, b.TCP.Sent.RetransmittedBytes))
	})
	return list
}

// TestRoundTrip wants of a file all that was put into it.
func TestRoundTrip(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 8, 9, 100, 129, 1000, 5000} {
		names := flow.NewNames()
		want := randomRecords(uint64(n), n, names)
		got, src, skipped, err := load(write(t, want, names, 1000, Meta{}), names)
		if err != nil || len(skipped) > 0 || src.Records != uint64(n) || src.Status != flow.OK {
			t.Fatalf("%d records: %+v, skipped %v, error %v", n, src, skipped, err)
		}
		if diff := gocmp.Diff(inOrder(want), inOrder(got), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%d records (-want +got):\n%.2000s", n, diff)
		}
	}
}

// TestSorted wants the rows of a row group in the order that the file states:
// by time, then by the texts of the addresses, none before all.
func TestSorted(t *testing.T) {
	names := flow.NewNames()
	for _, list := range [][]flow.Record{randomRecords(7, 900, names), logged(8, 900, names)} {
		for i := range list {
			list[i].First = max(list[i].First, flow.NoTime) / 1e10 * 1e10 // so that many are of one time
		}
		got, _, _, err := load(write(t, list, names, 2000, Meta{}), names)
		if err != nil || len(got) != len(list) {
			t.Fatal(len(got), err)
		}
		sorted := slices.IsSortedFunc(got, func(a, b flow.Record) int {
			return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(addressText(&a, a.Src), addressText(&b, b.Src)), cmp.Compare(addressText(&a, a.Dst), addressText(&b, b.Dst)))
		})
		if !sorted {
			t.Error("rows are not in order")
		}
	}
}

// addressText is the text of an address of r, if it has one.
func addressText(r *flow.Record, a flow.Addr) string {
	if !r.IsIP() {
		return ""
	}
	return a.String()
}

// TestGroups wants fewer rows in a group where they take more memory.
func TestGroups(t *testing.T) {
	names := flow.NewNames()
	for want, list := range map[int][]flow.Record{1: logged(8, 1000, names), 2: randomRecords(7, 1000, names)} {
		w, err := newWriter(io.Discard, names, nil, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for b := range slices.Chunk(list, 100) {
			w.Add(b)
		}
		if _, err := w.Close(Meta{}); err != nil || len(w.groups) != want {
			t.Errorf("%d row groups and error %v, want %d", len(w.groups), err, want)
		}
	}
}
