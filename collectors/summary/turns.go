package summary

import (
	"cmp"
	"math"
	"slices"

	"flowctl/collectors/aggregate"
)

// Flow logs count a flow each in its own rhythm: every minute, or every five, from when
// they began to see it. A count is of the time since the one before. So where one point
// stops and another goes on, a count of the one and a count of the other are in part of
// the same time, or between them is time that neither counts. A capture counts by second.
//
// What was chosen: one point is left for another where one of them begins or stops to see
// the flow, or behind a count next to that. Of all ways through the counts the one that
// sees most is taken, less twice what is counted twice by its switches, if a flow is as
// fast all through a count. So a point that saw all is not left for another that saw no
// more, and a switch is where the counts of both end together, if they ever do. What of a
// switch stays undecided is told. What was left: to cut only where no count of any log goes
// on, which five-minute counts leave no place for: then most of a flow was lost.

// mostTurns is how many points that saw one flow are looked at so.
const mostTurns = 8

// turns is which counts of points count.
type turns struct {
	ticks [][]tick // by view
	cuts  []int64  // times at which one point may be left for another
	order []int    // of views, by name
}

// turnsOf finds the counts that count; ok is false if that cannot be
// told from them. What is not decided of them is open.
func turnsOf(views []view, moments [][][]aggregate.Moment) (t turns, open weight, ok bool) {
	if len(views) > mostTurns || !slices.ContainsFunc(views, func(v view) bool { return v.log() }) {
		return turns{}, weight{}, false
	}
	for i := range views {
		list := ticksOf(&views[i], moments[i])
		if len(list) == 0 {
			return turns{}, weight{}, false
		}
		t.ticks, t.order = append(t.ticks, list), append(t.order, i)
	}
	slices.SortFunc(t.order, func(i, j int) int {
		if views[i].before(&views[j]) {
			return -1
		}
		return 1
	})
	t.begin(views)
	t.cut()
	t.choose()
	return t, t.open(), true
}

// counts reports whether the count of a view at a second counts.
func (t *turns) counts(v int, at int64) bool {
	k := t.first(v, at)
	return k < len(t.ticks[v]) && t.ticks[v][k].at == at && t.ticks[v][k].counts
}

// cut finds where time may be cut: where a log begins or stops, and behind the counts of
// the others next to that.
func (t *turns) cut() {
	first, last := t.ticks[0][0].from, t.ticks[0][0].at
	var moments []int64
	for _, list := range t.ticks {
		n := len(list) - 1
		first, last = min(first, list[0].from, list[0].at), max(last, list[n].at)
		moments = append(moments, list[0].from, list[0].at, list[n].at)
	}
	for _, at := range moments {
		t.cuts = append(t.cuts, at, at+1)
		for v, list := range t.ticks {
			k := t.first(v, at)
			for _, n := range []int{k - 1, k, k + 1} {
				if n >= 0 && n < len(list) {
					t.cuts = append(t.cuts, list[n].at+1)
				}
			}
		}
	}
	t.cuts = append(t.cuts, first, last+1)
	slices.Sort(t.cuts)
	t.cuts = slices.Compact(t.cuts)
	t.cuts = slices.DeleteFunc(t.cuts, func(c int64) bool { return c < first || c > last+1 })
}

// at is a count of a view.
type at struct{ view, tick int }

// course is the best way up to a count.
type course struct {
	score    float64
	switches int
	before   at // the count before it, unless it is the first
	first    bool
}

func (a *course) better(b *course) bool {
	near := 1e-9 * max(1, a.score, b.score)
	return a.score > b.score+near || a.score > b.score-near && a.switches < b.switches
}

// choose finds the best way through the counts.
func (t *turns) choose() {
	var all []at
	courses := make([][]course, len(t.ticks))
	for _, v := range t.order {
		courses[v] = make([]course, len(t.ticks[v]))
		for k := range t.ticks[v] {
			all = append(all, at{v, k})
		}
	}
	slices.SortStableFunc(all, func(a, b at) int { return cmp.Compare(t.of(a).at, t.of(b).at) })
	switches := t.switches()
	var best at
	for i, y := range all {
		w := course{first: true}
		if y.tick > 0 {
			before := at{y.view, y.tick - 1}
			w = *t.course(courses, before)
			w.before, w.first = before, false
		}
		for _, x := range switches[y] {
			from := t.course(courses, x)
			other := course{score: from.score - 2*t.twice(x, t.of(y)), switches: from.switches + 1, before: x}
			if other.better(&w) {
				w = other
			}
		}
		w.score += t.of(y).n
		courses[y.view][y.tick] = w
		if i == 0 || w.better(t.course(courses, best)) {
			best = y
		}
	}
	for {
		t.of(best).counts = true
		w := t.course(courses, best)
		if w.first {
			return
		}
		best = w.before
	}
}

func (t *turns) of(a at) *tick                           { return &t.ticks[a.view][a.tick] }
func (t *turns) course(courses [][]course, a at) *course { return &courses[a.view][a.tick] }

