package traffic

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// tick is how often a flow that goes on is recorded, from its begin.
const tick = 5 * minute

// event is one flow tuple to be.
type event struct {
	at           int64
	state        byte // B, C, E, D
	outbound     bool
	src, dst     netip.Addr
	sport, dport uint16
	protocol     string
	encryption   string
	sum          [2]tally
}

// group are the events of one minute that one rule decided.
type group struct {
	verdict world.Verdict
	events  []event
}

func (e *event) direction() string {
	if e.outbound {
		return "Outbound"
	}
	return "Inbound"
}

func (e *event) action() string {
	if e.state == 'D' {
		return "Deny"
	}
	return "Allow"
}

// recorder writes the records of one log about one interface.
type recorder struct {
	m          *Model
	log        Log
	nic        *world.NIC
	spans      []span // while the log is on and no other has precedence
	b, c, e, d bool
	salt       uint64
	head       []byte // of every record, after its time
	conn       conn
	event      event   // the one being made
	groups     []group // of the minute; the memory is used again
	buf        []byte
	nsg        plan.ID // whose decisions alone are recorded; empty in logs of networks
}

type span struct{ since, until int64 }

func (m *Model) recorder(log Log, nic *world.NIC) *recorder {
	r := &recorder{m: m, log: log, nic: nic, salt: hashText(log.GUID, nic.MAC)}
	r.b, r.c, r.e, r.d = types(log.RecordTypes)
	r.spans = m.spans(log, nic)
	if isNSG(log.Target) {
		r.nsg, r.head = log.Target, nsgHead(log, nic)
		return r
	}
	r.head = appendText(r.head, `","flowLogGUID":`, log.GUID)
	r.head = appendText(r.head, `,"macAddress":`, nic.MAC)
	r.head = append(r.head, `,"category":"FlowLogFlowEvent"`...)
	r.head = appendText(r.head, `,"flowLogResourceID":`, strings.ToUpper(string(log.ID)))
	r.head = appendText(r.head, `,"targetResourceID":`, string(log.Target))
	r.head = append(r.head, `,"flowLogVersion":4,"operationName":"FlowLogFlowEvent","flowRecords":{"flows":[`...)
	return r
}

// appendText appends a JSON key and its text.
func appendText(b []byte, key, text string) []byte {
	quoted, _ := json.Marshal(text) // a string cannot fail
	return append(append(b, key...), quoted...)
}

// spans is when log records nic: while it is on and the interface is in its
// target, but for the times in which a log on a more specific target has it.
func (m *Model) spans(log Log, nic *world.NIC) []span {
	var out []span
	for _, stay := range m.stays[nic.ID.Key()] {
		o := span{max(log.Since.UnixMicro(), stay.since), min(until(log), stay.until)}
		if o.since < o.until && covers(log.Target, stay.nic) {
			out = append(out, log.unshaded(o, stay.nic)...)
		}
	}
	return out
}

// unshaded are the parts of a span in which no more specific log has nic.
func (l Log) unshaded(o span, nic *world.NIC) []span {
	out := []span{o}
	for _, s := range l.shades {
		if !covers(s.target, nic) {
			continue
		}
		var next []span
		for _, o := range out {
			for _, part := range []span{{o.since, min(o.until, s.since)}, {max(o.since, s.until), o.until}} {
				if part.since < part.until {
					next = append(next, part)
				}
			}
		}
		out = next
	}
	return out
}

// on is the begin of the span that holds t.
func (r *recorder) on(t int64) (since int64, ok bool) {
	for _, s := range r.spans {
		if s.since <= t && t < s.until {
			return s.since, true
		}
	}
	return 0, false
}

// logged is the time that the record of the minute from start states.
func (r *recorder) logged(start int64) int64 {
	return start + minute + 100_000 + int64(mix(r.salt, uint64(start))%2_900_000)
}

// committed is when the block of the minute from start was written: 60 to 90
// seconds after the minute's end.
func (r *recorder) committed(start int64) int64 {
	return start + 2*minute + int64(mix(r.salt, uint64(start)+1)%uint64(minute/2))
}

// minute returns a comma and the record of the minute from start, or nothing
// if nothing happened. It is valid until the next call.
func (r *recorder) minute(start int64) []byte {
	r.groups = r.groups[:0]
	for _, p := range r.m.at[r.nic.ID.Key()] {
		if p.t.Protocol != "icmp" && r.spans != nil { // flow logs do not know ICMP
			r.pair(p, start, start+minute)
		}
	}
	if len(r.groups) == 0 {
		return nil
	}
	slices.SortFunc(r.groups, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.verdict.ACL, b.verdict.ACL), cmp.Compare(a.verdict.Rule, b.verdict.Rule))
	})
	for _, g := range r.groups {
		slices.SortStableFunc(g.events, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	}
	return r.record(r.logged(start))
}

