package collectors

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/summary"
)

// ntaColumns are those of the rows that tests make.
var ntaColumns = []string{"TimeGenerated", "SubType", "FaSchemaVersion", "FlowIntervalStartTime", "FlowIntervalEndTime", "FlowStartTime", "FlowEndTime", "FlowType", "SrcIp", "DestIp",
	"DestPort", "L4Protocol", "FlowDirection", "FlowStatus", "MacAddress", "FlowLogResourceId", "FlowEncryption", "AclGroup", "AclRule", "AllowedInFlows", "DeniedInFlows",
	"AllowedOutFlows", "DeniedOutFlows", "PacketsSrcToDest", "PacketsDestToSrc", "BytesSrcToDest", "BytesDestToSrc", "SrcPublicIps", "DestPublicIps", "Type"}

type ntaRow map[string]string

// nta is a row of an hour of 25 August 2026, of a conversation that began at a VM.
func nta(hour int, with ...string) ntaRow {
	at := func(h, m int) string { return time.Date(2026, 8, 25, h, m, 0, 0, time.UTC).Format(time.RFC3339) }
	r := ntaRow{"TimeGenerated": at(hour+1, 11), "SubType": "FlowLog", "FaSchemaVersion": "3", "FlowIntervalStartTime": at(hour, 0), "FlowIntervalEndTime": at(hour+1, 0),
		"FlowStartTime": at(hour, 2), "FlowEndTime": at(hour, 55), "FlowType": "IntraVNet", "SrcIp": "10.1.0.4", "DestIp": "10.2.0.5", "DestPort": "443", "L4Protocol": "TCP",
		"FlowDirection": "Outbound", "FlowStatus": "Allowed", "MacAddress": "00-22-48-00-00-0A", "FlowLogResourceId": "s/rg/nw/fl", "FlowEncryption": "Unencrypted",
		"AclGroup": "/subscriptions/s/resourcegroups/rg/providers/microsoft.network/networksecuritygroups/nsg", "AclRule": "allowvnet", "AllowedInFlows": "0", "DeniedInFlows": "0",
		"AllowedOutFlows": "3", "DeniedOutFlows": "0", "PacketsSrcToDest": "10", "PacketsDestToSrc": "20", "BytesSrcToDest": "1000", "BytesDestToSrc": "2000", "Type": "NTANetAnalytics"}
	for i := 0; i < len(with); i += 2 {
		r[with[i]] = with[i+1]
	}
	return r
}

// arriving is the same seen at the other end, with counters that differ a little.
func arriving(hour int, with ...string) ntaRow {
	return nta(hour, append([]string{"FlowDirection", "Inbound", "MacAddress", "00-22-48-00-00-0B", "AllowedOutFlows", "0", "AllowedInFlows", "4", "BytesSrcToDest", "1010"}, with...)...)
}

var numbers = func(c string) bool {
	return strings.HasSuffix(c, "Flows") || strings.HasPrefix(c, "Packets") || strings.HasPrefix(c, "Bytes") || c == "DestPort"
}

// exports are the forms in which the same rows are exported.
var exports = map[string]func([]ntaRow) string{
	"portal.csv":   func(rows []ntaRow) string { return ntaCSV(rows, "1/2/2006, 3:04:05.000 PM", "\r\n") },
	"narrow.csv":   func(rows []ntaRow) string { return ntaCSV(rows, "1/2/2006, 3:04:05.000\u202fPM", "\n") },
	"german.csv":   func(rows []ntaRow) string { return ntaCSV(rows, "2.1.2006, 15:04:05.000", "\r\n") },
	"british.csv":  func(rows []ntaRow) string { return ntaCSV(rows, "02/01/2006, 15:04:05.000", "\n") },
	"iso.csv":      func(rows []ntaRow) string { return ntaCSV(rows, time.RFC3339, "\n") },
	"az.json":      ntaAz,
	"answer.json":  ntaAnswer,
	"export.jsonl": ntaLines,
}

