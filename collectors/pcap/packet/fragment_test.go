package packet_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"flowctl/collectors/pcap/packet"
)

// fragment4 and fragment6 are the n-th fragment of a packet of UDP, or of what follows it.
func fragment4(id uint16, n int, more bool) []byte {
	b := ip4(17, "c350 01bb 0000 0000"+strings.Repeat("00", 40))
	binary.BigEndian.PutUint16(b[4:], id)
	binary.BigEndian.PutUint16(b[6:], uint16(6*n))
	if more {
		b[6] |= 0x20
	}
	return b
}

func fragment6(id uint16, n int, more bool) []byte {
	offset := 48 * n
	if more {
		offset |= 1
	}
	return ip6(44, fmt.Sprintf("11 00 %04x 0000%04x c350 01bb 0000 0000", offset, id)+strings.Repeat("00", 40))
}

// TestFragments checks that the later fragments of a packet have the ports of its
// first one, and those of no other.
func TestFragments(t *testing.T) {
	type piece struct {
		id    uint16
		n     int
		more  bool
		at    time.Duration
		ports bool
	}
	for name, pieces := range map[string][]piece{
		"one packet":         {{7, 0, true, 0, true}, {7, 1, true, 0, true}, {7, 2, false, 0, true}},
		"two at once":        {{7, 0, true, 0, true}, {8, 0, true, 0, true}, {7, 1, false, 0, true}, {8, 1, false, 0, true}},
		"of another packet":  {{7, 0, true, 0, true}, {9, 1, false, 0, false}},
		"before the first":   {{7, 1, false, 0, false}, {7, 0, true, 0, true}},
		"a minute":           {{7, 0, true, 0, true}, {7, 1, false, time.Minute, true}},
		"more than a minute": {{7, 0, true, 0, true}, {7, 1, false, time.Minute + 1, false}},
		"the number again":   {{7, 0, true, 0, true}, {7, 0, true, 2 * time.Minute, true}, {7, 1, false, 2 * time.Minute, true}},
	} {
		for version, frame := range map[string]func(uint16, int, bool) []byte{"4": fragment4, "6": fragment6} {
			t.Run(name+", IPv"+version, func(t *testing.T) {
				var s packet.Fragments
				var got, want []bool
				for _, x := range pieces {
					p := parse(packet.Raw, frame(x.id, x.n, x.more))
					p.Time = int64(x.at)
					s.Place(&p)
					got, want = append(got, p.SrcPort == 50000 && p.DstPort == 443), append(want, x.ports)
				}
				if !slices.Equal(got, want) {
					t.Errorf("ports known of %v, want %v", got, want)
				}
			})
		}
	}
}

// TestManyFragments checks that memory does not grow with packets whose other fragments
// never come.
func TestManyFragments(t *testing.T) {
	var s packet.Fragments
	for id := range 60000 {
		p := parse(packet.Raw, fragment4(uint16(id), 0, true))
		s.Place(&p)
	}
	for id, want := range map[uint16]bool{59999: true, 59000: true, 3: false} {
		p := parse(packet.Raw, fragment4(id, 1, false))
		if s.Place(&p); (p.SrcPort == 50000) != want {
			t.Errorf("fragment of %d: ports known: %v, want %v", id, !want, want)
		}
	}
}
