package flow

// Private reports whether a is no address of the public internet: RFC 1918,
// RFC 4193 and RFC 6598, link-local, loopback, multicast, unspecified.
func (a Addr) Private() bool {
	if a.Is4() {
		return private4(uint32(a.Lo))
	}
	if a.Hi == escaped && a.Lo>>32 == 0xffff {
		return private4(uint32(a.Lo))
	}
	switch top := a.Hi >> 48; {
	case a == Unspecified, a.Hi == 0 && a.Lo <= 1:
		return true
	default:
		return top>>9 == 0xfc>>1 || top>>6 == 0xfe80>>6 || top>>8 == 0xff
	}
}

func private4(v uint32) bool {
	switch v >> 24 {
	case 0, 10, 127:
		return true
	case 100:
		return v>>22 == 100<<2|1
	case 169:
		return v>>16 == 169<<8|254
	case 172:
		return v>>20 == 172<<4|1
	case 192:
		return v>>16 == 192<<8|168
	}
	return v>>28 >= 14
}
