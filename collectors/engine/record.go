package engine

import (
	"encoding/binary"

	"flowctl/collectors/flow"
)

// columns are those of a record.
var columns = append([]column{
	address("source_address", func(r *flow.Record) *flow.Addr { return &r.Src }),
	field[uint16]{"source_port", "UInt16", func(r *flow.Record) *uint16 { return &r.SrcPort }},
	address("destination_address", func(r *flow.Record) *flow.Addr { return &r.Dst }),
	field[uint16]{"destination_port", "UInt16", func(r *flow.Record) *uint16 { return &r.DstPort }},
	field[uint8]{"protocol", "UInt8", func(r *flow.Record) *uint8 { return &r.Proto }},
	field[uint16]{"ether_type", "UInt16", func(r *flow.Record) *uint16 { return &r.EtherType }},
	field[int64]{"first", "Int64", func(r *flow.Record) *int64 { return &r.First }},
	field[int64]{"last", "Int64", func(r *flow.Record) *int64 { return &r.Last }},
	enum("direction", flow.Outbound, func(r *flow.Record) *flow.Direction { return &r.Direction }),
	enum("state", flow.Deny, func(r *flow.Record) *flow.State { return &r.State }),
	enum("class", flow.Agent, func(r *flow.Record) *flow.Class { return &r.Class }),
	enum("tunnel", flow.PPPoE, func(r *flow.Record) *flow.Tunnel { return &r.Tunnel }),
	converted[string]{"encryption", "LowCardinality(String)",
		func(r *flow.Record, names *texts) string { return names.of.EncryptionText(r.Encryption) },
		func(r *flow.Record, names *texts, v string) { r.Encryption = names.encryption(v) }},
	field[bool]{"initiator_guessed", "Bool", func(r *flow.Record) *bool { return &r.Guessed }},
	converted[uint8]{"measured", "UInt8",
		func(r *flow.Record, _ *texts) uint8 { return uint8(r.Measured) },
		func(r *flow.Record, _ *texts, v uint8) { r.Measured = flow.Measure(v) }},
	counter("sent_packets", func(r *flow.Record) *uint64 { return &r.Sent.Packets }),
	counter("sent_ip_bytes", func(r *flow.Record) *uint64 { return &r.Sent.IPBytes }),
	counter("sent_frame_bytes", func(r *flow.Record) *uint64 { return &r.Sent.FrameBytes }),
	counter("received_packets", func(r *flow.Record) *uint64 { return &r.Received.Packets }),
	counter("received_ip_bytes", func(r *flow.Record) *uint64 { return &r.Received.IPBytes }),
	counter("received_frame_bytes", func(r *flow.Record) *uint64 { return &r.Received.FrameBytes }),
	text("point", func(r *flow.Record) *flow.ID { return &r.Point }),
	text("target", func(r *flow.Record) *flow.ID { return &r.Target }),
	text("rule", func(r *flow.Record) *flow.ID { return &r.Rule }),
	text("acl", func(r *flow.Record) *flow.ID { return &r.ACL }),
	text("log", func(r *flow.Record) *flow.ID { return &r.Log }),
	converted[uint8]{"tcp_seen", "UInt8",
		func(r *flow.Record, _ *texts) uint8 { return uint8(r.TCP.Seen) },
		func(r *flow.Record, _ *texts, v uint8) { r.TCP.Seen = flow.TCPSeen(v) }},
	field[uint32]{"tcp_answered_us", "UInt32", func(r *flow.Record) *uint32 { return &r.TCP.Answered }},
	field[uint32]{"tcp_confirmed_us", "UInt32", func(r *flow.Record) *uint32 { return &r.TCP.Confirmed }},
}, append(tcpColumns("sent", func(r *flow.Record) *flow.TCPCount { return &r.TCP.Sent }),
	tcpColumns("received", func(r *flow.Record) *flow.TCPCount { return &r.TCP.Received })...)...)

func counter(called string, at func(r *flow.Record) *uint64) column {
	return field[uint64]{called, "UInt64", at}
}

// tcpColumns are what TCP headers of one direction showed.
func tcpColumns(side string, of func(r *flow.Record) *flow.TCPCount) []column {
	small := func(called string, at func(c *flow.TCPCount) *uint8) column {
		return field[uint8]{side + "_" + called, "UInt8", func(r *flow.Record) *uint8 { return at(of(r)) }}
	}
	return []column{
		field[uint16]{side + "_retransmitted", "UInt16", func(r *flow.Record) *uint16 { return &of(r).Retransmitted }},
		field[uint32]{side + "_retransmitted_bytes", "UInt32", func(r *flow.Record) *uint32 { return &of(r).RetransmittedBytes }},
		field[uint16]{side + "_dup_acks", "UInt16", func(r *flow.Record) *uint16 { return &of(r).DupACKs }},
		small("syn", func(c *flow.TCPCount) *uint8 { return &c.SYN }),
		small("syn_ack", func(c *flow.TCPCount) *uint8 { return &c.SYNACK }),
		small("fin", func(c *flow.TCPCount) *uint8 { return &c.FIN }),
		small("rst", func(c *flow.TCPCount) *uint8 { return &c.RST }),
		small("zero_window", func(c *flow.TCPCount) *uint8 { return &c.ZeroWindow }),
		small("keep_alive", func(c *flow.TCPCount) *uint8 { return &c.KeepAlive }),
	}
}

// bytesOf and addrOf are the words of an address as 16 bytes.
func bytesOf(a flow.Addr) (b [16]byte) {
	binary.BigEndian.PutUint64(b[:], a.Hi)
	binary.BigEndian.PutUint64(b[8:], a.Lo)
	return b
}

func addrOf(b *[16]byte) flow.Addr {
	return flow.Addr{Hi: binary.BigEndian.Uint64(b[:]), Lo: binary.BigEndian.Uint64(b[8:])}
}

// texts are the texts of records, for one goroutine.
type texts struct {
	of          *flow.Names
	ids         map[string]flow.ID
	all         []string // by number, as far as they were asked for
	encryptions map[string]flow.Encryption
}

func newTexts(names *flow.Names) *texts {
	return &texts{of: names, ids: map[string]flow.ID{}, encryptions: map[string]flow.Encryption{"unknown": flow.EncryptionUnknown}}
}

func (t *texts) text(id flow.ID) string {
	if id == 0 {
		return ""
	}
	for int(id) >= len(t.all) {
		t.all = append(t.all, make([]string, max(64, len(t.all)))...)
	}
	if t.all[id] == "" {
		t.all[id] = t.of.Text(id)
	}
	return t.all[id]
}

func (t *texts) id(text string) flow.ID {
	id, ok := t.ids[text]
	if !ok {
		id = t.of.Of(text)
		t.ids[text] = id
	}
	return id
}

func (t *texts) encryption(token string) flow.Encryption {
	e, ok := t.encryptions[token]
	if !ok {
		e = t.of.Encryption([]byte(token))
		t.encryptions[token] = e
	}
	return e
}
