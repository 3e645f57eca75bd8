package flowlog

import (
	"bytes"
	"math/bits"
	"time"

	"flowctl/collectors/flow"
)

// recordRange is a record whose tuples were read and are not counted yet.
type recordRange struct {
	id       flow.RecordID
	from, to mark
	lost     bool // what was before it could not be read
}

// keep notes the record that was just read, so that settle can ask for it.
func (d *document) keep() {
	if d.in.Evidence == nil {
		return
	}
	from := d.fast.first
	d.pending = append(d.pending, recordRange{
		flow.RecordID{Log: d.rec.log, Point: d.point(from), Minute: d.rec.minute, Content: d.content(from), Target: d.rec.target},
		from, d.fast.mark(), d.lost,
	})
	d.lost = false
}

// tellLost tells what could not be read behind the last record.
func (d *document) tellLost() {
	if d.lost && d.in.Evidence != nil {
		d.in.Evidence.Lost()
	}
	d.lost = false
}

// point is the interface of the record whose tuples begin at a mark. In an NSG
// flow log those alone may name it.
func (d *document) point(from mark) flow.ID {
	s := &d.observed
	switch {
	case d.rec.point != 0:
		return d.rec.point
	case len(d.out) > from.records:
		return d.out[from.records].Point
	case len(s.all) > from.observations:
		return s.groups[s.texts[from.observations].group].point
	}
	return 0
}

// content is a hash of the tuples from a mark on, with what is said around
// them. It is a sum over the tuples: readers may take them in another order.
func (d *document) content(from mark) (sum [2]uint64) {
	s := &d.observed
	group, around := -1, uint64(0)
	for i := from.observations; i < len(s.all); i++ {
		f, t := &s.texts[i], &s.all[i]
		if int(f.group) != group {
			group = int(f.group)
			g := &s.groups[group]
			around = hashAround(g.point, g.acl, g.rule)
		}
		a, b := hashTuple(around, t.Hash[1], t.Time, traitsOf(t.State, flow.Encryption(f.variant>>2), measure(t.Measured)), &t.Counters)
		sum[0] += a
		sum[1] += b
	}
	for i := from.records; i < len(d.out); i++ {
		r := &d.out[i]
		counters := [4]uint64{r.Sent.Packets, r.Sent.IPBytes, r.Received.Packets, r.Received.IPBytes}
		a, b := hashTuple(hashAround(r.Point, r.ACL, r.Rule), d.keys[i], r.First,
			traitsOf(r.State, r.Encryption, r.Measured), &counters)
		sum[0] += a
		sum[1] += b
	}
	return sum
}

// hashAround is a hash of what is said around tuples.
func hashAround(point, acl, rule flow.ID) uint64 {
	return mul(uint64(point)<<32^uint64(acl)^hashKeys[0], uint64(rule)^hashKeys[1])
}

// traitsOf is what a tuple says beside its flow, time and counters.
func traitsOf(s flow.State, e flow.Encryption, m flow.Measure) uint64 {
	return uint64(s) | uint64(e)<<8 | uint64(m)<<16
}

// measure is what observations measure: all or nothing.
func measure(any bool) flow.Measure { return flow.Measure(number(any)) * (flow.Packets | flow.IPBytes) }

// hashTuple is a hash of a tuple, given one of its flow's text.
func hashTuple(around, key uint64, at int64, traits uint64, c *[4]uint64) (a, b uint64) {
	k := &hashKeys
	x := mul(key^around, uint64(at)^traits<<40^k[2])
	y := mul(c[0]^bits.RotateLeft64(c[2], 32)^k[3], c[1]^bits.RotateLeft64(c[3], 32)^k[4])
	return mul(x^k[5], y^k[6]), mul(x^k[7]^y, key^k[3]^bits.RotateLeft64(y, 17))
}

// hashText is the hash of the text of a flow, source to direction.
func hashText(text []byte) uint64 {
	var t tupleText
	return t.hash(0, copy(t[:longest], text))[1]
}

// flowTextOf is the part of a tuple's text that names the flow, source to
// direction.
func flowTextOf(tuple []byte) []byte {
	from := bytes.IndexByte(tuple, ',') + 1
	end := from
	for range 6 {
		n := bytes.IndexByte(tuple[end:], ',')
		if n < 0 {
			return tuple[from:]
		}
		end += n + 1
	}
	return tuple[from : end-1]
}

// settle leaves out, of the records that were read and are not counted yet,
// those that were met before.
func (d *document) settle() {
	if len(d.pending) == 0 {
		return
	}
	if d.in.Whole {
		d.hand()
		return
	}
	var again, extra []flow.Record
	end := d.pending[0].from // of what counts
	for i := range d.pending {
		p := &d.pending[i]
		records, observations := d.out[p.from.records:p.to.records], d.observed.all[p.from.observations:p.to.observations]
		if p.lost {
			d.in.Evidence.Lost()
		}
		if d.in.Evidence.Meet(p.id) {
			if again != nil {
				copy(d.out[end.records:], records)
				copy(d.observed.all[end.observations:], observations)
			}
			end.records += len(records)
			end.observations += len(observations)
			continue
		}
		again = append(again[:0], records...)
		for k := range observations {
			again = append(again, observations[k].Record(d.observed.sums.Flow(&observations[k])))
		}
		extra = append(extra, d.in.Evidence.Repeat(again)...)
	}
	d.out, d.keys = append(d.out[:end.records], extra...), append(d.keys[:end.records], make([]uint64, len(extra))...)
	d.observed.all = d.observed.all[:end.observations]
	d.pending = d.pending[:0]
}

// hand gives on the records that were read one by one, each as a batch.
func (d *document) hand() {
	for i := range d.pending {
		p := &d.pending[i]
		if p.lost {
			d.in.Evidence.Lost()
		}
		if d.in.Evidence.Meet(p.id) && p.to.records > p.from.records && !d.stopped {
			d.stopped = !d.yield(d.out[p.from.records:p.to.records])
		}
	}
	d.out, d.keys, d.pending = d.out[:0], d.keys[:0], d.pending[:0]
}

// minuteOf is the minute since 1970 that the time of a record names. It is
// written as 2025-12-17T09:21:00.1234567Z.
func minuteOf(text []byte) int64 {
	const layout = "2006-01-02T15:04"
	const longest = len("2025-12-17T09:21:00.123456789+00:00")
	if len(text) < len(layout) || len(text) > longest { // a longer one has swallowed something
		return flow.NoMinute
	}
	var v [5]int
	n := 0
	for i, c := range text[:len(layout)] {
		switch want := layout[i]; {
		case want < '0' || want > '9':
			if c != want {
				return flow.NoMinute
			}
			n++
		case c < '0' || c > '9':
			return flow.NoMinute
		default:
			v[n] = v[n]*10 + int(c-'0')
		}
	}
	return time.Date(v[0], time.Month(v[1]), v[2], v[3], v[4], 0, 0, time.UTC).Unix() / 60
}
