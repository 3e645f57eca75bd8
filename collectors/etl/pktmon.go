package etl

import "flowctl/collectors/flow"

// report is what pktmon says of a packet at one component.
type report struct {
	component  uint16
	edge       uint16 // of the component
	appearance uint16 // 1, 2 … along the stack; 0 where the build does not number them
	direction  uint16
	kind       uint16 // of the payload
	reason     uint32 // of a drop
	location   uint32
	original   uint16 // bytes of the packet
	payload    []byte // what was logged of it
}

// Kinds of payload.
const (
	payloadEthernet = 1
	payloadWiFi     = 2
	payloadIP       = 3
)

// Directions, of which rx and ingress enter the machine at a miniport.
const (
	directionIn, directionOut         = 1, 2
	directionRx, directionTx          = 3, 4
	directionIngress, directionEgress = 5, 6
)

const reportSize = 34

// parseReport reads the data of a packet or drop event.
func parseReport(b []byte) (report, bool) {
	if len(b) < reportSize {
		return report{}, false
	}
	r := report{
		appearance: le.Uint16(b[10:]), direction: le.Uint16(b[12:]), kind: le.Uint16(b[14:]), component: le.Uint16(b[16:]), edge: le.Uint16(b[18:]),
		reason: le.Uint32(b[22:]), location: le.Uint32(b[26:]), original: le.Uint16(b[30:]),
	}
	n := int(le.Uint16(b[32:]))
	if n > len(b)-reportSize {
		return report{}, false
	}
	r.payload = b[reportSize : reportSize+n]
	return r, true
}

// way is which way the packet went.
func (r *report) way() flow.Direction {
	switch r.direction {
	case directionIn, directionRx, directionIngress:
		return flow.Inbound
	case directionOut, directionTx, directionEgress:
		return flow.Outbound
	}
	return flow.DirectionUnknown
}
