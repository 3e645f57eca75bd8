package flowlog

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
)

const (
	tupleB = "1773716461012,10.10.1.4,20.60.7.132,49822,443,6,O,B,NX,0,0,0,0"
	tupleE = "1773716462377,10.10.1.4,20.60.7.132,49822,443,6,O,E,NX,14,3120,17,18244"
	tupleD = "1773716471833,203.0.113.77,10.10.1.4,51544,3389,6,I,D,NX,0,0,0,0"

	lineB = "1773716461012 10.10.1.4:49822>20.60.7.132:443/6 outbound begin NX - 6045BD0A1B2C T R A"
	lineE = "1773716462377 10.10.1.4:49822>20.60.7.132:443/6 outbound end NX 14/3120 17/18244 6045BD0A1B2C T R A"
	lineD = "1773716471833 203.0.113.77:51544>10.10.1.4:3389/6 inbound deny NX - 6045BD0A1B2C T R A"
)

// vnet returns a VNet flow log record with tuples.
func vnet(tuples ...string) string {
	return `{"time":"2026-03-17T03:01:30.1234567Z","flowLogGUID":"g","macAddress":"6045BD0A1B2C","category":"FlowLogFlowEvent",` +
		`"flowLogResourceID":"L","targetResourceID":"T","flowLogVersion":4,"operationName":"FlowLogFlowEvent",` +
		`"flowRecords":{"flows":[{"aclID":"A","flowGroups":[{"rule":"R","flowTuples":[` + quote(tuples) + `]}]}]}}`
}

// nsg returns an NSG flow log record with tuples.
func nsg(version string, tuples ...string) string {
	return `{"time":"2018-11-13T12:00:35.3899262Z","systemId":"s","category":"NetworkSecurityGroupFlowEvent","resourceId":"T",` +
		`"operationName":"NetworkSecurityGroupFlowEvents","properties":{"Version":` + version +
		`,"flows":[{"rule":"R","flows":[{"mac":"000D3AF87856","flowTuples":[` + quote(tuples) + `]}]}]}}`
}

func quote(tuples []string) string {
	if len(tuples) == 0 {
		return ""
	}
	return `"` + strings.Join(tuples, `","`) + `"`
}

func records(rs ...string) string { return `{"records":[` + strings.Join(rs, ",") + `]}` }

// lines shows records as the rows of tests have them.
func (res *result) lines() []string {
	var all []string
	for k := range res.records {
		r := &res.records[k]
		counters := "-"
		if r.Measured != 0 {
			sides := [2]string{fmt.Sprintf("%d/%d", r.Sent.Packets, r.Sent.IPBytes), fmt.Sprintf("%d/%d", r.Received.Packets, r.Received.IPBytes)}
			if r.Measured&flow.SentOnly != 0 {
				sides[1] = "-"
			}
			if r.Measured&flow.ReceivedOnly != 0 {
				sides[0] = "-"
			}
			counters = strings.Join(sides[:], " ")
		}
		all = append(all, strings.TrimRight(fmt.Sprintf("%d %s:%d>%s:%d/%d %s %s %s %s %s %s %s %s",
			r.First/1e6, r.Src, r.SrcPort, r.Dst, r.DstPort, r.Proto, r.Direction, r.State, res.names.EncryptionText(r.Encryption), counters,
			res.names.Text(r.Point), res.names.Text(r.Target), res.names.Text(r.Rule), res.names.Text(r.ACL)), " "))
	}
	return all
}

func (res *result) skips() []string {
	var all []string
	for _, s := range res.skipped {
		all = append(all, fmt.Sprintf("%d× %s at %d", s.Count, s.Reason, s.Offset))
	}
	return all
}

// an edge is a file and what is to be read from it.
type edge struct {
	data    string
	lines   []string
	skipped []string
	source  string // kind, status, detail
	err     string
}

const (
	okV4  = "vnet-flow-log ok version 4"
	badV4 = "vnet-flow-log corrupt version 4"
	cutV4 = "vnet-flow-log truncated version 4"
)