// switches are the counts behind which another log may be left for each count: the last
// ones before a cut of those of which it is the first one behind it.
func (t *turns) switches() map[at][]at {
	all := map[at][]at{}
	for _, c := range t.cuts {
		for _, v := range t.order {
			next := t.first(v, c)
			if next == len(t.ticks[v]) {
				continue
			}
			y := at{v, next}
			if t.outdone(y) {
				continue
			}
			for _, u := range t.order {
				if x := (at{u, t.first(u, c) - 1}); u != v && x.tick >= 0 && !slices.Contains(all[y], x) {
					all[y] = append(all[y], x)
				}
			}
		}
	}
	return all
}

// outdone reports whether another log counted as much or more in just the time of a count:
// then that one is what others are left for, and not a smaller one that costs less.
func (t *turns) outdone(a at) bool {
	x, before := t.of(a), true
	for _, v := range t.order {
		if v == a.view {
			before = false
			continue
		}
		k := t.first(v, x.at)
		if k == len(t.ticks[v]) {
			continue
		}
		if y := &t.ticks[v][k]; y.at == x.at && y.from == x.from && y.log == x.log && (y.n > x.n || y.n == x.n && before) {
			return true
		}
	}
	return false
}

// first is the number of a view's first count that is not before a time.
func (t *turns) first(v int, at int64) int {
	k, _ := slices.BinarySearchFunc(t.ticks[v], at, func(x tick, at int64) int { return cmp.Compare(x.at, at) })
	return k
}

// drift is for how many seconds more than they seem to counts may be of one time, unless
// one of a log begins just where that of another ends.
const drift = 1

// twice is about how much is counted twice if next follows a count of another view: what
// that view counted in the time of next, or as much as that is of its time.
func (t *turns) twice(x at, next *tick) float64 {
	last := t.of(x)
	if next.at == next.from || next.from == last.at && last.log && next.log && !next.opens {
		return 0
	}
	seconds := max(0, min(last.at, next.at)-next.from) + drift
	again := next.n * float64(seconds) / float64(next.at-next.from)
	from := next.from
	if next.opens { // whatever was in that second is of the flow
		from--
	}
	return min(next.n, max(again, t.between(x, from)))
}

// between is what a view counted after a time and up to a count.
func (t *turns) between(x at, from int64) (n float64) {
	for k := x.tick; k >= 0; k-- {
		o := &t.ticks[x.view][k]
		if o.at <= from {
			break
		}
		if part := min(o.at-o.from, o.at-from); part > 0 {
			n += o.n * float64(part) / float64(o.at-o.from)
		}
	}
	return n
}

// open is what is not decided: counts that go in part over the time of another log's that
// counts too, and those left out that are in part of a time that none which counts is of.
func (t *turns) open() (sum weight) {
	for v, list := range t.ticks {
		var short weight // of counts of a second, as captures have them
		seconds := int64(0)
		for k := range list {
			x := list[k]
			if x.guessed && x.counts {
				x.from = x.earliest
			}
			others := t.others(v, &x)
			wrong := covered(&x, others)
			if !x.counts {
				if wrong = x.at - x.from - wrong; !x.guessed && explained(&x, others) {
					continue
				}
			}
			if x.at-x.from <= skew/second && wrong > 0 {
				short, seconds = short.plus(x.sum), seconds+wrong
			} else if wrong > skew/second {
				sum = sum.plus(x.sum)
			}
		}
		if seconds > skew/second {
			sum = sum.plus(short)
		}
	}
	return sum
}

// explained reports whether others counted as much in the time of x as it did.
func explained(x *tick, others []tick) bool {
	n := 0.0
	for _, o := range others {
		if from := max(o.from, x.from); o.from < o.at && from < min(o.at, x.at) {
			n += o.n * float64(min(o.at, x.at)-from) / float64(o.at-o.from)
		} else if x.opens && o.at == x.from {
			n += o.n
		}
	}
	return math.Floor(x.n) <= math.Ceil(n)
}

// others are the counts that count, of the time of x, which is of a view: of other views,
// if x counts too, and otherwise those that are sure to be of that time.
func (t *turns) others(v int, x *tick) (list []tick) {
	for o, all := range t.ticks {
		from := x.from + 1
		if x.opens {
			from--
		}
		for _, y := range all[t.first(o, from):] {
			if y.since >= x.at {
				break
			}
			if y.counts && (x.counts && o != v || !x.counts && y.covers(x)) {
				list = append(list, y)
			}
		}
	}
	return list
}

// covers reports whether a count is sure to be of the time that it seems to be of, or as
// sure as x, which ends with it.
func (o *tick) covers(x *tick) bool {
	return !o.guessed || x.guessed && abs(x.at-o.at) <= skew/second
}

// covered is how many seconds of x others are of.
func covered(x *tick, others []tick) (n int64) {
	slices.SortFunc(others, func(a, b tick) int { return cmp.Compare(a.since, b.since) })
	at := x.from
	for _, o := range others {
		from := o.since
		if x.counts {
			from = o.from
		}
		if from, to := max(from, at), min(o.at, x.at); to > from {
			n += to - from
			at = to
		}
	}
	return n
}