// group is where events go that v decided.
func (r *recorder) group(v *world.Verdict) *group {
	for i := range r.groups {
		if g := &r.groups[i]; g.verdict == *v {
			return g
		}
	}
	if n := len(r.groups); n < cap(r.groups) {
		r.groups = r.groups[:n+1]
		r.groups[n].verdict, r.groups[n].events = *v, r.groups[n].events[:0]
	} else {
		r.groups = append(r.groups, group{verdict: *v})
	}
	return &r.groups[len(r.groups)-1]
}

// pair collects the events of one pair from lo to before hi.
func (r *recorder) pair(p *pair, lo, hi int64) {
	c := &r.conn
	for k, before := p.window(lo, hi); p.begin(k) < before; k++ {
		p.draw(c, k)
		if c.end < lo {
			continue
		}
		packets, outbound := c.sees(r.nic)
		r.event = event{
			outbound: outbound, src: c.src, dst: c.dst, sport: c.sport, dport: c.dport,
			protocol: p.t.Protocol, encryption: p.t.Encryption,
		}
		switch {
		case packets:
			r.allowed(lo, hi)
		case (outbound || c.fate != droppedOut && c.fate != unrouted) && lo <= c.start && r.d:
			r.add('D', c.start)
		}
	}
}

// allowed collects the records of a flow: its begin, every five minutes, its
// end.
func (r *recorder) allowed(lo, hi int64) {
	c := &r.conn
	if lo <= c.start && r.b {
		r.add('B', c.start)
	}
	t := c.start + tick*max(1, (lo-c.start+tick-1)/tick)
	for ; t < min(hi, c.end) && r.c; t += tick {
		r.counted('C', t)
	}
	if lo <= c.end && c.end < hi && r.e {
		r.counted('E', c.end)
	}
}

// counted adds a record with what was sent since the flow's previous record,
// or since the log is on.
func (r *recorder) counted(state byte, at int64) {
	since, ok := r.on(at)
	if !ok {
		return
	}
	c := &r.conn
	last := c.start - 1
	if n := (at - c.start - 1) / tick; r.c && n > 0 {
		last = c.start + n*tick
	}
	last = max(last, since-1)
	now, before := c.count(at), c.count(last)
	for d := range now {
		r.event.sum[d] = now[d].minus(before[d])
	}
	r.add(state, at)
}

// add files the event under the rule that decided it.
func (r *recorder) add(state byte, at int64) {
	e := &r.event
	e.state, e.at = state, at
	if _, on := r.on(at); !on || !r.log.Filter.keeps(e) {
		return
	}
	verdict := &r.conn.in
	if e.outbound {
		verdict = &r.conn.out
	}
	if r.nsg != "" && !r.nsg.Is(plan.ID(verdict.ACL)) {
		return
	}
	g := r.group(verdict)
	g.events = append(g.events, *e)
}

// record writes the collected events.
func (r *recorder) record(logged int64) []byte {
	if r.nsg != "" {
		return r.nsgRecord(logged)
	}
	b := append(r.buf[:0], `,{"time":"`...)
	b = time.UnixMicro(logged).UTC().AppendFormat(b, "2006-01-02T15:04:05.0000000Z")
	b = append(b, r.head...)
	for i, g := range r.groups {
		switch {
		case i == 0:
			b = append(appendText(b, `{"aclID":`, g.verdict.ACL), `,"flowGroups":[`...)
		case g.verdict.ACL != r.groups[i-1].verdict.ACL:
			b = append(appendText(b, `]},{"aclID":`, g.verdict.ACL), `,"flowGroups":[`...)
		default:
			b = append(b, ',')
		}
		b = append(appendText(b, `{"rule":`, g.verdict.Rule), `,"flowTuples":[`...)
		for j := range g.events {
			if j > 0 {
				b = append(b, ',')
			}
			b = append(g.events[j].append(append(b, '"')), '"')
		}
		b = append(b, `]}`...)
	}
	r.buf = append(b, `]}]}}`...)
	return r.buf
}

// appendWhen writes the first fields of a tuple, which are those of all versions: when, and
// who with whom.
func (e *event) appendWhen(b []byte, at int64) []byte {
	b = strconv.AppendInt(b, at, 10)
	b = e.src.AppendTo(append(b, ','))
	b = e.dst.AppendTo(append(b, ','))
	b = strconv.AppendUint(append(b, ','), uint64(e.sport), 10)
	return strconv.AppendUint(append(b, ','), uint64(e.dport), 10)
}

// append writes the tuple's 13 fields (flow log format, version 4).
func (e *event) append(b []byte) []byte {
	b = e.appendWhen(b, e.at/1000)
	number, direction := ",6,", "I,"
	if e.protocol == "udp" {
		number = ",17,"
	}
	if e.outbound {
		direction = "O,"
	}
	b = append(append(b, number...), direction...)
	b = append(append(append(b, e.state, ','), e.encryption...), ',')
	for d, t := range e.sum {
		if d > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, t.packets, 10)
		b = strconv.AppendInt(append(b, ','), t.bytes, 10)
	}
	return b
}
