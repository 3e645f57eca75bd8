package traffic

import (
	"iter"
	"slices"
	"strings"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// Log is a flow log, or one generation of it: a log that was switched off and
// on again, changed, or deleted and made anew is several Logs.
type Log struct {
	ID     plan.ID // of the flow log resource; records show it upper-cased
	GUID   string
	Target plan.ID   // VNet, subnet or NIC; records show it as it is
	Since  time.Time // counters begin here
	Until  time.Time // zero: still on

	// RecordTypes is a list such as "B,C,E,D"; empty means all. Where C is
	// left out, E counts from the flow's begin: a counter is what was added
	// since the flow's previous record.
	RecordTypes string
	Filter      Filter

	shades []shade
}

// shade is a time in which a log on a more specific target takes over.
type shade struct {
	target       plan.ID
	since, until int64
}

// Block is one committed block of an hour blob. Data is valid until the next
// one is asked for.
type Block struct {
	Data      []byte    // head, one minute's record (with its leading comma), or tail
	Minute    time.Time // that a record covers; zero for head and tail
	Committed time.Time // when the service committed it; zero for head and tail
}

// The first and the last block of every blob of a flow log.
const (
	blobHead = `{"records":[`
	blobTail = `]}`
)

const minute = int64(60) * second

// Precedence returns logs, each knowing the others: while a log on a NIC is on,
// logs on its subnet and VNet do not record that NIC, and likewise subnet
// before VNet. Logs of security groups are of another product, which nothing
// shades. Only logs of one subscription, deleted ones included, belong here.
func (m *Model) Precedence(logs []Log) []Log {
	out := slices.Clone(logs)
	for i := range out {
		out[i].shades = nil
		for _, o := range logs {
			if rank(o.Target) > rank(out[i].Target) && !isNSG(out[i].Target) {
				out[i].shades = append(out[i].shades, shade{o.Target, o.Since.UnixMicro(), until(o)})
			}
		}
	}
	return out
}

func until(l Log) int64 {
	if l.Until.IsZero() {
		return never
	}
	return l.Until.UnixMicro()
}

// Hours returns the first and the last hour in which log can have a blob at
// now: there are none outside of them, and none at all if last is before first.
func (l Log) Hours(now time.Time) (first, last time.Time) {
	end := now
	if !l.Until.IsZero() && l.Until.Before(now) {
		end = l.Until.Add(time.Minute)
	}
	return l.Since.Truncate(time.Minute).Add(time.Minute).Truncate(time.Hour), end.Truncate(time.Hour)
}

// Hour yields the blob of one NIC and hour as it stands at now, block by
// block: the 12-byte head, a block per minute in which something happened, the
// 2-byte tail; nothing at all if there is no record yet. Put together they are
// the blob. gens are the generations of the log that write to this blob, the
// oldest first. A record belongs to the hour of its own time, which is just
// after the minute it covers.
func (m *Model) Hour(nic *world.NIC, hour, now time.Time, gens ...Log) iter.Seq[Block] {
	return func(yield func(Block) bool) {
		hour = hour.Truncate(time.Hour)
		recs := make([]*recorder, len(gens))
		for i, g := range gens {
			recs[i] = m.recorder(g, nic)
		}
		if !blocks(recs, hour, now, yield) {
			return
		}
	}
}

// blocks yields what recs wrote in the hour; it reports whether that was all.
func blocks(recs []*recorder, hour, now time.Time, yield func(Block) bool) bool {
	some := false
	for i := range int64(60) {
		start := hour.UnixMicro() + (i-1)*minute
		for _, r := range recs {
			committed := r.committed(start)
			if committed > now.UnixMicro() {
				continue
			}
			data := r.minute(start)
			if len(data) == 0 {
				continue
			}
			if !some && !yield(Block{Data: []byte(blobHead)}) {
				return false
			}
			if !some {
				data = data[1:] // the first record has no comma before it
			}
			some = true
			if !yield(Block{data, time.UnixMicro(start).UTC(), time.UnixMicro(committed).UTC()}) {
				return false
			}
		}
	}
	return !some || yield(Block{Data: []byte(blobTail)})
}

// Block returns the record that log writes about nic for one minute, without
// a leading comma; nil if nothing happened.
func (m *Model) Block(log Log, nic *world.NIC, at time.Time) []byte {
	data := m.recorder(log, nic).minute(at.Truncate(time.Minute).UnixMicro())
	if len(data) == 0 {
		return nil
	}
	return data[1:]
}

// types is the set of record types that a log keeps.
func types(list string) (b, c, e, d bool) {
	if strings.TrimSpace(list) == "" {
		return true, true, true, true
	}
	for t := range strings.SplitSeq(list, ",") {
		switch strings.ToUpper(strings.TrimSpace(t)) {
		case "B":
			b = true
		case "C":
			c = true
		case "E":
			e = true
		case "D":
			d = true
		}
	}
	return b, c, e, d
}
