package names

import "golang.org/x/crypto/cryptobyte"

// Numbers of TLS (RFC 8446, 4 and 5.1; RFC 6066, 3).
const (
	recordHandshake = 0x16
	clientHello     = 1
	extServerName   = 0
	nameTypeHost    = 0
)

// serverName returns the name in the ClientHello that data begins with, or
// none. A hello that is cut after the name is still read, so the lengths of
// what surrounds it are not held against it.
func serverName(data []byte) string {
	s := cryptobyte.String(data)
	var session, suites, methods cryptobyte.String
	// Record header, handshake header, version, random.
	if !s.Skip(5+4+2+32) || !s.ReadUint8LengthPrefixed(&session) ||
		!s.ReadUint16LengthPrefixed(&suites) || !s.ReadUint8LengthPrefixed(&methods) || !s.Skip(2) {
		return ""
	}
	for {
		var kind uint16
		var body cryptobyte.String
		if !s.ReadUint16(&kind) || !s.ReadUint16LengthPrefixed(&body) {
			return ""
		}
		if kind == extServerName {
			return hostName(body)
		}
	}
}

// hostName returns the host name of a server name list.
func hostName(s cryptobyte.String) string {
	var list, name cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&list) {
		return ""
	}
	var kind uint8
	for list.ReadUint8(&kind) && list.ReadUint16LengthPrefixed(&name) {
		if kind == nameTypeHost {
			return string(name)
		}
	}
	return ""
}
