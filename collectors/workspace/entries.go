package workspace

import (
	"hash/maphash"
	"net/netip"
	"strconv"
	"strings"

	"flowctl/collectors/flow"
)

// counters are packets and bytes of both ways, of which some may not be known.
type counters struct {
	n     [4]uint64 // packets sent and received, bytes sent and received
	known [4]bool
}

var counterColumns = [4]column{colSentPackets, colReceivedPackets, colSentBytes, colReceivedBytes}

// countersOf are those of a row.
func countersOf(row *row) (c counters, err error) {
	for i, col := range counterColumns {
		if c.n[i], c.known[i], err = row.number(col, "counter"); err != nil {
			return c, err
		}
	}
	return c, nil
}

// some reports whether any is more than 0.
func (c *counters) some() bool { return c.n != [4]uint64{} }

// put sets the counters of a record to c. Of what was refused, zeros are no
// measurement: nothing counts what a rule dropped.
func (c *counters) put(rec *flow.Record) {
	if rec.Denied() && !c.some() {
		return
	}
	rec.Sent = flow.Count{Packets: c.n[0], IPBytes: c.n[2]}
	rec.Received = flow.Count{Packets: c.n[1], IPBytes: c.n[3]}
	if c.known[0] || c.known[1] {
		rec.Measured |= flow.Packets
	}
	if c.known[2] || c.known[3] {
		rec.Measured |= flow.IPBytes
	}
	switch {
	case rec.Measured == 0:
	case !c.known[0] && !c.known[2]:
		rec.Measured |= flow.ReceivedOnly
	case !c.known[1] && !c.known[3]:
		rec.Measured |= flow.SentOnly
	}
}

// entry is a public address that is folded in a row, with its own counters.
type entry struct {
	addr   flow.Addr
	flows  uint64
	begun  bool // flows is known
	counts counters
}

// entriesOf reads a list of public addresses: "address|started|ended|packets
// sent|received|bytes sent|received", of which all but the address may be missing.
// What is no address, such as the rest of one where the service cut the list, is
// left out: the row's own sum tells how much that is.
func entriesOf(list string) (all []entry) {
	for text := range strings.FieldsSeq(list) {
		parts := strings.Split(text, "|")
		ip, err := netip.ParseAddr(parts[0])
		if err != nil {
			continue
		}
		e := entry{addr: flow.AddrOf(ip)}
		if n, ok := counter(parts, 1); ok {
			e.flows, e.begun = n, true
		}
		for i := range e.counts.n {
			e.counts.n[i], e.counts.known[i] = counter(parts, 3+i)
		}
		all = append(all, e)
	}
	return all
}

func counter(parts []string, i int) (uint64, bool) {
	if i >= len(parts) {
		return 0, false
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(parts[i], ".0"), 10, 64)
	return n, err == nil
}

// count gives on what a row says, unless it was met before.
func (r *rows) count(row *row, a sum) {
	if !r.placed(row, &a) {
		r.in.Source.Remark("both-ends-unknown", "", 1)
	}
	records := r.records(row, &a)
	if r.in.Evidence != nil {
		if id, ok := r.identity(row, &a); ok && !r.in.Evidence.Meet(id) {
			records = r.in.Evidence.Repeat(records)
		}
	}
	for i := range records {
		r.add(&records[i])
	}
}

// placed reports whether a row says where and when it was seen. The interface of one
// that does not say when is not told, so that it is not taken for another end.
func (r *rows) placed(row *row, a *sum) bool {
	if a.record.First == flow.NoTime {
		a.record.Point = 0
	}
	return a.record.Point != 0 && a.record.Direction != flow.DirectionUnknown && row.value(colIntervalStart) != ""
}

