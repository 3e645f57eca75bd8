package summary

import "encoding/binary"

// lines finds the lines of an answer by their keys, which all have one width.
// Neither a line nor its key takes an allocation of its own.
type lines struct {
	width int
	slots []uint32 // number of a line + 1; 0 is free
	keys  []byte
	sums  [][]group // in parts of linesPart, which never move
	n     int
}

const linesPart = 64

// len is how many lines there are.
func (l *lines) len() int { return l.n }

// at returns line n.
func (l *lines) at(n int) *group { return &l.sums[n/linesPart][n%linesPart] }

// key returns the key of line n.
func (l *lines) key(n int) []byte { return l.keys[n*l.width : (n+1)*l.width] }

// of returns the number of the line with a key, which it adds if there is none.
func (l *lines) of(key []byte) int {
	if l.n*2 >= len(l.slots) {
		l.grow()
	}
	mask := uint64(len(l.slots) - 1)
	for i := hashBytes(key) & mask; ; i = (i + 1) & mask {
		e := l.slots[i]
		if e == 0 {
			l.slots[i] = uint32(l.n + 1)
			return l.add(key)
		}
		if string(l.key(int(e-1))) == string(key) {
			return int(e - 1)
		}
	}
}

func (l *lines) add(key []byte) int {
	if l.n%linesPart == 0 {
		l.sums = append(l.sums, make([]group, linesPart))
	}
	l.keys = append(l.keys, key...)
	l.n++
	*l.at(l.n - 1) = newGroup()
	return l.n - 1
}

func (l *lines) grow() {
	l.slots = make([]uint32, max(64, 2*len(l.slots)))
	mask := uint64(len(l.slots) - 1)
	for n := range l.n {
		i := hashBytes(l.key(n)) & mask
		for l.slots[i] != 0 {
			i = (i + 1) & mask
		}
		l.slots[i] = uint32(n + 1)
	}
}

// hashBytes is a hash of b, eight bytes at a time.
func hashBytes(b []byte) uint64 {
	h := seeds[0] ^ uint64(len(b))
	for ; len(b) >= 8; b = b[8:] {
		h = mix(h^binary.LittleEndian.Uint64(b), seeds[1])
	}
	var last uint64
	for i, c := range b {
		last |= uint64(c) << (8 * i)
	}
	h = mix(h^last, seeds[2])
	return h ^ h>>32
}
