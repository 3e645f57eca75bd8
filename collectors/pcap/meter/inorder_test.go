package meter

import (
	"math"
	"math/rand/v2"
	"testing"

	"flowctl/collectors/pcap/packet"
)

// TestInOrder checks that the fast way for a segment is the slow one.
func TestInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	few := func(n int) uint32 { return uint32(r.IntN(n)) }
	taken := 0
	for range 300_000 {
		s := stream{next: few(3), acked: few(4), window: uint16(few(2)), known: known(few(16)) | usual*known(few(2)), last: special(few(3))}
		if r.IntN(10) == 0 {
			s.dups = math.MaxUint16 - uint16(few(4))
		}
		other := stream{known: known(few(16)), window: uint16(few(2)), last: special(few(3))}
		o := observed{Packet: packet.Packet{
			Flags:   packet.TCPFlag(few(256)) & ^(control * packet.TCPFlag(few(2))),
			Segment: packet.Segment{Seq: few(3), Ack: few(4), Length: few(4), Window: uint16(few(2)), Whole: true},
		}}
		slow, fast := s, s
		slow.known |= knownNow
		slow.flags(o.Flags)
		slow.sequence(&other, &o)
		if !fast.inOrder(&other, &o) {
			if fast != s {
				t.Fatalf("%+v, %+v: changed to %+v", s, o.Segment, fast)
			}
			continue
		}
		taken++
		if fast != slow || fast.full() {
			t.Fatalf("%+v and %+v: %+v, want %+v", s, o.Packet, fast, slow)
		}
	}
	if taken < 1000 {
		t.Errorf("the fast way was taken %d times", taken)
	}
}