// records are what a row says: one for each public address, one for the rest of its
// sum, and one for flows of another status.
func (r *rows) records(row *row, a *sum) []flow.Record {
	var all []flow.Record
	rest, flows := a.counters, uint64(a.record.Begins)
	folded, isSrc := a.to, false
	switch {
	case len(a.from) > 0 && len(a.to) > 0:
		r.in.Source.Remark("both-sides-folded", "", 1)
		folded = nil
	case len(a.from) > 0:
		folded, isSrc = a.from, true
	}
	first := row.value(colVersion) == "1" // whose entries have zeros where nothing is counted
	over, uncounted := false, false
	for _, e := range folded {
		rec := a.record
		if rec.Dst = e.addr; isSrc {
			rec.Src, rec.Dst = e.addr, a.record.Dst
		}
		rec.Begins = 0
		if e.begun {
			rec.Begins = clip(e.flows)
			over = over || e.flows > flows
			flows -= min(flows, e.flows)
		}
		if first {
			e.counts = counters{}
		}
		for i := range rest.n {
			switch {
			case !e.counts.known[i]:
				uncounted = uncounted || rest.known[i]
			case rest.known[i]:
				over = over || e.counts.n[i] > rest.n[i]
				rest.n[i] -= min(rest.n[i], e.counts.n[i])
			}
		}
		e.counts.put(&rec)
		if strings.EqualFold(row.value(colFlowType), "AzurePublic") && e.addr.Is4() && e.addr.Lo&0xff == 0 {
			r.in.Source.Remark("masked-address", "", 1)
		}
		all = append(all, rec)
	}
	switch {
	case over:
		r.in.Source.Remark("addresses-exceed", "", 1)
	case uncounted:
		r.in.Source.Remark("address-uncounted", "", uint64(len(folded)))
	}
	if len(folded) == 0 || flows > 0 || rest.some() {
		rec := a.record
		rec.Begins = clip(flows)
		rest.put(&rec)
		if len(folded) > 0 {
			if rec.Dst = (flow.Addr{}); isSrc {
				rec.Src, rec.Dst = flow.Addr{}, a.record.Dst
			}
			r.in.Source.Remark("addresses-not-listed", "", 1)
		} else if rec.Src.IsZero() || rec.Dst.IsZero() {
			r.in.Source.Remark("addresses-not-listed", "", 1)
		}
		all = append(all, rec)
	}
	if a.opposite > 0 {
		all = append(all, a.others())
	}
	return r.room(all)
}

// others are the flows of a row that the rules judged the other way.
func (a *sum) others() flow.Record {
	rec := a.record
	rec.Begins = clip(a.opposite)
	if rec.State = flow.Deny; a.record.Denied() {
		rec.State = flow.Continue
	}
	return rec
}

// room leaves out counters for which a run has no room: no network reaches them.
func (r *rows) room(all []flow.Record) []flow.Record {
	for i := range all {
		rec := &all[i]
		if rec.Sent.Packets|rec.Received.Packets|rec.Sent.IPBytes|rec.Received.IPBytes < flow.Huge {
			continue
		}
		if !r.in.Room.Take(rec.Sent, rec.Received) {
			rec.Sent, rec.Received, rec.Measured = flow.Count{}, flow.Count{}, 0
			r.skip("counters are beyond 2^62 with those before, which no network reaches", r.off)
		}
	}
	return all
}

var seeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

// identity is what tells a row apart from all others: the keys by which the service
// adds flows up, and what it counted. There is none if a key is missing. When the
// row was written and the times of its flows are not part of it: some forms of
// export cut them.
func (r *rows) identity(row *row, a *sum) (id flow.RecordID, ok bool) {
	rec := &a.record
	if row.value(colIntervalStart) == "" || rec.Point == 0 || rec.Direction == flow.DirectionUnknown || rec.State == flow.StateUnknown {
		r.in.Source.Remark("rows-not-told-apart", "", 1)
		return id, false
	}
	var b []byte
	for _, n := range append([]uint64{rec.Src.Hi, rec.Src.Lo, rec.Dst.Hi, rec.Dst.Lo, uint64(rec.DstPort), uint64(rec.Proto), uint64(rec.Direction), uint64(rec.State),
		uint64(rec.Encryption), uint64(rec.ACL), uint64(rec.Rule), uint64(a.end), uint64(rec.Begins), a.opposite}, a.counters.n[:]...) {
		b = strconv.AppendUint(append(b, ' '), n, 36)
	}
	for _, list := range [...]string{row.value(colSrcPublic), row.value(colDstPublic), row.value(colPublic), row.value(colFlowType)} {
		b = append(append(b, 0), list...)
	}
	return r.recordID(rec, a.start, b), true
}

// recordID is the identity of a record with some content.
func (r *rows) recordID(rec *flow.Record, start int64, content []byte) flow.RecordID {
	return flow.RecordID{
		Log: rec.Log, Point: rec.Point, Minute: floor(start, minute) / minute, Interval: true,
		Content: [2]uint64{maphash.Bytes(seeds[0], content) | 1, maphash.Bytes(seeds[1], content)},
	}
}
