package summary

import (
	"fmt"
	"slices"
	"strings"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
)

// facts are what flows say about what is not known of them.
type facts struct {
	guessed   uint64 // flows whose initiator was guessed
	counted   uint64 // flows of flow logs with traffic
	unstarted uint64 // of these: no beginning is recorded
	unended   uint64 // flows of flow logs that began and of which no end is recorded
	uncounted uint64 // allowed flows of flow logs without any counter
	untold    uint64 // records that are not of one step of time
	bothEnds  uint64 // rows of sums that the other end had too
	tunnelled uint64 // IP bytes of tunnels whose packets carry others
	points    []bool // by number: a row was seen there
}

// see notes where a row was seen.
func (f *facts) see(s *enriched) {
	for len(f.points) <= s.point.number {
		f.points = append(f.points, false)
	}
	f.points[s.point.number] = true
	if s.point.Tunnel.Carries() && !s.outside() {
		f.tunnelled += s.row.Sent.IPBytes + s.row.Received.IPBytes
	}
	if s.point.Step == aggregate.Untold {
		f.untold += uint64(s.row.Records)
	}
}

// row takes a row that tells all of its flow.
func (f *facts) row(r *aggregate.Row, at *point) {
	if r.Marks&(aggregate.Guessed|aggregate.Opened) == aggregate.Guessed {
		f.guessed++
	}
	if at.Class < aggregate.Capture && at.Verdict != aggregate.Denied {
		f.log(r.Marks, r.Begins > 0)
	}
}

// flow takes all rows of a flow.
func (f *facts) flow(rows []*enriched) {
	var all, logs aggregate.Marks
	var logged, begun, refused bool
	for _, s := range rows {
		if s.outside() {
			continue
		}
		all |= s.row.Marks
		refused = refused || s.point.Verdict == aggregate.Denied
		if s.point.Class < aggregate.Capture && s.point.Verdict != aggregate.Denied {
			logged = true
			logs |= s.row.Marks
			begun = begun || s.row.Begins > 0
		}
	}
	if all&(aggregate.Guessed|aggregate.Opened) == aggregate.Guessed {
		f.guessed++
	}
	if logged && !refused {
		f.log(logs, begun)
	}
}

// log takes what flow logs say of a flow.
func (f *facts) log(marks aggregate.Marks, begun bool) {
	switch {
	case marks&aggregate.MeasuredPackets == 0:
		f.uncounted++
	default:
		f.counted++
		f.unstarted += uint64(number(!begun))
	}
	f.unended += uint64(number(begun && marks&aggregate.Ended == 0))
}

// coverage says what this run could not see, as far as it applies.
func (b *builder) coverage(t *aggregate.Table, doc *Document, o Options) []Coverage {
	var list []Coverage
	say := func(code, format string, args ...any) {
		list = append(list, Coverage{Code: code, Text: fmt.Sprintf(format, args...)})
	}
	if doc.Minutes != nil {
		say("minutes", "%s", doc.Minutes)
	}
	logs, captures, sums := kinds(o.Sources)
	if logs > 0 {
		b.logCoverage(t, doc, say)
	}
	if captures > 0 {
		say("captures-see-the-machine", "A capture records at the machine: what a rule dropped on the way in never reached it, and what it sent is recorded even if a rule dropped it afterwards. Captures name neither rule nor verdict.")
	}
	if sums > 0 {
		b.sumCoverage(logs > 0, say)
	}
	remarkCoverage(o.Sources, say)
	if logs > 0 && captures > 0 && !doc.Total.Bytes.Known {
		say("no-frame-bytes-in-total", "Only captures measure frame bytes, so the total has none; the captures' own totals are with the sources.")
	}
	if b.facts.tunnelled > 0 {
		say("tunnel-outside", "%d IP bytes went through tunnels and count between the tunnels' ends; what is inside is not read. Where the inner packets were captured as well, as at all interfaces of a machine, they count once more.", b.facts.tunnelled)
	}
	if b.facts.guessed > 0 {
		say("initiator-guessed", "Of %s the beginning was not seen; who opened them was guessed from the ports.", count(b.facts.guessed, "flow"))
	}
	if t.FlowLogs.Untimed > 0 {
		say("no-time", "%s no time; they count in the totals but not in the timeline.", has(t.FlowLogs.Untimed, "record"))
	}
	if b.facts.untold > 0 {
		say("time-too-coarse", "%s no time, or one that is of several of the steps that are asked for; in rows by time they stand without one.", has(b.facts.untold, "record"))
	}
	repeatCoverage(o.Repeats, say)
	if u := &b.uncut; u.flows > 0 {
		say("undecided", "Of %s that several points saw at different times it is not known what each saw when; the most that one saw counts, and what the others saw does not: %s IP bytes.",
			count(u.flows, "flow"), known(u.sum.IPBytes, u.sum.Marks.IPBytes()))
	}
	if u := b.turns; u.flows > 0 {
		say("logs-in-turns", "Of %s several points saw a part each, and flow logs count at times of their own: up to %d IP bytes may count twice, or not at all.", count(u.flows, "flow"), u.ipBytes)
	}
	if u := b.clocks; u.flows > 0 {
		say("clocks-apart", "Of %s two captures saw the beginning and the end equally far apart: if their clocks differ by that, up to %d IP bytes count twice.", count(u.flows, "flow"), u.ipBytes)
	}
	b.sourceCoverage(o.Sources, say)
	b.nameCoverage(say)
	return list
}

