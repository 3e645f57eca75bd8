package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/flow"
	"flowctl/collectors/summary"
)

// biggest is who sent whom the most, in one sentence.
func biggest(doc *summary.Document) string {
	t := doc.Answer
	if t == nil {
		return nothing(doc)
	}
	from := end(cmp.Or(t.From.VM, hostName(doc, t.From.Address), t.From.Host), t.From.Address)
	to := end(cmp.Or(t.To.VM, hostName(doc, t.To.Address), t.To.Host), t.To.Address)
	s := fmt.Sprintf("%s sent %s to %s", from, terminal.Bytes(t.IPBytes), to)
	if t.To.Scope == "internet" && t.From.Scope != "internet" {
		s += " on the internet"
	}
	s += " over " + Port(t.Protocol, t.Port, t.Service)
	if t.Share != nil {
		s += ", " + Share(t.Share) + " of all bytes"
	}
	return terminal.Escape(s) + "."
}

// nothing is the answer where no traffic was measured.
func nothing(doc *summary.Document) string {
	switch {
	case doc.Total.Denied.N > 0 && doc.Total.Denied.N == doc.Total.Flows:
		return fmt.Sprintf("Everything that was seen was denied: %s.", Many(doc.Total.Denied.N, "flow"))
	case doc.Total.Flows > 0:
		return fmt.Sprintf("How much was sent was not measured; %s, %s of them denied.", Many(doc.Total.Flows, "flow"), figure(doc.Total.Denied, Count))
	case doc.Total.Packets.Known && doc.Total.Packets.N > 0:
		return fmt.Sprintf("No IP traffic, but %s of other protocols.", Many(doc.Total.Packets.N, "frame"))
	}
	return silence(doc)
}

// silence says what it means that there is no traffic: that a source saw none is a
// measurement, and that there is no source is none.
func silence(doc *summary.Document) string {
	gaps, m := "", doc.Minutes
	if m != nil && m.Counts.Gaps() > 0 {
		gaps = fmt.Sprintf(" %s are missing.", Many(uint64(m.Counts.Gaps()), "interface-minute"))
	}
	switch {
	case len(doc.Sources) == 0:
		return "Nothing was recorded: there is no file to answer from, and what traffic there was is not known."
	case !slices.ContainsFunc(doc.Sources, listened):
		return "Nothing was recorded that can be read: what traffic there was is not known."
	case m != nil && m.Recorded == 0 && !slices.ContainsFunc(doc.Sources, captured):
		return "Nothing was recorded in this time: what traffic there was is not known." + gaps
	case gaps != "":
		return "No traffic was seen in what was recorded." + gaps
	}
	return "No traffic was seen."
}

// listened reports whether a source recorded anything, or could have: a capture without
// a packet saw none, and a flow log without a record says nothing.
func listened(s summary.Source) bool { return s.Records > 0 || captured(s) && s.Status == flow.OK }

func captured(s summary.Source) bool {
	return slices.Contains([]flow.Kind{flow.Pcap, flow.Pcapng, flow.Snoop, flow.NetMon, flow.EventTrace}, s.Kind)
}

// Fact is a labelled line about the whole.
type Fact struct{ Label, Text string }

// Facts are the lines about the whole.
func Facts(doc *summary.Document) []Fact {
	t := doc.Total
	total := []string{}
	if t.IPBytes.Known {
		total = append(total, terminal.Bytes(t.IPBytes.N))
	}
	if t.Bytes.Known {
		total = append(total, terminal.Bytes(t.Bytes.N)+" on the wire")
	}
	if t.Packets.Known {
		total = append(total, Many(t.Packets.N, "packet"))
	}
	total = append(total, Many(t.Conversations, "conversation"), Many(t.Flows, "flow"))
	if t.Denied.N > 0 {
		total[len(total)-1] += fmt.Sprintf(" (%s denied)", Count(t.Denied.N))
	}
	facts := []Fact{}
	if doc.Simulated {
		facts = append(facts, Fact{"Data", "simulated by flowctl's sandbox, of no real network"})
	}
	facts = append(facts, Fact{"Total", strings.Join(total, ", ")}, Fact{"Time", Span(t.First, t.Last)}, Fact{"Sources", sources(doc)})
	if m := doc.Merged; m.Conversations > 0 {
		s := Many(m.Conversations, "conversation") + " seen at more than one point, counted once"
		if m.IPBytes.Known {
			s += fmt.Sprintf(" (%s in %s left out)", terminal.Bytes(m.IPBytes.N), Many(m.Records, "record"))
		} else {
			s += fmt.Sprintf(" (%s left out)", Many(m.Records, "record"))
		}
		facts = append(facts, Fact{"Merged", s})
	}
	return facts
}

// sources counts what was read by how it went.
func sources(doc *summary.Document) string {
	n := map[flow.Status]uint64{}
	var all, records, empty uint64
	for _, s := range doc.Sources {
		files := uint64(max(1, s.Files))
		n[s.Status] += files
		all += files
		records += s.Records
		if s.Records == 0 && s.Status == flow.OK {
			empty += files
		}
	}
	s := fmt.Sprintf("%s, %s", Many(all, "source"), Many(records, "record"))
	if empty > 0 {
		s += fmt.Sprintf(", %s empty", Count(empty))
	}
	for _, st := range []flow.Status{flow.Truncated, flow.Corrupt, flow.Unreadable} {
		if n[st] > 0 {
			s += fmt.Sprintf(", %s %s", Count(n[st]), st)
		}
	}
	return s
}
