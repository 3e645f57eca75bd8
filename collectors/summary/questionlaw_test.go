package summary

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
	"flowctl/plan/question"
)

// A lawRow is what the oracle of questions adds up: plain Go over the records as they
// were made, with no row, code, key or order of the engine.
type lawRow struct {
	key         []string
	flows       uint64
	denied      uint64
	packets     uint64
	bytes       uint64
	sent, back  uint64
	first, last int64
	measured    bool
}

// lawFields are the values of a record by field, as the manual says them.
func lawFields(r *flow.Record, rule string) map[string]string {
	services := map[string]string{"6/443": "https", "17/443": "quic", "17/53": "dns", "6/53": "dns", "6/22": "ssh", "17/22": "ssh"}
	port := strconv.Itoa(int(r.DstPort))
	f := map[string]string{
		"direction": "outbound", "verdict": "allowed", "protocol": map[uint8]string{6: "TCP", 17: "UDP"}[r.Proto], "port": port, "destination.port": port,
		"service": services[fmt.Sprint(r.Proto, "/", port)], "rule": rule, "encryption": "NX", "source.address": r.Src.String(), "destination.address": r.Dst.String(),
		"peer": r.Dst.String(), "source.port": strconv.Itoa(int(r.SrcPort)), "local.address": r.Src.String(), "remote.address": r.Dst.String(),
	}
	if r.Direction == flow.Inbound {
		f["direction"], f["peer"] = "inbound", r.Src.String()
		f["local.address"], f["remote.address"] = f["remote.address"], f["local.address"]
	}
	if r.State == flow.Deny {
		f["verdict"] = "denied"
	}
	return f
}

// lawTests are conditions with what they say of the values of a record.
var lawTests = map[string]func(f map[string]string) bool{
	"":                          func(map[string]string) bool { return true },
	`direction == "outbound"`:   func(f map[string]string) bool { return f["direction"] == "outbound" },
	`verdict != "denied"`:       func(f map[string]string) bool { return f["verdict"] == "allowed" },
	`port >= 53 && port < 443`:  func(f map[string]string) bool { return f["port"] == "53" },
	`contains([22, 443], port)`: func(f map[string]string) bool { return f["port"] == "22" || f["port"] == "443" },
	`protocol == "udp" || contains(["SSH"], service)`: func(f map[string]string) bool { return f["protocol"] == "UDP" || f["service"] == "ssh" },
	`!(startswith(rule, "USER")) && peer != "20.0.0.1"`: func(f map[string]string) bool {
		return !strings.HasPrefix(f["rule"], "User") && f["peer"] != "20.0.0.1"
	},
	`cidrcontains(["20.0.0.0/31", "2001:db8::/64"], destination.address)`: func(f map[string]string) bool {
		a := netip.MustParseAddr(f["destination.address"])
		return netip.MustParsePrefix("20.0.0.0/31").Contains(a) || netip.MustParsePrefix("2001:db8::/64").Contains(a)
	},
	`endswith(source.address, ".4") ? port == 22 : port != 22`: func(f map[string]string) bool {
		return strings.HasSuffix(f["source.address"], ".4") == (f["port"] == "22")
	},
	`has(service) && local.address == source.address`: func(f map[string]string) bool { return f["service"] != "" && f["direction"] == "outbound" },
	`source.port > port`: func(f map[string]string) bool {
		a, _ := strconv.Atoi(f["source.port"])
		b, _ := strconv.Atoi(f["port"])
		return a > b
	},
}

// lawMeasures are what rows are ordered and selected by; false where it is not known.
var lawMeasures = map[string]func(*lawRow) (float64, bool){
	"bytes":    func(r *lawRow) (float64, bool) { return float64(r.bytes), r.measured },
	"packets":  func(r *lawRow) (float64, bool) { return float64(r.packets), r.measured },
	"sent":     func(r *lawRow) (float64, bool) { return float64(r.sent), r.measured },
	"received": func(r *lawRow) (float64, bool) { return float64(r.back), r.measured },
	"flows":    func(r *lawRow) (float64, bool) { return float64(r.flows), true },
	"denied":   func(r *lawRow) (float64, bool) { return float64(r.denied), true },
	"first":    func(r *lawRow) (float64, bool) { return float64(r.first), true },
	"last":     func(r *lawRow) (float64, bool) { return float64(r.last), true },
	"duration": func(r *lawRow) (float64, bool) { return float64(r.last-r.first) / 1e9, true },
	"rate": func(r *lawRow) (float64, bool) {
		return float64(r.bytes) * 8 / (float64(r.last-r.first) / 1e9), r.measured && r.last > r.first
	},
}

