package summary

import (
	"flowctl/collectors/aggregate"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
)

func TestTimelineSteps(t *testing.T) {
	type want struct {
		seconds int64
		start   string
		packets []uint64
	}
	hour := int64(3600)
	tests := map[string]struct {
		times []int64 // seconds after testStart, which begins a minute
		want  want
	}{
		"one instant":       {[]int64{30}, want{60, "2026-05-09T10:00:00.000000000Z", []uint64{1}}},
		"within a minute":   {[]int64{0, 59}, want{60, "2026-05-09T10:00:00.000000000Z", []uint64{2}}},
		"with a gap":        {[]int64{130, 0}, want{60, "2026-05-09T10:00:00.000000000Z", []uint64{1, 0, 1}}},
		"before first":      {[]int64{0, -1}, want{60, "2026-05-09T09:59:00.000000000Z", []uint64{1, 1}}},
		"120 steps":         {[]int64{0, 2*hour - 1}, want{60, "2026-05-09T10:00:00.000000000Z", append(append([]uint64{1}, make([]uint64, 118)...), 1)}},
		"121 minutes":       {[]int64{0, 2 * hour}, want{120, "2026-05-09T10:00:00.000000000Z", append(append([]uint64{1}, make([]uint64, 59)...), 1)}},
		"before 1970":       {[]int64{-1778320800 - 90, -1778320800 - 30}, want{60, "1969-12-31T23:58:00.000000000Z", []uint64{1, 1}}},
		"a day, and a half": {[]int64{0, 24 * hour, 12 * hour}, want{960, "2026-05-09T09:52:00.000000000Z", nil}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			names := flow.NewNames()
			table := aggregate.New(names)
			for _, at := range tt.times {
				table.Add(0, flow.Batch{observation{point: "x", from: at, to: at, packets: 1}.record(names, flow.Key{Src: flow.Addr4(1), Dst: flow.Addr4(2)})})
			}
			doc, err := Of(table, Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := want{seconds: doc.Timeline.Seconds, start: doc.Timeline.Steps[0].Start.String()}
			var sum uint64
			for _, s := range doc.Timeline.Steps {
				got.packets = append(got.packets, s.Packets.N)
				sum += s.Packets.N
			}
			if sum != uint64(len(tt.times)) || len(got.packets) > aggregate.MaxSteps {
				t.Errorf("%d packets in %d steps", sum, len(got.packets))
			}
			if tt.want.packets == nil {
				got.packets = nil
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("timeline (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTakeFrom checks that what is merged is taken out where it was, and in sum
// exactly.
func TestTakeFrom(t *testing.T) {
	for _, tt := range []struct {
		less map[int64]uint64
		want []uint64
	}{
		{map[int64]uint64{7: 1}, []uint64{1, 0, 65, 33}},
		{map[int64]uint64{7: 66, 8: 33}, []uint64{1, 0, 0, 0}},
		{map[int64]uint64{6: 50}, []uint64{0, 0, 33, 17}}, // not where it was thought to be
		{map[int64]uint64{99: 100}, []uint64{0, 0, 0, 0}},
		{map[int64]uint64{5: 200}, []uint64{0, 0, 0, 0}},
	} {
		s := aggregate.Series{Base: 5, Steps: make([]aggregate.MinuteStep, 4)}
		for i, n := range []uint64{1, 0, 66, 33} {
			s.Steps[i].Sum.Packets = n
		}
		r := removal{}
		for n, packets := range tt.less {
			r[n] = &[removalCounters]uint64{packets}
		}
		r.takeFrom(&s, false)
		var got []uint64
		for _, v := range s.Steps {
			got = append(got, v.Sum.Packets)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("less %v: -want +got\n%s", tt.less, diff)
		}
	}
}

// TestMergedByMinute wants two points that saw the same traffic to have the
// timeline of the one that counts, minute by minute.
func TestMergedByMinute(t *testing.T) {
	steps := func(points ...string) (out []uint64) {
		names := flow.NewNames()
		table := aggregate.New(names)
		for _, p := range points {
			for i, packets := range []uint64{5, 100, 1, 40} { // of flows of their own, a minute each
				at := int64(i) * 60
				if p == "b" {
					packets /= 2 // it saw less
				}
				key := flow.Key{Src: flow.Addr4(1), Dst: flow.Addr4(2), SrcPort: uint16(i), DstPort: 443, Proto: 6}
				table.Add(0, flow.Batch{observation{point: p, from: at, to: at, packets: packets}.record(names, key)})
			}
		}
		if points[0] == "b" { // and something of its own
			key := flow.Key{Src: flow.Addr4(1), Dst: flow.Addr4(3), SrcPort: 9, DstPort: 443, Proto: 6}
			table.Add(0, flow.Batch{observation{point: "b", from: 200, to: 200, packets: 1000}.record(names, key)})
		}
		doc, err := Of(table, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range doc.Timeline.Steps {
			out = append(out, s.Packets.N)
		}
		return out
	}
	want := []uint64{5, 100, 1, 1040}
	if diff := cmp.Diff(want, steps("b", "a")); diff != "" {
		t.Errorf("-one point +two\n%s", diff)
	}
}
