package workspace

import (
	"hash/maphash"
	"strings"

	"flowctl/collectors/flow"
)

// connection reads a row of VMConnection: a minute of the connections of a process
// with the same ends and destination port.
func (r *rows) connection(row *row) error {
	start, err := r.time(row, colGenerated)
	if err != nil {
		return err
	}
	rec := flow.Record{Class: flow.Agent, Records: 1, State: flow.StateUnknown, First: start, Last: start}
	if rec.Proto, err = protocol(row.value(colProtocol)); err != nil {
		return err
	}
	if rec.DstPort, err = r.port(row, colPort, rec.Proto); err != nil {
		return err
	}
	if err := both(row, &rec, colSrc, colDst); err != nil {
		return err
	}
	begun, known, err := row.number(colEstablished, "number of connections")
	if err != nil {
		return err
	}
	if !known {
		r.in.Source.Remark("no-flow-counts", "", 1)
	}
	rec.Begins = clip(begun)
	if failed, _, err := row.number(colFailed, "number of connections"); err != nil {
		return err
	} else if failed > 0 {
		r.in.Source.Remark("failed-connections", "", failed)
	}
	end := flow.NoTime
	if start != flow.NoTime {
		rec.SrcPort = uint16(floor(start, minute) / minute)
		end = start + minute
	}
	return r.agent(row, &rec, start, end)
}

// wire reads a row of WireData: a piece of a session, or all of it.
func (r *rows) wire(row *row) (err error) {
	rec := flow.Record{Class: flow.Agent, Records: 1, State: flow.StateUnknown}
	if rec.First, err = r.time(row, colSessionStart); err != nil {
		return err
	}
	if rec.Last, err = r.time(row, colSessionEnd); err != nil {
		return err
	}
	generated, err := r.time(row, colGenerated)
	if err != nil {
		return err
	}
	rec.First, rec.Last = or(rec.First, generated), or(rec.Last, generated)
	if rec.Proto, err = protocol(row.value(colProtocol)); err != nil {
		return err
	}
	from, to, fromPort, toPort := colLocal, colRemote, colLocalPort, colRemotePort
	if direction(row.value(colDirection)) == flow.Inbound {
		from, to, fromPort, toPort = to, from, toPort, fromPort
	}
	if err := both(row, &rec, from, to); err != nil {
		return err
	}
	if rec.DstPort, err = r.port(row, toPort, rec.Proto); err != nil {
		return err
	}
	if rec.SrcPort, err = r.port(row, fromPort, rec.Proto); err != nil { // which this table knows
		return err
	}
	rec.Begins = r.opens(row)
	return r.agent(row, &rec, rec.First, rec.Last)
}

// mostSessions bounds how many sessions are known.
const mostSessions = 1 << 20

// opens is how many flows began with a row of a session: one with its first row.
func (r *rows) opens(row *row) uint32 {
	id := row.value(colSession)
	if id == "" {
		return 1
	}
	key := maphash.String(seeds[0], row.value(colComputer)+"\x00"+id)
	if _, met := r.session[key]; met {
		r.in.Source.Remark("session-repeated", "", 1)
		return 0
	}
	if len(r.session) < mostSessions {
		r.session[key] = struct{}{}
	}
	return 1
}

// both reads the two addresses of a row, which agents always name.
func both(row *row, rec *flow.Record, from, to column) (err error) {
	if rec.Src, err = address(row, from); err != nil {
		return err
	}
	if rec.Dst, err = address(row, to); err != nil {
		return err
	}
	for _, c := range []column{from, to} {
		if row.value(c) == "" {
			return oddValue{"address", ""}
		}
	}
	return nil
}

// agent counts a record of an agent, whose counters are of its machine: what it sent
// went to the destination only if it opened the connection.
func (r *rows) agent(row *row, rec *flow.Record, start, end int64) error {
	rec.Direction = direction(row.value(colDirection))
	rec.Point = r.id(strings.TrimSuffix(strings.ToLower(row.value(colComputer)), "."))
	var c counters
	var err error
	sent, received := colAgentSent, colAgentReceived
	if rec.Direction == flow.Inbound {
		sent, received = received, sent
	}
	for i, col := range []column{sent, received} {
		if c.n[2+i], c.known[2+i], err = row.number(col, "counter"); err != nil {
			return err
		}
	}
	if !r.within(rec, start, end) {
		return nil
	}
	if start == flow.NoTime {
		rec.Point = 0
		r.in.Source.Remark("no-time-column", "", 1)
	}
	if rec.Point == 0 || rec.Direction == flow.DirectionUnknown {
		r.in.Source.Remark("both-ends-unknown", "", 1)
	}
	c.put(rec)
	records := r.room([]flow.Record{*rec})
	if r.in.Evidence != nil && rec.Point != 0 {
		if !r.in.Evidence.Meet(r.recordID(rec, start, r.told(row))) {
			records = r.in.Evidence.Repeat(records)
		}
	} else if rec.Point == 0 {
		r.in.Source.Remark("rows-not-told-apart", "", 1)
	}
	for i := range records {
		r.add(&records[i])
	}
	return nil
}

// told is what a row of an agent says, by which it is told apart from others.
func (r *rows) told(row *row) (b []byte) {
	for _, c := range []column{colProcess, colConnection, colSession, colSrc, colDst, colPort, colLocal, colLocalPort, colRemote, colRemotePort,
		colProtocol, colDirection, colEstablished, colFailed, colAgentSent, colAgentReceived} {
		b = append(append(b, strings.ToLower(row.value(c))...), 0)
	}
	return b
}
