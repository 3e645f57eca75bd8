package summary

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/aggregate"
)

// seer is what a point saw of a flow: how many packets it counted at which second.
type seer struct {
	name         string
	capture      bool
	begun, ended bool
	counts       [][2]int64 // second, packets
}

// every makes counts of n packets from one second to another, a step apart.
func every(from, to, step, n int64) (list [][2]int64) {
	for at := from; at <= to; at += step {
		list = append(list, [2]int64{at, n})
	}
	return list
}

// join puts counts one behind the other.
func join(lists ...[][2]int64) [][2]int64 { return slices.Concat(lists...) }

// viewsAndMoments are those of points. Each count is of one record.
func viewsAndMoments(seers ...seer) (views []view, moments [][][]aggregate.Moment) {
	for _, s := range seers {
		p := &point{pointText: s.name, Context: aggregate.Context{Class: aggregate.VNetLog}}
		if s.capture {
			p.Class = aggregate.Capture
		}
		v := view{point: p, begun: s.begun, ended: s.ended, first: s.counts[0][0] * second, last: s.counts[len(s.counts)-1][0] * second}
		var list []aggregate.Moment
		for _, c := range s.counts {
			m := aggregate.Moment{Second: c[0], First: c[0] * second, Last: c[0] * second, Records: 1, Sent: aggregate.Wire{Packets: uint64(c[1]), IPBytes: 100 * uint64(c[1])}, Marks: aggregate.MeasuredPackets}
			v.weight = v.weight.plus(weight{m.Sent.Packets, m.Sent.IPBytes, 1})
			list = append(list, m)
		}
		views, moments = append(views, v), append(moments, [][]aggregate.Moment{list})
	}
	return views, moments
}

// counted says in a line per point which of its counts count: 60-180 are those from 60 to 180.
func (t *turns) counted(views []view) string {
	var lines []string
	for i, list := range t.ticks {
		var at []string
		for k := 0; k < len(list); k++ {
			if !list[k].counts {
				continue
			}
			last := k
			for last+1 < len(list) && list[last+1].counts {
				last++
			}
			if text := fmt.Sprint(list[k].at); last > k {
				at = append(at, fmt.Sprintf("%s-%d", text, list[last].at))
			} else {
				at = append(at, text)
			}
			k = last
		}
		lines = append(lines, strings.TrimSpace(views[i].point.pointText+" "+strings.Join(at, " ")))
	}
	return strings.Join(lines, "; ")
}

