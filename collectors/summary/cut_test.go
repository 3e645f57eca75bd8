package summary

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
)

// TestChosen wants of views by chance those that saw most together and of which no two
// overlap: as much as the best of all sets of them, which are tried one by one.
func TestChosen(t *testing.T) {
	for seed := range flowtest.Seeds(500) {
		r := rand.New(rand.NewPCG(seed, 31))
		var views []view
		for i := range 1 + r.IntN(8) {
			from := r.Int64N(50)
			views = append(views, view{point: &point{pointText: fmt.Sprint(i)}, first: from, last: from + 1 + r.Int64N(20), weight: weight{packets: 1 + r.Uint64N(5), ipBytes: r.Uint64N(3)}})
		}
		apart := func(set []int) (sum weight, ok bool) {
			for i, a := range set {
				for _, b := range set[:i] {
					if views[a].first < views[b].last && views[b].first < views[a].last {
						return weight{}, false
					}
				}
				sum = sum.plus(views[a].weight)
			}
			return sum, true
		}
		var best weight
		for bits := range 1 << len(views) {
			var set []int
			for i := range views {
				if bits>>i&1 == 1 {
					set = append(set, i)
				}
			}
			if sum, ok := apart(set); ok && sum.compare(best) > 0 {
				best = sum
			}
		}
		got := chosen(slices.Clone(views))
		if sum, ok := apart(got); !ok || sum != best {
			t.Fatalf("seed %d: %v of %+v is %v, want %v", seed, got, views, sum, best)
		}
	}
	if chosen(nil) != nil {
		t.Error("of no view one is chosen")
	}
	untimed := []view{{point: &point{pointText: "a"}, first: aggregate.NoLast, last: aggregate.NoFirst, weight: weight{packets: 1}}, {point: &point{pointText: "b"}, first: aggregate.NoLast, last: aggregate.NoFirst, weight: weight{packets: 2}}}
	if got := chosen(untimed); !slices.Equal(got, []int{1}) {
		t.Errorf("of those without a time %v, want the one that saw most", got)
	}
}

// TestPieces wants the time of views cut where one begins or stops to see a flow, not
// within what one count is of, and in each piece the one that saw most.
func TestPieces(t *testing.T) {
	for name, tt := range map[string]struct {
		seers []seer
		want  string
		exact bool
	}{
		// Seconds in which one begins or ends are pieces of their own: there, another one may
		// have seen more.
		"captures one behind the other": {[]seer{{name: "a", capture: true, counts: every(0, 10, 1, 1)}, {name: "b", capture: true, counts: every(20, 30, 1, 1)}},
			"0-1 a, 1-10 a, 10-11 a, 11-20, 20-21 b, 21-30 b, 30-31 b", true},
		"one in the other": {[]seer{{name: "a", capture: true, counts: every(0, 30, 1, 1)}, {name: "b", capture: true, counts: every(10, 20, 1, 2)}},
			"0-1 a, 1-10 a, 10-11 b, 11-20 b, 20-21 b, 21-30 a, 30-31 a", true},
		"half over each other": {[]seer{{name: "a", capture: true, counts: every(0, 20, 1, 2)}, {name: "b", capture: true, counts: every(10, 30, 1, 1)}},
			"0-1 a, 1-10 a, 10-11 a, 11-20 a, 20-21 a, 21-30 b, 30-31 b", true},
		// Clocks differ by less than two seconds: these begin together.
		"begun a second apart": {[]seer{{name: "a", capture: true, counts: every(0, 30, 1, 2)}, {name: "b", capture: true, counts: every(1, 20, 1, 1)}},
			"0-1 a, 1-20 a, 20-21 a, 21-30 a, 30-31 a", true},
		"as much: the first by name": {[]seer{{name: "b", capture: true, counts: every(0, 9, 1, 1)}, {name: "a", capture: true, counts: every(5, 14, 1, 1)}},
			"0-1 b, 1-5 b, 5-6 a, 6-9 a, 9-10 a, 10-14 a, 14-15 a", true},
	} {
		views, moments := viewsAndMoments(tt.seers...)
		pieces, exact := piecesOf(views, moments)
		var got []string
		for i := range pieces {
			pieces[i].choose(views, moments)
			text := fmt.Sprintf("%d-%d", pieces[i].from/second, pieces[i].to/second)
			for v, counts := range pieces[i].counts {
				if counts {
					text += " " + views[v].point.pointText
				}
			}
			got = append(got, text)
		}
		if strings.Join(got, ", ") != tt.want || exact != tt.exact {
			t.Errorf("%s:\n got %s, exact %t\nwant %s", name, strings.Join(got, ", "), exact, tt.want)
		}
		for i, p := range pieces { // each time is in its piece, and what is outside in the nearest
			for _, at := range []int64{p.from, p.to - 1} {
				if n := pieceAt(pieces, at); n != i {
					t.Errorf("%s: %d is in piece %d, want %d", name, at, n, i)
				}
			}
		}
		if pieceAt(pieces, -second) != 0 || pieceAt(pieces, 1000*second) != len(pieces)-1 {
			t.Errorf("%s: what is outside is in no piece", name)
		}
	}
}

