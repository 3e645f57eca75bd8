package summary

import (
	"cmp"
	"math"
	"slices"

	"flowctl/collectors/aggregate"
)

// tick is a count: of packets in the time from from to at, in seconds, and since when
// the point saw no others.
type tick struct {
	since    int64
	from, at int64
	n        float64
	sum      weight
	log      bool
	opens    bool  // the flow began at from
	guessed  bool  // from
	earliest int64 // that from may be
	counts   bool
}

// ticksOf are the counts of a view in their order.
func ticksOf(v *view, moments [][]aggregate.Moment) (list []tick) {
	for _, of := range moments {
		for k := range of {
			m := &of[k]
			w := weight{m.Sent.Packets + m.Received.Packets, m.Sent.IPBytes + m.Received.IPBytes, uint64(m.Records)}
			if m.Last-m.First > 2*second || m.First == aggregate.NoFirst {
				return nil // a sum of several
			}
			list = append(list, tick{at: m.Second, log: v.log(), sum: w, n: float64(w.packets) + float64(w.ipBytes)/1e9 + float64(w.records)/1e12})
		}
	}
	slices.SortFunc(list, func(a, b tick) int { return cmp.Compare(a.at, b.at) })
	joined := list[:0]
	for _, x := range list {
		if n := len(joined); n > 0 && joined[n-1].at == x.at {
			joined[n-1].n += x.n
			joined[n-1].sum = joined[n-1].sum.plus(x.sum)
			continue
		}
		joined = append(joined, x)
	}
	return joined
}

const (
	minute   = int64(60)
	longTick = lead * minute
)

// begin says of which time each count is. That of the first one of a log which did not
// see the flow begin is not known: it may be as long as the others.
func (t *turns) begin(views []view) {
	all := longTick + 1
	for i := range t.ticks {
		if views[i].log() {
			all = min(all, t.rhythm(i, &views[i]))
		}
	}
	unknown := all > longTick
	if unknown {
		all = minute
		defer t.guess(views)
	}
	for i, list := range t.ticks {
		v := &views[i]
		first := &list[0]
		switch own := t.rhythm(i, v); {
		case !v.log():
			first.from = first.at - 1
		case v.begun:
			first.from = first.at
		case own > longTick:
			first.from, first.guessed, first.earliest = first.at-all, true, first.at-longTick
		default:
			first.from, first.guessed, first.earliest = first.at-own, true, first.at-own
		}
		first.since = first.from
		for k := range list[1:] {
			x := &list[k+1]
			x.since, x.opens = list[k].at, k == 0 && v.begun
			if x.from = max(x.since, x.at-longTick); !v.log() {
				x.from = max(x.since, x.at-1)
			} else {
				x.since = x.from
			}
		}
	}
}

// guess says of the first counts of logs of which time they are where no rhythm is known,
// if the flow was as fast as a capture saw it then. Those that end together are of one time.
func (t *turns) guess(views []view) {
	for _, list := range t.ticks {
		x := &list[0]
		if !x.guessed || x.from == x.earliest {
			continue
		}
		most := x.n
		for _, other := range t.ticks {
			if y := &other[0]; y.guessed && y.at == x.at {
				most = max(most, y.n)
			}
		}
		var n, seconds float64
		for o, all := range t.ticks {
			if views[o].log() {
				continue
			}
			for _, y := range all[t.first(o, x.earliest+1):] {
				if y.since >= x.at {
					break
				}
				if y.at > y.since {
					part := float64(min(y.at, x.at)-max(y.since, x.earliest)) / float64(y.at-y.since)
					n, seconds = n+part*y.n, seconds+part*float64(y.at-y.since)
				}
			}
		}
		if n > 0 && x.n > 0 {
			x.from = x.at - max(1, min(x.at-x.earliest, int64(math.Round(most*seconds/n))))
			x.since = x.from
		}
	}
}

// rhythm is how far the counts of a log are apart, but for one at the begin or the end
// of the flow; more than longTick if that is not known.
func (t *turns) rhythm(i int, v *view) int64 {
	list := t.ticks[i]
	if v.begun {
		list = list[1:]
	}
	if v.ended {
		list = list[:max(0, len(list)-1)]
	}
	r := longTick + 1
	for k := range max(0, len(list)-1) {
		if d := list[k+1].at - list[k].at; d >= minute-skew/second {
			r = min(r, d)
		}
	}
	return r
}
