package identity_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap/identity"
	"flowctl/collectors/pcap/packet"
	"flowctl/collectors/pcap/pcaptest"
)

// stretch is data of a connection at an interface, from a byte on.
type stretch struct {
	at       uint16
	from, to int
}

// TestSegments checks that data which one interface has in large segments and
// another one in small ones is the same data, and that what was sent again stays.
func TestSegments(t *testing.T) {
	big, small := stretch{1, 0, 4380}, []stretch{{2, 0, 1460}, {2, 1460, 2920}, {2, 2920, 4380}}
	sent := func(all ...[]stretch) []stretch { return slices.Concat(all...) }
	one := []stretch{big}
	tests := map[string]struct {
		all  []stretch
		want []int
	}{
		"cut after":          {sent(one, small), []int{1, 2, 3}},
		"joined after":       {sent(small, one), []int{3}},
		"joined otherwise":   {sent(small, []stretch{{1, 0, 2920}, {1, 2920, 4380}}), []int{3, 4}},
		"a part":             {sent(one, small[:2]), []int{1, 2}},
		"not all of it":      {sent(small[1:], one), nil},
		"more of it":         {sent(one, []stretch{{2, 2920, 4381}}), nil},
		"one interface":      {sent(one, []stretch{{1, 0, 1460}}), nil},
		"sent again, large":  {sent(one, small, one, small), []int{1, 2, 3, 5, 6, 7}},
		"sent again, small":  {sent(one, small, small[:1], []stretch{{1, 0, 1460}}), []int{1, 2, 3, 5}},
		"small alone":        {[]stretch{{1, 0, 1400}, {2, 0, 700}, {2, 700, 1400}}, nil},
		"three interfaces":   {sent(one, small, []stretch{{3, 0, 4380}}), []int{1, 2, 3, 4}},
		"two by two, joined": {sent(small[:2], []stretch{{1, 0, 2920}}, small[2:]), []int{2}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, base := range []uint32{100, 1<<32 - 2000} {
				var all []observation
				for i, s := range test.all {
					seq := base + uint32(s.from)
					all = append(all, observation{s.at, int64(i) * micro, numbered(pcaptest.TCP(client, server, pcaptest.ACK, seq, 1, make([]byte, s.to-s.from)), uint16(1+s.from+s.to))})
				}
				if got := again(all); !slices.Equal(got, test.want) {
					t.Errorf("from %d: again are %v, want %v", base, got, test.want)
				}
			}
		})
	}
}

// TestSegmentsAnywhere cuts a stream in any way at each of two interfaces, of
// which one is ahead of the other: nothing but the first of them counts.
func TestSegmentsAnywhere(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 7))
		var all []observation
		at, number := 0, uint16(0)
		var want uint64
		for range 20 {
			n := 1600 + r.IntN(20_000)
			whole := []stretch{{1, at, at + n}}
			var parts []stretch
			for o := at; o < at+n; {
				k := min(1+r.IntN(1448), at+n-o)
				if len(parts) > 30 {
					k = at + n - o
				}
				parts = append(parts, stretch{2, o, o + k})
				o += k
			}
			first, second := whole, parts
			if r.IntN(2) == 0 {
				first, second = parts, whole
			}
			for _, s := range slices.Concat(first, second) {
				number++
				all = append(all, observation{s.at, int64(number) * micro, numbered(pcaptest.TCP(server, client, pcaptest.ACK, uint32(s.from), 1, make([]byte, s.to-s.from)), number)})
			}
			want += uint64(len(second))
			at += n
		}
		if got := again(all); uint64(len(got)) != want {
			t.Fatalf("seed %d: %d of %d are again, want %d", seed, len(got), len(all), want)
		}
	}
}

// TestNameless checks captures that do not tell the interfaces of a machine apart.
func TestNameless(t *testing.T) {
	frame := func(seq uint32, id uint16, data string) []byte {
		return numbered(pcaptest.TCP(client, server, pcaptest.ACK, seq, 1, []byte(data)), id)
	}
	six := func(data string) []byte {
		return pcaptest.Ethernet(pcaptest.TCP(client6, server6, pcaptest.ACK, 1, 1, []byte(data)))
	}
	tests := map[string]struct {
		all  []observation
		want bool
	}{
		"with a number": {[]observation{{1, 0, frame(1, 7, "")}, {1, 40 * micro, frame(1, 7, "")}}, true},
		"with data":     {[]observation{{1, 0, frame(1, 0, "data")}, {1, 40 * micro, frame(1, 0, "data")}}, true},
		"neither":       {[]observation{{1, 0, frame(1, 0, "")}, {1, 40 * micro, frame(1, 0, "")}}, false},
		"an acknowledgement where data came twice": {[]observation{{1, 0, frame(1, 0, "data")}, {1, 40 * micro, frame(1, 0, "data")}, {1, 900 * micro, frame(5, 0, "")}, {1, 930 * micro, frame(5, 0, "")}}, true},
		"an acknowledgement elsewhere":             {[]observation{{1, 0, frame(1, 0, "data")}, {1, 40 * micro, frame(1, 0, "data")}, {2, 900 * micro, frame(5, 0, "")}, {2, 930 * micro, frame(5, 0, "")}}, false},
		"an acknowledgement later":                 {[]observation{{1, 0, frame(1, 0, "data")}, {1, 40 * micro, frame(1, 0, "data")}, {1, 900 * micro, frame(5, 0, "")}, {1, 1100 * micro, frame(5, 0, "")}}, false},
		"over IPv6":                                {[]observation{{1, 0, six("data")}, {1, 40 * micro, six("data")}, {1, 900 * micro, six("")}, {1, 930 * micro, six("")}}, true},
		"later":                                    {[]observation{{1, 0, frame(1, 7, "data")}, {1, 300 * micro, frame(1, 7, "data")}}, false},
		"under a new number":                       {[]observation{{1, 0, frame(1, 7, "data")}, {1, 40 * micro, frame(1, 8, "data")}}, false},
	}
	for name, test := range tests {
		for _, nameless := range []bool{true, false} {
			s := identity.Packets{Nameless: nameless}
			var got bool
			for _, x := range test.all {
				p := packet.Packet{Time: x.time}
				packet.Parse(packet.Ethernet, x.frame, uint32(len(x.frame)), &p)
				got = s.Again(&p, x.frame, x.at)
			}
			if want := test.want && nameless; got != want {
				t.Errorf("%s, nameless %t: again %t, want %t", name, nameless, got, want)
			}
		}
	}
}

// TestManyStreams checks that streams are forgotten, so that there is room.
func TestManyStreams(t *testing.T) {
	var s identity.Packets
	p := packet.Packet{EtherType: 0, Segment: packet.Segment{Length: 10, Whole: true}}
	p.Proto = 6
	frame := pcaptest.Ethernet(pcaptest.TCP(client, server, pcaptest.ACK, 1, 1, []byte("some bytes")))
	for i := range 40_000 {
		p.Time, p.Src, p.IPBytes = int64(i)*1e6, flow.Addr4(uint32(i)), 50
		p.Network = 14
		if s.Again(&p, frame, 1) {
			t.Fatal("again at one interface")
		}
	}
}
