package workspace

import (
	"net/netip"
	"strings"

	"flowctl/collectors/flow"
)

// analytics reads a row of Traffic Analytics.
func (r *rows) analytics(row *row) error {
	if sub := row.value(colSubType); sub != "" && !strings.EqualFold(sub, "FlowLog") {
		r.aside(row)
		return nil
	}
	a, err := r.parse(row)
	if err != nil {
		return err
	}
	if !r.within(&a.record, a.start, a.end) {
		return nil
	}
	r.count(row, a)
	return nil
}

// aside counts a row that is no traffic.
func (r *rows) aside(row *row) {
	r.in.Source.Remark("not-flow-rows", "", 1)
	switch status := row.value(colJobStatus); strings.ToLower(status) {
	case "failed", "partial":
		r.in.Source.Remark("interval-incomplete", shown(status)+" from "+shown(row.value(colIntervalStart)), 1)
	}
}

// sum is a row of Traffic Analytics.
type sum struct {
	record     flow.Record // of the whole row
	start, end int64       // of the interval; flow.NoTime if it is not known
	from, to   []entry     // public addresses that are folded in it
	counters   counters
	opposite   uint64 // flows that the rules judged the other way
}

func (r *rows) parse(row *row) (a sum, err error) {
	rec := &a.record
	rec.Class, rec.Records = flow.Analytics, 1
	if err := r.times(row, &a); err != nil {
		return a, err
	}
	if rec.Proto, err = protocol(row.value(colProtocol)); err != nil {
		return a, err
	}
	if rec.DstPort, err = r.port(row, colPort, rec.Proto); err != nil {
		return a, err
	}
	rec.Direction = direction(row.value(colDirection))
	rec.State = state(row.value(colStatus))
	if err := ends(row, &a); err != nil {
		return a, err
	}
	if err := a.flows(r, row); err != nil {
		return a, err
	}
	if a.counters, err = countersOf(row); err != nil {
		return a, err
	}
	r.around(row, rec)
	return a, nil
}

// times reads the interval of a row and the times of its flows.
func (r *rows) times(row *row, a *sum) error {
	var all [4]int64
	for i, c := range []column{colIntervalStart, colIntervalEnd, colFlowStart, colFlowEnd} {
		at, err := r.time(row, c)
		if err != nil {
			return err
		}
		all[i] = at
	}
	a.start, a.end = all[0], all[1]
	a.record.First, a.record.Last = or(all[2], all[0]), or(all[3], all[1])
	switch {
	case a.start != flow.NoTime:
		a.record.SrcPort = uint16(floor(a.start, step) / step)
	case a.record.First != flow.NoTime:
		a.start, a.end = a.record.First, or(a.record.Last, a.record.First)
		a.record.SrcPort = uint16(floor(a.start, 6*step) / step)
	default:
		r.in.Source.Remark("no-time-column", "", 1)
	}
	return nil
}

// step is the shortest interval of Traffic Analytics. Numbers of intervals come
// again after 455 days.
const step = 10 * minute

const minute = int64(60e9)

func floor(at, unit int64) int64 { return at - (at%unit+unit)%unit }

// or is the first of two times that is known.
func or(a, b int64) int64 {
	if a == flow.NoTime {
		return b
	}
	return a
}

// time reads the time in a column, flow.NoTime if there is none.
func (r *rows) time(row *row, c column) (int64, error) {
	text := row.value(c)
	if text == "" {
		return flow.NoTime, nil
	}
	at, ok := r.dates.parse(text, row.slots[c].zone)
	if !ok {
		return 0, oddValue{"time", text}
	}
	return at, nil
}

// protocol reads that of a row, by letter, word or number.
func protocol(text string) (uint8, error) {
	switch strings.ToUpper(text) {
	case "T", "TCP", "6":
		return 6, nil
	case "U", "UDP", "17":
		return 17, nil
	case "ICMP", "1":
		return 1, nil
	}
	return 0, oddValue{"protocol", text}
}

// port reads a port, which TCP and UDP have.
func (r *rows) port(row *row, c column, proto uint8) (uint16, error) {
	n, known, err := row.number(c, "port")
	switch {
	case err != nil:
		return 0, err
	case n > 65535, !known && proto != 1:
		return 0, oddValue{"port", row.get(c)}
	}
	return uint16(n), nil
}

// direction reads the words that rows have and the letters that documents say.
func direction(text string) flow.Direction {
	switch strings.ToLower(text) {
	case "i", "in", "inbound":
		return flow.Inbound
	case "o", "out", "outbound":
		return flow.Outbound
	}
	return flow.DirectionUnknown
}

func state(text string) flow.State {
	switch strings.ToLower(text) {
	case "a", "allow", "allowed":
		return flow.Continue
	case "d", "deny", "denied":
		return flow.Deny
	}
	return flow.StateUnknown
}

// ends reads the addresses of a row. Those of public peers are folded: their side
// has none, and a list. In schema 1 the own side has a column of its own, and the
// direction says which side that is.
func ends(row *row, a *sum) (err error) {
	if a.record.Src, err = address(row, colSrc); err != nil {
		return err
	}
	if a.record.Dst, err = address(row, colDst); err != nil {
		return err
	}
	a.from, a.to = entriesOf(row.value(colSrcPublic)), entriesOf(row.value(colDstPublic))
	own, err := address(row, colOwn)
	if err != nil {
		return err
	}
	peers := entriesOf(row.value(colPublic))
	if own.IsZero() && len(peers) == 0 || !a.record.Src.IsZero() || !a.record.Dst.IsZero() {
		return nil
	}
	if a.record.Direction == flow.Inbound {
		a.record.Dst, a.from = own, peers
	} else {
		a.record.Src, a.to = own, peers
	}
	return nil
}