var shapes = map[string]edge{
	"begins inside a tuple": {data: tupleE[30:] + `","` + tupleB + `"]}]}]}},` + vnet(tupleE) + "]}", lines: []string{lineE}, source: cutV4,
		skipped: []string{"1× " + beginsInside + " at 0"}},
	"begins with a tuple": {data: `"` + tupleE + `"]}]}]}},` + vnet(tupleE) + "]}", lines: []string{lineE}, source: cutV4,
		skipped: []string{"1× " + beginsInside + " at 0"}},
	"begins with the tuples": {data: `["` + tupleE + `"]}]}]}},` + vnet(tupleE) + "]}", lines: []string{lineE}, source: cutV4,
		skipped: []string{"1× " + beginsInside + " at 1"}},
	"begins with a group": {data: `{"rule":"R","flowTuples":["` + tupleE + `"]}]}]}},` + vnet(tupleE) + "]}", lines: []string{lineE}, source: cutV4,
		skipped: []string{"1× " + beginsInside + " at 0"}},
	"head and tail":  {data: `{"records":[` + `]}`, source: " ok "},
	"head only":      {data: `{"records":[`, source: " truncated "},
	"no tail":        {data: `{"records":[` + vnet(tupleE), lines: []string{lineE}, source: cutV4},
	"leading comma":  {data: "," + vnet(tupleE) + "," + vnet(tupleB), lines: []string{lineE, lineB}, source: okV4},
	"tail of a blob": {data: "," + vnet(tupleE) + "]}", lines: []string{lineE}, source: okV4},
	"bare":           {data: vnet(tupleE), lines: []string{lineE}, source: okV4},
	"array":          {data: "[" + vnet(tupleE) + "]", lines: []string{lineE}, source: okV4},
	"JSON lines":     {data: vnet(tupleE) + "\n" + vnet(tupleB) + "\n", lines: []string{lineE, lineB}, source: okV4},
	"documents":      {data: records(vnet(tupleE)) + records(vnet(tupleB)), lines: []string{lineE, lineB}, source: okV4},
	"byte order marks": {data: "\xef\xbb\xbf" + records(vnet(tupleE)) + "\xef\xbb\xbf" + records(vnet(tupleB)),
		lines: []string{lineE, lineB}, source: okV4},
	"nested": {data: records(vnet(tupleE), records(vnet(tupleB)), vnet(tupleD)), lines: []string{lineE, lineB, lineD}, source: okV4},
	"beside records": {data: `{"count":{"n":[1]},"records":[` + vnet(tupleE) + `],"next" : {"a":"]}"} , "records":[` + vnet(tupleB) + `]}`,
		lines: []string{lineE, lineB}, source: okV4},
	"pretty": {data: strings.NewReplacer(`,"`, ",\r\n\t \"", "{", "{\n ", "[", "[ ", `":`, `" : `, "}", "\n}", "]", "\n]").Replace(records(vnet(tupleE) + "," + vnet(tupleB))),
		lines: []string{lineE, lineB}, source: okV4},
	"late keys": {data: `{"flowRecords":{"flows":[{"flowGroups":[{"flowTuples":["` + tupleE + `"],"rule":"R"}],"aclID":"A"}]},` +
		`"targetResourceID":"T","flowLogVersion":4,"macAddress":"60-45-bd-0a-1b-2c"}`, lines: []string{lineE}, source: okV4},
	"unknown keys": {data: `{"x":null,"y":[1,-2.5e+3,true,{"z":"\u0041\\","records":[1]}],` + vnet(tupleE)[1:], lines: []string{lineE}, source: okV4},
	"escapes": {data: strings.NewReplacer(`"T"`, `"\u0054"`, "10.10.1.4,2", `10.10.1.4\u002c2`, `"flowRecords"`, `"flow\u0052ecords"`).Replace(vnet(tupleE)),
		lines: []string{lineE}, source: okV4},
	"not ASCII": {data: strings.Replace(vnet(tupleE), `"R"`, `"Regel-ß"`, 1), lines: []string{strings.Replace(lineE, " R ", " Regel-ß ", 1)}, source: okV4},
	"key twice": {data: `{"targetResourceID":"U",` + vnet(tupleE)[1:], lines: []string{lineE}, source: okV4},
	"no flows":  {data: records(vnet(), `{"flowLogVersion":4,"flowRecords":{"flows":[]}}`, `{"flowLogVersion":4,"flowRecords":{"flows":null}}`), source: "vnet-flow-log ok version 4"},
	"acl forms": {
		data: records(strings.Replace(vnet(tupleE), `"A"`, `"/subscriptions/s/networkSecurityGroups/n"`, 1),
			strings.Replace(vnet(tupleE), `"A"`, `"00000000-0000-0000-0000-000000000000"`, 1),
			strings.Replace(vnet(tupleE), `"A"`, `"unspecified"`, 1), strings.Replace(vnet(tupleE), `"A"`, `null`, 1)),
		lines: []string{strings.Replace(lineE, " A", " /subscriptions/s/networkSecurityGroups/n", 1),
			strings.Replace(lineE, " A", " 00000000-0000-0000-0000-000000000000", 1),
			strings.Replace(lineE, " A", " unspecified", 1), strings.Replace(lineE, " A", "", 1)},
		source: okV4,
	},
	"mixed versions": {
		data: records(nsg("1", "1487282421,192.0.2.95,10.1.0.4,51529,5358,T,I,D", "1487282422,192.0.2.95,10.1.0.4,51529,5358,U,I,A"),
			nsg("2", "1542110437,198.51.100.9,10.5.16.4,59752,22,T,I,D,B,,,,", "1542110500,10.5.16.4,20.60.7.132,49822,443,T,O,A,B,,,,",
				"1542110800,10.5.16.4,20.60.7.132,49822,443,T,O,A,C,30,7400,42,51200", "1542110860,10.5.16.4,20.60.7.132,49822,443,T,O,A,E,4,900,6,2100")),
		lines: []string{
			"1487282421000 192.0.2.95:51529>10.1.0.4:5358/6 inbound deny unknown - 000D3AF87856 T R T",
			"1487282422000 192.0.2.95:51529>10.1.0.4:5358/17 inbound begin unknown - 000D3AF87856 T R T",
			"1542110437000 198.51.100.9:59752>10.5.16.4:22/6 inbound deny unknown - 000D3AF87856 T R T",
			"1542110500000 10.5.16.4:49822>20.60.7.132:443/6 outbound begin unknown - 000D3AF87856 T R T",
			"1542110800000 10.5.16.4:49822>20.60.7.132:443/6 outbound continue unknown 30/7400 42/51200 000D3AF87856 T R T",
			"1542110860000 10.5.16.4:49822>20.60.7.132:443/6 outbound end unknown 4/900 6/2100 000D3AF87856 T R T",
		},
		source: "nsg-flow-log ok versions 1, 2",
	},
	"no mac but in the record": {
		data:   `{"properties":{"Version":1,"flows":[{"rule":"R","flows":[{"flowTuples":["1487282421,192.0.2.95,10.1.0.4,51529,5358,T,I,D"]}]},{"rule":"S","flows":[]}]},"macAddress":"00:0d:3a:f8:78:56","resourceId":"T"}`,
		lines:  []string{"1487282421000 192.0.2.95:51529>10.1.0.4:5358/6 inbound deny unknown - 000D3AF87856 T R T"},
		source: "nsg-flow-log ok version 1",
	},
	"no mac at all": {
		data:   `{"properties":{"Version":1,"flows":[{"rule":"R","flows":[{"flowTuples":["1487282421,192.0.2.95,10.1.0.4,51529,5358,T,I,D"]}]}]}}`,
		lines:  []string{"1487282421000 192.0.2.95:51529>10.1.0.4:5358/6 inbound deny unknown -   R"},
		source: "nsg-flow-log ok version 1",
	},
}

