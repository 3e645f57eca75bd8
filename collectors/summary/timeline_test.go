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
				table.Add(0, flow.Batch{sighting{point: "x", from: at, to: at, packets: 1}.record(names, flow.Key{Src: flow.Addr4(1), Dst: flow.Addr4(2)})})
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

// TestScale checks that a smaller sum is kept exactly.
func TestScale(t *testing.T) {
	for _, less := range []uint64{0, 1, 7, 33, 99, 100} {
		s := aggregate.Series{Steps: make([]aggregate.MinuteStep, 4)}
		for i, n := range []uint64{1, 0, 66, 33} {
			s.Steps[i].Sum.Packets = n
		}
		(&removal{packets: less}).takeFrom(&s, false)
		var sum uint64
		for _, v := range s.Steps {
			sum += v.Sum.Packets
		}
		if sum != 100-less || s.Steps[1].Sum.Packets != 0 {
			t.Errorf("less %d: %d left, want %d", less, sum, 100-less)
		}
	}
}