// TestTurns wants of points that saw a part of a flow each the counts that count, and
// how many packets are in those of which that is not decided.
func TestTurns(t *testing.T) {
	for name, tt := range map[string]struct {
		seers []seer
		want  string
		open  uint64
	}{
		// B saw the beginning when A's last count ended: no time is of both.
		"one begins where the other ended": {[]seer{{name: "a", begun: true, counts: every(0, 300, 60, 10)}, {name: "b", begun: true, counts: join(every(300, 300, 1, 0), every(360, 480, 60, 10))}}, "a 0-300; b 360-480", 0},
		// The first count of B is of 280 to 340, for its others are a minute apart. 20 of
		// its seconds are A's as well: it is worth its 10 packets, less two times 3.5, and
		// both of the counts that meet there are in doubt.
		"one that did not see the beginning": {[]seer{{name: "a", begun: true, counts: every(0, 300, 60, 10)}, {name: "b", counts: every(340, 460, 60, 10)}}, "a 0-300; b 340-460", 20},
		// With 50 of its seconds A's, two times 7.7 are more than its 9 packets, and of the
		// other 10 seconds nobody has them.
		"of which most was seen before": {[]seer{{name: "a", begun: true, counts: every(0, 300, 60, 10)}, {name: "b", counts: every(310, 430, 60, 9)}}, "a 0-300; b 370-430", 9},
		// Two that count at the same times saw the same, and nothing is open.
		"both at once":          {[]seer{{name: "a", begun: true, counts: every(0, 300, 60, 10)}, {name: "b", begun: true, counts: every(0, 300, 60, 9)}}, "a 0-300; b", 0},
		"as much, in two names": {[]seer{{name: "b", begun: true, counts: every(0, 300, 60, 10)}, {name: "a", begun: true, counts: every(0, 300, 60, 10)}}, "b; a 0-300", 0},
		// B is in the time of A with all of its counts, though at other seconds.
		"one in the time of the other": {[]seer{{name: "a", begun: true, ended: true, counts: every(0, 600, 60, 10)}, {name: "b", begun: true, ended: true, counts: join(every(130, 130, 1, 0), every(190, 370, 60, 9))}}, "a 0-600; b", 0},
		// A's counts are five minutes long, those of the capture of a second: the log
		// counts what it saw, and the capture what came after.
		"a log, and a capture to the end": {[]seer{{name: "a", begun: true, counts: [][2]int64{{0, 0}, {300, 300}, {600, 400}}}, {name: "c", capture: true, counts: every(500, 700, 1, 1)}}, "a 0-600; c 601-700", 0},
		// The capture saw more than the log, and all of the time of its second count.
		"a capture that saw more": {[]seer{{name: "a", begun: true, counts: [][2]int64{{0, 0}, {300, 300}, {600, 100}}}, {name: "c", capture: true, counts: every(290, 700, 1, 1)}}, "a 0-300; c 301-700", 0},
		// Of 301 to 600 the log has 300 packets and the capture only the first 100 seconds.
		"a capture that stopped": {[]seer{{name: "a", begun: true, ended: true, counts: [][2]int64{{0, 0}, {300, 300}, {600, 300}}}, {name: "c", capture: true, counts: every(200, 400, 1, 1)}}, "a 0-600; c", 0},
		// A capture is left for a log, and a log for it, only if it saw more than clocks may
		// differ by: 1 of its packets and 1 of the log's, twice each.
		"a capture that saw 2 more": {[]seer{{name: "a", begun: true, counts: join(every(0, 0, 1, 0), every(60, 300, 60, 60))}, {name: "c", capture: true, counts: join(every(121, 178, 1, 1), every(179, 180, 1, 2))}}, "a 0-300; c", 0},
		"a capture that saw 5 more": {[]seer{{name: "a", begun: true, counts: join(every(0, 0, 1, 0), every(60, 300, 60, 60))}, {name: "c", capture: true, counts: join(every(121, 175, 1, 1), every(176, 180, 1, 2))}}, "a 0-120 240-300; c 121-180", 0},
		// Nothing was counted for ten minutes: a count is of five minutes at most.
		"a pause": {[]seer{{name: "a", begun: true, counts: [][2]int64{{0, 0}, {60, 10}, {900, 10}}}, {name: "c", capture: true, counts: every(300, 400, 1, 1)}}, "a 0-900; c 300-400", 0},
	} {
		views, moments := viewsAndMoments(tt.seers...)
		turns, open, ok := turnsOf(views, moments)
		if !ok {
			t.Errorf("%s: cannot be told", name)
			continue
		}
		if got := turns.counted(views); got != tt.want || open.packets != tt.open || open.ipBytes != 100*tt.open {
			t.Errorf("%s:\n got %s, open %v\nwant %s, open %d packets", name, got, open, tt.want, tt.open)
		}
	}
}

// seersByChance are two or three points, of which each saw a flow for some time in a
// rhythm of its own.
func seersByChance(r *rand.Rand) []seer {
	var list []seer
	for i := range 2 + r.IntN(2) {
		s := seer{name: string(rune('a' + i)), begun: r.IntN(2) == 0, ended: r.IntN(2) == 0}
		at, step := r.Int64N(400), []int64{60, 60, 300}[r.IntN(3)]
		if i > 0 && r.IntN(3) == 0 {
			s.capture, step = true, 1+r.Int64N(40)
		}
		for range 1 + r.IntN(5) {
			s.counts = append(s.counts, [2]int64{at, 1 + r.Int64N(20)})
			at += step
		}
		if s.begun && !s.capture {
			s.counts[0][1] = 0 // what begins has no counters
		}
		list = append(list, s)
	}
	return list
}