// TestPiecesOfSums wants no cut within a sum of packets of several seconds, as flows that
// were kept have, and that it is said if there should be one.
func TestPiecesOfSums(t *testing.T) {
	for name, tt := range map[string]struct {
		counts [][2]int64 // of the second one
		sum    int        // which of them is of 8 seconds
		exact  bool
	}{
		"up to the end":  {[][2]int64{{10, 1}, {20, 5}}, 1, false}, // the second 20 is one of its own
		"before the end": {[][2]int64{{10, 1}, {20, 5}, {25, 1}}, 1, true},
		"from the begin": {[][2]int64{{10, 5}, {25, 1}}, 0, false},
	} {
		views, moments := viewsAndMoments(seer{name: "a", capture: true, counts: every(0, 30, 1, 1)}, seer{name: "b", capture: true, counts: tt.counts})
		m := &moments[1][0][tt.sum]
		m.First -= 8 * second
		if tt.sum == 0 {
			views[1].first = m.First
		}
		pieces, exact := piecesOf(views, moments)
		for _, p := range pieces[1:] {
			if p.from > m.First && p.from < m.Last+second {
				t.Errorf("%s: a cut at %d", name, p.from/second)
			}
		}
		if exact != tt.exact {
			t.Errorf("%s: exact %t", name, exact)
		}
	}
}

// TestDistinct wants one of each group of times that are about the same: of logs within a
// minute, of captures within two seconds.
func TestDistinct(t *testing.T) {
	log, capture := aggregate.VNetLog, aggregate.Capture
	for _, tt := range []struct {
		times   []int64 // seconds
		classes []aggregate.Class
		want    []int
	}{
		{[]int64{5, 0, 1}, []aggregate.Class{capture, capture, capture}, []int{1, 0}},
		{[]int64{0, 1, 2}, []aggregate.Class{capture, capture, capture}, []int{0, 2}},
		{[]int64{0, 59, 60}, []aggregate.Class{log, log, log}, []int{0, 2}},
		{[]int64{0, 59, 61}, []aggregate.Class{log, capture, capture}, []int{0, 2}},
		{[]int64{7}, []aggregate.Class{log}, []int{0}},
	} {
		var views []view
		for i := range tt.times {
			views = append(views, view{first: tt.times[i] * second, point: &point{Context: aggregate.Context{Class: tt.classes[i]}}})
		}
		if got := distinct(views, func(v *view) int64 { return v.first }); !slices.Equal(got, tt.want) {
			t.Errorf("%v: %v, want %v", tt.times, got, tt.want)
		}
	}
}

// TestFloor wants the multiple that is not after a time, also before 1970.
func TestFloor(t *testing.T) {
	for at, want := range map[int64]int64{0: 0, 59: 0, 60: 60, 61: 60, -1: -60, -60: -60, -61: -120} {
		if got := floor(at, 60); got != want {
			t.Errorf("%d: %d, want %d", at, got, want)
		}
	}
}

