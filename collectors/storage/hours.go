package storage

import (
	"context"
	"iter"
	"strings"
	"time"

	"flowctl/collectors/flowlog"
	"flowctl/plan"
)

// Late is how long after its minute a record can be stamped. The hour of that
// stamp is the one of the blob, so what happened just before the hour can lie
// in the next one's.
const Late = 5 * time.Minute

// Hours yields the hours whose blobs can hold records of the time from start
// to end.
func Hours(start, end time.Time) iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		for hour := start.UTC().Truncate(time.Hour); hour.Before(end.Add(Late)); hour = hour.Add(time.Hour) {
			if !yield(hour) {
				return
			}
		}
	}
}

// hours goes down the folders of a container of flow logs to those of the
// window's hours, so that what it costs depends on the window and not on what
// is in the container.
//
//	flowLogResourceID=/…/y=2026/m=11/d=22/h=06/m=00/macAddress=…/PT1H.json
type hours struct {
	Location
	ctx   context.Context
	yield func(plan.Blob, error) bool
}

// list lists the blobs of the window.
func (h *hours) list(yield func(plan.Blob, error) bool) {
	h.yield = yield
	folder, _, dated := strings.Cut(h.Prefix, "/y=")
	if dated {
		h.years(folder + "/")
		return
	}
	h.owners(h.Prefix[:strings.LastIndexByte(h.Prefix, '/')+1], 0)
}

// deepest is how many folders there are at most before the year: those of a
// resource id, with some to spare.
const deepest = 14

// owners looks for years below folder, which ends in a slash or is empty.
func (h *hours) owners(folder string, depth int) bool {
	var below []string
	years := false
	for name, err := range h.Blobs.Prefixes(h.ctx, h.Container, folder) {
		if err != nil {
			h.yield(plan.Blob{}, err)
			return false
		}
		if years = strings.HasPrefix(name, "y="); years {
			break
		}
		if depth < deepest && h.meant(folder+name+"/") {
			below = append(below, folder+name+"/")
		}
	}
	more := h.concurrently(below, func(h *hours, folder string) bool { return h.owners(folder, depth+1) })
	return more && (!years || h.years(folder))
}

// meant reports whether folder is on the way to what the prefix means, or a
// part of it.
func (h *hours) meant(folder string) bool {
	return strings.HasPrefix(folder, h.Prefix) || strings.HasPrefix(h.Prefix, folder)
}

// level is one level of folders of time.
type level struct {
	form string // of a folder's name
	next func(time.Time) time.Time
}

var levels = []level{
	{"y=2006/", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
	{"m=01/", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
	{"d=02/", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
	{"h=15/", func(t time.Time) time.Time { return t.Add(time.Hour) }},
}

// years lists what is in the window below folder, whose folders are years.
func (h *hours) years(folder string) bool {
	from := time.Date(max(1, h.Start.UTC().Year()), 1, 1, 0, 0, 0, 0, time.UTC)
	return h.below(folder, from, h.End.Add(Late).AddDate(1, 0, 0), 0)
}

// few is how many folders are asked for without a look at which there are.
const few = 4

// below lists what is in the window of the folders of one level, which are
// for times from a beginning to an end.
func (h *hours) below(folder string, from, to time.Time, depth int) bool {
	var times []time.Time
	l := levels[depth]
	for t := from; t.Before(to) && t.Before(h.End.Add(Late)); t = l.next(t) {
		if h.meets(t, l.next(t)) && h.meant(folder+t.Format(l.form)) {
			times = append(times, t)
		}
	}
	if len(times) > few {
		var ok bool
		if times, ok = h.there(folder, times, l); !ok {
			return false
		}
	}
	for _, t := range times {
		if !h.at(folder+t.Format(l.form), t, l.next(t), depth) {
			return false
		}
	}
	return true
}

// there are those of times that have a folder.
func (h *hours) there(folder string, times []time.Time, l level) ([]time.Time, bool) {
	names := map[string]bool{}
	for name, err := range h.Blobs.Prefixes(h.ctx, h.Container, folder) {
		if err != nil {
			h.yield(plan.Blob{}, err)
			return nil, false
		}
		names[name+"/"] = true
	}
	var found []time.Time
	for _, t := range times {
		if names[t.Format(l.form)] {
			found = append(found, t)
		}
	}
	return found, true
}

// at lists folder, which is of the time from t until next.
func (h *hours) at(folder string, t, next time.Time, depth int) bool {
	if whole := !t.Before(h.first()) && !next.After(h.End); !whole && depth < len(levels)-1 {
		return h.below(folder, t, next, depth+1)
	}
	if len(h.Prefix) > len(folder) {
		folder = h.Prefix
	}
	for b, err := range h.Blobs.List(h.ctx, h.Container, folder) {
		if !h.yield(b, err) || err != nil {
			return false
		}
	}
	return true
}

// first is the beginning of the window's first hour.
func (h *hours) first() time.Time { return h.Start.UTC().Truncate(time.Hour) }

// wanted reports whether a blob can hold something of the window: one of
// which the name says no hour can.
func (h *hours) wanted(name string) bool {
	p, ok := flowlog.ParsePath(name)
	return !ok || h.meets(p.Hour, p.Hour.Add(time.Hour))
}

// meets reports whether blobs of the time from t until next can hold records
// of the window, also those that were stamped late.
func (h *hours) meets(t, next time.Time) bool {
	return next.After(h.first()) && t.Before(h.End.Add(Late))
}
