package flow

import (
	"cmp"
	"encoding/binary"
	"net/netip"
)

// Addr is an IPv4 or IPv6 address in two words, without a pointer, so that
// tables of millions of them cost the garbage collector nothing. An IPv4
// address is kept in its IPv4-mapped form (RFC 4291, 2.5.5.2) and shown as
// IPv4. The zero Addr is no address. So IPv6's unspecified address and those that
// really are IPv4-mapped are kept as addresses of 0:1::/64, which lies in what is
// reserved (RFC 4291, 2.4) and on no wire.
type Addr struct{ Hi, Lo uint64 }

const (
	v4Prefix = 0xffff << 32
	escaped  = 1 << 32
)

// Unspecified is IPv6's address ::.
var Unspecified = Addr{escaped, 0}

// Addr4 returns the IPv4 address with the given big-endian value.
func Addr4(v uint32) Addr { return Addr{0, v4Prefix | uint64(v)} }

// Addr16 returns the IPv6 address in the first 16 bytes of b.
func Addr16(b []byte) Addr {
	_ = b[15]
	a := Addr{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
	if a.Hi == 0 && (a.Lo == 0 || a.Lo>>32 == 0xffff) {
		a.Hi = escaped
	}
	return a
}

// AddrOf returns a as an Addr; a zone is dropped.
func AddrOf(a netip.Addr) Addr {
	if !a.IsValid() {
		return Addr{}
	}
	if b := a.As16(); !a.Is4() {
		return Addr16(b[:])
	}
	b := a.As4()
	return Addr4(binary.BigEndian.Uint32(b[:]))
}

// Is4 reports whether a is an IPv4 address.
func (a Addr) Is4() bool { return a.Hi == 0 && a.Lo>>32 == 0xffff }

// IsZero reports whether a is no address.
func (a Addr) IsZero() bool { return a == Addr{} }

// Netip returns a in the standard library's form; the zero Addr is invalid.
func (a Addr) Netip() netip.Addr {
	if a.IsZero() {
		return netip.Addr{}
	}
	var b [16]byte
	if a.Hi == escaped && (a.Lo == 0 || a.Lo>>32 == 0xffff) {
		binary.BigEndian.PutUint64(b[8:], a.Lo)
		return netip.AddrFrom16(b)
	}
	binary.BigEndian.PutUint64(b[:], a.Hi)
	binary.BigEndian.PutUint64(b[8:], a.Lo)
	return netip.AddrFrom16(b).Unmap()
}

// Compare orders addresses by value, IPv4 before IPv6.
func (a Addr) Compare(b Addr) int {
	if a.Is4() != b.Is4() {
		if a.Is4() {
			return -1
		}
		return 1
	}
	return cmp.Or(cmp.Compare(a.Hi, b.Hi), cmp.Compare(a.Lo, b.Lo))
}

func (a Addr) String() string {
	if a.IsZero() {
		return ""
	}
	return a.Netip().String()
}