// silent reports whether s was read and held nothing.
func silent(s *flow.Source) bool { return s.Records == 0 && !s.Copy && s.Status != flow.Unreadable }

type sayer func(code, format string, args ...any)

func (b *builder) logCoverage(t *aggregate.Table, doc *Document, say sayer) {
	say("no-icmp", "Flow logs hold TCP and UDP only: pings and every other protocol are not in them.")
	if !doc.Total.Bytes.Known {
		say("ip-bytes-only", "Flow logs count the bytes of IP packets, not of frames on the wire.")
	}
	if b.facts.unstarted > 0 {
		say("window-start", "%d of %s that flow logs counted have no recorded beginning: their first counters can cover up to 5 minutes before the first record.",
			b.facts.unstarted, count(b.facts.counted, "flow"))
	}
	if b.facts.unended > 0 {
		say("window-end", "%s without a recorded end: what flowed after the last counters, up to 5 minutes of each, is missing.",
			was(b.facts.unended, "flow that began is", "flows that began are"))
	}
	if b.facts.uncounted > 0 {
		say("no-counters", "Of %s only the beginning is recorded: how much was sent is not known.", count(b.facts.uncounted, "allowed flow"))
	}
	if doc.Total.Denied.N > 0 {
		say("denied-uncounted", "Denied flows have no counters: %s recorded, their packets and bytes are not.", was(doc.Total.Denied.N, "flow is", "flows are"))
	}
}

func (b *builder) sourceCoverage(sources []flow.Source, say sayer) {
	status := func(s flow.Status) func(*flow.Source) bool {
		return func(src *flow.Source) bool { return src.Status == s }
	}
	for _, s := range []struct {
		is        func(*flow.Source) bool
		code      string
		one, many string
		text      string
	}{
		{status(flow.Truncated), "source-truncated", "source ends", "sources end", "%s before the end of a record; what came before is counted: %s."},
		{status(flow.Corrupt), "source-corrupt", "source is", "sources are", "%s damaged; what could be read is counted: %s."},
		{status(flow.Unreadable), "source-unreadable", "source is", "sources are", "%s unreadable, nothing of it is counted: %s."},
		{silent, "source-empty", "source holds", "sources hold", "%s no observation: %s."},
	} {
		var paths []string
		n := 0
		for i := range sources {
			if src := &sources[i]; s.is(src) {
				paths = append(paths, src.Path)
				n += max(1, src.Files)
			}
		}
		if n > 0 {
			say(s.code, s.text, was(uint64(n), s.one, s.many), some(paths, n))
		}
	}
}

func (b *builder) nameCoverage(say sayer) {
	p := b.naming.locator
	if !p.known() {
		say("no-inventory", "No inventory was at hand: addresses have no names, and a private address may lie in any network.")
		return
	}
	seen, vnets := map[int32]bool{}, map[int32]bool{}
	for i, there := range b.facts.points {
		if !there {
			continue
		}
		s := b.points[i]
		for _, n := range p.vms[s.vm].nics {
			seen[n] = seen[n] || s.Class == aggregate.Capture
		}
		if s.nic != 0 {
			seen[s.nic] = true
			if s.Class < aggregate.Capture {
				vnets[s.vnet] = true
			}
		}
	}
	var silent []string
	for i := 1; i < len(p.nics); i++ {
		if n := &p.nics[i]; vnets[n.vnet] && n.vnet != 0 && !seen[int32(i)] {
			silent = append(silent, n.name)
		}
	}
	slices.Sort(silent)
	if len(silent) > 0 {
		say("silent-interfaces", "%s no record although others of their VNet have: not logged, switched off or silent: %s.",
			has(uint64(len(silent)), "interface"), some(silent, len(silent)))
	}
}

// kinds counts sources of flow logs, of packets, and of sums that their source made.
func kinds(sources []flow.Source) (logs, captures, sums int) {
	for _, s := range sources {
		if s.Records == 0 {
			continue
		}
		for _, k := range s.Holding() {
			switch {
			case k.Log():
				logs++
			case k == flow.TrafficAnalytics, k == flow.AgentTable:
				sums++
			case k == flow.WorkspaceTable:
			default:
				captures++
			}
		}
	}
	return logs, captures, sums
}

func count(n uint64, one string) string { return was(n, one, one+"s") }

func has(n uint64, one string) string { return was(n, one+" has", one+"s have") }

func was(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// some names the first few of n, which can be more than there are names.
func some(names []string, n int) string {
	const few = 5
	first := names[:min(few, len(names))]
	if n == len(first) {
		return strings.Join(first, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(first, ", "), n-len(first))
}
