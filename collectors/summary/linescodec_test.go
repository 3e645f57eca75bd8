package summary

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow/flowtest"
)

// anyGroup is a sum with numbers of all sizes.
func anyGroup(r *rand.Rand) group {
	n := func() uint64 { return r.Uint64() >> r.IntN(64) }
	tally := func() aggregate.Tally {
		return aggregate.Tally{Packets: n(), IPBytes: n(), FrameBytes: n(), Marks: aggregate.Marks(r.Uint32())}
	}
	return group{sent: tally(), received: tally(), flows: n(), denied: n(), records: n(), first: int64(r.Uint64()), last: int64(r.Uint64())}
}

// TestLinesOnDisk wants lines that were written to a file to come back as they were,
// and to be added to those that are there.
func TestLinesOnDisk(t *testing.T) {
	for seed := range flowtest.Seeds(60) {
		r := rand.New(rand.NewPCG(seed, 3))
		width, wide := 1+r.IntN(40), 1+r.IntN(3)
		from := lines{width: width, wide: wide}
		want := map[string][]group{}
		for range r.IntN(200) {
			key := make([]byte, width)
			key[r.IntN(width)] = byte(r.IntN(50))
			at := from.at(from.of(key))
			for i := range at {
				v := anyGroup(r)
				at[i].merge(&v)
			}
			want[string(key)] = append([]group{}, at...)
		}
		into := lines{width: width, wide: wide}
		into.decode(from.encode(nil))
		got := map[string][]group{}
		into.each(func(key []byte, sums []group) { got[string(key)] = append([]group{}, sums...) })
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(group{})); diff != "" {
			t.Fatalf("seed %d: (-want +got)\n%.1000s", seed, diff)
		}
		into.decode(from.encode(nil)) // twice the same adds up
		for key, sums := range want {
			for i := range sums {
				twice := sums[i]
				twice.merge(&sums[i])
				if now := into.at(into.of([]byte(key)))[i]; now != twice {
					t.Fatalf("seed %d: twice %+v is %+v", seed, sums[i], now)
				}
			}
		}
		n := into.len()
		if into.reset(); into.len() != 0 || n != len(want) {
			t.Fatalf("seed %d: %d lines of %d, and %d after reset", seed, n, len(want), into.len())
		}
		for key := range want {
			if at := into.at(into.of([]byte(key))); at[0] != newGroup() {
				t.Fatalf("seed %d: a line is not empty after reset: %+v", seed, at[0])
			}
		}
	}
}

// TestHashOfKeys wants keys that differ in one byte, or in length, to differ in their
// hash.
func TestHashOfKeys(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	for width := range 40 {
		key := make([]byte, width)
		for i := range key {
			key[i] = byte(r.Uint32())
		}
		h := hashBytes(key)
		for i := range key {
			other := bytes.Clone(key)
			if other[i] ^= 1 << r.IntN(8); hashBytes(other) == h {
				t.Errorf("width %d: byte %d does not count", width, i)
			}
		}
		if hashBytes(append(key, 0)) == hashBytes(key) {
			t.Errorf("width %d: the length does not count", width)
		}
	}
}

// TestParts wants a whole in parts to add up, however large it is.
func TestParts(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	for range 3000 {
		all := 1 + r.Uint64()>>r.IntN(64)
		n, some := r.Uint64()>>r.IntN(64), r.Uint64N(all)+1
		want := new(big.Int).Mul(new(big.Int).SetUint64(n), new(big.Int).SetUint64(some))
		want.Quo(want, new(big.Int).SetUint64(all))
		if all == 0 {
			continue // 2^64 wrapped round
		}
		if got := part(n, some, all); got != want.Uint64() {
			t.Fatalf("%d times %d of %d is %d, want %v", n, some, all, got, want)
		}
	}
}

// TestRemovalLaw spreads what was merged over its time and takes it out of a series:
// what is left in sum is what was there less what was merged, in each counter.
func TestRemovalLaw(t *testing.T) {
	for seed := range flowtest.Seeds(300) {
		r := rand.New(rand.NewPCG(seed, 4))
		line := &aggregate.Timeline{First: 10, Last: 10 + r.Int64N(30)}
		n := line.Last - line.First + 1
		series := &aggregate.Series{Base: line.First, Steps: make([]aggregate.MinuteStep, n)}
		removals := []removal{{}, {}}
		var removed, there uint64
		for range 1 + r.IntN(10) {
			a := line.First + r.Int64N(n)
			b := a + r.Int64N(line.Last-a+1)
			row := aggregate.Row{First: a * aggregate.Minute, Last: b * aggregate.Minute, Records: 2}
			if r.IntN(3) == 0 {
				row.First, row.Records = row.Last, 1
			}
			s := &enriched{row: &row, point: &point{}}
			s.sent.Packets, s.received.Packets = r.Uint64N(100), r.Uint64N(100)
			removed += s.sent.Packets + s.received.Packets
			removals[r.IntN(2)].add(s, line)
			// What was there: the same, elsewhere in its time, and more.
			step := &series.Steps[a-line.First+r.Int64N(b-a+1)].Sum
			more := r.Uint64N(50)
			step.Packets += s.sent.Packets + s.received.Packets + more
			there += s.sent.Packets + s.received.Packets + more
		}
		both := removals[0]
		both.merge(removals[1])
		var spread uint64
		for at, counters := range both {
			if spread += counters[removedPackets]; at < line.First || at > line.Last {
				t.Fatalf("seed %d: something was at %d", seed, at)
			}
		}
		if spread != removed {
			t.Fatalf("seed %d: %d packets are spread, want %d", seed, spread, removed)
		}
		both.takeFrom(series, false)
		var left uint64
		for i := range series.Steps {
			left += series.Steps[i].Sum.Packets
		}
		if left != there-removed {
			t.Fatalf("seed %d: %d of %d packets are left after %d were merged", seed, left, there, removed)
		}
	}
}

// TestMoneyInBytes wants prices of bytes to add up exactly, in any order.
func TestMoneyInBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for range 500 {
		var parts [2]aggregate.Tally
		want := new(big.Int)
		for range 1 + r.IntN(20) {
			bytes, price := r.Uint64N(1<<50), r.Uint64N(1<<24)
			addMoney(&parts[r.IntN(2)], bytes, price)
			want.Add(want, new(big.Int).Mul(new(big.Int).SetUint64(bytes), new(big.Int).SetUint64(price)))
		}
		sum := parts[0]
		sum.Add(&parts[1])
		want.Quo(want, big.NewInt(1_000_000))
		if !want.IsInt64() {
			want.SetInt64(math.MaxInt64)
		}
		if got := money(&sum); got != want.Int64() {
			t.Fatalf("%d, want %v", got, want)
		}
	}
}

// TestKeysOfAddresses wants addresses in keys to come back as they were, among them
// those that a key of numbers could mistake.
func TestKeysOfAddresses(t *testing.T) {
	f, _ := lookupField("peer")
	for _, text := range []string{"0.0.0.0", "::", "255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::ffff:10.0.0.4", "10.0.0.4", "::1"} {
		p := newLocator(nil)
		s := enriched{row: &aggregate.Row{Key: aggregate.Key{Dst: addr(text)}}, point: &point{locator: p}}
		if got := f.value(&naming{locator: p}, &s); got != text {
			t.Errorf("%s is shown as %q", text, got)
		}
		var b [16]byte
		f.put(b[:], &s)
		if hi := binary.BigEndian.Uint64(b[:]); hi != s.row.Dst.Hi {
			t.Errorf("%s: %x", text, b)
		}
	}
}
