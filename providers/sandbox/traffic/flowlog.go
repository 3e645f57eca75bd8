package traffic

import (
	"iter"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/world"
)

// Log is a flow log, or one generation of it: a log that was switched off and
// on again, changed, or deleted and made anew is several Logs.
type Log struct {
	ID     plan.ID // of the flow log resource; records show it upper-cased
	GUID   string
	Target plan.ID   // VNet, subnet or NIC; records show it as it is
	Since  time.Time // counters begin here
	Until  time.Time // zero: still on

	RecordTypes string // "B,C,E,D"; empty: all
	Filter      Filter // of ParseFilter; the zero Filter keeps everything

	shades []shade // where a log on a more specific target takes over
}

// Filter is a compiled enabledFilteringCriteria.
type Filter struct{}

type shade struct {
	target       plan.ID
	since, until time.Time
}

// Block is one committed block of an hour blob. Data is valid until the next
// one is asked for.
type Block struct {
	Data      []byte    // head, one minute's record (with its leading comma), or tail
	Minute    time.Time // that a record covers; zero for head and tail
	Committed time.Time // when the service committed it; zero for head and tail
}

// ParseFilter compiles a filter expression as the service does: at most 1000
// characters, no parentheses, && before ||. The empty text keeps everything.
func ParseFilter(text string) (Filter, error) { return Filter{}, nil }

// Precedence returns logs, each knowing the others: while a log on a NIC is on,
// logs on its subnet and VNet do not record that NIC, and likewise subnet
// before VNet. Only logs of one subscription, deleted ones included, belong here.
func (m *Model) Precedence(logs []Log) []Log { return logs }

// NICs returns the interfaces that a VNet, subnet, NIC, VM, scale set or
// instance covers, without those of machines that never ran.
func (m *Model) NICs(target plan.ID) []*world.NIC { return nil }

// Hour yields the blob of one NIC and hour as it stands at now, block by
// block: the 12-byte head, a block per minute in which something happened, the
// 2-byte tail; nothing at all if there is no record yet. Put together they are
// the blob. gens are the generations of the log that write to this blob, the
// oldest first. A record belongs to the hour of its own time, which is just
// after the minute it covers.
func (m *Model) Hour(nic *world.NIC, hour, now time.Time, gens ...Log) iter.Seq[Block] {
	return func(func(Block) bool) {}
}

// Block returns the record that log writes about nic for one minute, without
// a leading comma; nil if nothing happened.
func (m *Model) Block(log Log, nic *world.NIC, minute time.Time) []byte { return nil }

// Hours returns the first and last hour in which log can have records at now:
// hour blobs outside of them do not exist.
func (l Log) Hours(now time.Time) (first, last time.Time) { return l.Since, now }