func ntaCSV(rows []ntaRow, layout, end string) string {
	var b strings.Builder
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = end == "\r\n"
	var head []string
	for _, c := range ntaColumns {
		if strings.HasPrefix(c, "Time") || strings.HasSuffix(c, "Time") {
			c += " [UTC]"
		}
		head = append(head, c)
	}
	w.Write(head)
	for _, r := range rows {
		var line []string
		for _, c := range ntaColumns {
			v := r[c]
			if at, err := time.Parse(time.RFC3339, v); err == nil {
				v = at.Format(layout)
			}
			line = append(line, v)
		}
		w.Write(line)
	}
	w.Flush()
	return b.String()
}

func ntaAz(rows []ntaRow) string {
	list := []map[string]string{}
	for _, r := range rows {
		o := map[string]string{"TableName": "PrimaryResult"}
		for _, c := range ntaColumns {
			if o[c] = r[c]; r[c] == "" && numbers(c) {
				o[c] = "None"
			}
		}
		list = append(list, o)
	}
	b, _ := json.MarshalIndent(list, "", "  ")
	return string(b) + "\n"
}

// ntaValue is a value in JSON: numbers that are none are null.
func ntaValue(r ntaRow, c string) any {
	if !numbers(c) {
		return r[c]
	}
	if n, err := strconv.ParseUint(r[c], 10, 64); err == nil {
		return n
	}
	return nil
}

func ntaAnswer(rows []ntaRow) string {
	var columns []any
	for _, c := range ntaColumns {
		columns = append(columns, map[string]string{"name": c, "type": "string"})
	}
	list := []any{}
	for _, r := range rows {
		var line []any
		for _, c := range ntaColumns {
			line = append(line, ntaValue(r, c))
		}
		list = append(list, line)
	}
	table, _ := json.Marshal(columns)
	all, _ := json.Marshal(list)
	return fmt.Sprintf(`{"tables":[{"name":"PrimaryResult","columns":%s,"rows":%s}]}`, table, all)
}

func ntaLines(rows []ntaRow) string {
	var b strings.Builder
	for _, r := range rows {
		o := map[string]any{}
		for _, c := range ntaColumns {
			if v := ntaValue(r, c); v != nil && v != "" {
				o[c] = v
			}
		}
		line, _ := json.Marshal(o)
		b.Write(line)
		b.WriteByte('\n')
	}
	return b.String()
}

// exportedAnswer is what is compared of answers.
type exportedAnswer struct {
	Packets, Sent, Received, Denied summary.Figure
	Flows                           uint64
	Rules                           []summary.Row
	Conversations                   []summary.Conversation
}

func exportedOf(t *testing.T, files map[string]string) (exportedAnswer, *summary.Document) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		put(t, filepath.Join(dir, name), []byte(text))
	}
	doc, _, err := Sum{Items: itemsOf(dir)}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := doc.Services.Total
	return exportedAnswer{doc.Total.Packets, s.Sent.IPBytes, s.Received.IPBytes, doc.Total.Denied, doc.Total.Flows, doc.Rules.Rows, slices.Collect(doc.Conversations.All())}, doc
}

func says(doc *summary.Document, code string) bool {
	return slices.ContainsFunc(doc.Coverage, func(c summary.Coverage) bool { return c.Code == code })
}