// lawTraffic makes records up of flows of their own each.
func lawTraffic(r *rand.Rand, names *flow.Names) (all flow.Batch, fields []map[string]string) {
	for port := range uint16(r.IntN(60)) {
		rule := []string{"UserRule_web", "DefaultRule_AllowInternetOutBound", ""}[r.IntN(3)]
		m := made{
			src: []string{"10.0.0.4", "10.0.0.5", "fd00::4"}[r.IntN(3)], dst: []string{"20.0.0.1", "20.0.0.9", "2001:db8::1", "9.0.0.1"}[r.IntN(4)],
			sport: 30 + 7*port, dport: []uint16{22, 53, 443, 9999}[r.IntN(4)], proto: []uint8{protoTCP, protoUDP}[r.IntN(2)], at: r.Int64N(4),
			sent: uint64(100 * r.IntN(4)), back: uint64(100 * r.IntN(3)), in: r.IntN(2) == 0, rule: rule,
			state: []flow.State{flow.Begin, flow.Deny, flow.Continue, flow.End, flow.Continue}[r.IntN(5)],
		}
		rec := m.record(names)
		all, fields = append(all, rec), append(fields, lawFields(&rec, rule))
	}
	return all, fields
}

// add counts a record.
func (v *lawRow) add(r *flow.Record) {
	if v.flows == 0 {
		v.first, v.last = r.First, r.Last
	}
	v.flows++
	if r.State == flow.Deny {
		v.denied++
	}
	v.packets += r.Sent.Packets + r.Received.Packets
	v.sent, v.back = v.sent+r.Sent.IPBytes, v.back+r.Received.IPBytes
	v.bytes = v.sent + v.back
	v.first, v.last = min(v.first, r.First), max(v.last, r.Last)
	v.measured = v.measured || r.Measured != 0
}

// lawCompare orders two rows by a measure or a dimension, then by what they have most
// of, then by text. What is not known comes last.
func lawCompare(a, b *lawRow, by []string, o question.Order) int {
	last := func(knownA, knownB bool, c int) int {
		switch {
		case knownA != knownB && knownA:
			return -1
		case knownA != knownB:
			return 1
		case !knownA:
			return 0
		case o.Ascending:
			return c
		}
		return -c
	}
	c := 0
	if of := lawMeasures[o.Measure]; of != nil {
		x, knownX := of(a)
		y, knownY := of(b)
		c = last(knownX, knownY, cmp.Compare(x, y))
	} else if i := slices.Index(by, o.Measure); i >= 0 {
		x, y := a.key[i], b.key[i]
		n, errN := strconv.Atoi(x)
		m, errM := strconv.Atoi(y)
		ip, errIP := netip.ParseAddr(x)
		jp, errJP := netip.ParseAddr(y)
		switch {
		case errN == nil && errM == nil:
			c = cmp.Compare(n, m)
		case errIP == nil && errJP == nil:
			c = ip.Compare(jp)
		default:
			c = cmp.Compare(x, y)
		}
		c = last(x != "", y != "", c)
	}
	return cmp.Or(c, cmp.Compare(b.bytes, a.bytes), cmp.Compare(b.packets, a.packets), cmp.Compare(b.flows, a.flows), slices.Compare(a.key, b.key))
}

// lawAnswer is what the oracle says: rows in order, and how many having left out and
// could not say.
func lawAnswer(all flow.Batch, fields []map[string]string, q *question.Question, meets func(map[string]string) bool, having string, limit float64) (rows []*lawRow, total lawRow, excluded, unclear uint64) {
	found := map[string]*lawRow{}
	for i := range all {
		if !meets(fields[i]) {
			continue
		}
		total.add(&all[i])
		var key []string
		for _, f := range q.By {
			key = append(key, fields[i][f])
		}
		at := found[strings.Join(key, "\x00")]
		if at == nil {
			at = &lawRow{key: append([]string{}, key...)}
			found[strings.Join(key, "\x00")] = at
		}
		at.add(&all[i])
	}
	for _, r := range found {
		if having != "" {
			switch v, known := lawMeasures[having](r); {
			case !known:
				unclear++
				continue
			case v <= limit:
				excluded++
				continue
			}
		}
		rows = append(rows, r)
	}
	slices.SortFunc(rows, func(a, b *lawRow) int { return lawCompare(a, b, q.By, q.Order) })
	return rows, total, excluded, unclear
}

