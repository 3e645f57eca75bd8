package engine

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"flowctl/collectors/flow"
)

// identity tells the rows of one record from all others: who wrote it for which minute,
// and what it says. It is the same in every process, and in whatever order and form
// the record is written. That nobody can make up two records that are taken for one
// is why it is a cryptographic hash.
type identity struct {
	names *texts
	all   [][]byte // what each row of the record says
	room  []byte
	sums  map[flow.ID][]byte // of texts

	tokens [256][]byte // the same of states of encryption
}

// identitySize is how much of a SHA-256 is kept.
const identitySize = 16

// of returns the identity of a record, and sorts its rows: their numbers are their
// places then.
func (d *identity) of(id flow.RecordID, rows flow.Batch) (sum [identitySize]byte) {
	d.all, d.room = d.all[:0], d.room[:0]
	ends := make([]int, len(rows))
	for i := range rows {
		d.room = d.row(d.room, &rows[i])
		ends[i] = len(d.room)
	}
	order := make([]int, len(rows))
	for i, from := 0, 0; i < len(rows); i++ {
		d.all = append(d.all, d.room[from:ends[i]])
		from, order[i] = ends[i], i
	}
	slices.SortFunc(order, func(a, b int) int { return bytes.Compare(d.all[a], d.all[b]) })
	h := sha256.New()
	h.Write(binary.LittleEndian.AppendUint64(append(slices.Clone(d.sum(id.Log)), d.sum(id.Point)...), uint64(id.Minute)))
	sorted := make(flow.Batch, 0, len(rows))
	for _, i := range order {
		h.Write(d.all[i])
		sorted = append(sorted, rows[i])
	}
	copy(rows, sorted)
	copy(sum[:], h.Sum(nil))
	return sum
}

// row appends what a row of a flow log says, all of the same length.
func (d *identity) row(b []byte, r *flow.Record) []byte {
	for _, v := range [...]uint64{
		r.Src.Hi, r.Src.Lo, r.Dst.Hi, r.Dst.Lo, uint64(r.First), uint64(r.Last),
		r.Sent.Packets, r.Sent.IPBytes, r.Received.Packets, r.Received.IPBytes,
		uint64(r.SrcPort) | uint64(r.DstPort)<<16 | uint64(r.Proto)<<32 | uint64(r.State)<<40 | uint64(r.Direction)<<48 | uint64(r.Measured)<<56,
	} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	b = append(append(append(b, d.sum(r.Point)...), d.sum(r.ACL)...), d.sum(r.Rule)...)
	if d.tokens[r.Encryption] == nil {
		all := sha256.Sum256([]byte(d.names.of.EncryptionText(r.Encryption)))
		d.tokens[r.Encryption] = all[:identitySize]
	}
	return append(b, d.tokens[r.Encryption]...)
}

// sum is a hash of a text.
func (d *identity) sum(id flow.ID) []byte {
	s, ok := d.sums[id]
	if !ok {
		if d.sums == nil {
			d.sums = map[flow.ID][]byte{}
		}
		all := sha256.Sum256([]byte(d.names.text(id)))
		s = all[:identitySize]
		d.sums[id] = s
	}
	return s
}
