package world

import (
	"github.com/hashicorp/hcl/v2"
	"slices"
	"time"

	"flowctl/plan"
)

// Fault is something that goes wrong, and when.
type Fault struct {
	Name        string
	Operation   string  // pattern of operations
	Target      string  // pattern of names or ids; empty: any
	Region      string  // empty: any
	Nth         []int   // calls, from 1, of one operation on one thing; none: any
	Probability float64 // of a call; 1: every one
	Times       int     // how often at most; 0: without limit
	After       Moment
	Until       Moment // zero: without end

	Effect      string
	Status      int
	Code        string
	Message     string
	RetryAfter  time.Duration // 0: the answer does not say
	Delay       time.Duration
	Bytes       int64
	Blocks      int
	OtherTarget plan.ID

	body hcl.Body // of its block
}

// Moment is a time: one by the calendar, or one since the world began.
type Moment struct {
	At    time.Time
	Since time.Duration
}

// IsZero reports whether no moment was given.
func (m Moment) IsZero() bool { return m.At.IsZero() && m.Since == 0 }

// In is the moment in a world that began then.
func (m Moment) In(began time.Time) time.Time {
	if m.At.IsZero() {
		return began.Add(m.Since)
	}
	return m.At
}

// The effects of faults.
const (
	Refuse        = "refuse"         // the call is answered with an error and does nothing
	Fail          = "fail"           // the call is accepted, and its operation fails
	Reset         = "reset"          // the connection breaks before anything is done
	ResetAfter    = "reset_after"    // the connection breaks when all is done, or half of a blob is read
	Slow          = "slow"           // the answer takes Delay
	Stale         = "stale"          // reads show the state before the write for Delay
	KeepTarget    = "other_target"   // a flow log gets another target than the one asked for
	AgentStopped  = "agent_stopped"  // a capture's agent stops Delay after the begin
	StorageFailed = "storage_failed" // a capture's file cannot be stored
	SizeReached   = "size_reached"   // a capture ends by its size Delay after the begin
	Late          = "late"           // what Azure writes is there Delay later
	Short         = "short"          // the last Blocks or Bytes are missing, for Delay or for ever
	Never         = "never"          // what Azure writes is never there
)

// effects are the operations that each effect can have.
var effects = map[string][]string{
	Refuse: nil, Reset: nil, ResetAfter: nil, Slow: nil, // every call
	Fail: {"flow_log.create", "flow_log.update", "flow_log.delete", "packet_capture.create", "packet_capture.stop", "packet_capture.delete",
		"extension.create", "extension.update", "extension.delete", "network_watcher.delete"},
	Stale: {"flow_log.create", "flow_log.update", "flow_log.delete", "packet_capture.create", "packet_capture.delete",
		"network_watcher.create", "network_watcher.update", "network_watcher.delete", "extension.create", "extension.update", "extension.delete"},
	KeepTarget:   {"flow_log.create", "flow_log.update"},
	AgentStopped: {"packet_capture.create"}, StorageFailed: {"packet_capture.create"}, SizeReached: {"packet_capture.create"},
	Late: {Record, Upload}, Short: {Record, Upload}, Never: {Record, Upload},
}

// Calls reports whether the fault is one of calls, not of what Azure writes.
func (f *Fault) Calls() bool { return !slices.Contains([]string{Late, Short, Never}, f.Effect) }

// Hits reports whether the fault is of an operation.
func (f *Fault) Hits(operation string) bool {
	only := effects[f.Effect]
	own := operation == Record || operation == Upload
	return Matches(f.Operation, operation) && f.Calls() != own && (only == nil || slices.Contains(only, operation))
}