// TestSplitRows cuts rows by their moments in every way, and wants both parts to add up
// to the row: what was counted, its records, and its marks in each.
func TestSplitRows(t *testing.T) {
	for _, class := range []aggregate.Class{aggregate.VNetLog, aggregate.Capture} {
		for seed := range flowtest.Seeds(100) {
			r := rand.New(rand.NewPCG(seed, 33))
			var list []aggregate.Moment
			for i := range 1 + r.IntN(6) {
				list = append(list, aggregate.Moment{
					Second: int64(i), First: int64(i) * second, Last: int64(i)*second + 5, Records: 1, Begins: uint32(number(i == 0)), Marks: aggregate.MeasuredPackets | aggregate.MeasuredIP,
					Sent: aggregate.Wire{Packets: r.Uint64N(9), IPBytes: r.Uint64N(900)}, Received: aggregate.Wire{Packets: r.Uint64N(9), IPBytes: r.Uint64N(900)}, Frames: aggregate.FrameBytes{Sent: r.Uint64N(99), Received: r.Uint64N(99)},
				})
			}
			key := aggregate.Row{Key: aggregate.Key{Src: flow.Addr4(1), Dst: flow.Addr4(2)}, Flows: 1}
			row, frames := key.Take(list)
			row.Marks |= aggregate.Opened
			if class == aggregate.Capture {
				row.Records = 1 + r.Uint32N(40) // as it was read, in pieces
			}
			s := &enriched{row: &row, frames: frames, point: &point{Context: aggregate.Context{Class: class}}}
			s.tally()
			var in, out []aggregate.Moment
			for _, m := range list {
				if r.IntN(2) == 0 {
					in = append(in, m)
				} else {
					out = append(out, m)
				}
			}
			kept, dropped := s.split(in, out, nil, nil)
			if len(kept) != number(len(in) > 0) || len(dropped) != number(len(out) > 0) {
				t.Fatalf("seed %d: %d and %d rows of %d and %d moments", seed, len(kept), len(dropped), len(in), len(out))
			}
			var sent, received aggregate.Tally
			var records, begins uint32
			first, last := int64(aggregate.NoFirst), int64(aggregate.NoLast)
			for _, p := range slices.Concat(kept, dropped) {
				sent.Add(&p.sent)
				received.Add(&p.received)
				records, begins = records+p.row.Records, begins+p.row.Begins
				first, last = min(first, p.row.First), max(last, p.row.Last)
				if p.row.Marks&aggregate.Opened == 0 {
					t.Fatalf("seed %d: a part does not know that the opener was seen", seed)
				}
			}
			if sent != s.sent || received != s.received || records != row.Records || begins != row.Begins || first != row.First || last != row.Last {
				t.Fatalf("seed %d: %+v %+v, %d records from %d to %d; want %+v", seed, sent, received, records, first, last, row)
			}
		}
	}
}

// TestFlippedMoments wants what was sent to be received, and twice to be once.
func TestFlippedMoments(t *testing.T) {
	list := []aggregate.Moment{{Second: 1, Sent: aggregate.Wire{Packets: 1, IPBytes: 60}, Received: aggregate.Wire{Packets: 2, IPBytes: 99}, Frames: aggregate.FrameBytes{Sent: 74, Received: 127}, Marks: aggregate.MeasuredPackets | aggregate.Opened}}
	got := flipped(list)
	if got[0].Sent.Packets != 2 || got[0].Received.IPBytes != 60 || got[0].Frames.Sent != 127 || got[0].Second != 1 || list[0].Sent.Packets != 1 {
		t.Errorf("%+v of %+v", got, list)
	}
	if diff := cmp.Diff(list, flipped(got)); diff != "" {
		t.Errorf("twice (-want +got):\n%s", diff)
	}
}

// TestSpans wants to be known which rows are of a time that could be cut.
func TestSpans(t *testing.T) {
	const log, capture = aggregate.VNetLog, aggregate.Capture
	for _, tt := range []struct {
		class       aggregate.Class
		first, last int64
		records     uint32
		want        bool
	}{
		{capture, 0, second - 1, 9, false}, {capture, second - 1, second, 2, true}, {capture, aggregate.NoFirst, aggregate.NoLast, 2, false},
		{log, 0, 59 * second, 2, false}, {log, 59 * second, 60 * second, 2, true}, {log, 0, 600 * second, 1, false},
	} {
		s := &enriched{row: &aggregate.Row{First: tt.first, Last: tt.last, Records: tt.records}, point: &point{Context: aggregate.Context{Class: tt.class}}}
		if got := s.spans(); got != tt.want {
			t.Errorf("%+v: %t", tt, got)
		}
	}
}