// TestTurnsLaws wants of points by chance that what counts is the best of all ways
// through their counts, which are tried one by one; that it does not depend on the order
// of the points nor on when all was; and that one which saw the same again, or less of it
// at the same times, changes nothing.
func TestTurnsLaws(t *testing.T) {
	several := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 21))
		seers := seersByChance(r)
		views, moments := viewsAndMoments(seers...)
		turns, open, ok := turnsOf(views, moments)
		if !ok { // none of them is a log
			t.Fatalf("seed %d: cannot be told", seed)
		}
		if got, want := turns.worth(), turns.bestOfAll(); got < want-1e-6 || got > want+1e-6 {
			t.Fatalf("seed %d: %s is worth %g, and the best %g", seed, turns.counted(views), got, want)
		}
		got := turns.counted(views)
		if strings.Contains(strings.Trim(got, "abc; "), ";") {
			several++
		}
		later := slices.Clone(seers)
		for i := range later {
			later[i].counts = slices.Clone(later[i].counts)
			for k := range later[i].counts {
				later[i].counts[k][0] += 1e6
			}
		}
		views2, moments2 := viewsAndMoments(later...)
		shifted, open2, _ := turnsOf(views2, moments2)
		for i, list := range turns.ticks {
			for k, x := range list {
				if y := shifted.ticks[i][k]; y.counts != x.counts || y.from != x.from+1e6 || open2 != open {
					t.Fatalf("seed %d: later, %d of %d: %+v was %+v", seed, k, i, y, x)
				}
			}
		}
		mixed := slices.Clone(seers)
		r.Shuffle(len(mixed), func(i, k int) { mixed[i], mixed[k] = mixed[k], mixed[i] })
		views3, moments3 := viewsAndMoments(mixed...)
		other, open3, _ := turnsOf(views3, moments3)
		if diff := cmp.Diff(inNames(got), inNames(other.counted(views3))); diff != "" || open3 != open {
			t.Fatalf("seed %d: in another order, open %v and %v: %s", seed, open, open3, diff)
		}
		again := seers[0]
		again.name, again.counts = "z", slices.Clone(again.counts)
		if seed%2 == 0 {
			for k := range again.counts {
				again.counts[k][1] = max(0, again.counts[k][1]-1)
			}
		}
		views4, moments4 := viewsAndMoments(append(slices.Clone(seers), again)...)
		twice, _, _ := turnsOf(views4, moments4)
		if diff := cmp.Diff(inNames(got), inNames(strings.TrimSuffix(twice.counted(views4), "; z"))); diff != "" {
			t.Errorf("seed %d: %+v\n seen again as %+v: %s", seed, seers, again.counts, diff)
		}
	}
	if several < 100 {
		t.Errorf("%d with several points that count", several)
	}
}

func inNames(counted string) []string { return slices.Sorted(strings.SplitSeq(counted, "; ")) }

// worth is what the counts that count are worth together: their packets, less two times
// what their switches count twice.
func (t *turns) worth() (sum float64) {
	var way []at
	for v, list := range t.ticks {
		for k := range list {
			if list[k].counts {
				way = append(way, at{v, k})
				sum += list[k].n
			}
		}
	}
	slices.SortFunc(way, func(a, b at) int { return int(t.of(a).at - t.of(b).at) })
	for i := range way[:max(0, len(way)-1)] {
		if way[i].view != way[i+1].view {
			sum -= 2 * t.twice(way[i], t.of(way[i+1]))
		}
	}
	return sum
}

// bestOfAll goes all ways through the counts.
func (t *turns) bestOfAll() (best float64) {
	switches := t.switches()
	onward := map[at][]at{}
	for v, list := range t.ticks {
		for k := range list {
			if y := (at{v, k}); k > 0 {
				onward[at{v, k - 1}] = append(onward[at{v, k - 1}], y)
			}
		}
	}
	for y, all := range switches {
		for _, x := range all {
			onward[x] = append(onward[x], y)
		}
	}
	var walk func(x at, sum float64)
	walk = func(x at, sum float64) {
		sum += t.of(x).n
		best = max(best, sum)
		for _, y := range onward[x] {
			lost := 0.0
			if y.view != x.view {
				lost = 2 * t.twice(x, t.of(y))
			}
			walk(y, sum-lost)
		}
	}
	for v, list := range t.ticks {
		for k := range list {
			walk(at{v, k}, 0)
		}
	}
	return best
}