// address reads one, or none.
func address(row *row, c column) (flow.Addr, error) {
	text := row.value(c)
	if text == "" {
		return flow.Addr{}, nil
	}
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return flow.Addr{}, oddValue{"address", text}
	}
	return flow.AddrOf(ip), nil
}

// flows reads how many flows began. The status says what became of them; flows of
// the other kind, if there are any, are told apart.
func (a *sum) flows(r *rows, row *row) error {
	var allowed, denied uint64
	some := false
	for _, c := range []struct {
		column
		to *uint64
	}{{colAllowedIn, &allowed}, {colAllowedOut, &allowed}, {colDeniedIn, &denied}, {colDeniedOut, &denied}} {
		n, known, err := row.number(c.column, "number of flows")
		if err != nil {
			return err
		}
		some = some || known
		*c.to += n
	}
	if !some {
		n, known, err := row.number(colFlowCount, "number of flows")
		if err != nil {
			return err
		}
		if !known {
			r.in.Source.Remark("no-flow-counts", "", 1)
		}
		allowed = n
		if a.record.Denied() {
			allowed, denied = 0, n
		}
	}
	a.record.Begins, a.opposite = clip(allowed), denied
	if a.record.Denied() {
		a.record.Begins, a.opposite = clip(denied), allowed
	}
	return nil
}

func clip(n uint64) uint32 { return uint32(min(n, 1<<32-1)) }

// around reads where a row was seen, and by which rule.
func (r *rows) around(row *row, rec *flow.Record) {
	rec.Point = r.mac(row.value(colMAC))
	rec.Log = r.id(logID(row.value(colFlowLog)))
	rec.ACL, rec.Rule = r.id(row.value(colACL)), r.id(row.get(colRule))
	if nsg := row.value(colNSG); nsg != "" {
		id := nsgID(nsg)
		rec.Log, rec.ACL = cmpID(rec.Log, r.id(strings.ToUpper(id))), cmpID(rec.ACL, r.id(id))
	}
	if rec.Rule == 0 {
		rec.Rule = r.ruleOf(row.value(colRules))
	}
	if text := row.value(colEncryption); text != "" {
		rec.Encryption = encryption(r.in.Names, text)
	}
}

func cmpID(a, b flow.ID) flow.ID {
	if a == 0 {
		return b
	}
	return a
}

// ruleOf is the rule that schema 1 lists: index|rule|direction|status|flows.
func (r *rows) ruleOf(list string) flow.ID {
	rules := strings.Fields(list)
	if len(rules) > 1 {
		r.in.Source.Remark("several-rules", "", 1)
		return 0
	}
	if parts := strings.Split(list, "|"); len(parts) > 1 {
		return r.id(parts[1])
	}
	return 0
}

// mac is a MAC as flow logs write it.
func (r *rows) mac(text string) flow.ID {
	hex := strings.ToUpper(strings.NewReplacer("-", "", ":", "", ".", "").Replace(text))
	if len(hex) != 12 || strings.Trim(hex, "0123456789ABCDEF") != "" {
		return 0
	}
	return r.id(hex)
}

// logID is the id of a flow log as flow logs write it: rows have its parts.
func logID(text string) string {
	p := strings.Split(strings.Trim(text, "/"), "/")
	if len(p) != 4 {
		return strings.ToUpper(text)
	}
	return strings.ToUpper("/subscriptions/" + p[0] + "/resourceGroups/" + p[1] + "/providers/Microsoft.Network/networkWatchers/" + p[2] + "/flowLogs/" + p[3])
}

// nsgID is the id of a network security group.
func nsgID(text string) string {
	p := strings.Split(strings.Trim(text, "/"), "/")
	if len(p) != 3 {
		return text
	}
	return "/subscriptions/" + p[0] + "/resourceGroups/" + p[1] + "/providers/Microsoft.Network/networkSecurityGroups/" + p[2]
}

// encryption is the state that words stand for, or a token of a flow log.
func encryption(n *flow.Names, text string) flow.Encryption {
	switch strings.ToLower(text) {
	case "encrypted":
		return flow.Encrypted
	case "unencrypted":
		return flow.NotEncrypted
	case "unsupported hardware":
		return flow.NoHardware
	case "software not ready":
		return flow.NotReady
	case "drop due to no encryption":
		return flow.NotAccepted
	case "discovery not supported":
		return flow.NotSupported
	case "destination on same host":
		return flow.LocalDestination
	case "fall back to no encryption":
		return flow.Fallback
	}
	return n.Encryption([]byte(text))
}

// within reports whether a row counts: its interval and the window have some time
// in common.
func (r *rows) within(rec *flow.Record, start, end int64) bool {
	r.in.Source.Records++
	if r.in.End == 0 || start == flow.NoTime {
		return true
	}
	end = max(or(end, start), start+1)
	if end <= r.in.Start || start >= r.in.End {
		r.in.Source.Outside++
		return false
	}
	if start < r.in.Start || end > r.in.End {
		r.in.Source.Remark("interval-crosses-window", "", 1)
	}
	return true
}
