package flowlog

import (
	"bytes"
	"strings"

	"flowctl/collectors/flow"
)

// record is what is known of one JSON record while it is read. Its tuples go
// to the document's batch and are taken back if the record is no good.
type record struct {
	kind    flow.Kind // empty if it is not of a flow log
	version string    // as written; empty if it has none
	refused reason    // why the record as a whole cannot be read
	point   flow.ID   // of the record; NSG flow logs name one nearer to the tuples
	target  flow.ID
	log     flow.ID // upper-case resource id of the flow log or of the NSG whose log it is
	minute  int64   // of its time, since 1970
	skips   skips
	length  int // in bytes
}

func (r *record) reset() {
	all := r.skips.all[:0]
	*r = record{minute: flow.NoMinute, skips: skips{all}}
}

// layoutOf returns the layout of the tuples in a record of a known version.
func layoutOf(kind flow.Kind, version string) (layout, bool) {
	switch {
	case kind == flow.VNetFlowLog && version == "4":
		return vnet4, true
	case kind == flow.NSGFlowLog && version == "1":
		return nsg1, true
	case kind == flow.NSGFlowLog && version == "2":
		return nsg2, true
	}
	return 0, false
}

// names numbers the texts of one source. A file has few of them and repeats
// them in every record, so the run's own Names is rarely asked.
type names struct {
	run  *flow.Names
	seen map[string]flow.ID
	macs map[string]flow.ID // by the form in the file
	logs map[flow.ID]flow.ID
	room *flow.Room
	took flow.Count // of it, for the record that is read; it may be read again
	// input is the log of records that name none.
	input flow.ID
}

const mostNames = 1 << 14

// tuple fills r from the text of a tuple as parseTuple does. An encryption state
// that is not documented has a number of the run, and counters are left out that
// no sum of the run has room for.
func (n *names) tuple(text []byte, l layout, r *flow.Record) reason {
	if why := parseTuple(text, l, r); why != fine {
		return why
	}
	if r.Encryption == flow.EncryptionOther {
		var f [13][]byte
		split(text, &f)
		r.Encryption = n.run.Encryption(f[8])
	}
	if s, o := &r.Sent, &r.Received; (s.Packets | s.IPBytes | o.Packets | o.IPBytes) >= flow.Huge {
		if !n.room.Take(*s, *o) {
			return bad(noRoom)
		}
		n.took.Add(*s)
		n.took.Add(*o)
	}
	return fine
}

// again gives back what was taken for a record that is read again, or not kept.
func (n *names) again() {
	n.room.Give(n.took)
	n.took = flow.Count{}
}

const noRoom = "tuple has counters which together with those before are beyond 2^62, which no network reaches"

func newNames(in flow.Input) names {
	return names{
		run: in.Names, room: in.Room, seen: map[string]flow.ID{}, macs: map[string]flow.ID{},
		logs: map[flow.ID]flow.ID{}, input: in.Names.Of(strings.ToUpper(in.Log)),
	}
}

// log returns the number of the log that id names: its resource id in upper
// case, as Azure writes it, so that one log has one name.
func (n *names) log(id flow.ID) flow.ID {
	if id == 0 {
		return n.input
	}
	l, ok := n.logs[id]
	if !ok {
		if len(n.logs) >= mostNames {
			clear(n.logs)
		}
		l = n.run.Of(strings.ToUpper(n.run.Text(id)))
		n.logs[id] = l
	}
	return l
}

func (n *names) id(text []byte) flow.ID {
	id, ok := n.seen[string(text)]
	if ok {
		return id
	}
	if len(n.seen) >= mostNames {
		clear(n.seen)
	}
	id = n.run.ID(text)
	n.seen[string(text)] = id
	return id
}

// mac returns the number of a MAC address in its usual form, or 0 if text is
// none.
func (n *names) mac(text []byte) flow.ID {
	id, ok := n.macs[string(text)]
	if ok {
		return id
	}
	if len(n.macs) >= mostNames {
		clear(n.macs)
	}
	if m := normalMAC(text); m != nil {
		id = n.run.ID(m)
	}
	n.macs[string(text)] = id
	return id
}

// normalMAC returns 12 upper-case hex digits, or nil.
func normalMAC(text []byte) []byte {
	m := make([]byte, 0, 12)
	for _, c := range bytes.ToUpper(text) {
		switch {
		case c == '-' || c == ':' || c == '.':
		case len(m) < 12 && (c >= '0' && c <= '9' || c >= 'A' && c <= 'F'):
			m = append(m, c)
		default:
			return nil
		}
	}
	if len(m) != 12 {
		return nil
	}
	return m
}
