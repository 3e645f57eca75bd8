package packet

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// slowly parses an Ethernet frame header by header.
func slowly(b []byte, wire uint32) Packet {
	var p Packet
	p.begin(wire)
	p.ethernet(b, 0, wire)
	p.bound(Ethernet, len(b))
	return p
}

func compare(t *testing.T, b []byte, wire uint32) (common bool) {
	t.Helper()
	got := Packet{Payload: 99, Network: 9, Note: Opaque, Sender: Opener, Segment: Segment{Seq: 1, Whole: true}} // what was there before must not matter
	common = got.common(b, wire)
	if want := slowly(b, wire); common && want != got {
		t.Fatalf("%x: -want +got\n%s", b, cmp.Diff(want, got))
	}
	return common
}

// TestCommon checks, on frames that are damaged in few places, that the fast
// way is the slow one.
func TestCommon(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	taken := 0
	for range 200_000 {
		b := make([]byte, 40+r.IntN(60))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		binary.BigEndian.PutUint32(b[12:], 0x08004500)
		binary.BigEndian.PutUint16(b[16:], uint16(r.IntN(120)))
		binary.BigEndian.PutUint16(b[20:], uint16(0x4000*r.IntN(2)))
		b[23] = [...]byte{6, 6, 17, 17, 1}[r.IntN(5)]
		if len(b) > 46 && r.IntN(3) > 0 {
			b[46] = byte(5+r.IntN(3)) << 4
		}
		if r.IntN(4) == 0 {
			b[12+r.IntN(12)] ^= 1 << r.IntN(8)
		}
		if r.IntN(8) == 0 && len(b) > 38 {
			binary.BigEndian.PutUint16(b[36:], [...]uint16{53, 4789, 4500, 2152}[r.IntN(4)])
		}
		if compare(t, b, uint32(len(b)+[...]int{0, 0, 4, 1000, 70_000}[r.IntN(5)])) {
			taken++
		}
	}
	if taken < 20_000 || taken > 190_000 {
		t.Errorf("the fast way was taken %d times", taken)
	}
}

// FuzzCommon checks the same on any bytes.
func FuzzCommon(f *testing.F) {
	f.Add([]byte("0123456789ab\x08\x00\x45\x00\x00\x28\x00\x00\x40\x00\x40\x06\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02\x01\xbb\xc0\x00\x00\x00\x00\x01\x00\x00\x00\x02\x50\x10\x01\x00\x00\x00\x00\x00"), uint32(60))
	f.Add([]byte("0123456789ab\x08\x00\x45\x00\x00\x28\x00\x00\x40\x00\x40\x11\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02\x12\xb5\xc0\x00\x00\x14\x00\x01\x08\x00\x00\x02\x50\x10\x01\x00\x00\x00\x00\x00"), uint32(1<<30))
	f.Fuzz(func(t *testing.T, b []byte, wire uint32) { compare(t, b, wire) })
}
