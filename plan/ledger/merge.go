package ledger

import (
	"cmp"
	"maps"
	"slices"
)

// Merge adds to r what another machine knows of the same run: of each session the
// facts of whoever came further with it.
func (r *Run) Merge(other *Run) {
	for key, theirs := range other.Sessions {
		if ours := r.Sessions[key]; ours == nil || theirs.Further(ours) {
			r.Sessions[key] = theirs
		}
	}
	r.Stopped = r.Stopped || other.Stopped
	r.Limit = cmp.Or(r.Limit, other.Limit)
	r.Agents, r.Lifecycles = union(r.Agents, other.Agents), union(r.Lifecycles, other.Lifecycles)
}

// union has all of both; where both have something it is the first's.
func union[V any](a, b map[string]V) map[string]V {
	if len(b) == 0 {
		return a
	}
	out := maps.Clone(b)
	maps.Copy(out, a)
	return out
}

// Further reports whether e's session is further in its life than o's. One that was
// given up is before any that recorded.
func (e *Entry) Further(o *Entry) bool {
	order := []Stand{Planned, Starting, GivenUp, Recording, Over, Collected, Gone}
	return slices.Index(order, e.Stand()) > slices.Index(order, o.Stand())
}

// Done reports whether nothing of r is to be done any more.
func (r *Run) Done() bool {
	for _, e := range r.Sessions {
		switch s := e.Stand(); {
		case s == Gone || s == GivenUp || s == Collected && e.Reused:
		default:
			return false
		}
	}
	return len(r.Left) == 0
}
