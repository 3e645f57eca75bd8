package summary

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/plan/question"
)

// field takes one question.Field from a row. Its value has a short binary form,
// so that grouping needs neither text nor memory per row; text is made from
// it when it is shown. What reads the same is the same: values have one binary
// form each, but for machines and networks that share a name.
type field struct {
	name   string
	width  int // bytes of the binary form
	put    func(b []byte, s *enriched)
	text   func(n *naming, b []byte) string
	number func(s *enriched) float64 // of fields that are numbers

	// Of fields that not every flow or source has; nil if there always is a value.
	state func(s *enriched) state

	// Of fields with few values: the number of the value, 255 for none, the text
	// of each, and whether a number may stand for a text as well, for want of knowledge.
	code  func(s *enriched) uint8
	codes []string
	maybe func(code uint8, text string) bool
	// further, if not 0, is the number of all values that codes does not name.
	further uint8

	// several says that a value can be a list of texts, with ", " between them, each of
	// which conditions look at.
	several bool

	// depends says which of the few things that it names alone say the value.
	depends dependence
}

// dependence is what says the value of a field.
type dependence uint8

const (
	onPoint dependence = 1 << iota // where and in which direction the row was seen
	onPort                         // its protocol and its port
)

// naming is what it takes to turn binary forms into text.
type naming struct {
	names   *flow.Names
	locator *locator

	tcp       aggregate.FlowTCP // what the headers of TCP said of flows; nil if nobody asks
	expectTCP []string          // questions of which expectations ask for it
}

// value returns the text of f in s.
func (f *field) value(n *naming, s *enriched) string {
	var b [16]byte
	f.put(b[:f.width], s)
	return f.text(n, b[:f.width])
}

