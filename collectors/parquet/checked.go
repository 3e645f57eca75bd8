package parquet

import (
	"math"

	"flowctl/collectors/flow"
)

// most is the greatest value that a record has room for in a column of numbers,
// and from where on a counter is to be looked at.
func most(col int) uint64 {
	if col >= colSentTCP {
		switch (col - colSentTCP) % tcpCounts {
		case tcpRetransmitted, tcpDupACKs:
			return math.MaxUint16
		case tcpRetransmittedBytes:
			return math.MaxUint32
		}
		return math.MaxUint8
	}
	switch col {
	case colSourcePort, colDestinationPort, colEtherType:
		return math.MaxUint16
	case colProtocol:
		return math.MaxUint8
	case colFirstNanos, colLastNanos:
		return 999
	case colTCPAnswered, colTCPConfirmed:
		return math.MaxUint32
	}
	return flow.Huge - 1
}

// farthest is the last microsecond that begins within what nanoseconds can say.
const farthest = math.MaxInt64 / 1000

// timely reports whether a time, of microseconds and the nanoseconds beyond them,
// is one that nanoseconds can say.
func timely(us int64, nanos uint32) bool {
	const most, least = math.MaxInt64 % 1000, 1000 + math.MinInt64%1000
	switch {
	case us == farthest:
		return nanos <= most
	case us == -farthest-1:
		return nanos >= least
	}
	return us > -farthest-1 && us < farthest
}

// sound reports whether no number of a row group is beyond what a record can have,
// and no counter so large that a sum may wrap round. It looks at columns as they
// are in the file.
func (g *rows) sound() bool {
	for col := range readColumns {
		c := &g.columns[col]
		switch columns[col].sort {
		case number:
			for _, v := range c.others {
				if uint64(v) > most(col) {
					return false
				}
			}
		case counter: // all limits are one less than a power of two
			var bits uint64
			for _, v := range c.ints {
				bits |= uint64(v)
			}
			if bits > most(col) {
				return false
			}
		case instant:
			for _, v := range c.ints {
				if v >= farthest || v <= -farthest {
					return false
				}
			}
		}
	}
	return true
}

// Why rows are left out.
const (
	noNumber = "row with a number that is beyond what there can be"
	noRoom   = "row with counters which together with those before are beyond 2^62, which no network reaches"
)

// refuses says why row i, of columns that are spread, does not count; empty if it
// does.
func (g *rows) refuses(i int, room *flow.Room) string {
	for col := range readColumns {
		c := &g.columns[col]
		if !columns[col].required && !c.there[i] {
			continue
		}
		switch sort := columns[col].sort; {
		case sort == number && uint64(c.codes[i]) > most(col),
			sort == counter && (c.wide[i] < 0 || most(col) < flow.Huge-1 && uint64(c.wide[i]) > most(col)),
			sort == instant && !timely(c.wide[i], g.columns[col-colFirst+colFirstNanos].codes[i]):
			return noNumber
		}
	}
	var r flow.Record
	g.counters(&r, i)
	if r.Sent.Packets|r.Sent.IPBytes|r.Sent.FrameBytes|r.Received.Packets|r.Received.IPBytes|r.Received.FrameBytes < flow.Huge {
		return ""
	}
	for _, c := range []*flow.Count{&r.Sent, &r.Received} {
		c.IPBytes = max(c.IPBytes, c.FrameBytes)
	}
	if !room.Take(r.Sent, r.Received) {
		return noRoom
	}
	return ""
}

// checked gives on those rows of a row group that count, one by one.
func (w *worker) checked(group int) bool {
	at := w.tail.meta.RowGroups[group].Columns[0].MetaData.DataPageOffset
	left := map[string]uint64{}
	w.rows.spread(&w.columns.alike)
	more := w.by.records(&w.rows, func(i int) bool {
		why := w.rows.refuses(i, w.in.Room)
		if why != "" {
			left[why]++
		}
		return why == ""
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	for why, n := range left {
		w.in.Source.Note(flow.Corrupt)
		w.in.Skipped.AddN(w.in.Source.Path, why, n, at)
		w.in.Source.Records -= n
	}
	return more
}
