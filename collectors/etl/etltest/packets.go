package etltest

// Providers of packets, and of the layouts of a trace.
var (
	PktMon  = [16]byte{0xd9, 0x80, 0x4f, 0x4d, 0xbd, 0xc8, 0x73, 0x4d, 0xbb, 0x5b, 0x19, 0xc9, 0x04, 0x02, 0xc5, 0xac}
	NDISCap = [16]byte{0x6e, 0x00, 0xd6, 0x2e, 0x29, 0x47, 0x09, 0x46, 0xb4, 0x23, 0x3e, 0xe7, 0xbc, 0xd6, 0x78, 0xef}
	Layouts = [16]byte{0xc1, 0xf6, 0xcc, 0xbb, 0xd1, 0x6c, 0xc4, 0x48, 0x80, 0xff, 0x83, 0x94, 0x82, 0xe3, 0x76, 0x71}
)

// Report is a packet or a drop as pktmon reports it.
type Report struct {
	Group                               uint64
	Number, Appearance, Direction, Kind uint16
	Component, Edge                     uint16
	Reason, Location                    uint32
	Original                            int // bytes; those of Payload if 0
	Payload                             []byte
	At                                  int64
}

// Event is r's event: of a drop, if it has a reason.
func (r Report) Event() Event {
	b := le.AppendUint64(nil, r.Group)
	for _, v := range []uint16{r.Number, r.Appearance, r.Direction, r.Kind, r.Component, r.Edge, 0} {
		b = le.AppendUint16(b, v)
	}
	b = le.AppendUint32(le.AppendUint32(b, r.Reason), r.Location)
	original := r.Original
	if original == 0 {
		original = len(r.Payload)
	}
	b = le.AppendUint16(le.AppendUint16(b, uint16(original)), uint16(len(r.Payload)))
	e := Event{Provider: PktMon, ID: 160, Keyword: 0x10, At: r.At, Data: append(b, r.Payload...)}
	if r.Reason != 0 {
		e.ID = 170
	}
	return e
}

// Component is the event that names a component.
func Component(id, kind uint16, name, description string, at int64) Event {
	b := le.AppendUint16(le.AppendUint16(nil, id), kind)
	b = append(append(b, Text(name)...), Text(description)...)
	return Event{Provider: PktMon, ID: 20, Keyword: 2, At: at, Data: b}
}

// Reasons is the event with the texts of drop reasons.
func Reasons(at int64, reasons map[uint32]string) Event {
	name := Text("DropReason")
	head := 16 + 8*len(reasons)
	b := append([]byte{}, PktMon[:]...)
	for _, v := range []uint32{uint32(head), 1, uint32(len(reasons)), 0} {
		b = le.AppendUint32(b, v)
	}
	texts := name
	for n, text := range reasons {
		b = le.AppendUint32(le.AppendUint32(b, uint32(head+len(texts))), n)
		texts = append(texts, Text(text+" ")...)
	}
	return Event{Provider: Layouts, Classic: true, ID: 33, At: at, Data: append(b, texts...)}
}

// Fragment is a piece of a packet as ndiscap writes it. Keyword has its place
// in the packet, its medium and its direction.
func Fragment(miniport, lower uint32, keyword uint64, thread uint32, at int64, b []byte) Event {
	data := le.AppendUint32(nil, miniport)
	data = le.AppendUint32(le.AppendUint32(data, lower), uint32(len(b)))
	data = append(append(data, b...), make([]byte, 16)...)
	return Event{Provider: NDISCap, ID: 1001, Keyword: keyword, Thread: thread, At: at, Data: data}
}

// Switch is a packet at a virtual switch.
func Switch(source uint32, targets int, keyword uint64, at int64, b []byte) Event {
	data := make([]byte, 8)
	data = le.AppendUint32(data, source)
	for _, name := range []string{"port", "nic", "type"} {
		data = append(data, Text(name)...)
	}
	data = le.AppendUint32(data, uint32(targets))
	data = append(data, make([]byte, 8*targets)...)
	data = le.AppendUint32(data, uint32(len(b)))
	data = append(append(data, b...), 0, 0, 0, 0)
	return Event{Provider: NDISCap, ID: 1003, Keyword: keyword, At: at, Data: data}
}
