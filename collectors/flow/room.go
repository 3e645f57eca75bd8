package flow

import "sync/atomic"

// Room is what the counters of a run may add up to, so that no sum of them wraps
// round. Only counters that are huge ask for room: all others together, of as many
// records as can be read, stay far below what is left. The nil Room is endless.
type Room struct{ taken [2]atomic.Uint64 } // of packets and of bytes

// Huge is from where on a counter asks for room: 1 TB, or as many packets.
const Huge = 1 << 40

const mostRoom = 1 << 62

// Take takes room for what was counted, and reports whether there is.
func (r *Room) Take(sent, received Count) bool {
	if r == nil {
		return true
	}
	packets, bytes := sent.Packets+received.Packets, sent.IPBytes+received.IPBytes
	if !take(&r.taken[0], packets) {
		return false
	}
	if !take(&r.taken[1], bytes) {
		r.taken[0].Add(-packets)
		return false
	}
	return true
}

// Give gives room back.
func (r *Room) Give(c Count) {
	if r != nil && c != (Count{}) {
		r.taken[0].Add(-c.Packets)
		r.taken[1].Add(-c.IPBytes)
	}
}

func take(taken *atomic.Uint64, n uint64) bool {
	if n > mostRoom || taken.Add(n) > mostRoom {
		if n <= mostRoom {
			taken.Add(-n)
		}
		return false
	}
	return true
}