// told is a row of an answer as the oracle has it.
func told(r *Row) lawRow {
	return lawRow{
		key: r.Key, flows: r.Flows, denied: r.Denied.N, packets: r.Packets.N, bytes: r.IPBytes.N, sent: r.Sent.IPBytes.N, back: r.Received.IPBytes.N,
		first: int64(r.First), last: int64(r.Last), measured: r.IPBytes.Known,
	}
}

// TestQuestionLaw asks questions made up of all conditions, dimensions, orders and
// limits about traffic made up, and wants the rows of the oracle, in its order.
func TestQuestionLaw(t *testing.T) {
	dims := []string{"direction", "verdict", "protocol", "port", "service", "rule", "encryption", "source.address", "destination.address", "peer", "source.port", "destination.port"}
	conditions := slices.Sorted(func(yield func(string) bool) {
		for src := range lawTests {
			if !yield(src) {
				return
			}
		}
	})
	having := []string{"", "", "bytes", "flows", "denied", "rate", "duration", "packets", "sent"}
	orders := []string{"", "bytes", "packets", "sent", "received", "flows", "denied", "first", "last", "duration", "rate"}
	for seed := range flowtest.Seeds(500) {
		r := rand.New(rand.NewPCG(seed, 11))
		names := flow.NewNames()
		all, fields := lawTraffic(r, names)
		q := question.Question{Name: "q", Top: 1 + r.IntN(12)}
		for range r.IntN(4) {
			if f := dims[r.IntN(len(dims))]; !slices.Contains(q.By, f) {
				q.By = append(q.By, f)
			}
		}
		src := conditions[r.IntN(len(conditions))]
		if src != "" {
			q.Where = where(t, src)
		}
		q.Order.Measure, q.Order.Ascending = append(slices.Clone(orders), q.By...)[r.IntN(len(orders)+len(q.By))], r.IntN(2) == 0
		if q.Order.Measure == "" {
			q.Order.Ascending = false
		}
		selected, limit := having[r.IntN(len(having))], float64(r.IntN(3)*100)
		if selected != "bytes" && selected != "sent" {
			limit /= 100
		}
		if selected != "" {
			q.Having = rowsWhere(t, fmt.Sprintf("%s > %v", selected, limit))
		}
		want, total, excluded, unclear := lawAnswer(all, fields, &q, lawTests[src], selected, limit)
		doc := documentOf(t, names, all, Options{}, Compile(q))
		a := doc.Asks[0]
		what := fmt.Sprintf("seed %d: %d records, where %s by %v having %s > %v order %s top %d", seed, len(all), src, q.By, selected, limit, q.Order, q.Top)
		if a.Groups != uint64(len(want)) || a.Excluded != excluded || a.Unclear != unclear {
			t.Fatalf("%s: %d rows, %d left out, %d unclear; want %d, %d, %d", what, a.Groups, a.Excluded, a.Unclear, len(want), excluded, unclear)
		}
		var got, first []lawRow
		var rest lawRow
		for i := range a.Rows {
			got = append(got, told(&a.Rows[i]))
		}
		for i, r := range want {
			if i < q.Top {
				first = append(first, *r)
				continue
			}
			rest.flows, rest.bytes, rest.packets, rest.denied = rest.flows+r.flows, rest.bytes+r.bytes, rest.packets+r.packets, rest.denied+r.denied
		}
		if diff := gocmp.Diff(first, got, gocmp.AllowUnexported(lawRow{})); diff != "" {
			t.Fatalf("%s: rows (-want +got)\n%s", what, diff)
		}
		if (a.Others != nil) != (len(want) > q.Top) || a.Others != nil && (a.Others.Flows != rest.flows || a.Others.IPBytes.N != rest.bytes || a.Others.Packets.N != rest.packets || a.Others.Denied.N != rest.denied) {
			t.Fatalf("%s: others %+v, want %+v", what, a.Others, rest)
		}
		if sum := told(&a.Total); total.flows > 0 && (sum.flows != total.flows || sum.bytes != total.bytes || sum.first != total.first || sum.last != total.last) || a.Total.Flows != total.flows {
			t.Fatalf("%s: total %+v, want %+v", what, sum, total)
		}
	}
}
