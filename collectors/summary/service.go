package summary

import (
	"slices"
	"strconv"
	"sync"

	"flowctl/plan/question"
)

// serviceNames are all that service may say, in order. The first is that of none.
var serviceNames = sync.OnceValue(func() []string {
	names := []string{"", question.QUIC}
	for _, s := range question.Services {
		names = append(names, s)
	}
	slices.Sort(names)
	return slices.Compact(names)
})

// serviceNumber is the index of a name of serviceNames.
func serviceNumber(name string) uint16 {
	if name == "" {
		return 0
	}
	n, _ := slices.BinarySearch(serviceNames(), name)
	return uint16(n)
}

// service guesses what is spoken over a port of TCP, UDP or SCTP; empty if
// the port says nothing.
func service(proto uint8, port uint16) string {
	switch {
	case proto == protoUDP && port == 443:
		return question.QUIC
	case proto == protoTCP || proto == protoUDP || proto == protoSCTP || proto == protoDCCP:
		return question.Services[port]
	}
	return ""
}

// Protocol numbers of the IANA registry "Assigned Internet Protocol Numbers".
const (
	protoTCP  = 6
	protoUDP  = 17
	protoDCCP = 33
	protoSCTP = 132
)

// Protocol is the name of an IP protocol, or its number.
func Protocol(n uint8) string {
	if s, ok := question.Protocols[n]; ok {
		return s
	}
	return strconv.Itoa(int(n))
}
