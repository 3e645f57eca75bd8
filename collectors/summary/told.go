package summary

import (
	"encoding/binary"
	"slices"
	"strings"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/plan/question"
)

// What the data of a flow's packets said belongs to this flow alone. Only captures show
// it, and only of flows whose begin they have, with its data.

// toldFlows is what flows said, ready to be asked by many.
type toldFlows struct {
	texts  []string // number 0 is none
	flows  map[flow.Key]toldFlow
	points map[string]bool // captures that were read themselves: what they do not say, was not there
	full   bool            // some flows were left out
}

// toldFlow has the numbers of texts, by the place of their field in toldNames.
type toldFlow struct {
	of    [len(toldNames)]int32
	hello bool
	cut   bool
}

// toldNames are the fields of what flows said.
var toldNames = [...]string{"tls.server_name", "tls.version", "tls.alpn", "http.host", "dns.asked", "dns.answered"}

const (
	toldServer = iota
	toldVersion
	toldALPN
	toldHost
	toldAsked
	toldAnswered
)

// AsksTold reports whether a question asks for what flows said.
func AsksTold(questions []*Question) bool {
	return slices.ContainsFunc(questions, func(q *Question) bool {
		return slices.ContainsFunc(q.names, func(n string) bool { return slices.Contains(toldNames[:], n) })
	})
}

// newTold makes what readers noted ready; nil if they were not to note anything.
func newTold(o Options) *toldFlows {
	flows, full := o.Hosts.Flows()
	if flows == nil {
		return nil
	}
	t := &toldFlows{texts: []string{""}, flows: make(map[flow.Key]toldFlow, len(flows)), points: map[string]bool{}, full: full}
	numbers := map[string]int32{"": 0}
	number := func(texts ...string) int32 { return textNumber(numbers, &t.texts, strings.Join(texts, ", ")) }
	for k, f := range flows {
		t.flows[k] = toldFlow{
			of:    [...]int32{number(f.ServerName), number(f.Version), number(f.ALPN...), number(f.Host), number(f.Asked...), number(f.Answered...)},
			hello: f.Hello, cut: f.Cut,
		}
	}
	for i := range o.Sources {
		kept := o.Sources[i].Kind == flow.Parquet || o.Sources[i].Kind == flow.Engine
		for _, p := range o.Sources[i].Points {
			if _, ok := t.points[p]; kept || !ok {
				t.points[p] = !kept
			}
		}
	}
	return t
}

// flow is what a row's flow said.
func (t *toldFlows) flow(s *enriched) (f toldFlow, ok bool) {
	if t == nil {
		return f, false
	}
	r := s.row
	k := flow.Key{Src: r.Src, Dst: r.Dst, SrcPort: r.SrcPort, DstPort: r.Port, Proto: r.Proto}
	if f, ok = t.flows[k]; ok {
		return f, true
	}
	k.Src, k.Dst, k.SrcPort, k.DstPort = k.Dst, k.Src, k.DstPort, k.SrcPort
	f, ok = t.flows[k]
	return f, ok
}

// state is that of the field with a place in toldNames.
func (t *toldFlows) state(s *enriched, at int) state {
	if s.point.Class == aggregate.NoIP || !speaks(s, at) {
		return absent
	}
	f, ok := t.flow(s)
	switch {
	case ok && f.of[at] != 0:
		return present
	case ok && f.cut, t == nil || t.full, s.point.Class != aggregate.Capture || !t.points[s.point.pointText], s.row.Proto == protoUDP && s.row.Port == 443:
		return unknown // of QUIC it is encrypted
	case ok && (f.hello || at > toldALPN):
		return absent
	case s.row.Marks&aggregate.Opened == 0 || s.row.Proto == protoUDP && at <= toldHost:
		return unknown
	}
	return absent
}

// speaks reports whether the protocol of a row can carry what is asked for.
func speaks(s *enriched, at int) bool {
	switch s.row.Proto {
	case protoTCP:
		return at < toldAsked || s.row.Port == 53 || s.row.SrcPort == 53
	case protoUDP:
		return at <= toldALPN && s.row.Port == 443 || at >= toldAsked && (s.row.Port == 53 || s.row.SrcPort == 53)
	}
	return s.row.Proto == 0 && s.point.Class.Sum()
}

// toldFields are the fields of what flows said.
func toldFields() []field {
	var fs []field
	for at, name := range toldNames {
		get := func(s *enriched) int32 {
			f, _ := s.point.locator.told.flow(s)
			return f.of[at]
		}
		known := func(s *enriched) state { return s.point.locator.told.state(s, at) }
		if at == toldVersion {
			fs = append(fs, versionField(name, get, known))
			continue
		}
		f := field{
			name: name, width: 4,
			put: func(b []byte, s *enriched) { binary.BigEndian.PutUint32(b, uint32(get(s))) },
			text: func(n *naming, b []byte) string {
				if i := binary.BigEndian.Uint32(b); i != 0 {
					return n.locator.told.texts[i]
				}
				return ""
			},
			several: true,
		}
		fs = append(fs, f.known(known))
	}
	return fs
}

// versionField is the version of TLS, one of few.
func versionField(name string, get func(*enriched) int32, known func(*enriched) state) field {
	f, _ := question.Lookup(name)
	code := func(s *enriched) uint8 {
		if known(s) == unknown {
			return uint8(len(f.Values) - 1)
		}
		if i := get(s); i != 0 {
			return uint8(max(0, slices.Index(f.Values, s.point.locator.told.texts[i])))
		}
		return 0
	}
	return enumField(name, f.Values, code).known(known)
}
