package etl

import "encoding/binary"

// wifiPayload returns the EtherType and what follows it in a frame that
// Windows calls 802.11. Filters above the driver for native Wi-Fi say so of
// Ethernet too, so it is believed only where a data frame and SNAP stand where
// they must. The protected bit may be set on frames that are plain.
func wifiPayload(b []byte) (etherType uint16, payload []byte, ok bool) {
	if len(b) < 24 || b[0]&0x0f != 8 {
		return 0, nil, false
	}
	n := 24
	if b[1]&3 == 3 { // to and from the distribution system: four addresses
		n += 6
	}
	if b[0]&0x80 != 0 { // quality of service
		n += 2
	}
	if b[0]&0x40 != 0 { // no data
		return 0, nil, true
	}
	if len(b) < n+8 || [6]byte(b[n:]) != [6]byte{0xaa, 0xaa, 3} {
		return 0, nil, false
	}
	return binary.BigEndian.Uint16(b[n+6:]), b[n+8:], true
}

// ethernet puts an Ethernet header with an EtherType before a payload.
func ethernet(room []byte, etherType uint16, payload []byte) []byte {
	room = append(room[:0], make([]byte, 12)...)
	room = binary.BigEndian.AppendUint16(room, etherType)
	return append(room, payload...)
}
