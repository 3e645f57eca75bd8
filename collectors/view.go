package collectors

import (
	"fmt"
	"sync"
	"time"

	"flowctl/collectors/flow"
	"flowctl/collectors/summary"
)

// view is what is wanted of an item: what happened in a window, and what some
// security groups decided.
type view struct {
	start, end int64 // Unix nanoseconds; 0 and 0 if all times are wanted
	acls       []string
	only       Only
}

// view returns that of j: of its own window what is in the run's too.
func (r *reading) view(j *job) view {
	v := view{acls: j.ACLs, only: j.Only}
	start, end := r.Start, r.End
	if !j.Start.IsZero() && j.Start.After(start) {
		start = j.Start
	}
	if !j.End.IsZero() && (end.IsZero() || j.End.Before(end)) {
		end = j.End
	}
	if end.IsZero() {
		return v
	}
	if v.start = flow.NoTime + 1; !start.IsZero() {
		v.start = start.UnixNano()
	}
	v.end = end.UnixNano()
	return v
}

// restricts reports whether of j less is wanted than of other items.
func (r *reading) restricts(j *job) bool {
	return !j.Start.IsZero() || !j.End.IsZero() || j.ACLs != nil || j.Only != Only{}
}

// String tells views apart; it is empty if all is wanted.
func (v view) String() string {
	if v.end == 0 && v.acls == nil && v.only == (Only{}) {
		return ""
	}
	return fmt.Sprintf("%d %d %t %q %q %q", v.start, v.end, v.acls == nil, v.acls, v.only.Filter, v.only.RecordTypes)
}

// outside reports whether a record is of another time. Of sums their reader has
// told: it knows their intervals.
func (v view) outside(r *flow.Record) bool {
	return v.end != 0 && !r.IsSum() && r.Last != flow.NoTime && (r.Last < v.start || r.First >= v.end)
}

// cuts reports whether a record, which is not outside, is of a time that a border of
// the window is in. Of sums their reader has told.
func (v view) cuts(r *flow.Record) bool {
	return v.end != 0 && !r.IsSum() && r.First != flow.NoTime && r.Last != flow.NoTime && (r.First < v.start || r.Last >= v.end)
}

// beyond counts records that are of a longer time than the window and cannot be cut
// by it: packets of a flow that were kept as one row.
type beyond struct {
	mu      sync.Mutex
	records uint64
	sum     flow.Count
}

func (b *beyond) add(r *flow.Record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.records++
	b.sum.Add(r.Sent)
	b.sum.Add(r.Received)
}

func (b *beyond) coverage(window string) []summary.Coverage {
	if b.records == 0 {
		return nil
	}
	return []summary.Coverage{{Code: "coarser-than-window", Text: fmt.Sprintf(
		"Flows that were kept are coarser than the window (%s): rows that it cuts count whole, with what was before or after it (rows: %d; packets: %d, bytes of IP: %d). For what was in it, give the captures that they were made from.",
		window, b.records, b.sum.Packets, b.sum.IPBytes)}}
}

// filter returns what tells whether a record is wanted. It is for one goroutine.
func (v view) filter(names *flow.Names) func(*flow.Record) bool {
	acl, only := aclFilter(names, v.acls), v.only.wants()
	return func(r *flow.Record) bool { return !v.outside(r) && acl(r.ACL) && only(r) }
}

// views numbers what is wanted, of which there are few kinds.
type views struct {
	mu  sync.Mutex
	all []view
	ids map[string]uint32
}

func (s *views) number(v view) uint32 {
	key := v.String()
	s.mu.Lock()
	defer s.mu.Unlock()
	id, ok := s.ids[key]
	if !ok {
		if s.ids == nil {
			s.ids = map[string]uint32{}
		}
		id = uint32(len(s.all))
		s.ids[key] = id
		s.all = append(s.all, v)
	}
	return id
}

func (s *views) of(number uint32) view {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all[number]
}

// windowText is a window as people read it.
func windowText(start, end time.Time) string {
	if start.Unix() <= 0 {
		return "before " + end.UTC().Format(time.RFC3339)
	}
	return start.UTC().Format(time.RFC3339) + " to " + end.UTC().Format(time.RFC3339)
}