// TestWorkspaceForms exports random rows in every form: the answer is the same, twice
// is once, and the order of the rows is nothing. What both ends saw is worked out
// from how the rows were made.
func TestWorkspaceForms(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	var rows []ntaRow
	var sent, received, flows uint64
	for i := range 60 {
		begun, out, back := uint64(r.IntN(5)), uint64(1+r.IntN(9000)), uint64(1+r.IntN(9000))
		with := []string{"DestIp", fmt.Sprintf("10.2.0.%d", i), "AllowedOutFlows", fmt.Sprint(begun), "BytesSrcToDest", fmt.Sprint(out), "BytesDestToSrc", fmt.Sprint(back)}
		rows = append(rows, nta(8+i%5, with...))
		sent, received, flows = sent+out, received+back, flows+begun
		if i%3 == 0 {
			rows = append(rows, arriving(8+i%5, "DestIp", fmt.Sprintf("10.2.0.%d", i), "BytesSrcToDest", fmt.Sprint(out+5)))
		}
	}
	want, doc := exportedOf(t, map[string]string{"export.jsonl": ntaLines(rows)})
	if want.Sent != summary.Known(sent) || want.Received != summary.Known(received) || want.Flows != flows || doc.Merged.Records != 20 {
		t.Errorf("%s bytes sent, %s received, %d flows, %d rows left out; want %d, %d, %d, 20", want.Sent, want.Received, want.Flows, doc.Merged.Records, sent, received, flows)
	}
	for name, form := range exports {
		mixed := slices.Clone(rows)
		r.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		for what, files := range map[string]map[string]string{
			"once": {name: form(rows)}, "in another order": {name: form(mixed)},
			"beside the same as lines": {name: form(rows), "b.jsonl": ntaLines(mixed)}, "in two files": {name: form(rows[:30]), "2" + name: form(rows[30:])},
		} {
			got, doc := exportedOf(t, files)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %s: -want +got\n%s\n%v", name, what, diff, doc.Skipped)
			}
		}
		cut := form(rows)
		got, doc := exportedOf(t, map[string]string{name: cut[:len(cut)*2/3]})
		if doc.Sources[0].Status != flow.Truncated || got.Flows >= want.Flows || got.Flows == 0 {
			t.Errorf("%s, cut: status %s, %d flows, %v", name, doc.Sources[0].Status, got.Flows, doc.Skipped)
		}
	}
}

