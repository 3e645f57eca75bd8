package trace

import (
	"cmp"
	"container/heap"
	"iter"
	"slices"
)

// Events yields the events of all buffers in the order of time; of equal
// times, in the order of the file. Buffers are unpacked as their time comes,
// so that only those that overlap are in memory, and of those no more than
// mostOpen bytes: beyond, events come as late as their buffer can be opened.
func (t *Trace) Events() iter.Seq[*Event] {
	return func(yield func(*Event) bool) {
		slices.SortStableFunc(t.buffers, func(a, b buffer) int {
			return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.at, b.at))
		})
		m := merge{t: t}
		for m.open(); len(m.queue) > 0; m.open() {
			c := m.queue[0]
			if !yield(&c.event) {
				return
			}
			if c.next() {
				heap.Fix(&m.queue, 0)
			} else {
				m.close()
			}
		}
	}
}

const mostOpen = 256 << 20

// merge holds the buffers that are open.
type merge struct {
	t     *Trace
	queue queue
	begun int // buffers that were opened
	bytes int // of those that are open
	room  [][]byte
}

// open unpacks the buffers whose time has come.
func (m *merge) open() {
	for m.begun < len(m.t.buffers) {
		b := &m.t.buffers[m.begun]
		if len(m.queue) > 0 && (b.first > m.queue[0].event.Time || m.bytes+int(b.used) > mostOpen) {
			return
		}
		m.begun++
		var room []byte
		if n := len(m.room); n > 0 {
			room, m.room = m.room[n-1], m.room[:n-1]
		}
		data, err := m.t.load(b, room)
		if err != nil { // it was readable before
			m.t.damage(b.at, err.Error())
			continue
		}
		c := &cursor{data: data, buffer: b, clock: &m.t.clock}
		if c.next() {
			m.bytes += len(data)
			heap.Push(&m.queue, c)
		}
	}
}

// close gives up the buffer at the front.
func (m *merge) close() {
	c := heap.Pop(&m.queue).(*cursor)
	m.bytes -= len(c.data)
	m.room = append(m.room, c.data[:0])
}

// queue is a heap of buffers by the time of their next event.
type queue []*cursor

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	a, b := q[i], q[j]
	return cmp.Or(cmp.Compare(a.event.Time, b.event.Time), cmp.Compare(a.buffer.at, b.buffer.at)) < 0
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(*cursor)) }
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}