// lookupField returns the field with the name that question.Fields gives it.
func lookupField(name string) (field, bool) {
	if n, ok := question.Step(name); ok {
		return timeField(name, n), true
	}
	if side, tag, ok := question.Tag(name); ok {
		return tagField(sides()[slices.Index(question.Sides(), side)], tag), true
	}
	for _, f := range fields() {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

func fields() []field {
	fs := []field{
		enumField("direction", directionTexts, func(s *enriched) uint8 { return uint8(s.direction) }).of(onPoint),
		enumField("verdict", aggregate.Verdicts, func(s *enriched) uint8 { return uint8(s.verdict()) }).of(onPoint),
		{name: "protocol", width: 3, put: putProtocol, text: protocolText, depends: onPort},
		portField("port").of(onPort),
		serviceField("service").of(onPort),
		scopeField("scope", func(s *enriched) scope { _, v := s.far(); return v }),
		idField("rule", func(s *enriched) flow.ID { return s.point.Rule }).of(onPoint).known(ruleState(func(s *point) flow.ID { return s.Rule })),
		idField("acl", func(s *enriched) flow.ID { return s.point.aclName }).of(onPoint).known(ruleState(func(s *point) flow.ID { return s.ACL })),
		encryptionField().of(onPoint),
		enumField("tunnel", tunnelTexts, func(s *enriched) uint8 { return uint8(s.point.Tunnel) }).of(onPoint),
		idField("nic", func(s *enriched) flow.ID { return s.point.pointName }).of(onPoint).known(nicState),
		locationField("vm", func(s *enriched) int32 { return s.point.vm }, vmText).of(onPoint).known(vmState),
		addrField("peer", func(s *enriched) flow.Addr { a, _ := s.far(); return a }),
		sourcePort(),
		portField("destination.port").of(onPort),
		serviceField("destination.service").of(onPort),
		endPort("local.port", (*enriched).local),
		endPort("remote.port", (*enriched).remote),
		priceField(),
		timeField("time", 1),
	}
	fs = append(fs, toldFields()...)
	return append(fs, sideFields()...)
}

// sourcePort is the client's port. Some sources leave it out.
func sourcePort() field {
	port := func(s *enriched) uint16 {
		if s.point.Class == aggregate.NoIP {
			return 0
		}
		return s.row.SrcPort
	}
	return field{
		name: "source.port", width: 2,
		put:    func(b []byte, s *enriched) { binary.BigEndian.PutUint16(b, port(s)) },
		text:   endPortText,
		number: func(s *enriched) float64 { return float64(port(s)) },
		state: func(s *enriched) state {
			switch {
			case s.portless():
				return unknown
			case s.point.Class == aggregate.NoIP || s.row.Proto != protoTCP && s.row.Proto != protoUDP && port(s) == 0:
				return absent
			case port(s) == 0 || s.point.Class.Sum():
				return unknown
			}
			return present
		},
	}
}

// endPort is the port of the service if it is at an end.
func endPort(name string, of func(*enriched) end) field {
	port := func(s *enriched) uint16 {
		if of(s) == destination {
			return s.port()
		}
		return 0
	}
	return field{
		name: name, width: 2,
		put:    func(b []byte, s *enriched) { binary.BigEndian.PutUint16(b, port(s)) },
		text:   endPortText,
		number: func(s *enriched) float64 { return float64(port(s)) },
		state: func(s *enriched) state {
			switch of(s) {
			case destination:
				return portState(s)
			case unknownEnd:
				return unknown
			}
			return absent
		},
	}
}

func endPortText(_ *naming, b []byte) string {
	if p := binary.BigEndian.Uint16(b); p != 0 {
		return strconv.Itoa(int(p))
	}
	return ""
}

// knows reports whether the source of a row says whether there is a value, and which.
func (f *field) knows(s *enriched) bool {
	switch {
	case f.state != nil:
		return f.state(s) != unknown
	case f.code == nil || s.point.Class == aggregate.NoIP:
		return true
	}
	c := f.code(s)
	return int(c) >= len(f.codes) || f.codes[c] != "unknown"
}

// of is f with what says its value.
func (f field) of(d dependence) field {
	f.depends = d
	return f
}

// known is f with what says whether there is a value.
func (f field) known(by func(*enriched) state) field {
	f.state = by
	return f
}

// side is a side of flows that fields are about. Which end it is, a row says.
type side struct {
	name string
	end  func(*enriched) end
}

func (d side) addr(s *enriched) flow.Addr {
	switch d.end(s) {
	case source:
		return s.row.Src
	case destination:
		return s.row.Dst
	}
	return flow.Addr{}
}

func (d side) location(s *enriched) (at location) {
	switch d.end(s) {
	case source:
		return s.src
	case destination:
		return s.dst
	}
	return at
}

func (d side) scope(s *enriched) scope {
	switch d.end(s) {
	case source:
		return s.srcScope
	case destination:
		return s.dstScope
	}
	return scopeUnknown
}

// state is that of f, which is about d: of rows that say which end d is.
func (d side) state(f func(*enriched) state) func(*enriched) state {
	return func(s *enriched) state {
		switch d.end(s) {
		case noEnd:
			return absent
		case unknownEnd:
			return unknown
		}
		return f(s)
	}
}

// sides are in the order of question.Sides.
func sides() []side {
	return []side{
		{"source", func(*enriched) end { return source }}, {"destination", func(*enriched) end { return destination }},
		{"local", (*enriched).local}, {"remote", (*enriched).remote},
	}
}

// sideFields are the fields that each side has.
func sideFields() []field {
	var fs []field
	for _, side := range sides() {
		part := func(name string, get func(*enriched) int32, text func(*locator, int32) string) field {
			return locationField(side.name+name, get, text).known(side.state(func(s *enriched) state {
				if get(s) != 0 {
					return present
				}
				return s.locationState(side.addr(s), side.location(s))
			}))
		}
		fs = append(fs,
			addrField(side.name+".address", side.addr).known(side.state(addrState(side.addr))),
			nameField(side),
			part(".vm", func(s *enriched) int32 { return s.point.locator.nics[side.location(s).nic].vm }, vmText),
			part(".nic", func(s *enriched) int32 { return side.location(s).nic }, func(p *locator, i int32) string { return p.nics[i].name }),
			part(".subnet", func(s *enriched) int32 { return side.location(s).subnet }, func(p *locator, i int32) string { return p.subnets[i].name }),
			part(".vnet", func(s *enriched) int32 { return side.location(s).vnet }, func(p *locator, i int32) string { return p.vnets[i].name }),
			scopeOf(side),
		)
		fs = append(fs, tagFields(side)...)
	}
	return fs
}

func vmText(p *locator, i int32) string  { return p.vms[i].name }
func vmOfNIC(p *locator, i int32) string { return p.vms[p.nics[i].vm].name }

// The texts of enumerated values, by their numbers.
var (
	directionTexts  = textsTo(flow.Outbound)
	encryptionTexts = textsTo(flow.EncryptionOther)
	tunnelTexts     = textsTo(flow.PPPoE)
)

// textsTo are the texts of the values from 0 to last.
func textsTo[T interface {
	~uint8
	String() string
}](last T) []string {
	var texts []string
	for v := range last + 1 {
		texts = append(texts, v.String())
	}
	return texts
}

// enumField is a field with few values. Frames without IP have none.
func enumField(name string, texts []string, get func(*enriched) uint8) field {
	return field{
		name: name, width: 1, codes: texts,
		put:  func(b []byte, s *enriched) { b[0] = get(s) },
		text: func(_ *naming, b []byte) string { return texts[b[0]] },
		code: func(s *enriched) uint8 {
			if s.point.Class == aggregate.NoIP {
				return 255
			}
			return get(s)
		},
	}
}

// encryptionField has a value of its own for each state that is not documented,
// which is another one to conditions unless they name it.
func encryptionField() field {
	get := func(s *enriched) flow.Encryption { return s.point.Encryption }
	f := enumField("encryption", encryptionTexts, func(s *enriched) uint8 { return uint8(min(get(s), flow.EncryptionOther)) })
	f.put = func(b []byte, s *enriched) { b[0] = uint8(get(s)) }
	f.text = func(n *naming, b []byte) string { return n.names.EncryptionText(flow.Encryption(b[0])) }
	f.further = uint8(flow.EncryptionOther)
	return f
}

// scopeField is the scope of one side.
func scopeField(name string, get func(*enriched) scope) field {
	f := enumField(name, scopes, func(s *enriched) uint8 { return uint8(get(s)) })
	f.put = func(b []byte, s *enriched) { b[0] = uint8(get(s).shown()) }
	f.maybe = func(code uint8, text string) bool {
		return scope(code) == privateSomewhere && (strings.EqualFold(text, scopes[sameVNet]) || strings.EqualFold(text, scopes[peered]))
	}
	return f
}

// scopeOf is the scope of a side. What only forwards is at neither.
func scopeOf(d side) field {
	f := scopeField(d.name+".scope", d.scope)
	of := f.code
	f.code = func(s *enriched) uint8 {
		if d.end(s) == noEnd {
			return 255
		}
		return of(s)
	}
	return f
}

func idField(name string, get func(*enriched) flow.ID) field {
	return field{
		name: name, width: 4,
		put:  func(b []byte, s *enriched) { binary.BigEndian.PutUint32(b, uint32(get(s))) },
		text: func(n *naming, b []byte) string { return n.names.Text(flow.ID(binary.BigEndian.Uint32(b))) },
	}
}

func locationField(name string, get func(*enriched) int32, text func(*locator, int32) string) field {
	return field{
		name: name, width: 4,
		put:  func(b []byte, s *enriched) { binary.BigEndian.PutUint32(b, uint32(get(s))) },
		text: func(n *naming, b []byte) string { return text(n.locator, int32(binary.BigEndian.Uint32(b))) },
	}
}

func addrField(name string, get func(*enriched) flow.Addr) field {
	return field{
		name: name, width: 16, state: addrState(get),
		put: func(b []byte, s *enriched) {
			a := get(s)
			if s.point.Class == aggregate.NoIP {
				a = flow.Addr{}
			}
			binary.BigEndian.PutUint64(b, a.Hi)
			binary.BigEndian.PutUint64(b[8:], a.Lo)
		},
		text: func(_ *naming, b []byte) string {
			return flow.Addr{Hi: binary.BigEndian.Uint64(b), Lo: binary.BigEndian.Uint64(b[8:])}.String()
		},
	}
}

func portField(name string) field {
	return field{
		name: name, width: 3,
		put: func(b []byte, s *enriched) {
			binary.BigEndian.PutUint16(b, s.port())
			b[2] = uint8(number(portState(s) != present))
		},
		text: func(_ *naming, b []byte) string {
			if b[2] != 0 {
				return ""
			}
			return strconv.Itoa(int(binary.BigEndian.Uint16(b)))
		},
		number: func(s *enriched) float64 { return float64(s.port()) },
		state:  portState,
	}
}

func serviceField(name string) field {
	return field{
		name: name, width: 2,
		put: func(b []byte, s *enriched) {
			binary.BigEndian.PutUint16(b, serviceNumber(service(s.row.Proto, s.port())))
		},
		text: func(_ *naming, b []byte) string { return serviceNames()[binary.BigEndian.Uint16(b)] },
		state: func(s *enriched) state {
			switch {
			case s.portless():
				return unknown
			case serviceNumber(service(s.row.Proto, s.port())) == 0:
				return absent
			}
			return present
		},
	}
}

// port is the destination's port, 0 for frames without IP.
func (s *enriched) port() uint16 {
	if s.point.Class == aggregate.NoIP {
		return 0
	}
	return s.row.Port
}

func putProtocol(b []byte, s *enriched) {
	b[0], b[1], b[2] = s.row.Proto, 0, 0
	if s.point.Class == aggregate.NoIP {
		b[1], b[2] = byte(s.row.Port>>8), byte(s.row.Port)
	}
}

func protocolText(_ *naming, b []byte) string {
	if t := uint16(b[1])<<8 | uint16(b[2]); t != 0 {
		return flow.EtherType(t)
	}
	return Protocol(b[0])
}