// TestWorkspaceTraps holds rows of the kinds that published queries count wrongly,
// each with what is right, worked out by hand.
func TestWorkspaceTraps(t *testing.T) {
	type want struct {
		Sent, Received summary.Figure
		Flows, Denied  uint64
		Code           string // that the coverage says
	}
	k := summary.Known
	none := summary.Figure{}
	refused := []string{"FlowStatus", "Denied", "AllowedInFlows", "0", "DeniedInFlows", "4", "BytesSrcToDest", "0", "BytesDestToSrc", "0", "PacketsSrcToDest", "0", "PacketsDestToSrc", "0"}
	public := func(list string, with ...string) ntaRow {
		return nta(9, append([]string{"FlowType", "ExternalPublic", "DestIp", "", "DestPublicIps", list}, with...)...)
	}
	tests := map[string]struct {
		rows []ntaRow
		want want
	}{
		"no flow began, and bytes passed":     {[]ntaRow{nta(9, "AllowedOutFlows", "0")}, want{k(1000), k(2000), 0, 0, ""}},
		"letters of the documents":            {[]ntaRow{nta(9, "FlowDirection", "O", "FlowStatus", "A", "L4Protocol", "T")}, want{k(1000), k(2000), 3, 0, ""}},
		"both ends":                           {[]ntaRow{nta(9), arriving(9)}, want{k(1000), k(2000), 3, 0, "seen-at-both-ends"}},
		"only the far end is logged":          {[]ntaRow{arriving(9)}, want{k(1010), k(2000), 4, 0, ""}},
		"both ends, of different hours":       {[]ntaRow{nta(9), arriving(10)}, want{k(2010), k(4000), 7, 0, ""}},
		"an appliance: one MAC":               {[]ntaRow{nta(9), arriving(9, "MacAddress", "00-22-48-00-00-0A")}, want{k(2010), k(4000), 7, 0, ""}},
		"allowed here and refused there":      {[]ntaRow{nta(9), arriving(9, refused...)}, want{k(1000), k(2000), 7, 4, ""}},
		"two logs of one interface":           {[]ntaRow{nta(9), nta(9, "FlowLogResourceId", "s/rg/nw/other")}, want{k(1000), k(2000), 3, 0, "seen-at-both-ends"}},
		"a conversation of three hours":       {[]ntaRow{nta(9), nta(10), nta(11)}, want{k(3000), k(6000), 9, 0, ""}},
		"no MAC: ends cannot be told":         {[]ntaRow{nta(9, "MacAddress", ""), arriving(9, "MacAddress", "")}, want{k(2010), k(4000), 7, 0, "both-ends-unknown"}},
		"folded addresses":                    {[]ntaRow{public("198.51.100.11|1|1|4|8|400|900 198.51.100.12|2|2|6|12|600|1100")}, want{k(1000), k(2000), 3, 0, ""}},
		"an IPv6 address":                     {[]ntaRow{public("2001:db8::9|3|3|10|20|1000|2000")}, want{k(1000), k(2000), 3, 0, ""}},
		"a list that was cut":                 {[]ntaRow{public("198.51.100.11|1|1|4|8|400|900 198.51.1")}, want{k(1000), k(2000), 3, 0, "addresses-not-listed"}},
		"addresses without counters":          {[]ntaRow{public("198.51.100.11 198.51.100.12")}, want{none, none, 3, 0, "address-uncounted"}},
		"addresses with more than their row":  {[]ntaRow{public("198.51.100.11|3|3|10|20|1500|2000")}, want{k(1500), k(2000), 3, 0, "addresses-exceed"}},
		"an address of Azure that ends in .0": {[]ntaRow{public("198.51.100.0|3|3|10|20|1000|2000", "FlowType", "AzurePublic")}, want{k(1000), k(2000), 3, 0, "masked-address"}},
		"bytes that are null":                 {[]ntaRow{nta(9, "BytesSrcToDest", "", "BytesDestToSrc", "", "PacketsSrcToDest", "", "PacketsDestToSrc", "")}, want{none, none, 3, 0, ""}},
		"reports of the job":                  {[]ntaRow{nta(9), nta(9, "SubType", "StatusMessage")}, want{k(1000), k(2000), 3, 0, "not-flow-rows"}},
		"malicious, both addresses":           {[]ntaRow{nta(9, "FlowType", "MaliciousFlow", "DestIp", "192.0.2.9")}, want{k(1000), k(2000), 3, 0, ""}},
	}
	for name, test := range tests {
		for form, write := range exports {
			got, doc := exportedOf(t, map[string]string{form: write(test.rows)})
			code := test.want.Code
			if code != "" && !says(doc, code) {
				code = "nothing of it"
			}
			w := want{got.Sent, got.Received, got.Flows, got.Denied.N, code}
			// A row without counters lacks nothing that a record of its rest has.
			if diff := cmp.Diff(test.want, w); diff != "" && name != "addresses without counters" {
				t.Errorf("%s, %s: -want +got\n%s\n%v", name, form, diff, doc.Skipped)
			} else if name == "addresses without counters" && (w.Code != test.want.Code || w.Flows != 3) {
				t.Errorf("%s, %s: %+v", name, form, w)
			}
		}
	}
}

// TestWorkspaceDamage keeps the good rows around a bad one, and says where it is.
func TestWorkspaceDamage(t *testing.T) {
	bad := map[string]ntaRow{
		"port": nta(9, "DestPort", "99999"), "protocol": nta(9, "L4Protocol", "Z"), "address": nta(9, "SrcIp", "10.1.0"), "schema version 9": nta(9, "FaSchemaVersion", "9"),
	}
	for what, row := range bad {
		for name, form := range exports {
			text := form([]ntaRow{nta(8), row, nta(10)})
			got, doc := exportedOf(t, map[string]string{name: text})
			if got.Flows != 6 || doc.Sources[0].Status != flow.Corrupt || len(doc.Skipped) != 1 || !strings.Contains(doc.Skipped[0].Reason, what) {
				t.Errorf("%s, %s: %d flows, status %s, %+v", what, name, got.Flows, doc.Sources[0].Status, doc.Skipped)
			}
			if at := doc.Skipped[0].Offset; at <= 0 || at >= int64(len(text)) {
				t.Errorf("%s, %s: at byte %d of %d", what, name, at, len(text))
			}
		}
	}
}

