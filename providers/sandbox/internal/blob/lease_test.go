package blob

import (
	"errors"
	"testing"
	"time"
)

const leaseA, leaseB, leaseC = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333"

// inState returns a lease A in a state.
func inState(state string, now time.Time) *lease {
	switch state {
	case leased:
		return newLease(leaseA, 30, now)
	case breaking:
		return &lease{ID: leaseA, Length: 30, Broken: true, Until: now.Add(10 * time.Second)}
	case broken:
		return &lease{ID: leaseA, Length: 30, Broken: true, Until: now}
	case expired:
		return newLease(leaseA, 30, now.Add(-time.Minute))
	}
	return nil
}

// TestLeaseStates is the documentation's table "Outcomes of lease operations
// on blobs by lease state": the state that follows, or the refusal.
func TestLeaseStates(t *testing.T) {
	states := []string{available, leased, breaking, broken, expired}
	now := epoch
	operations := []struct {
		name string
		run  func(*lease) (*lease, error)
		want [5]string
	}{
		{"acquire A", func(l *lease) (*lease, error) { return l.acquire(leaseA, 60, now) },
			[5]string{leased, leased, "LeaseIsBreakingAndCannotBeAcquired", leased, leased}},
		{"acquire B", func(l *lease) (*lease, error) { return l.acquire(leaseB, forever, now) },
			[5]string{leased, "LeaseAlreadyPresent", "LeaseAlreadyPresent", leased, leased}},
		{"renew A", func(l *lease) (*lease, error) { return l.renew(leaseA, now) },
			[5]string{"LeaseIdMismatchWithLeaseOperation", leased, "LeaseIsBrokenAndCannotBeRenewed", "LeaseIsBrokenAndCannotBeRenewed", leased}},
		{"renew B", func(l *lease) (*lease, error) { return l.renew(leaseB, now) },
			[5]string{"LeaseIdMismatchWithLeaseOperation", "LeaseIdMismatchWithLeaseOperation", "LeaseIdMismatchWithLeaseOperation", "LeaseIdMismatchWithLeaseOperation", "LeaseIdMismatchWithLeaseOperation"}},
		{"change A to B", func(l *lease) (*lease, error) { return l.change(leaseA, leaseB, now) },
			[5]string{"LeaseNotPresentWithLeaseOperation", leased, "LeaseIsBreakingAndCannotBeChanged", "LeaseNotPresentWithLeaseOperation", "LeaseNotPresentWithLeaseOperation"}},
		{"change B to A", func(l *lease) (*lease, error) { return l.change(leaseB, leaseA, now) },
			[5]string{"LeaseNotPresentWithLeaseOperation", leased, "LeaseIsBreakingAndCannotBeChanged", "LeaseNotPresentWithLeaseOperation", "LeaseNotPresentWithLeaseOperation"}},
		{"change B to C", func(l *lease) (*lease, error) { return l.change(leaseB, leaseC, now) },
			[5]string{"LeaseNotPresentWithLeaseOperation", "LeaseIdMismatchWithLeaseOperation", "LeaseIdMismatchWithLeaseOperation", "LeaseNotPresentWithLeaseOperation", "LeaseNotPresentWithLeaseOperation"}},
		{"release A", func(l *lease) (*lease, error) { return nil, l.release(leaseA) },
			[5]string{"LeaseIdMismatchWithLeaseOperation", available, available, available, available}},
		{"release B", func(l *lease) (*lease, error) { return nil, l.release(leaseB) },
			[5]string{"LeaseIdMismatchWithLeaseOperation", "LeaseIdMismatchWithLeaseOperation", "LeaseIdMismatchWithLeaseOperation", "LeaseIdMismatchWithLeaseOperation", "LeaseIdMismatchWithLeaseOperation"}},
		{"break at once", func(l *lease) (*lease, error) { l, _, err := l.end(0, now); return l, err },
			[5]string{"LeaseNotPresentWithLeaseOperation", broken, broken, broken, broken}},
		{"break in 20 s", func(l *lease) (*lease, error) { l, _, err := l.end(20, now); return l, err },
			[5]string{"LeaseNotPresentWithLeaseOperation", breaking, breaking, broken, broken}},
		{"write with A", func(l *lease) (*lease, error) { return l.written(now), l.admits(leaseA, true, now) },
			[5]string{"LeaseNotPresentWithBlobOperation", leased, breaking, "LeaseLost", "LeaseLost"}},
		{"write with B", func(l *lease) (*lease, error) { return l.written(now), l.admits(leaseB, true, now) },
			[5]string{"LeaseNotPresentWithBlobOperation", "LeaseIdMismatchWithBlobOperation", "LeaseIdMismatchWithBlobOperation", "LeaseIdMismatchWithBlobOperation", "LeaseIdMismatchWithBlobOperation"}},
		{"write without", func(l *lease) (*lease, error) { return l.written(now), l.admits("", true, now) },
			[5]string{available, "LeaseIdMissing", "LeaseIdMissing", available, available}},
		{"read with A", func(l *lease) (*lease, error) { return l, l.admits(leaseA, false, now) },
			[5]string{"LeaseNotPresentWithBlobOperation", leased, breaking, "LeaseLost", "LeaseLost"}},
		{"read without", func(l *lease) (*lease, error) { return l, l.admits("", false, now) },
			[5]string{available, leased, breaking, broken, expired}},
	}
	for _, o := range operations {
		for i, state := range states {
			l := inState(state, now)
			if got := l.state(now); got != state {
				t.Fatalf("a lease that is %s calls itself %s", state, got)
			}
			next, err := o.run(l)
			got := next.state(now)
			var refused *Error
			if errors.As(err, &refused) {
				got = refused.Code
			}
			if got != o.want[i] {
				t.Errorf("%s of a lease that is %s: %s, want %s", o.name, state, got, o.want[i])
			}
		}
	}
}

// TestBreakTimes: a lease is never longer for being broken.
func TestBreakTimes(t *testing.T) {
	now := epoch
	tests := []struct {
		name         string
		l            *lease
		period, left int
	}{
		{"of what is left", newLease(leaseA, 30, now.Add(-10*time.Second)), breakUnset, 20},
		{"shorter", newLease(leaseA, 30, now), 5, 5},
		{"longer than what is left", newLease(leaseA, 15, now), 60, 15},
		{"endless", newLease(leaseA, forever, now), breakUnset, 0},
		{"endless, in a while", newLease(leaseA, forever, now), 60, 60},
		{"shortened while it breaks", inState(breaking, now), 3, 3},
		{"not lengthened while it breaks", inState(breaking, now), 60, 10},
		{"again, without a period", inState(breaking, now), breakUnset, 10},
		{"broken", inState(broken, now), 60, 0},
		{"over", inState(expired, now), 60, 0},
	}
	for _, tt := range tests {
		next, left, err := tt.l.end(tt.period, now)
		if err != nil || left != tt.left {
			t.Errorf("%s: %d s left (%v), want %d", tt.name, left, err, tt.left)
		}
		over := now.Add(time.Duration(tt.left) * time.Second)
		if next.locked(over) || tt.left > 0 && !next.locked(over.Add(-time.Millisecond)) {
			t.Errorf("%s: %s after %d s", tt.name, next.state(over), tt.left)
		}
	}
}
