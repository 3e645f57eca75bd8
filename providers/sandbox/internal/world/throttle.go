package world

import "slices"

// Throttle is a limit on how fast the caller may call Resource Manager: a
// bucket of tokens of which each call takes one, refilled every second.
type Throttle struct {
	Kind   string
	Bucket int
	Refill float64 // tokens per second
}

// The kinds of limits: those of a subscription, and those that the network
// resource provider has for each of its regions.
const (
	Reads         = "reads"
	Writes        = "writes"
	Deletes       = "deletes"
	NetworkReads  = "network_reads"
	NetworkWrites = "network_writes" // and deletions
)

// DefaultThrottles are Azure's limits, as the page "Understand how Azure
// Resource Manager throttles requests" states them: buckets for one caller in
// one subscription, and calls of the network resource provider in 5 minutes.
func DefaultThrottles() []Throttle {
	return []Throttle{
		{Reads, 250, 25}, {Writes, 200, 10}, {Deletes, 200, 10},
		{NetworkReads, 10_000, 10_000.0 / 300}, {NetworkWrites, 1000, 1000.0 / 300},
	}
}

// throttles reads the limits that this world enforces.
func (b *builder) throttles() {
	kinds := []string{Reads, Writes, Deletes, NetworkReads, NetworkWrites}
	taken := register[bool]{}
	for _, s := range b.spec.Throttles {
		t := Throttle{Kind: s.Kind, Bucket: s.Bucket, Refill: s.Refill}
		add(b, s.Body, "throttle", taken, s.Kind, "", true)
		if !slices.Contains(kinds, t.Kind) {
			b.unknown(s.Body, "", "kind of limit", t.Kind, kinds)
		}
		if t.Bucket < 1 {
			b.errorf(s.Body, "bucket", "Invalid bucket", "%d is not above zero: no call would ever be let through.", t.Bucket)
		}
		if t.Refill <= 0 {
			b.errorf(s.Body, "refill", "Invalid refill", "%g tokens per second would never refill the bucket.", t.Refill)
		}
		b.w.Throttles = append(b.w.Throttles, t)
	}
}
