package trace

import "errors"

var errPacked = errors.New("a packed buffer is damaged")

// unpack fills out from the plain LZ77 stream in, as [MS-XCA] 2.4 has it:
// words of 32 flags, used from the highest on, say of each item whether it is
// a byte or a match. It ends when out is full, which may leave one word of
// flags unused.
func unpack(out, in []byte) error {
	u := unpacker{in: in, half: -1}
	var flags, left uint32
	for n := 0; n < len(out); {
		if left == 0 {
			flags, left = u.word(4), 32
		}
		left--
		match := flags>>left&1 != 0
		if u.short {
			return errPacked
		}
		if !match {
			out[n] = byte(u.word(1))
			n++
			continue
		}
		distance, length := u.match()
		if u.short || distance > n || length > len(out)-n {
			return errPacked
		}
		for ; length > 0; length-- { // a match may overlap what it makes
			out[n] = out[n-distance]
			n++
		}
	}
	if u.short {
		return errPacked
	}
	if rest := in[u.at:]; len(rest) > 0 && !(len(rest) == 4 && le.Uint32(rest) == 0xffffffff) {
		return errPacked
	}
	return nil
}

// unpacker reads the items of a stream.
type unpacker struct {
	in    []byte
	at    int
	half  int // where a byte is whose upper half is not yet used; -1 for none
	short bool
}

// word reads an integer of n bytes, 0 at the end of the stream.
func (u *unpacker) word(n int) uint32 {
	if len(u.in)-u.at < n {
		u.short = true
		return 0
	}
	var v uint32
	for i := range n {
		v |= uint32(u.in[u.at+i]) << (8 * i)
	}
	u.at += n
	return v
}

// match reads the distance and the length of a match.
func (u *unpacker) match() (distance, length int) {
	w := u.word(2)
	distance, length = int(w>>3)+1, int(w&7)
	if length < 7 {
		return distance, length + 3
	}
	more := u.halfByte()
	if more < 15 {
		return distance, 7 + more + 3
	}
	b := int(u.word(1))
	if b < 255 {
		return distance, 7 + 15 + b + 3
	}
	long := int(u.word(2))
	if long == 0 {
		long = int(u.word(4))
	}
	if long < 7+15 {
		u.short = true
		return 0, 0
	}
	return distance, long + 3
}

// halfByte takes the lower half of a new byte, then its upper half.
func (u *unpacker) halfByte() int {
	if u.half >= 0 {
		v := int(u.in[u.half] >> 4)
		u.half = -1
		return v
	}
	u.half = u.at
	v := int(u.word(1)) & 15
	if u.short {
		u.half = -1
	}
	return v
}