// TestTimeOfCounts wants to know of each count of which time it is: since the one before,
// five minutes at most; of the first one of a log that did not see the beginning as long
// as its others, or those of the other logs, or as a capture's speed says.
func TestTimeOfCounts(t *testing.T) {
	const a, b = 0, 1
	for name, tt := range map[string]struct {
		seers   []seer
		view, k int
		from    int64
		guessed bool
	}{
		"the beginning":                  {[]seer{{begun: true, counts: every(60, 180, 60, 1)}, {counts: every(60, 60, 1, 1)}}, a, 0, 60, false},
		"the next":                       {[]seer{{begun: true, counts: every(60, 180, 60, 1)}, {counts: every(60, 60, 1, 1)}}, a, 1, 60, false},
		"the first of a minute":          {[]seer{{counts: every(600, 780, 60, 1)}, {counts: every(60, 60, 1, 1)}}, a, 0, 540, true},
		"the first of five":              {[]seer{{counts: every(600, 1500, 300, 1)}, {counts: every(60, 60, 1, 1)}}, a, 0, 300, true},
		"the end is in no rhythm":        {[]seer{{ended: true, counts: join(every(600, 1500, 300, 1), every(1570, 1570, 1, 1))}, {counts: every(60, 60, 1, 1)}}, a, 0, 300, true},
		"in that of the other log":       {[]seer{{counts: every(600, 600, 1, 1)}, {counts: every(600, 1500, 300, 1)}}, a, 0, 300, true},
		"after a pause":                  {[]seer{{begun: true, counts: join(every(0, 0, 1, 1), every(900, 900, 1, 1))}, {counts: every(60, 60, 1, 1)}}, a, 1, 600, false},
		"a packet":                       {[]seer{{counts: every(600, 600, 1, 1)}, {capture: true, counts: every(300, 400, 50, 1)}}, b, 1, 349, false},
		"packets in seconds":             {[]seer{{counts: every(600, 600, 1, 1)}, {capture: true, counts: every(300, 302, 1, 1)}}, b, 2, 301, false},
		"as fast as the capture":         {[]seer{{counts: every(600, 600, 1, 40)}, {capture: true, counts: every(500, 600, 1, 1)}}, a, 0, 560, true},
		"half as fast as the capture":    {[]seer{{counts: every(600, 600, 1, 40)}, {capture: true, counts: every(500, 600, 1, 2)}}, a, 0, 580, true},
		"more than the capture can have": {[]seer{{counts: every(600, 600, 1, 4000)}, {capture: true, counts: every(500, 600, 1, 1)}}, a, 0, 300, true},
		"nothing is known of it":         {[]seer{{counts: every(600, 600, 1, 40)}, {capture: true, counts: every(900, 950, 1, 1)}}, a, 0, 540, true},
	} {
		views, moments := viewsAndMoments(tt.seers...)
		turns, _, ok := turnsOf(views, moments)
		if !ok {
			t.Fatalf("%s: cannot be told", name)
		}
		if x := turns.ticks[tt.view][tt.k]; x.from != tt.from || x.guessed != tt.guessed {
			t.Errorf("%s: from %d, guessed %t; want %d, %t", name, x.from, x.guessed, tt.from, tt.guessed)
		}
	}
}

// TestNoTurns wants nothing made up where the counts do not say it: of captures alone, of
// counts that are sums of several, of no time, and of too many points.
func TestNoTurns(t *testing.T) {
	log, capture := seer{name: "a", counts: every(0, 300, 60, 1)}, seer{name: "c", capture: true, counts: every(0, 30, 1, 1)}
	var many []seer
	for i := range mostTurns + 1 {
		many = append(many, seer{name: fmt.Sprint(i), counts: every(int64(i), 300, 60, 1)})
	}
	for name, tt := range map[string]struct {
		seers  []seer
		change func(m *aggregate.Moment)
		ok     bool
	}{
		"a log and a capture": {[]seer{log, capture}, nil, true},
		"captures":            {[]seer{capture, capture}, nil, false},
		"as many as can be":   {many[:mostTurns], nil, true},
		"one more":            {many, nil, false},
		"a sum of seconds":    {[]seer{log, capture}, func(m *aggregate.Moment) { m.First -= 3 * second }, false},
		"of a second or two":  {[]seer{log, capture}, func(m *aggregate.Moment) { m.First -= 2 * second }, true},
		"no time":             {[]seer{log, capture}, func(m *aggregate.Moment) { m.First = aggregate.NoFirst }, false},
	} {
		views, moments := viewsAndMoments(tt.seers...)
		if tt.change != nil {
			tt.change(&moments[0][0][2])
		}
		if _, _, ok := turnsOf(views, moments); ok != tt.ok {
			t.Errorf("%s: %t", name, ok)
		}
	}
	views, moments := viewsAndMoments(log, capture)
	moments[0] = nil
	if _, _, ok := turnsOf(views, moments); ok {
		t.Error("a log without a moment has turns")
	}
}

// TestTicksOfRows wants counts of one second in several rows to be one.
func TestTicksOfRows(t *testing.T) {
	views, moments := viewsAndMoments(seer{name: "a", counts: every(0, 120, 60, 10)})
	_, more := viewsAndMoments(seer{name: "a", counts: every(60, 180, 60, 5)})
	list := ticksOf(&views[0], append(more[0], moments[0]...))
	var got []string
	for _, x := range list {
		got = append(got, fmt.Sprintf("%d: %d packets, %d bytes in %d", x.at, x.sum.packets, x.sum.ipBytes, x.sum.records))
	}
	want := []string{"0: 10 packets, 1000 bytes in 1", "60: 15 packets, 1500 bytes in 2", "120: 15 packets, 1500 bytes in 2", "180: 5 packets, 500 bytes in 1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
