package traffic

import "encoding/binary"

// tlsOpening is a TLS 1.3 handshake as it looks on the wire (RFC 8446): the
// client's hello with the server's name (RFC 6066, 3), the server's hello and
// its encrypted certificate, the end of the handshake on both sides.
func tlsOpening(serverName string) []message {
	hello := clientHello(serverName)
	return []message{
		{dir: up, data: hello, vary: blanks(11, 32, 1, 44, 32, 2, len(hello)-32, 32, 3)},
		serverFlight(),
		opaque(up, "\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x35", 64, 6),
		opaque(down, "\x17\x03\x03\x00\xfa", 255, 7),
	}
}

// blanks makes blanks of offset, size and id each.
func blanks(v ...int) (out []blank) {
	for ; len(v) >= 3; v = v[3:] {
		out = append(out, blank{off: v[0], n: v[1], id: v[2]})
	}
	return out
}

// vector appends the length of what f appends, in size bytes, and then that.
func vector(b []byte, size int, f func([]byte) []byte) []byte {
	at := len(b)
	b = append(b, make([]byte, size)...)
	b = f(b)
	n := len(b) - at - size
	for i := range size {
		b[at+i] = byte(n >> (8 * (size - 1 - i)))
	}
	return b
}

func extension(b []byte, typ uint16, f func([]byte) []byte) []byte {
	return vector(binary.BigEndian.AppendUint16(b, typ), 2, f)
}

func literal(s string) func([]byte) []byte {
	return func(b []byte) []byte { return append(b, s...) }
}

// clientHello ends with the client's 32-byte key share.
func clientHello(serverName string) []byte {
	return vector([]byte{22, 3, 1}, 2, func(b []byte) []byte {
		return vector(append(b, 1), 3, func(b []byte) []byte {
			b = append(b, 3, 3)
			b = append(b, make([]byte, 32)...) // random
			b = append(b, 32)
			b = append(b, make([]byte, 32)...) // session id
			b = vector(b, 2, literal("\x13\x01\x13\x02\x13\x03\xc0\x2b\xc0\x2f\xc0\x2c\xc0\x30"))
			b = append(b, 1, 0)
			return vector(b, 2, func(b []byte) []byte { return clientExtensions(b, serverName) })
		})
	})
}

func clientExtensions(b []byte, serverName string) []byte {
	if serverName != "" {
		b = extension(b, 0, func(b []byte) []byte {
			return vector(b, 2, func(b []byte) []byte {
				return vector(append(b, 0), 2, literal(serverName))
			})
		})
	}
	b = extension(b, 10, literal("\x00\x04\x00\x1d\x00\x17"))                                 // groups
	b = extension(b, 11, literal("\x01\x00"))                                                 // point formats
	b = extension(b, 13, literal("\x00\x0c\x04\x03\x08\x04\x04\x01\x05\x03\x08\x05\x05\x01")) // signatures
	b = extension(b, 16, literal("\x00\x0c\x02h2\x08http/1.1"))                               // ALPN
	b = extension(b, 43, literal("\x04\x03\x04\x03\x03"))                                     // versions
	b = extension(b, 45, literal("\x01\x01"))                                                 // key exchange modes
	return extension(b, 51, func(b []byte) []byte {
		return vector(b, 2, func(b []byte) []byte {
			b = append(b, 0, 0x1d)
			return vector(b, 2, func(b []byte) []byte { return append(b, make([]byte, 32)...) })
		})
	})
}

// certificate is the size of the encrypted part of the server's flight.
const certificate = 2870

// serverFlight is the server's hello, which echoes the session id, and an
// encrypted certificate of common size.
func serverFlight() message {
	b := vector([]byte{22, 3, 3}, 2, func(b []byte) []byte {
		return vector(append(b, 2), 3, func(b []byte) []byte {
			b = append(b, 3, 3)
			b = append(b, make([]byte, 32)...)
			b = append(b, 32)
			b = append(b, make([]byte, 32)...)
			b = append(b, 0x13, 0x01, 0)
			return vector(b, 2, func(b []byte) []byte {
				b = extension(b, 43, literal("\x03\x04"))
				return extension(b, 51, func(b []byte) []byte {
					b = append(b, 0, 0x1d)
					return vector(b, 2, func(b []byte) []byte { return append(b, make([]byte, 32)...) })
				})
			})
		})
	})
	share := len(b) - 32
	b = append(b, "\x14\x03\x03\x00\x01\x01"...)
	b = vector(append(b, 0x17, 3, 3), 2, func(b []byte) []byte { return append(b, make([]byte, certificate)...) })
	return message{dir: down, data: b, vary: blanks(11, 32, 4, 44, 32, 2, share, 32, 5, len(b)-certificate, certificate, 8)}
}
