package engine

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"flowctl/collectors/flow"
)

// batchRows is how many rows are sent at once: enough for the server to make few parts
// of them, few enough for memory (some 60 MB).
const batchRows = 1 << 18

// part takes the records of a unit from one goroutine.
type part struct {
	w        *Writer
	number   int
	names    *texts
	identity identity
	known    map[flow.Context]uint64

	buffers  []buffer
	private  []bool
	plain    []bool
	contexts []uint64
	records  [][]byte
	ordinals []uint64
	attempts []uint64
	batches  int
	total    uint64 // rows
}

func newPart(w *Writer, number int, names *flow.Names) *part {
	p := &part{w: w, number: number, names: newTexts(names), known: map[flow.Context]uint64{}}
	p.identity.names = p.names
	for _, c := range columns {
		p.buffers = append(p.buffers, c.buffer())
	}
	return p
}

// Keep adds the rows of a record of a flow log, or of a capture.
func (p *part) Keep(id flow.RecordID, rows flow.Batch) error {
	var record [identitySize]byte
	ordinal, attempt := uint64(0), uint64(0)
	if id != (flow.RecordID{}) {
		record = p.identity.of(id, rows)
	} else {
		attempt = p.w.attempt
		binary.LittleEndian.PutUint64(record[:], attempt)
		ordinal = uint64(p.number)<<48 | p.total
	}
	for i := range rows {
		r := &rows[i]
		for _, b := range p.buffers {
			b.add(r, p.names)
		}
		p.private = append(p.private, r.Src.Private() && r.Dst.Private())
		p.plain = append(p.plain, isPlain(r))
		p.contexts = append(p.contexts, p.context(r))
		p.records = append(p.records, record[:])
		p.ordinals = append(p.ordinals, ordinal+uint64(i))
		p.attempts = append(p.attempts, attempt)
	}
	p.total += uint64(len(rows))
	if len(p.private) < cmp.Or(p.w.e.BatchRows, batchRows) {
		return nil
	}
	return p.send()
}

// send sends what was added.
func (p *part) send() error {
	if len(p.private) == 0 {
		return nil
	}
	var names []string
	for _, c := range columns {
		names = append(names, c.name())
	}
	ctx := p.w.settings(p.w.ctx, fmt.Sprintf("%d-%d", p.number, p.batches))
	b, err := p.w.e.conn.PrepareBatch(ctx, "INSERT INTO "+p.w.e.table("flows")+" ("+strings.Join(names, ", ")+", private, plain, context, record, ordinal, attempt)")
	if err != nil {
		return p.w.e.explain("send flows", err)
	}
	defer b.Close()
	n := len(columns)
	for i, c := range p.buffers {
		if err := c.send(b.Column(i)); err != nil {
			return fmt.Errorf("column %s: %w", columns[i].name(), err)
		}
	}
	for i, v := range []any{p.private, p.plain, p.contexts, p.records, p.ordinals, p.attempts} {
		if err := b.Column(n + i).Append(v); err != nil {
			return err
		}
	}
	p.private, p.plain, p.contexts = p.private[:0], p.plain[:0], p.contexts[:0]
	p.records, p.ordinals, p.attempts = p.records[:0], p.ordinals[:0], p.attempts[:0]
	p.batches++
	return p.w.e.explain("send flows", b.Send())
}

// isPlain reports whether a row can be added up by flow and by minute: those of flow logs,
// which have one time and a state, and count IP packets and bytes or nothing.
func isPlain(r *flow.Record) bool {
	return r.Class.Log() && r.First == r.Last && r.Last != flow.NoTime && r.State != flow.StateUnknown &&
		(r.Measured == 0 || r.Measured == flow.Packets|flow.IPBytes) && !r.Guessed && r.IsIP() && r.Tunnel == flow.NoTunnel
}

// context is the number of what r has in common with others: a hash, so that it is the
// same in every process.
func (p *part) context(r *flow.Record) uint64 {
	c := flow.Context{Point: r.Point, Log: r.Log, Target: r.Target, Rule: r.Rule, ACL: r.ACL, Direction: r.Direction, Encryption: r.Encryption, Class: r.Class, Denied: r.Denied()}
	n, ok := p.known[c]
	if !ok {
		h := sha256.New()
		for _, id := range []flow.ID{c.Point, c.Target, c.Rule, c.ACL, c.Log} {
			h.Write(p.identity.sum(id))
		}
		fmt.Fprint(h, p.names.of.EncryptionText(c.Encryption), "\x00", c.Direction, c.Class, c.Denied)
		n = binary.LittleEndian.Uint64(h.Sum(nil))
		p.known[c] = n
	}
	return n
}