// tuples of version 4, in a record of their own.
var tupleRows = map[string]struct{ tuple, line, skipped string }{
	"empty counters":   {"1773716461012,10.10.1.4,20.60.7.132,49822,443,6,O,B,NX,,,,", lineB, ""},
	"end, no counters": {"1773716461012,10.10.1.4,20.60.7.132,49822,443,6,O,E,NX,,,,", strings.Replace(lineB, "begin", "end", 1), ""},
	"end, zeros":       {"1773716461012,10.10.1.4,20.60.7.132,49822,443,6,O,E,NX,0,0,0,0", strings.Replace(lineB, "begin NX -", "end NX 0/0 0/0", 1), ""},
	"deny, counters":   {"1773716461012,10.10.1.4,20.60.7.132,49822,443,6,O,D,NX,1,60,0,0", strings.Replace(lineB, "begin NX -", "deny NX 1/60 0/0", 1), ""},
	"one side empty":   {"1773716461012,10.10.1.4,20.60.7.132,49822,443,6,O,C,NX,1,60,,", strings.Replace(lineB, "begin NX -", "continue NX 1/60 -", 1), ""},
	"other side empty": {"1773716461012,10.10.1.4,20.60.7.132,49822,443,6,O,C,NX,,,2,90", strings.Replace(lineB, "begin NX -", "continue NX - 2/90", 1), ""},
	"seconds":          {"1773716461,10.10.1.4,20.60.7.132,49822,443,6,O,B,NX,0,0,0,0", strings.Replace(lineB, "461012", "461000", 1), ""},
	"large counters":   {"1773716461012,10.10.1.4,20.60.7.132,49822,443,6,O,E,NX,12345678,1234567890123456,9007199254740991,123456789", strings.Replace(lineB, "begin NX -", "end NX 12345678/1234567890123456 9007199254740991/123456789", 1), ""},
	"IPv6":             {"1773716461012,fd12::4,2603:1030:5:1:1234:5678:9abc:def0,49822,443,17,O,B,X,0,0,0,0", "1773716461012 fd12::4:49822>2603:1030:5:1:1234:5678:9abc:def0:443/17 outbound begin X - 6045BD0A1B2C T R A", ""},
	"IPv4 in IPv6":     {"1773716461012,::ffff:10.10.1.4,20.60.7.132,49822,443,6,O,B,NX,0,0,0,0", lineB, ""},
	"short addresses":  {"1773716461012,1.2.3.4,0.0.0.0,0,65535,255,O,B,NX,0,0,0,0", "1773716461012 1.2.3.4:0>0.0.0.0:65535/255 outbound begin NX - 6045BD0A1B2C T R A", ""},
	"other encryption": {"1773716461012,10.10.1.4,20.60.7.132,49822,443,6,O,B,NX_NEW,0,0,0,0", strings.Replace(lineB, "NX", "NX_NEW", 1), ""},
	"no encryption":    {"1773716461012,10.10.1.4,20.60.7.132,49822,443,6,O,B,,0,0,0,0", strings.Replace(lineB, "NX", "unknown", 1), ""},
	"too few fields":   {"1773716461012,10.10.1.4,20.60.7.132,49822,443,6,O,B,NX,0,0", "", "tuple has 11 fields, want 13"},
	"too many fields":  {tupleE + ",0,0", "", "tuple has 15 fields, want 13"},
	"empty":            {"", "", "tuple has 1 fields, want 13"},
	"bad time":         {strings.Replace(tupleE, "1773716462377", "17737x6462377", 1), "", "tuple has a bad time"},
	"no time":          {strings.Replace(tupleE, "1773716462377", "", 1), "", "tuple has a bad time"},
	"time too large":   {strings.Replace(tupleE, "1773716462377", "9999999999999", 1), "", "tuple has a bad time"},
	"bad address":      {strings.Replace(tupleE, "10.10.1.4", "10.10.1.400", 1), "", "tuple has a bad address"},
	"leading zero":     {strings.Replace(tupleE, "10.10.1.4", "10.10.01.4", 1), "", "tuple has a bad address"},
	"three octets":     {strings.Replace(tupleE, "10.10.1.4", "110.110.1", 1), "", "tuple has a bad address"},
	"zone":             {strings.Replace(tupleE, "10.10.1.4", "fe80::1%eth0", 1), "", "tuple has a bad address"},
	"bad port":         {strings.Replace(tupleE, ",443,", ",65536,", 1), "", "tuple has a bad port"},
	"no port":          {strings.Replace(tupleE, ",443,", ",,", 1), "", "tuple has a bad port"},
	"bad protocol":     {strings.Replace(tupleE, ",6,", ",256,", 1), "", `tuple has an unknown protocol "256"`},
	"bad direction":    {strings.Replace(tupleE, ",O,", ",Q,", 1), "", `tuple has an unknown direction "Q"`},
	"bad state":        {strings.Replace(tupleE, ",E,", ",\x7f<b>,", 1), "", `tuple has an unknown state "\x7f<b>"`},
	"long state":       {strings.Replace(tupleE, ",E,", ","+strings.Repeat("E", 99)+",", 1), "", `tuple has an unknown state "` + strings.Repeat("E", 24) + `"…`},
	"bad counter":      {strings.Replace(tupleE, "3120", "-3120", 1), "", "tuple has a bad counter"},
	"huge counter":     {strings.Replace(tupleE, "3120", "18446744073709551616", 1), "", tooMuch},
	"endless counter":  {strings.Replace(tupleE, "3120", strings.Repeat("9", 700), 1), "", tooMuch},
	"counter at 2^64":  {strings.Replace(tupleE, "3120", "18446744073709551615", 1), "", tooMuch},
	"counter at 2^53":  {strings.Replace(tupleE, ",3120", ",9007199254740992", 1), "", tooMuch},
	"year 5138":        {strings.Replace(tupleE, "1773716462377", "99999999999", 1), "", "tuple has a bad time"},
	"last second":      {strings.Replace(tupleB, "1773716461012", "9223372036", 1), strings.Replace(lineB, "1773716461012", "9223372036000", 1), ""},
	"second after":     {strings.Replace(tupleB, "1773716461012", "9223372037", 1), "", "tuple has a bad time"},
}

