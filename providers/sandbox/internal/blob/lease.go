package blob

import (
	"math"
	"time"
)

// lease is a lock on a blob or a container. A nil lease is an available one.
type lease struct {
	ID     string    `json:"id"`
	Length int       `json:"length"`          // seconds; forever: it does not end by itself
	Until  time.Time `json:"until,omitzero"`  // when it ends, or when its break is over
	Broken bool      `json:"broken,omitzero"` // somebody broke it
}

const (
	forever    = -1
	minLease   = 15 // seconds
	maxLease   = 60
	maxBreak   = 60
	breakUnset = -1 // a break without a period
)

// The states of a lease.
const (
	available = "available"
	leased    = "leased"
	breaking  = "breaking"
	broken    = "broken"
	expired   = "expired"
)

func (l *lease) state(now time.Time) string {
	switch {
	case l == nil:
		return available
	case l.Broken && now.Before(l.Until):
		return breaking
	case l.Broken:
		return broken
	case l.Length != forever && !now.Before(l.Until):
		return expired
	}
	return leased
}

// locked reports whether only who knows the lease's ID may write.
func (l *lease) locked(now time.Time) bool {
	s := l.state(now)
	return s == leased || s == breaking
}

// status is the state in one of two words.
func (l *lease) status(now time.Time) string {
	if l.locked(now) {
		return "locked"
	}
	return "unlocked"
}

// duration is told of active leases only.
func (l *lease) duration(now time.Time) string {
	switch {
	case l.state(now) != leased:
		return ""
	case l.Length == forever:
		return "infinite"
	}
	return "fixed"
}

func newLease(id string, length int, now time.Time) *lease {
	l := &lease{ID: id, Length: length}
	if length != forever {
		l.Until = now.Add(time.Duration(length) * time.Second)
	}
	return l
}

// acquire, renew, change, release and end follow the documentation's table
// "Outcomes of lease operations on blobs by lease state". Each returns the
// lease that follows.
func (l *lease) acquire(id string, length int, now time.Time) (*lease, error) {
	switch l.state(now) {
	case breaking:
		if l.ID == id {
			return nil, errLeaseIsBreakingAcquire
		}
		return nil, errLeasePresent
	case leased:
		if l.ID != id {
			return nil, errLeasePresent
		}
	}
	return newLease(id, length, now), nil
}

func (l *lease) renew(id string, now time.Time) (*lease, error) {
	switch s := l.state(now); {
	case s == available || l.ID != id:
		return nil, errLeaseIDMismatch
	case s == breaking || s == broken:
		return nil, errLeaseIsBrokenRenew
	}
	return newLease(id, l.Length, now), nil
}

func (l *lease) change(id, proposed string, now time.Time) (*lease, error) {
	switch s := l.state(now); {
	case s == available || s == expired || s == broken:
		return nil, errLeaseNotPresent
	case l.ID != id && l.ID != proposed:
		return nil, errLeaseIDMismatch
	case s == breaking:
		return nil, errLeaseIsBreakingChange
	}
	next := *l
	next.ID = proposed
	return &next, nil
}

func (l *lease) release(id string) error {
	if l == nil || l.ID != id {
		return errLeaseIDMismatch
	}
	return nil
}

// end breaks a lease after period seconds, or when it would have ended. It
// returns how many seconds are left.
func (l *lease) end(period int, now time.Time) (*lease, int, error) {
	next := &lease{Broken: true, Until: now}
	switch l.state(now) {
	case available:
		return nil, 0, errLeaseNotPresent
	case leased, breaking:
		next.Until = l.breakTime(period, now)
	}
	next.ID, next.Length = l.ID, l.Length
	return next, int(math.Ceil(next.Until.Sub(now).Seconds())), nil
}

func (l *lease) breakTime(period int, now time.Time) time.Time {
	asked := now.Add(time.Duration(max(period, 0)) * time.Second)
	endless := l.Length == forever && !l.Broken
	if !endless && (period == breakUnset || l.Until.Before(asked)) {
		return l.Until
	}
	return asked
}

// admits says what the ID of a request means for a write or a read of what l
// locks: nil if it may go on. Without an ID everybody may read, and write
// what is not locked.
func (l *lease) admits(id string, write bool, now time.Time) error {
	switch {
	case id == "" && write && l.locked(now):
		return errLeaseIDMissing
	case id == "":
		return nil
	case l == nil:
		return errLeaseNotHeld
	case l.ID != id:
		return errLeaseIDMismatchOperation
	case !l.locked(now):
		return errLeaseLost
	}
	return nil
}

// written is what is left of a lease when somebody wrote: one that is over is
// forgotten.
func (l *lease) written(now time.Time) *lease {
	if l.locked(now) {
		return l
	}
	return nil
}
