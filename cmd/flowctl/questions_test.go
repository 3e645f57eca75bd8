package main

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// thirty are questions that an engineer has, with what one would ask a peer. The
// script questions.txtar has the right answer to each, under its number: that of a log
// small enough to work it out by hand, and, where there is one, that of right, which adds
// up made-up traffic before it is written to files.
var thirty = []struct {
	question, peer string
	right          func(*traffic) []row
}{
	{"Who sends the most?", "KQL: NTANetAnalytics | summarize sum(BytesSrcToDest) by SrcIp | top 1 by sum_BytesSrcToDest", func(t *traffic) []row {
		return most(sum(t.flows(nil), []string{"source.address"}, one(func(c counted) []string { return []string{c.src} }), "sent_ip_bytes"), "sent_ip_bytes", 1)
	}},
	{"Whom is this machine talking to?", "tshark -r a.pcap -q -z conv,ip,ip.addr==10.0.0.4", func(t *traffic) []row {
		return ends(t.flows(nil), func(here, there string, c counted) ([]string, bool) { return []string{there}, here == "10.0.0.4" }, "remote.address")
	}},
	{"What do we send to the internet, as Azure bills it?", "KQL: NTANetAnalytics | where FlowType in ('ExternalPublic', 'AzurePublic') | summarize sum(BytesSrcToDest) by SrcVm", func(t *traffic) []row {
		return ends(t.flows(nil), func(here, there string, c counted) ([]string, bool) { return []string{here}, public(there) }, "local.address")
	}},
	{"Which rule drops this traffic?", "az network watcher test-ip-flow --direction Inbound --protocol TCP --local 10.0.0.5:1433 --remote 10.0.0.9:40002 --vm vm", func(t *traffic) []row {
		return sum(those(t.flows(nil), func(c counted) bool { return c.denied() && c.dstPort == 1433 }), []string{"rule", "source.address"}, one(func(c counted) []string { return []string{c.rule, c.src} }), "denied", "flows", "ip_bytes")
	}},
	{"Which rule lets this traffic pass?", "az network nic list-effective-nsg -n nic -g rg", func(t *traffic) []row {
		return sum(those(t.flows(nil), func(c counted) bool { return !c.denied() && c.dstPort == 1433 }), []string{"rule"}, one(func(c counted) []string { return []string{c.rule} }), "ip_bytes", "sent_ip_bytes", "received_ip_bytes", "packets", "flows")
	}},
	{"What was denied, by destination port?", "KQL: NTANetAnalytics | where FlowStatus == 'Denied' | summarize count() by DestPort", func(t *traffic) []row {
		return sum(those(t.flows(nil), func(c counted) bool { return c.denied() }), []string{"port"}, one(func(c counted) []string { return []string{strconv.Itoa(c.dstPort)} }), "denied")
	}},
	{"Who scans?", "KQL: NTANetAnalytics | where FlowStatus == 'Denied' | summarize dcount(DestPort), dcount(DestIp) by SrcIp", func(t *traffic) []row {
		return sum(those(t.flows(nil), func(c counted) bool { return c.denied() && c.src == "198.51.100.66" }), []string{"destination.address", "port"}, one(func(c counted) []string { return []string{c.dst, strconv.Itoa(c.dstPort)} }), "denied", "ip_bytes")
	}},
	{"Is anything unencrypted between these networks?", "KQL: NTANetAnalytics | where FlowEncryption != 'Encrypted' and ipv4_is_in_range(DestIp, '10.0.0.0/8')", func(t *traffic) []row {
		return sum(those(t.flows(nil), func(c counted) bool {
			return c.encryption != "X" && netip.MustParsePrefix("10.0.0.0/8").Contains(netip.MustParseAddr(c.dst)) && !c.denied()
		}), []string{"source.address", "destination.address", "encryption"}, one(func(c counted) []string { return []string{c.src, c.dst, c.encryption} }), "ip_bytes", "sent_ip_bytes", "received_ip_bytes", "packets", "flows")
	}},
	{"How much is encrypted?", "KQL: NTANetAnalytics | summarize sum(BytesSrcToDest) by FlowEncryption", func(t *traffic) []row {
		return sum(t.flows(nil), []string{"encryption"}, one(func(c counted) []string { return []string{c.encryption} }), "ip_bytes", "sent_ip_bytes", "received_ip_bytes", "packets", "flows")
	}},
	{"Does anybody still speak plain HTTP?", "tshark -r a.pcap -Y http -T fields -e ip.src", func(t *traffic) []row {
		return sum(those(t.flows(nil), func(c counted) bool { return c.service() == "http" }), []string{"source.address"}, one(func(c counted) []string { return []string{c.src} }), "ip_bytes", "sent_ip_bytes", "received_ip_bytes", "packets", "flows")
	}},
	{"Which machines answer on 443?", "tshark -r a.pcap -Y 'tcp.srcport==443' -T fields -e ip.src | sort -u", func(t *traffic) []row {
		return ends(t.flows(nil), func(here, there string, c counted) ([]string, bool) {
			return []string{here}, c.dstPort == 443 && here == c.dst
		}, "local.address")
	}},
	{"Who opens RDP or SSH?", "KQL: NTANetAnalytics | where DestPort in (22, 3389) | summarize count() by SrcIp, FlowStatus", func(t *traffic) []row {
		return sum(those(t.flows(nil), func(c counted) bool { return c.dstPort == 22 || c.dstPort == 3389 }), []string{"source.address", "verdict"}, one(func(c counted) []string { return []string{c.src, c.verdict()} }), "flows", "denied")
	}},
	{"Which services are used most?", "KQL: NTANetAnalytics | summarize sum(BytesSrcToDest + BytesDestToSrc) by L7Protocol", func(t *traffic) []row {
		return sum(t.flows(nil), []string{"service"}, one(func(c counted) []string { return []string{c.service()} }), "ip_bytes", "sent_ip_bytes", "received_ip_bytes", "packets", "flows", "denied")
	}},
	{"How much DNS is there, and to which servers?", "tshark -r a.pcap -Y dns -q -z endpoints,ip", func(t *traffic) []row {
		return sum(those(t.flows(nil), func(c counted) bool { return c.service() == "dns" }), []string{"destination.address"}, one(func(c counted) []string { return []string{c.dst} }), "ip_bytes", "sent_ip_bytes", "received_ip_bytes", "packets", "flows")
	}},
	{"Does anything go past the platform's DNS?", "tshark -r a.pcap -Y 'dns && ip.dst!=168.63.129.16'", func(t *traffic) []row {
		return sum(those(t.flows(nil), func(c counted) bool { return c.service() == "dns" && c.dst != "168.63.129.16" }), []string{"destination.address"}, one(func(c counted) []string { return []string{c.dst} }), "ip_bytes", "sent_ip_bytes", "received_ip_bytes", "packets", "flows")
	}},
	{"Which conversations are over 1 MB?", "nfdump -R flows -A srcip,dstip 'bytes > 1M'", func(t *traffic) []row {
		rows := sum(t.flows(nil), []string{"source.address", "destination.address"}, one(func(c counted) []string { return []string{c.src, c.dst} }), "ip_bytes")
		return slices.DeleteFunc(rows, func(r row) bool { n, _ := strconv.Atoi(r["ip_bytes"]); return n <= 1000000 })
	}},
	{"Which sources were denied more than once?", "jq -r '.records[].flowRecords.flows[].flowGroups[].flowTuples[]' PT1H.json | grep ',D,' | cut -d, -f2 | sort | uniq -c", func(t *traffic) []row {
		rows := sum(t.flows(nil), []string{"source.address"}, one(func(c counted) []string { return []string{c.src} }), "denied")
		return slices.DeleteFunc(rows, func(r row) bool { n, _ := strconv.Atoi(r["denied"]); return n <= 1 })
	}},
	{"What did this machine talk about, and with whom?", "jq '.records[] | select(.macAddress==\"002248AAAA02\")' PT1H.json", func(t *traffic) []row {
		return ends(t.flows(nil), func(here, there string, c counted) ([]string, bool) {
			return []string{there, strconv.Itoa(c.dstPort)}, here == "10.0.0.5"
		}, "remote.address", "port")
	}},
	{"What came in from the internet and was let pass?", "KQL: NTANetAnalytics | where FlowDirection == 'Inbound' and FlowType == 'ExternalPublic' and FlowStatus == 'Allowed'", func(t *traffic) []row {
		return sum(those(t.flows(nil), func(c counted) bool { return public(c.src) && !c.denied() }), []string{"source.address", "destination.address", "port"}, one(func(c counted) []string { return []string{c.src, c.dst, strconv.Itoa(c.dstPort)} }), "ip_bytes", "sent_ip_bytes", "received_ip_bytes", "packets", "flows")
	}},
	{"When was it first and last seen?", "KQL: NTANetAnalytics | summarize min(FlowStartTime), max(FlowEndTime) by SrcIp", func(t *traffic) []row {
		return sum(t.flows(nil), []string{"source.address"}, one(func(c counted) []string { return []string{c.src} }), "first", "last")
	}},
	{"What happened in these ten seconds?", "editcap -A '2026-05-09 10:01:05' -B '2026-05-09 10:01:15' a.pcap b.pcap && tshark -r b.pcap -q -z conv,tcp", func(t *traffic) []row {
		window := t.flows(func(p tuple) bool { return p.minute >= 10 && p.minute < 20 })
		return sum(window, []string{"port"}, one(func(c counted) []string { return []string{strconv.Itoa(c.dstPort)} }), "ip_bytes", "packets", "flows")
	}},
	{"How much does one subnet send to another?", "KQL: NTANetAnalytics | summarize sum(BytesSrcToDest) by SrcSubnet, DestSubnet", func(t *traffic) []row {
		return sum(those(t.flows(nil), func(c counted) bool { return local(c.src) && local(c.dst) }), []string{"source.subnet", "destination.subnet"}, one(func(c counted) []string { return []string{subnetOf(c.src), subnetOf(c.dst)} }), "ip_bytes", "sent_ip_bytes", "received_ip_bytes", "packets", "flows")
	}},
	{"Does a security group decide about this traffic, or another?", "KQL: NTANetAnalytics | summarize count() by AclGroup, AclRule, FlowStatus", func(t *traffic) []row {
		return sum(those(t.flows(nil), func(c counted) bool { return c.dstPort == 1433 }), []string{"acl", "rule", "verdict"}, one(func(c counted) []string { return []string{"00000000-0000-4000-8000-000000000002", c.rule, c.verdict()} }), "flows")
	}},
	{"Was anything pinged?", "tshark -r a.pcap -Y icmp", func(t *traffic) []row {
		return inCapture(t, func(p packet) bool { return p.protocol == "ICMP" })
	}},
	{"Was anything denied, says a capture?", "(none: tshark finds no verdict and says nothing)", nil},
	{"Who talks to whom in a capture?", "tshark -r a.pcap -q -z conv,tcp", func(t *traffic) []row {
		return inCapture(t, func(p packet) bool { return true })
	}},
	{"Which TCP connections have trouble?", "tshark -r a.pcap -Y tcp.analysis.flags -q -z io,stat,0", nil},
	{"Is this file the same traffic as that one?", "(none: mergecap counts it twice)", func(t *traffic) []row {
		return inCapture(t, func(p packet) bool { return true })
	}},
	{"How much of what should have been recorded was?", "az storage blob list --prefix … -o table, and a count of the hours by hand", nil},
	{"Which flows can the answer not decide about?", "(none: an empty result)", nil},
	{"In which minutes was most sent?", "KQL: NTANetAnalytics | summarize sum(BytesSrcToDest) by bin(FlowStartTime, 5m)", func(t *traffic) []row {
		sums := map[string][2]uint64{}
		for _, c := range t.flows(nil) {
			for _, p := range t.tuples {
				if p.srcPort == c.srcPort && p.nic == c.nic {
					step := p.at().Truncate(5 * time.Minute).Format(time.RFC3339)
					v := sums[step]
					sums[step] = [2]uint64{v[0] + p.counted[1], v[1] + p.counted[3]}
				}
			}
		}
		var out []row
		for step, v := range sums {
			out = append(out, row{"time(5m)": step, "sent_ip_bytes": number(v[0]), "received_ip_bytes": number(v[1])})
		}
		return out
	}},
	{"Which connections lasted longest?", "nfdump -R flows -O duration -n 5", func(t *traffic) []row {
		var rows []row
		for _, c := range t.flows(nil) {
			rows = append(rows, row{"source.port": strconv.Itoa(c.srcPort), "duration_seconds": number(uint64(c.last.Sub(c.first).Seconds()))})
		}
		return slices.DeleteFunc(rows, func(r row) bool { n, _ := strconv.Atoi(r["duration_seconds"]); return n < 240 })
	}},
	{"What do the machines send, by their names?", "KQL: NTANetAnalytics | summarize sum(BytesSrcToDest) by SrcVm", func(t *traffic) []row {
		names := map[string]string{}
		for _, m := range machines {
			names[m.address] = m.vm
		}
		return ends(t.flows(nil), func(here, there string, c counted) ([]string, bool) { return []string{names[here]}, true }, "local.vm")
	}},
	{"What is new, and what is gone?", "(none: two exports and diff)", nil},
	{"Which servers do clients ask for over TLS?", "tshark -r a.pcap -Y tls.handshake.extensions_server_name -T fields -e ip.dst -e tls.handshake.extensions_server_name", nil},
	{"Which names fail to resolve?", "tshark -r a.pcap -Y 'dns.flags.rcode == 3' -T fields -e dns.qry.name | sort | uniq -c", nil},
	{"Which connections lose segments, or are reset?", "tshark -r a.pcap -Y 'tcp.analysis.retransmission || tcp.flags.reset == 1' -T fields -e tcp.stream | sort | uniq -c", nil},
	{"Which cost centre sends most?", "az graph query -q \"resources | project name, tags['cost-center']\", and a join by hand", nil},
}

// TestThirtyQuestions wants the script to answer each of the questions.
func TestThirtyQuestions(t *testing.T) {
	script, err := os.ReadFile("testdata/script/questions.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(thirty) < 30 {
		t.Errorf("%d questions", len(thirty))
	}
	for i, q := range thirty {
		_, rest, found := strings.Cut(string(script), fmt.Sprintf("\n# %d. %s", i+1, strings.TrimSuffix(q.question, "?")))
		answer, _, _ := strings.Cut(rest, "\n# ")
		if !found || q.peer == "" || q.right != nil && !strings.Contains(answer, fmt.Sprintf("\nright %d ", i+1)) || !strings.Contains(answer, "exec flowctl ") || !strings.Contains(answer, "stdout '") {
			t.Errorf("the script does not answer question %d: %s", i+1, q.question)
		}
	}
}
