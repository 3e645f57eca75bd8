package traffic

import (
	"strconv"
	"strings"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// Flow logs of network security groups, version 2 ("NSG flow logs", log format): a log has
// what its own group decided, which is the group that denied, or the last that was asked.

func isNSG(target plan.ID) bool {
	return strings.EqualFold(target.Type(), "Microsoft.Network/networkSecurityGroups")
}

// nsgHead is what every record of a security group's log has after its time.
func nsgHead(log Log, nic *world.NIC) []byte {
	b := appendText(nil, `","systemId":`, log.GUID)
	b = appendText(b, `,"macAddress":`, nic.MAC)
	b = append(b, `,"category":"NetworkSecurityGroupFlowEvent"`...)
	b = appendText(b, `,"resourceId":`, strings.ToUpper(string(log.Target)))
	return append(b, `,"operationName":"NetworkSecurityGroupFlowEvents","properties":{"Version":2,"flows":[`...)
}

func (r *recorder) nsgRecord(logged int64) []byte {
	b := append(r.buf[:0], `,{"time":"`...)
	b = time.UnixMicro(logged).UTC().AppendFormat(b, "2006-01-02T15:04:05.0000000Z")
	b = append(b, r.head...)
	for i, g := range r.groups {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendText(b, `{"rule":`, g.verdict.Rule)
		b = append(appendText(b, `,"flows":[{"mac":`, r.nic.MAC), `,"flowTuples":[`...)
		for j := range g.events {
			if j > 0 {
				b = append(b, ',')
			}
			b = append(g.events[j].appendNSG(append(b, '"')), '"')
		}
		b = append(b, `]}]}`...)
	}
	r.buf = append(b, `]}}`...)
	return r.buf
}

// appendNSG writes the tuple's 13 fields, of which the last four are empty where nothing
// was counted.
func (e *event) appendNSG(b []byte) []byte {
	b = e.appendWhen(b, e.at/second)
	protocol, direction := ",T", ",I"
	if e.protocol == "udp" {
		protocol = ",U"
	}
	if e.outbound {
		direction = ",O"
	}
	b = append(append(b, protocol...), direction...)
	switch e.state {
	case 'D':
		return append(b, ",D,B,,,,"...)
	case 'B':
		return append(b, ",A,B,,,,"...)
	}
	b = append(append(b, ",A,"...), e.state)
	for _, t := range e.sum {
		b = strconv.AppendInt(append(b, ','), t.packets, 10)
		b = strconv.AppendInt(append(b, ','), t.bytes, 10)
	}
	return b
}
