package report

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"flowctl/collectors/summary"
	"flowctl/plan/question"
)

// DisplayFilter is Wireshark's filter for the packets of a row, of both directions, and the
// fields of the row that no header of a packet says.
func DisplayFilter(doc *summary.Document, a *summary.Answer, r *summary.Row) (filter string, left []string) {
	var parts []string
	for i, f := range a.By {
		part, ok := filterOf(doc, f, r.Key[i])
		switch {
		case r.Key[i] == "":
		case !ok:
			left = append(left, f)
		default:
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " && "), left
}

// filterOf is the filter for a value of a field; ok is false if there is none.
func filterOf(doc *summary.Document, field, value string) (filter string, ok bool) {
	side, part, sided := strings.Cut(field, ".")
	switch {
	case field == "peer" || part == "address":
		return ofAddresses([]string{value})
	case field == "vm" || sided && (part == "vm" || part == "name"):
		return ofAddresses(addressesOf(doc, value))
	case field == "port" || part == "port":
		return fmt.Sprintf("(tcp.port == %s || udp.port == %[1]s)", value), true
	case field == "protocol":
		name := map[string]string{"TCP": "tcp", "UDP": "udp", "ICMP": "icmp", "IPv6-ICMP": "icmpv6", "GRE": "gre", "ESP": "esp", "ARP": "arp"}[value]
		return name, name != ""
	case field == "tls.server_name":
		return "tls.handshake.extensions_server_name == " + quoted(value), true
	case field == "http.host":
		return "http.host contains " + quoted(value), true
	case field == "dns.asked":
		name, _, _ := strings.Cut(value, ", ")
		return "dns.qry.name == " + quoted(name), true
	}
	if n, is := question.Step(side); is && !sided || strings.HasPrefix(field, "time(") {
		if !is {
			n, _ = question.Step(field)
		}
		if begin, err := time.Parse(time.RFC3339, value); err == nil {
			const form = "2006-01-02 15:04:05"
			return fmt.Sprintf("frame.time_utc >= \"%s\" && frame.time_utc < \"%s\"", begin.UTC().Format(form), begin.Add(time.Duration(n)*time.Second).UTC().Format(form)), true
		}
	}
	return "", false
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// ofAddresses is the filter for any of some addresses.
func ofAddresses(list []string) (string, bool) {
	var parts []string
	for _, text := range list {
		a, err := netip.ParseAddr(text)
		switch {
		case err != nil:
		case a.Is4():
			parts = append(parts, "ip.addr == "+text)
		default:
			parts = append(parts, "ipv6.addr == "+text)
		}
	}
	if len(parts) > 1 {
		return "(" + strings.Join(parts, " || ") + ")", true
	}
	return strings.Join(parts, ""), len(parts) > 0
}

// addressesOf are those that a machine or name has.
func addressesOf(doc *summary.Document, name string) (list []string) {
	for _, n := range doc.Names {
		if n.VM == name || n.VM == "" && n.Name == name {
			list = append(list, n.Address)
		}
	}
	return list
}
