package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
	"flowctl/plan/question"
)

// Sentence heads a document: the answer to the first question, or who sent whom
// the most where nothing was asked.
func Sentence(doc *summary.Document) string {
	if len(doc.Asks) == 0 {
		return biggest(doc)
	}
	a := &doc.Asks[0]
	return terminal.Escape(a.Name+": ") + sentence(doc, a)
}

// sentence is the answer to a question: what its first row says.
func sentence(doc *summary.Document, a *summary.Answer) string {
	if len(a.Rows) == 0 {
		return outcome(a)
	}
	r := &a.Rows[0]
	s := newRowWords(doc, a, r).said(r)
	if r.Share != nil && r.IPBytes.Known {
		s += ", " + Share(r.Share) + " of all bytes"
	}
	if r.Cost != nil {
		s = costly(doc, a, r, s)
	}
	s += since(doc, r)
	if a.Groups > 1 {
		s += "; the first of " + Count(a.Groups) + " rows"
	}
	return terminal.Escape(s) + "."
}

// since is when a row was seen first, with the day where the whole is of several.
func since(doc *summary.Document, r *summary.Row) string {
	if !r.First.Known() || r.First <= 0 {
		return ""
	}
	form := "15:04:05"
	if first, last := doc.Total.First, doc.Total.Last; !first.Known() || !last.Known() || first.Time().Format(time.DateOnly) != last.Time().Format(time.DateOnly) {
		form = "2006-01-02 15:04:05"
	}
	return ", since " + r.First.Time().Format(form) + " UTC"
}

// rowWords are the values of a row as they stand in a sentence; empty for none.
type rowWords struct{ from, to, over, by, with string }

// Fields that name one side of a flow, the most telling first.
var (
	fromFields = []string{"local.vm", "source.vm", "vm", "local.name", "source.name", "local.address", "source.address", "local.nic", "source.nic", "nic",
		"local.subnet", "source.subnet", "local.vnet", "source.vnet", "local.region", "source.region", "local.scope", "source.scope"}
	toFields = []string{"remote.vm", "destination.vm", "remote.name", "destination.name", "remote.address", "destination.address", "peer", "remote.nic", "destination.nic",
		"remote.subnet", "destination.subnet", "remote.vnet", "destination.vnet", "remote.azure_service", "destination.azure_service", "remote.service_tag", "destination.service_tag", "remote.region", "destination.region", "remote.scope", "destination.scope", "scope"}
)

func newRowWords(doc *summary.Document, a *summary.Answer, r *summary.Row) rowWords {
	values := map[string]string{}
	for i, f := range a.By {
		values[f] = r.Key[i]
	}
	w := rowWords{from: side(doc, values, fromFields), to: side(doc, values, toFields), over: over(values)}
	if rule := values["rule"]; rule != "" {
		w.by = " by " + rule
	}
	for _, f := range a.By {
		if _, ok := question.Step(f); ok && values[f] != "" {
			w.with += " in " + f + " from " + values[f]
		}
	}
	for _, f := range []string{"direction", "verdict", "encryption", "acl", "tunnel"} {
		if v := values[f]; v != "" {
			w.with += ", " + f + " " + v
		}
	}
	return w
}

// side names one side of a row, with its address if that is known.
func side(doc *summary.Document, values map[string]string, fields []string) string {
	name, address := "", ""
	for _, f := range fields {
		switch v := values[f]; {
		case v == "" || strings.HasPrefix(v, "<"): // what stands for those without
		case strings.HasSuffix(f, ".address") || f == "peer":
			if address == "" {
				address = v
			}
		case name == "":
			name = v
		}
	}
	switch {
	case address == "":
		return name
	case name == "":
		name = hostName(doc, address)
	}
	return end(name, address)
}

// hostName is what an address is called: by the inventory, else by a dictionary, else as
// captures showed it. Of several names that they showed none is the address's alone.
func hostName(doc *summary.Document, address string) string {
	i := slices.IndexFunc(doc.Names, func(n summary.Name) bool { return n.Address == address })
	if i < 0 {
		return ""
	}
	n := &doc.Names[i]
	switch name := cmp.Or(n.VM, n.Name); {
	case name != "" || len(n.Hosts) == 0:
		return name
	case others(n.Hosts) > 0:
		return fmt.Sprintf("%s or %s", n.Hosts[0].Name, Many(uint64(others(n.Hosts)), "other name"))
	}
	return n.Hosts[0].Name
}

// others is how many names there are besides the first.
func others(hosts []summary.Host) (n int) {
	for i, h := range hosts {
		if !slices.ContainsFunc(hosts[:i], func(o summary.Host) bool { return o.Name == h.Name }) {
			n++
		}
	}
	return n - 1
}

// over names the service of a row.
func over(values map[string]string) string {
	first := func(fields ...string) string {
		for _, f := range fields {
			if values[f] != "" {
				return values[f]
			}
		}
		return ""
	}
	service, protocol := first("service", "destination.service"), first("protocol")
	port, _ := strconv.ParseUint(first("port", "destination.port", "remote.port", "local.port"), 10, 16)
	switch {
	case protocol != "":
		return " over " + Port(protocol, uint16(port), service)
	case port != 0 && service != "":
		return " over port " + strconv.FormatUint(port, 10) + " (" + service + ")"
	case port != 0:
		return " over port " + strconv.FormatUint(port, 10)
	case service != "":
		return " over " + service
	}
	return ""
}

// said is what a row counted, in words.
func (w rowWords) said(r *summary.Row) string {
	sent, received := r.Sent.IPBytes, r.Received.IPBytes
	if r.Left != nil {
		sent, received = r.Left.IPBytes, r.Arrived.IPBytes
	}
	switch {
	case r.Denied.N > 0 && r.Denied.N == r.Flows:
		verb := " were denied"
		if r.Denied.N == 1 {
			verb = " was denied"
		}
		return Many(r.Denied.N, "flow") + w.way() + w.over + verb + w.by + w.with
	case !r.IPBytes.Known:
		return Many(r.Flows, "flow") + w.way() + w.over + w.by + w.with + "; how much was sent was not measured"
	case w.from == "" && w.to == "":
		return terminal.Bytes(r.IPBytes.N) + w.over + " in " + Many(r.Flows, "flow") + w.by + w.with
	case w.from == "":
		return terminal.Bytes(r.IPBytes.N) + w.over + " in " + Many(r.Flows, "flow") + " with " + w.to + w.by + w.with
	case sent.N < received.N && sent.Known && received.Known:
		return w.from + " got " + terminal.Bytes(received.N) + prefixed(" from ", w.to) + w.over + w.by + w.with
	}
	return w.from + " sent " + figure(sent, terminal.Bytes) + prefixed(" to ", w.to) + w.over + w.by + w.with
}

// way is from whom to whom.
func (w rowWords) way() string { return prefixed(" from ", w.from) + prefixed(" to ", w.to) }

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}