var (
	noVersion   = strings.Replace(vnet(tupleE), `"flowLogVersion":4,`, ``, 1)
	oddVersions = records(strings.Replace(vnet(tupleE), `n":4`, `n":"4\u0000"`, 1), nsg("4"), nsg("1.5"), noVersion, vnet(tupleB))
	notText     = records(strings.Replace(vnet(tupleE), `"flowTuples":[`, `"flowTuples":[7,null,`, 1))
)

var troubles = map[string]edge{
	"version": {data: records(strings.Replace(vnet(tupleE), `n":4`, `n":7`, 1), vnet(tupleB)), lines: []string{lineB},
		skipped: []string{"1× flow log version 7 is not known at 12"}, source: okV4},
	"all of a version": {data: records(strings.Replace(vnet(tupleE), `n":4`, `n":7`, 1)),
		skipped: []string{"1× flow log version 7 is not known at 12"}, source: "vnet-flow-log unreadable version 7",
		err: "no flow log records: those there are cannot be read: flow log version 7 is not known"},
	"odd versions": {data: oddVersions, lines: []string{lineB}, source: okV4, skipped: []string{
		`1× flow log version "4\x00" is not known at 12`,
		fmt.Sprintf("1× flow log version 4 is not known at %d", strings.Index(oddVersions, nsg("4"))),
		fmt.Sprintf("1× flow log version 1.5 is not known at %d", strings.Index(oddVersions, nsg("1.5"))),
		fmt.Sprintf("1× flow log record has no version at %d", strings.Index(oddVersions, noVersion)),
	}},
	"shape": {data: records(`{"flowLogVersion":4,"flowRecords":{"flows":[7]}}`, vnet(tupleE)), lines: []string{lineE},
		skipped: []string{"1× record does not have the shape of a flow log record: flows holds a number at 12"}, source: "vnet-flow-log ok version 4"},
	"tuple that is no text": {data: notText, lines: []string{lineE}, source: badV4,
		skipped: []string{fmt.Sprintf("2× tuple is not a text at %d", strings.Index(notText, "7,null"))}},
	"other records among": {data: records(vnet(tupleE), `{"category":"Audit\u001b[31m","x":1}`, `{"category":"Audit"}`), lines: []string{lineE},
		skipped: []string{`2× not a flow log record but logs of category "Audit\x1b[31m" at 386`}, source: okV4},
	"App Service": {data: `{"time":"t","category":"AppServiceHTTPLogs"}` + "\n", source: " unreadable ",
		err: `no flow log records: it holds logs of category "AppServiceHTTPLogs"`},
	"metrics": {data: records(`{"count":1,"metricName":"Bytes"}`), source: " unreadable ", err: "no flow log records: it holds metrics"},
	"other":   {data: `{"b":1,"a":{"properties":7}}`, source: " unreadable ", err: `no flow log records: it holds JSON objects with "a", "b"`},
	"audit":   {data: records(`{"category":"AuditEvent","properties":{"Version":"1.0","id":"x"}}`), source: " unreadable ", err: `logs of category "AuditEvent"`},
	"nothing": {data: "", source: " unreadable ", err: "no flow log records: it is empty"},
	"space":   {data: " \n", source: " unreadable ", err: "no flow log records: it is JSON without records"},
	"text":    {data: "time,src,dst\n", source: " unreadable ", err: "no flow log records: it is damaged or not JSON", skipped: []string{"1× bytes between records that are not JSON at 0"}},
	"end of a record": {data: vnet(tupleE)[120:] + "]}", source: " unreadable ",
		err: "no flow log records: it begins inside a record, and no whole one follows; give the file from its beginning", skipped: []string{"1× file begins inside a record at 0"}},
	"cut in the first": {data: `{"records":[` + vnet(tupleE)[:200], source: " unreadable ", err: "no flow log records: it ends inside its first record",
		skipped: []string{"1× record is cut off by the end of the file at 12"}},
}

