package table

import (
	"math/rand/v2"
	"testing"
)

// owner is an owner of an index whose hashes are of few values, so that most
// entries share a slot with others.
type owner struct {
	index Index
	keys  []uint64
	bits  int
}

func (o *owner) hash(key uint64) uint32 { return uint32(key*0x9e3779b97f4a7c15>>32) >> (32 - o.bits) }

func (o *owner) find(key uint64) (n int, added bool) {
	h := o.hash(key)
	o.index.Reserve(1)
	for n, at := o.index.First(h); n >= 0; n, at = o.index.Next(h, at) {
		if o.keys[n] == key {
			return n, false
		}
	}
	o.index.Put(h, len(o.keys))
	o.keys = append(o.keys, key)
	return len(o.keys) - 1, true
}

func (o *owner) reset(few bool) {
	if few {
		o.index.ResetFew(func(n int) uint32 { return o.hash(o.keys[n]) })
	} else {
		o.index.Reset()
	}
	o.keys = o.keys[:0]
}

// TestIndex compares an index with a map, also of hashes that are all alike.
func TestIndex(t *testing.T) {
	for _, bits := range []int{32, 16, 4, 0} {
		r := rand.New(rand.NewPCG(1, uint64(bits)))
		o := owner{bits: bits}
		for round := range 12 {
			known := map[uint64]int{}
			for range []int{3, 40, 700}[round%3] {
				key := r.Uint64N(500)
				n, added := o.find(key)
				want, is := known[key]
				if added == is || is && n != want {
					t.Fatalf("%d bits: key %d is entry %d, new: %t; want %d", bits, key, n, added, want)
				}
				known[key] = n
			}
			if len(o.keys) != len(known) {
				t.Fatalf("%d bits: %d entries, want %d", bits, len(o.keys), len(known))
			}
			o.reset(round%2 == 0)
			if n := o.index.Peek(r.Uint32()); n != -1 {
				t.Fatalf("%d bits: entry %d after a reset", bits, n)
			}
		}
	}
}

// TestReserve wants slots to stay where they are while there is room, and half of
// them free.
func TestReserve(t *testing.T) {
	var x Index
	for _, n := range []int{1, 31, 32, 33, 1000} {
		x.Reserve(n)
		slots := &x.slots[0]
		for i := range n {
			x.Put(rand.Uint32(), i)
		}
		if &x.slots[0] != slots || 2*x.used > len(x.slots) {
			t.Errorf("%d entries, of which %d were added, in %d slots", x.used, n, len(x.slots))
		}
	}
	if x.Bytes() != 8*len(x.slots) {
		t.Errorf("%d bytes for %d slots", x.Bytes(), len(x.slots))
	}
}

// TestPeek wants the only entry with a hash, and -1 where there is nothing.
func TestPeek(t *testing.T) {
	var x Index
	if n := x.Peek(7); n != -1 {
		t.Errorf("entry %d of none", n)
	}
	x.Reserve(1)
	x.Put(7, 5)
	if n := x.Peek(7); n != 5 || x.Peek(8) != -1 {
		t.Errorf("entry %d, and %d for another hash", n, x.Peek(8))
	}
}

// TestBorrow wants entries to be found in the larger memory, which the lender has
// no more.
func TestBorrow(t *testing.T) {
	a, b := owner{bits: 32}, owner{bits: 32}
	for key := range uint64(1000) {
		b.find(key)
	}
	for key := range uint64(20) {
		a.find(key)
	}
	small := a.index.Bytes()
	b.reset(false)
	b.index.Borrow(&a.index)
	if a.index.Bytes() != small {
		t.Error("what is smaller was taken")
	}
	a.index.Borrow(&b.index)
	if a.index.Bytes() <= small || b.index.Bytes() != 0 {
		t.Errorf("%d bytes were %d, and the lender has %d", a.index.Bytes(), small, b.index.Bytes())
	}
	for key := range uint64(20) {
		if n, added := a.find(key); added || n != int(key) {
			t.Errorf("key %d is entry %d, new: %t", key, n, added)
		}
	}
	if n, added := b.find(3); !added || n != 0 {
		t.Errorf("entry %d, new: %t, without memory", n, added)
	}
}
