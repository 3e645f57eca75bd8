package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// thirty are questions that an engineer has, with what one would ask a peer. The
// script questions.txtar has the right answer to each, under its number.
var thirty = []struct{ question, peer string }{
	{"Who sends the most?", "KQL: NTANetAnalytics | summarize sum(BytesSrcToDest) by SrcIp | top 1 by sum_BytesSrcToDest"},
	{"Whom is this machine talking to?", "tshark -r a.pcap -q -z conv,ip,ip.addr==10.0.0.4"},
	{"What do we send to the internet, as Azure bills it?", "KQL: NTANetAnalytics | where FlowType in ('ExternalPublic', 'AzurePublic') | summarize sum(BytesSrcToDest) by SrcVm"},
	{"Which rule drops this traffic?", "az network watcher test-ip-flow --direction Inbound --protocol TCP --local 10.0.0.5:1433 --remote 10.0.0.9:40002 --vm vm"},
	{"Which rule lets this traffic pass?", "az network nic list-effective-nsg -n nic -g rg"},
	{"What was denied, by destination port?", "KQL: NTANetAnalytics | where FlowStatus == 'Denied' | summarize count() by DestPort"},
	{"Who scans?", "KQL: NTANetAnalytics | where FlowStatus == 'Denied' | summarize dcount(DestPort), dcount(DestIp) by SrcIp"},
	{"Is anything unencrypted between these networks?", "KQL: NTANetAnalytics | where FlowEncryption != 'Encrypted' and ipv4_is_in_range(DestIp, '10.0.0.0/8')"},
	{"How much is encrypted?", "KQL: NTANetAnalytics | summarize sum(BytesSrcToDest) by FlowEncryption"},
	{"Does anybody still speak plain HTTP?", "tshark -r a.pcap -Y http -T fields -e ip.src"},
	{"Which machines answer on 443?", "tshark -r a.pcap -Y 'tcp.srcport==443' -T fields -e ip.src | sort -u"},
	{"Who opens RDP or SSH?", "KQL: NTANetAnalytics | where DestPort in (22, 3389) | summarize count() by SrcIp, FlowStatus"},
	{"Which services are used most?", "KQL: NTANetAnalytics | summarize sum(BytesSrcToDest + BytesDestToSrc) by L7Protocol"},
	{"How much DNS is there, and to which servers?", "tshark -r a.pcap -Y dns -q -z endpoints,ip"},
	{"Does anything go past the platform's DNS?", "tshark -r a.pcap -Y 'dns && ip.dst!=168.63.129.16'"},
	{"Which conversations are over 1 MB?", "nfdump -R flows -A srcip,dstip 'bytes > 1M'"},
	{"Which sources were denied more than once?", "jq -r '.records[].flowRecords.flows[].flowGroups[].flowTuples[]' PT1H.json | grep ',D,' | cut -d, -f2 | sort | uniq -c"},
	{"What did an interface see?", "jq '.records[] | select(.macAddress==\"002248AAAA01\")' PT1H.json"},
	{"What came in from the internet and was let pass?", "KQL: NTANetAnalytics | where FlowDirection == 'Inbound' and FlowType == 'ExternalPublic' and FlowStatus == 'Allowed'"},
	{"When was it first and last seen?", "KQL: NTANetAnalytics | summarize min(FlowStartTime), max(FlowEndTime) by SrcIp"},
	{"What happened in these ten seconds?", "editcap -A '2026-05-09 10:01:05' -B '2026-05-09 10:01:15' a.pcap b.pcap && tshark -r b.pcap -q -z conv,tcp"},
	{"How much does one subnet send to another?", "KQL: NTANetAnalytics | summarize sum(BytesSrcToDest) by SrcSubnet, DestSubnet"},
	{"Does a security group decide about this traffic, or another?", "KQL: NTANetAnalytics | summarize count() by AclGroup, AclRule, FlowStatus"},
	{"Was anything pinged?", "tshark -r a.pcap -Y icmp"},
	{"Was anything denied, says a capture?", "(none: tshark finds no verdict and says nothing)"},
	{"Who talks to whom in a capture?", "tshark -r a.pcap -q -z conv,tcp"},
	{"Which TCP connections have trouble?", "tshark -r a.pcap -Y tcp.analysis.flags -q -z io,stat,0"},
	{"Is this file the same traffic as that one?", "(none: mergecap counts it twice)"},
	{"How much of what should have been recorded was?", "az storage blob list --prefix … -o table, and a count of the hours by hand"},
	{"Which flows can the answer not decide about?", "(none: an empty result)"},
}

// TestThirtyQuestions wants the script to answer each of the questions.
func TestThirtyQuestions(t *testing.T) {
	script, err := os.ReadFile("testdata/script/questions.txtar")
	if err != nil {
		t.Fatal(err)
	}
	if len(thirty) != 30 {
		t.Errorf("%d questions", len(thirty))
	}
	for i, q := range thirty {
		_, rest, found := strings.Cut(string(script), fmt.Sprintf("\n# %d. %s", i+1, strings.TrimSuffix(q.question, "?")))
		answer, _, _ := strings.Cut(rest, "\n# ")
		if !found || q.peer == "" || !strings.Contains(answer, "exec flowctl ") || !strings.Contains(answer, "stdout '") {
			t.Errorf("the script does not answer question %d: %s", i+1, q.question)
		}
	}
}