func TestShapes(t *testing.T) {
	for name, e := range shapes {
		t.Run(name, e.test)
	}
}

func TestTuples(t *testing.T) {
	for name, row := range tupleRows {
		e := edge{data: records(vnet(tupleB, row.tuple, tupleD)), lines: []string{lineB, lineD}, source: badV4}
		if row.line != "" {
			e.lines, e.source = []string{lineB, row.line, lineD}, okV4
		} else {
			e.skipped = []string{fmt.Sprintf("1× %s at %d", row.skipped, strings.Index(e.data, tupleB)+len(tupleB)+2)}
		}
		t.Run(name, e.test)
	}
}

func TestTroubles(t *testing.T) {
	for name, e := range troubles {
		t.Run(name, e.test)
	}
}

// test reads the file quickly and plainly, at once and byte by byte.
func (e edge) test(t *testing.T) {
	for name, o := range both {
		e.compare(t, name, readAll([]byte(e.data), o))
	}
	e.compare(t, "byte by byte", readFrom(iotest.OneByteReader(strings.NewReader(e.data)), options{maxRecord: MaxRecord}))
	e.compare(t, "data with EOF", readFrom(iotest.DataErrReader(strings.NewReader(e.data)), options{maxRecord: MaxRecord}))
}

func (e edge) compare(t *testing.T, how string, res *result) {
	t.Helper()
	if diff := cmp.Diff(e.lines, res.lines()); diff != "" {
		t.Errorf("%s: records -want +got\n%s", how, diff)
	}
	if diff := cmp.Diff(e.skipped, res.skips()); diff != "" {
		t.Errorf("%s: skipped -want +got\n%s", how, diff)
	}
	if got := fmt.Sprintf("%s %s %s", res.source.Kind, res.source.Status, res.source.Detail); got != e.source {
		t.Errorf("%s: source is %q, want %q", how, got, e.source)
	}
	switch {
	case e.err == "" && res.err != nil:
		t.Errorf("%s: error %v", how, res.err)
	case e.err != "" && (!errors.Is(res.err, ErrNoFlowRecords) || !strings.Contains(res.err.Error(), e.err)):
		t.Errorf("%s: error %v, want %s", how, res.err, e.err)
	}
}
