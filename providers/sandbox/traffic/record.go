package traffic

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowctl/providers/sandbox/world"
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
	verdict      *world.Verdict
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
	events     []event
	verdicts   []world.Verdict
	buf        []byte
}

type span struct{ since, until int64 }

func (m *Model) recorder(log Log, nic *world.NIC) *recorder {
	r := &recorder{m: m, log: log, nic: nic, salt: hashText(log.GUID, nic.MAC)}
	r.b, r.c, r.e, r.d = types(log.RecordTypes)
	r.spans = spans(log, nic)
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

// spans is when log records nic: while it is on, but for the times in which a
// log on a more specific target has the interface.
func spans(log Log, nic *world.NIC) []span {
	if !covers(log.Target, nic) {
		return nil
	}
	out := []span{{log.Since.UnixMicro(), until(log)}}
	for _, s := range log.shades {
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
	r.events = r.events[:0]
	for _, p := range r.m.at[r.nic] {
		if p.t.Protocol != "icmp" && r.spans != nil { // flow logs do not know ICMP
			r.pair(p, start, start+minute)
		}
	}
	if len(r.events) == 0 {
		return nil
	}
	slices.SortStableFunc(r.events, func(a, b event) int {
		return cmp.Or(
			cmp.Compare(a.verdict.ACL, b.verdict.ACL), cmp.Compare(a.verdict.Rule, b.verdict.Rule), cmp.Compare(a.at, b.at),
		)
	})
	return r.record(r.logged(start))
}

// pair collects the events of one pair from lo to before hi.
func (r *recorder) pair(p *pair, lo, hi int64) {
	c := &r.conn
	for k := p.alive(lo); p.begin(k) < hi; k++ {
		p.draw(c, k)
		if c.end < lo {
			continue
		}
		packets, outbound := c.sees(r.nic)
		verdict := c.in
		if outbound {
			verdict = c.out
		}
		e := event{
			outbound: outbound, src: c.src, dst: c.dst, sport: c.sport, dport: c.dport,
			protocol: p.t.Protocol, encryption: p.t.Encryption, verdict: &verdict,
		}
		switch {
		case packets:
			r.allowed(c, e, lo, hi)
		case outbound || c.fate != droppedOut:
			e.at, e.state = c.start, 'D'
			r.add(e, r.d && lo <= c.start)
		}
	}
}

// allowed collects the records of a flow: its begin, every five minutes, its
// end.
func (r *recorder) allowed(c *conn, e event, lo, hi int64) {
	if lo <= c.start {
		e.at, e.state = c.start, 'B'
		r.add(e, r.b)
	}
	t := c.start + tick*max(1, (lo-c.start+tick-1)/tick)
	for ; t < min(hi, c.end); t += tick {
		e.at, e.state = t, 'C'
		r.counted(c, e, r.c)
	}
	if lo <= c.end && c.end < hi {
		e.at, e.state = c.end, 'E'
		r.counted(c, e, r.e)
	}
}

// counted adds an event with what c sent since its previous record, or since
// the log is on.
func (r *recorder) counted(c *conn, e event, wanted bool) {
	since, ok := r.on(e.at)
	if !ok || !wanted {
		return
	}
	last := c.start - 1
	if n := (e.at - c.start - 1) / tick; r.c && n > 0 {
		last = c.start + n*tick
	}
	last = max(last, since-1)
	now, before := c.count(e.at), c.count(last)
	for d := range now {
		e.sum[d] = now[d].minus(before[d])
	}
	r.add(e, true)
}

func (r *recorder) add(e event, wanted bool) {
	if _, on := r.on(e.at); on && wanted && r.log.Filter.keeps(&e) {
		r.events = append(r.events, e)
	}
}

// record writes the collected events.
func (r *recorder) record(logged int64) []byte {
	b := append(r.buf[:0], `,{"time":"`...)
	b = time.UnixMicro(logged).UTC().AppendFormat(b, "2006-01-02T15:04:05.0000000Z")
	b = append(b, r.head...)
	for i := 0; i < len(r.events); {
		if i > 0 {
			b = append(b, ',')
		}
		acl := r.events[i].verdict.ACL
		b = append(appendText(b, `{"aclID":`, acl), `,"flowGroups":[`...)
		for first := true; i < len(r.events) && r.events[i].verdict.ACL == acl; first = false {
			if !first {
				b = append(b, ',')
			}
			b, i = r.group(b, i)
		}
		b = append(b, `]}`...)
	}
	r.buf = append(b, `]}}`...)
	return r.buf
}

// group writes the events from i that one rule decided, and returns the next.
func (r *recorder) group(b []byte, i int) ([]byte, int) {
	v := *r.events[i].verdict
	b = append(appendText(b, `{"rule":`, v.Rule), `,"flowTuples":[`...)
	for first := true; i < len(r.events) && *r.events[i].verdict == v; i, first = i+1, false {
		if !first {
			b = append(b, ',')
		}
		b = append(r.events[i].append(append(b, '"')), '"')
	}
	return append(b, `]}`...), i
}

// append writes the tuple's 13 fields (flow log format, version 4).
func (e *event) append(b []byte) []byte {
	b = strconv.AppendInt(b, e.at/1000, 10)
	b = e.src.AppendTo(append(b, ','))
	b = e.dst.AppendTo(append(b, ','))
	b = strconv.AppendUint(append(b, ','), uint64(e.sport), 10)
	b = strconv.AppendUint(append(b, ','), uint64(e.dport), 10)
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
