package names

import (
	"strings"

	"golang.org/x/crypto/cryptobyte"
)

// Numbers of TLS (RFC 8446, 4 and 5.1; RFC 6066, 3).
const (
	recordHandshake = 0x16
	clientHello     = 1
	serverHello     = 2
	extServerName   = 0
	extALPN         = 16
	extVersions     = 43
	nameTypeHost    = 0
)

// said is what a ClientHello or a ServerHello says.
type said struct {
	server  string
	version string // of a ServerHello: agreed on
	alpn    []string
	whole   bool // all of its extensions were there
}

// readHello reads the hello that data begins with. One that is cut is read as far as it
// goes, so the lengths of what surrounds it are not held against it.
func readHello(data []byte) (h said) {
	s := cryptobyte.String(data)
	var session, suites, methods cryptobyte.String
	isServer := len(data) > 5 && data[5] == serverHello
	var legacy uint16
	// Record header, handshake header, version, random.
	if !s.Skip(5+4) || !s.ReadUint16(&legacy) || !s.Skip(32) || !s.ReadUint8LengthPrefixed(&session) {
		return h
	}
	if isServer {
		h.version = versions[legacy]
		if !s.Skip(2 + 1) { // suite and compression
			return h
		}
	} else if !s.ReadUint16LengthPrefixed(&suites) || !s.ReadUint8LengthPrefixed(&methods) {
		return h
	}
	var length uint16
	if !s.ReadUint16(&length) { // a hello without extensions ends here
		h.whole = len(s) == 0
		return h
	}
	for left := int(length); left > 0; {
		var kind uint16
		var body cryptobyte.String
		if !s.ReadUint16(&kind) || !s.ReadUint16LengthPrefixed(&body) {
			return h
		}
		left -= 4 + len(body)
		switch {
		case kind == extServerName && !isServer && h.server == "":
			h.server = hostName(body)
		case kind == extALPN:
			h.alpn = protocols(body)
		case kind == extVersions && isServer:
			var v uint16
			if body.ReadUint16(&v) {
				h.version = versions[v]
			}
		}
	}
	h.whole = true
	return h
}

// versions of TLS as people call them.
var versions = map[uint16]string{0x0300: "SSL 3.0", 0x0301: "1.0", 0x0302: "1.1", 0x0303: "1.2", 0x0304: "1.3"}

// protocols are those of ALPN (RFC 7301, 3.1), in their order.
func protocols(s cryptobyte.String) (list []string) {
	var names, name cryptobyte.String
	if !s.ReadUint16LengthPrefixed(&names) {
		return nil
	}
	for names.ReadUint8LengthPrefixed(&name) && len(list) < 8 {
		if text := string(name); !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || r == ',' }) && text != "" {
			list = append(list, text)
		}
	}
	return list
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
