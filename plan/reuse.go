package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A flow log of somebody else's is read, never changed: from the start where it
// covers what is asked for, and from then on where it comes to write what a log of
// flowctl's would have. What was read once is followed like what was started:
// whatever becomes of it, what it wrote is evidence.

// flowLog reuses what somebody else logs already, on the target itself, on
// what holds it, or on parts of it: Azure writes a NIC's traffic only to the
// most specific log (NIC before subnet before VNet), so a second log would
// take the records away from the first.
func (d differ) flowLog(s Session) []Change {
	var parts []Change
	for _, r := range d.others() {
		switch {
		case r.Target.Is(s.Target.ID) || holds(s.Within, r.Target):
			return []Change{reuse(s, r, fmt.Sprintf("flow log %s covers it", r.ID.Name()))}
		case holds(r.Within, s.Target.ID):
			parts = append(parts, reuse(part(s, r), r, fmt.Sprintf("flow log %s takes the records of this %s", r.ID.Name(), kindOf(r.Target))))
		}
	}
	if off := disabled(s.Target.ID, d.have); off != nil && d.reads(s, *off) {
		return append([]Change{reuse(s, *off, fmt.Sprintf("flow log %s is switched off: what it wrote is read, and it bars another one", off.ID.Name()))}, parts...)
	}
	return append([]Change{{Create, s.Why, &s, nil}}, parts...)
}

// others lists the flow logs that are not flowctl's and write, by id.
func (d differ) others() []Recording {
	return d.writing(func(r Recording) bool {
		_, ours := ParseName(r.ID.Name())
		return !ours
	})
}

// writing lists the flow logs that write and are of those, by id.
func (d differ) writing(those func(Recording) bool) []Recording {
	var out []Recording
	for _, r := range d.have {
		if r.Mechanism == FlowLog && r.Enabled && those(r) {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b Recording) int { return strings.Compare(a.ID.Key(), b.ID.Key()) })
	return out
}

func holds(within []ID, id ID) bool {
	return slices.ContainsFunc(within, id.Is)
}

// reuse is the change by which r is read for s.
func reuse(s Session, r Recording, why string) Change { return Change{Reuse, why, &s, &r} }

// part is s for a part of its target, which r records.
func part(s Session, r Recording) Session {
	s.Target.ID, s.Target.Kind, s.Within = r.Target, kindOf(r.Target), r.Within
	return s
}

// tookOver reads, beside what was started for s, the logs of others that write its
// records by now: those of parts of the target, and where the own one does not
// record any more, those of all of it.
func (d differ) tookOver(s Session, k known) []Change {
	if s.Mechanism != FlowLog || !d.now.Before(d.deadline(k)) {
		return nil
	}
	records := k.there != nil && k.there.Enabled && k.there.Target.Is(s.Target.ID)
	var out []Change
	for _, r := range d.writing(func(r Recording) bool { return !d.inv.Made(r) }) {
		if what, ok := Instead(s, r, records); ok {
			out = append(out, reuse(what, r, fmt.Sprintf("flow log %s took over", r.ID.Name())))
		}
	}
	return out
}

// Instead is the session by which r, a log of somebody else's that writes, is read for
// s beside what was started for it; ok is false if r has nothing of it. As long as
// the own log records, only one on a part of its target takes records from it.
func Instead(s Session, r Recording, records bool) (what Session, ok bool) {
	switch {
	case holds(r.Within, s.Target.ID):
		return part(s, r), true
	case !records && (r.Target.Is(s.Target.ID) || holds(s.Within, r.Target)):
		return s, true
	}
	return s, false
}

// late is what can be had of s after the window: nothing is started any more, and what
// others recorded can be read.
func (d differ) late(s Session) []Change {
	over := Change{Leave, "not recorded: the window ended " + d.prior.Over.UTC().Format(time.RFC3339), &s, nil}
	if s.Mechanism != FlowLog {
		return []Change{over}
	}
	changes := d.flowLog(s)
	if changes[0].Action == Create {
		changes[0] = over
	}
	return changes
}

// reading goes on with what the run under way reads and changes do not have: the log
// is switched off, deleted or pointed elsewhere, or nothing selects its target any more.
// Where the file has its watch no more, it is read no more.
func (d differ) reading(changes []Change) []Change {
	var out []Change
	for _, k := range d.prior.Reading {
		if d.inv.Standing() && !d.listed(k) {
			continue // what it wrote is in storage, and the ledger knows it
		}
		r := d.lastSeen(k)
		if r == nil || d.prior.Watches != nil && d.dropped(k.Session.Watches) {
			continue
		}
		same := func(c Change) bool {
			return c.Action == Reuse && c.Recording.ID.Is(r.ID) && c.Session.Fingerprint() == k.Session.Fingerprint()
		}
		if !slices.ContainsFunc(changes, same) {
			out = append(out, reuse(k.Session, *r, fmt.Sprintf("what flow log %s wrote is read", r.ID.Name())))
		}
	}
	return out
}

// reads reports whether the run under way reads r for s.
func (d differ) reads(s Session, r Recording) bool {
	return slices.ContainsFunc(d.prior.Reading, func(k Known) bool {
		return strings.EqualFold(k.Session.Name, r.ID.Name()) && k.Session.Fingerprint() == s.Fingerprint()
	})
}

// lastSeen is k's recording as it is there, or was; nil if that is not known.
func (d differ) lastSeen(k Known) *Recording {
	for i, r := range d.have {
		same := r.Mechanism == FlowLog && strings.EqualFold(r.ID.Name(), k.Session.Name)
		if k.Recording != nil {
			same = r.ID.Is(k.Recording.ID)
		}
		if same {
			return &d.have[i]
		}
	}
	return k.Recording
}

// listed reports whether k's recording is in Azure and writes.
func (d differ) listed(k Known) bool {
	r := d.lastSeen(k)
	for i := range d.have {
		if r == &d.have[i] {
			return r.Enabled
		}
	}
	return false
}