// TestWorkspaceLimit tells exports that have as many rows as the portal gives.
func TestWorkspaceLimit(t *testing.T) {
	for n, want := range map[int]bool{29_999: false, 30_000: true} {
		_, doc := exportedOf(t, map[string]string{"portal.csv": exports["portal.csv"](slices.Repeat([]ntaRow{nta(9)}, n))})
		if says(doc, "row-limit") != want {
			t.Errorf("%d rows: row-limit is said: %v", n, !want)
		}
	}
}

// TestWorkspaceUnknown asks for what rows of Traffic Analytics and of agents do not
// say, and for what they do.
func TestWorkspaceUnknown(t *testing.T) {
	dir := t.TempDir()
	analytics := saved(dir, "nta.jsonl", ntaLines([]ntaRow{nta(9)}))
	agent := saved(dir, "vm.csv", "TimeGenerated [UTC],Computer,Direction,Protocol,SourceIp,DestinationIp,DestinationPort,LinksEstablished,LinksFailed,BytesSent,BytesReceived,Type\n"+
		"2026-08-25T09:00:00Z,vm-1,outbound,tcp,10.1.0.4,10.2.0.5,443,2,0,10,20,VMConnection\n")
	for src, want := range map[string][2]string{
		`source.port == 9`:              {summary.CannotAnswer, summary.CannotAnswer},
		`verdict == "denied"`:           {summary.NothingFound, summary.CannotAnswer},
		`rule == "nobody"`:              {summary.NothingFound, summary.CannotAnswer},
		`encryption == "X"`:             {summary.NothingFound, summary.CannotAnswer},
		`direction == "inbound"`:        {summary.NothingFound, summary.NothingFound},
		`port == 443`:                   {summary.Answered, summary.Answered},
		`protocol == "ICMP"`:            {summary.CannotAnswer, summary.CannotAnswer},
		`source.address == "192.0.2.1"`: {summary.NothingFound, summary.NothingFound},
	} {
		for i, path := range []string{analytics, agent} {
			if a := askedOf(t, path, src)[0]; a.Outcome != want[i] {
				t.Errorf("%s of %s: %s, want %s", src, filepath.Base(path), a.Outcome, want[i])
			}
		}
	}
}

// TestWorkspaceWindow counts rows whose interval is in the window, and says which
// are only in part.
func TestWorkspaceWindow(t *testing.T) {
	dir := t.TempDir()
	path := saved(dir, "nta.jsonl", ntaLines([]ntaRow{nta(8), nta(9, "FlowStartTime", "2026-08-25T08:59:45Z"), nta(10)}))
	at := func(h, m int) time.Time { return time.Date(2026, 8, 25, h, m, 0, 0, time.UTC) }
	for _, w := range []struct {
		start, end time.Time
		flows      uint64
		crosses    bool
	}{{at(8, 0), at(9, 0), 3, false}, {at(9, 0), at(10, 0), 3, false}, {at(8, 0), at(11, 0), 9, false}, {at(9, 30), at(11, 0), 6, true}} {
		doc, _, err := Sum{Items: itemsOf(path), Start: w.start, End: w.end}.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if doc.Total.Flows != w.flows || says(doc, "interval-crosses-window") != w.crosses {
			t.Errorf("%s to %s: %d flows, want %d", w.start, w.end, doc.Total.Flows, w.flows)
		}
	}
}
