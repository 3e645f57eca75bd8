package parquet

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"flowctl/collectors/flow"
	"flowctl/collectors/table"
)

// addresses numbers the addresses of one column of a row group. The number of
// none is 0, the others are in the order of their texts once sorted.
type addresses struct {
	seed  [2]uint64
	index table.Index
	list  []flow.Addr
	rank  []uint32 // by number, once sorted
	plain []byte   // the dictionary

	octets [256]uint8 // see octetOrder
	keys   []sortKey  // scratch: of IPv4 addresses, with their numbers - 1
	spare  []sortKey
	others []shown
	text   [64]byte
}

// newAddresses returns an empty dictionary.
func newAddresses() *addresses {
	return &addresses{seed: [2]uint64{rand.Uint64(), rand.Uint64()}, octets: octetOrder()}
}

func (a *addresses) reset() {
	a.index.Reset()
	a.list = append(a.list[:0], flow.Addr{})
}

// number returns the number of x.
func (a *addresses) number(x flow.Addr) uint32 {
	if x.IsZero() {
		return 0
	}
	hash := a.hash(x)
	a.index.Reserve(1)
	for n, at := a.index.First(hash); n >= 0; n, at = a.index.Next(hash, at) {
		if a.list[n] == x {
			return uint32(n)
		}
	}
	n := len(a.list)
	a.list = append(a.list, x)
	a.index.Put(hash, n)
	return uint32(n)
}

func (a *addresses) hash(x flow.Addr) uint32 {
	hi, lo := bits.Mul64(x.Hi^a.seed[0], x.Lo^a.seed[1])
	return uint32(hi ^ lo)
}

// octetOrder returns the slots of the numbers of an octet in the order of
// their texts. What is shorter comes first, as its dot or end does: so the texts
// of IPv4 addresses are in the order of their octets' slots.
func octetOrder() (order [256]uint8) {
	var texts []string
	for i := range order {
		texts = append(texts, strconv.Itoa(i))
	}
	slices.Sort(texts)
	for i := range order {
		slot, _ := slices.BinarySearch(texts, strconv.Itoa(i))
		order[i] = uint8(slot)
	}
	return order
}

// key4 orders IPv4 addresses by their texts.
func (a *addresses) key4(x flow.Addr) sortKey {
	v, o := uint32(x.Lo), &a.octets
	return sortKey(o[v>>24])<<24 | sortKey(o[v>>16&0xff])<<16 | sortKey(o[v>>8&0xff])<<8 | sortKey(o[v&0xff])
}

// sort puts all addresses in the order of their texts and returns their ranks
// by number, from 1 on; none has 0.
func (a *addresses) sort() []uint32 {
	a.keys, a.others = a.keys[:0], a.others[:0] // a row group has no more addresses than rows
	for n, x := range a.list[1:] {
		if x.Is4() {
			a.keys = append(a.keys, a.key4(x)<<rowBits|sortKey(n))
		} else {
			a.others = append(a.others, shown{x.String(), uint32(n + 1)})
		}
	}
	a.keys, a.spare = radix(a.keys, a.spare)
	slices.SortFunc(a.others, func(x, y shown) int { return strings.Compare(x.text, y.text) })
	a.rank, a.plain = grow(a.rank, len(a.list)), a.plain[:0]
	a.rank[0] = 0
	a.merge()
	return a.rank
}

// merge ranks IPv4 addresses and others.
func (a *addresses) merge() {
	keys, others := a.keys, a.others
	for rank := uint32(1); len(keys)+len(others) > 0; rank++ {
		if len(keys) > 0 {
			n := uint32(keys[0]&rowMask) + 1
			text := a.list[n].Netip().AppendTo(a.text[:0])
			if len(others) == 0 || string(text) < others[0].text {
				a.put(n, rank, text)
				keys = keys[1:]
				continue
			}
		}
		a.put(others[0].number, rank, []byte(others[0].text))
		others = others[1:]
	}
}

// put gives an address its rank and appends it to the dictionary.
func (a *addresses) put(number, rank uint32, text []byte) {
	a.rank[number] = rank
	a.plain = binary.LittleEndian.AppendUint32(a.plain, uint32(len(text)))
	a.plain = append(a.plain, text...)
}

// entries is the dictionary, once sorted.
func (a *addresses) entries() entries {
	return entries{plain: a.plain, size: len(a.list) - 1, sorted: true}
}

// shown is an address as text.
type shown struct {
	text   string
	number uint32
}
