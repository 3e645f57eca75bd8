package flow

// Context is what many flows have in common: where they were seen, and what the
// rules did with them.
type Context struct {
	Point, Log, Target, Rule, ACL ID
	Direction                     Direction
	Encryption                    Encryption
	Class                         Class
	Denied                        bool
}

// Observation is one observation of a flow. A Cache resolves it before it counts.
type Observation struct {
	Hash     [2]uint64 // of the flow's text
	Counters [4]uint64 // packets and IP bytes sent, the same received
	Time     int64     // Unix nanoseconds
	Measured bool
	State    State
	Context  uint32 // number of its context
	Row      uint32 // of its flow in that context, in the cache that resolved it; not 0
}

// Record returns an observation as a record of its own, given its flow and its
// context.
func (o *Observation) Record(k Key, c Context) Record {
	r := Record{
		Key: k, First: o.Time, Last: o.Time,
		Sent:      Count{Packets: o.Counters[0], IPBytes: o.Counters[1]},
		Received:  Count{Packets: o.Counters[2], IPBytes: o.Counters[3]},
		Direction: c.Direction, Class: c.Class, State: o.State, Encryption: c.Encryption,
		Point: c.Point, Log: c.Log, Target: c.Target, Rule: c.Rule, ACL: c.ACL,
	}
	if o.Measured {
		r.Measured = Packets | IPBytes
	}
	return r
}

// Interval is what flows of one context did in one minute.
type Interval struct {
	Context
	Private               bool  // both addresses are
	Start                 int64 // Unix nanoseconds
	Packets, IPBytes      uint64
	Measured              Measure // of any of it
	Begun, Ended, Records uint64
}

// Cache is a flow cache (RFC 5470) as readers and writers see it: it adds up the
// observations of flows that come again and again, and gives on one record for
// many. Package aggregate has one. It is for one goroutine, and for sources that
// count IP packets. A reader that is given one may use it, for the observations
// it likes.
type Cache interface {
	// Context returns the number of a context.
	Context(c Context) uint32
	// Resolve finds the flows of observations. It asks key for a flow that is new,
	// with the index of an observation of it, and gives up where key finds none.
	Resolve(all []Observation, key func(i int) (Key, bool)) bool
	// Count adds observations that were resolved and not yet counted. It reports
	// false if yield did.
	Count(all []Observation, yield func(Batch) bool) bool
	// Flush gives on all that was counted. It reports false if yield did.
	Flush(yield func(Batch) bool) bool

	// Flow returns the flow of an observation that was resolved, and its context.
	Flow(o *Observation) (Key, Context)
	// Generation is how often all flows have gone on; their numbers are given
	// anew then.
	Generation() uint32

	// IsOutside reports whether what happened at a time, in Unix nanoseconds, is
	// not to count.
	IsOutside(at int64) bool
	// Single reports whether every observation is wanted, and no sums of them.
	Single() bool
	// AddIntervals takes what a reader added up itself, by time, and how much it
	// left out because it was outside.
	AddIntervals(all []Interval, outside uint64)
}
