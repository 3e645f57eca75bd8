package flowlog

import (
	"math/rand/v2"
	"testing"
)

// TestCommas checks that commas are found alike with and without vector
// instructions.
func TestCommas(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for n := range 20_000 {
		var b [128]byte
		for i := range b {
			b[i] = byte(r.Uint32())
			if r.IntN(1+n%20) == 0 {
				b[i] = ','
			}
		}
		var low, high uint64
		for i, c := range b {
			if c == ',' && i < 64 {
				low |= 1 << i
			} else if c == ',' {
				high |= 1 << (i - 64)
			}
		}
		if l, h := commas128(&b); l != low || h != high {
			t.Fatalf("%q: %x %x, want %x %x", b, l, h, low, high)
		}
		if l, h := commasScalar(&b); l != low || h != high {
			t.Fatalf("scalar, %q: %x %x, want %x %x", b, l, h, low, high)
		}
	}
}

func BenchmarkCommas(b *testing.B) {
	var p [128]byte
	for name, f := range map[string]func(*[128]byte) (uint64, uint64){"vector": commas128, "scalar": commasScalar} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				f(&p)
			}
		})
	}
}
