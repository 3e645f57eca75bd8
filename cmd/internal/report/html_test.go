package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/collectors/minutes"
	"flowctl/collectors/summary"
)

var noon = time.Date(2026, 5, 9, 12, 0, 0, 0, time.UTC)

func volume(packets, ipBytes uint64) summary.Volume {
	return summary.Volume{Packets: summary.Known(packets), IPBytes: summary.Known(ipBytes)}
}

// small is a document with a little of everything.
func small() *summary.Document {
	at := func(d time.Duration) summary.Instant { return summary.Instant(noon.Add(d).UnixNano()) }
	part := func(v float64) *float64 { return &v }
	row := func(share float64, v uint64, key ...string) summary.Row {
		return summary.Row{Key: key, Sent: volume(v, 900*v), Received: volume(v, 100*v), Volume: volume(2*v, 1000*v), Flows: v, Denied: summary.Known(0), Share: part(share)}
	}
	refused := func(key ...string) summary.Row { return summary.Row{Key: key, Flows: 3, Denied: summary.Known(3)} }
	others := row(0.01, 2)
	doc := &summary.Document{
		Format: summary.Format,
		Total: summary.Total{Volume: volume(2000, 1_234_000), First: at(0), Last: at(10 * time.Minute), Conversations: 7, Flows: 40, Denied: summary.Known(3),
			Records: 90},
		Answer: &summary.Transfer{From: summary.End{Address: "10.0.0.4", VM: "vm-batch", Scope: "vnet"},
			To: summary.End{Address: "203.0.113.9", Scope: "internet"}, Protocol: "TCP", Port: 443, Service: "https", IPBytes: 900_000, Share: part(0.73)},
		Timeline: summary.Timeline{Seconds: 60},
		Top: []summary.Pair{
			{Conversation: summary.Conversation{A: "10.0.0.4", B: "203.0.113.9", IPBytesAB: summary.Known(900_000), IPBytesBA: summary.Known(100_000),
				PacketsAB: summary.Known(600), PacketsBA: summary.Known(400), Flows: 10}, AVM: "vm-batch", Share: part(0.81)},
			{Conversation: summary.Conversation{A: "10.0.0.4", B: "2001:db8::5", IPBytesAB: summary.Known(234_000), Flows: 2}, AVM: "vm-batch", Share: part(0.19)},
			{Conversation: summary.Conversation{A: "10.0.0.4", B: "198.51.100.7", Flows: 3, Denied: summary.Known(3)}, AVM: "vm-batch"},
		},
		Talkers:  summary.Answer{Name: "talkers", By: []string{"source.vm", "source.address"}, Rows: []summary.Row{row(1, 40, "vm-batch", "10.0.0.4")}},
		Services: summary.Answer{Name: "services", By: []string{"protocol", "port", "service"}, Rows: []summary.Row{row(0.5, 20, "TCP", "443", "https"), refused("TCP", "22", "ssh")}},
		Rules: summary.Answer{Name: "rules", By: []string{"verdict", "rule", "acl", "direction"}, Rows: []summary.Row{
			row(0.9, 30, "allowed", "UserRule_allow-https", "nsg-web", "outbound"), refused("denied", "DefaultRule_DenyAllInBound", "nsg-web", "inbound")}},
		Encryption: summary.Answer{Name: "encryption", By: []string{"encryption"}, Rows: []summary.Row{row(1, 40, "NX")}},
		Scopes:     summary.Answer{Name: "scopes", By: []string{"scope"}, Rows: []summary.Row{row(1, 40, "internet")}},
		Asks: []summary.Answer{
			{Name: "egress", By: []string{"source.vm", "verdict"}, Rows: []summary.Row{row(0.8, 33, "vm-batch", "allowed"), refused("", "denied")},
				Total: row(0.81, 35), Others: &others, Groups: 4},
			{Name: "nobody", By: []string{"port"}},
		},
		Names:    []summary.Name{{Address: "203.0.113.9", Hosts: []summary.Host{{Name: "upload.example.net", How: "tls"}}}},
		Coverage: []summary.Coverage{{Code: "denied-uncounted", Text: "Denied flows have no counters."}},
		Sources: []summary.Source{
			{Path: "vnet/PT1H.json", Kind: flow.VNetFlowLog, Status: flow.OK, Detail: "version 4", Bytes: 123456, Records: 80, SHA256: strings.Repeat("0123456789abcdef", 4)},
			{Path: "cut.cap", Kind: flow.Pcap, Status: flow.Truncated, Bytes: 2400, Records: 10},
			{Path: "odd.bin", Status: flow.Unreadable, Detail: "is neither a packet capture nor a flow log"},
		},
		Skipped: []summary.Skip{{Source: "cut.cap", Reason: "the file ends inside a packet", Count: 1, Offset: 2380}},
	}
	for i := range 10 {
		doc.Timeline.Steps = append(doc.Timeline.Steps, summary.Step{Start: at(time.Duration(i) * time.Minute), Volume: volume(200, uint64(i)*23_400),
			Begun: summary.Known(4), Denied: summary.Known(uint64(i / 7))})
	}
	doc.Minutes = &minutes.Document{Counts: minutes.Counts{Recorded: 15, Silent: 1, Unlogged: 2, Unknown: 2}, Seconds: 60,
		Gaps: []minutes.Gap{
			{Log: "/LOG", Target: "/x/virtualNetworks/vnet-spoke", Interface: "002248000001", Name: "nic-batch", From: noon.Add(6 * time.Minute), To: noon.Add(8 * time.Minute), Minutes: 2, State: "unlogged", Why: "switched off"},
			{Log: "/LOG", Target: "/x/virtualNetworks/vnet-spoke", Interface: "002248000002", From: noon.Add(8 * time.Minute), To: noon.Add(10 * time.Minute), Minutes: 2, State: "unknown", Why: "written late <b>"},
		}}
	for i := range 10 {
		c := []minutes.Counts{{Recorded: 2}, {Recorded: 1, Silent: 1}, {Silent: 2}, {Recorded: 1, Unlogged: 1}, {Recorded: 1, Unknown: 1}}[i/2]
		doc.Minutes.Steps = append(doc.Minutes.Steps, minutes.Step{Start: noon.Add(time.Duration(i) * time.Minute), Counts: c})
	}
	return doc
}

func render(t *testing.T, doc *summary.Document, meta Meta) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, doc, meta); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestHTML(t *testing.T) {
	meta := Meta{Name: "egress-spike", Reason: "egress tripled & nobody knows <why>", Owner: "netops@example.com", Ticket: "NET-1",
		Start: noon, End: noon.Add(time.Hour), Recorded: []string{"flow log of vnet-spoke"}}
	got := render(t, small(), meta)
	golden(t, "report.html", got)
	sound(t, got)
	if again := render(t, small(), meta); again != got {
		t.Error("the same document makes another page")
	}
	for _, text := range []string{
		"egress: vm-batch sent 29.7 kB, verdict allowed, 80% of all bytes; the first of 4 rows.",
		"egress tripled &amp; nobody knows &lt;why&gt;", `<span class="mark" aria-hidden="true">✓</span> allowed`,
		`<span class="mark" aria-hidden="true">✕</span> denied`, "No flow matches.", strings.Repeat("0123456789abcdef", 4), "2 others", `<td class="num">–</td>`,
	} {
		if !strings.Contains(got, text) {
			t.Errorf("the page lacks %s", text)
		}
	}
}

// TestHTMLOfLittle checks documents in which most is missing.
func TestHTMLOfLittle(t *testing.T) {
	empty, err := summary.Of(aggregate.New(flow.NewNames()), summary.Options{})
	if err != nil {
		t.Fatal(err)
	}
	uncounted := small()
	uncounted.Total.Volume, uncounted.Top, uncounted.Answer, uncounted.Asks = summary.Volume{}, uncounted.Top[2:], nil, nil
	for i := range uncounted.Timeline.Steps {
		uncounted.Timeline.Steps[i].Volume = summary.Volume{}
	}
	huge := small()
	huge.Top[0].IPBytesAB, huge.Top[0].IPBytesBA = summary.Known(math.MaxUint64), summary.Known(math.MaxUint64)
	huge.Timeline.Steps[3].IPBytes = summary.Known(math.MaxUint64)
	captured := &summary.Document{Total: summary.Total{Volume: summary.Volume{Bytes: summary.Known(78), IPBytes: summary.Known(64)}, Flows: 1},
		Sources: []summary.Source{{Path: "a.cap", Kind: flow.Pcap, Status: flow.OK}}}
	for name, tt := range map[string]struct {
		doc     *summary.Document
		has     []string
		without []string
	}{
		"nothing":        {empty, []string{"<h1>Nothing was recorded: there is no file to answer from", "<title>Traffic – flowctl report</title>"}, []string{"<svg", "<table", "NaN"}},
		"nothing at all": {&summary.Document{}, []string{"<h1>Nothing was recorded: there is no file to answer from", "<dt>IP bytes</dt><dd>–</dd>"}, []string{"<svg", "<table", "NaN"}},
		"no counters":    {uncounted, []string{"flows begun or denied over time", "How much was sent was not measured"}, []string{`class="band`, "NaN"}},
		"huge":           {huge, []string{"18.4 EB"}, []string{"NaN", "Inf", `height="-`, ` y="-`}},
		"a capture":      {captured, []string{"<dt>on the wire</dt><dd>78 B</dd>", "<dt>denied flows</dt><dd>–</dd>"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := render(t, tt.doc, Meta{})
			sound(t, got)
			for _, text := range tt.has {
				if !strings.Contains(got, text) {
					t.Errorf("the page lacks %s", text)
				}
			}
			for _, text := range tt.without {
				if strings.Contains(got, text) {
					t.Errorf("the page has %s", text)
				}
			}
		})
	}
}

// TestHTMLHostile puts text that wants out of its place everywhere.
func TestHTMLHostile(t *testing.T) {
	for _, text := range []string{
		`<script>alert(1)</script>`, `</title></style></svg><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`,
		`javascript:alert(1)`, `{{.Title}}`, `--><!-- ]]>`, "\x1b[2J\x00\u202egnp\u2028\xff", `;}body{background:url(//example.com)}`, `&lt;script&gt;`,
	} {
		doc := small()
		spread(reflect.ValueOf(doc).Elem(), text)
		got := render(t, doc, Meta{Name: text, Reason: text, Owner: text, Ticket: text, Recorded: []string{text}})
		sound(t, got)
		if i := strings.IndexFunc(got, func(r rune) bool { return unicode.IsControl(r) && r != '\n' || unicode.Is(unicode.Bidi_Control, r) }); i >= 0 {
			t.Errorf("%q: control character %q at %d", text, got[i], i)
		}
	}
}

// spread sets all texts of a document.
func spread(v reflect.Value, text string) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(text)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			spread(v.Elem(), text)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			spread(v.Field(i), text)
		}
	case reflect.Slice:
		for i := range v.Len() {
			spread(v.Index(i), text)
		}
	}
}

var (
	elements = strings.Fields(`html head meta title style body header nav main footer section figure figcaption p h1 h2 h3 dl dt dd div ul li a b small code span
		table thead tbody tr th td svg g desc text line rect path details summary script pre`)
	styled = regexp.MustCompile(`^((top|height|width):[0-9.]+(px|%)|--left:[0-9]+ch;--right:[0-9]+ch)$`)
)

// sound checks that a page is well formed, holds only what the templates
// write, loads nothing, and that what it refers to is there.
func sound(t *testing.T, page string) {
	t.Helper()
	if strings.Count(page, "<script>"+script+"</script>") != 1 || strings.Count(page, "<script") != 1 {
		t.Error("there is another script than flowctl's own")
	}
	page = strings.Replace(page, script, "", 1)
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, []string{"meta"}, xml.HTMLEntity
	ids, refs := map[string]bool{}, []string{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("not well formed: %v", err)
		}
		if c, ok := token.(xml.Comment); ok {
			t.Errorf("comment %q", c)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if !slices.Contains(elements, e.Name.Local) {
			t.Errorf("element %s", e.Name.Local)
		}
		refs = append(refs, attributes(t, e, ids)...)
	}
	for _, r := range refs {
		if !ids[r] {
			t.Errorf("nothing has the id %q", r)
		}
	}
}

// attributes checks those of one element, and returns the ids it refers to.
func attributes(t *testing.T, e xml.StartElement, ids map[string]bool) (refs []string) {
	t.Helper()
	scope := false
	for _, a := range e.Attr {
		switch name := a.Name.Local; {
		case name == "id":
			if ids[a.Value] {
				t.Errorf("id %q twice", a.Value)
			}
			ids[a.Value] = true
		case name == "href" && strings.HasPrefix(a.Value, "#"):
			refs = append(refs, a.Value[1:])
		case name == "aria-labelledby":
			refs = append(refs, strings.Fields(a.Value)...)
		case strings.HasPrefix(name, "on"), name == "src", name == "href", name == "style" && !styled.MatchString(a.Value):
			t.Errorf("%s has %s=%q", e.Name.Local, name, a.Value)
		case name == "scope":
			scope = true
		}
	}
	if e.Name.Local == "th" && !scope {
		t.Error("a heading of a table without scope")
	}
	return refs
}

// TestHTMLShowsEveryAsk checks that no question is left out, whatever the
// number of them and of their rows.
func TestHTMLShowsEveryAsk(t *testing.T) {
	for n := range 6 {
		doc := small()
		doc.Asks = nil
		for i := range n {
			a := summary.Answer{Name: fmt.Sprintf("ask-%d-of-%d", i, n), By: []string{"port"}}
			for r := range i * 7 {
				a.Rows = append(a.Rows, summary.Row{Key: []string{fmt.Sprintf("key-%d-%d", i, r)}})
			}
			doc.Asks = append(doc.Asks, a)
		}
		got := render(t, doc, Meta{})
		sound(t, got)
		for i, a := range doc.Asks {
			if want := fmt.Sprintf(`<h3 id="ask-%d">%s</h3>`, i+1, a.Name); !strings.Contains(got, want) {
				t.Errorf("the page lacks %s", want)
			}
			for _, r := range a.Rows {
				if !strings.Contains(got, ">"+r.Key[0]+"<") {
					t.Errorf("the page lacks the row of %s", r.Key[0])
				}
			}
		}
	}
}

func TestScale(t *testing.T) {
	for _, tt := range []struct {
		most      float64
		limit     int
		step, end float64
	}{
		{0, 4, 1, 1}, {1, 4, 1, 1}, {3, 4, 1, 3}, {5, 4, 2, 6}, {946_700_000, 4, 500_000_000, 1_000_000_000}, {81, 1, 100, 100}, {1000, 1, 1000, 1000},
	} {
		if step, end := scale(tt.most, tt.limit); step != tt.step || end != tt.end {
			t.Errorf("%v in %d: steps of %v to %v, want %v to %v", tt.most, tt.limit, step, end, tt.step, tt.end)
		}
	}
}

func TestTimeTicks(t *testing.T) {
	for name, tt := range map[string]struct {
		from  time.Time
		span  time.Duration
		limit int
		want  []timelineTick
	}{
		"two hours":  {noon, 2 * time.Hour, 4, []timelineTick{{"0", "12:00"}, {"25", "12:30"}, {"50", "13:00"}, {"75", "13:30"}, {"100", "14:00"}}},
		"a minute":   {noon, time.Minute, 4, []timelineTick{{"0", "12:00"}, {"100", "12:01"}}},
		"uneven":     {noon.Add(-20 * time.Minute), 80 * time.Minute, 2, []timelineTick{{"25", "12:00"}, {"100", "13:00"}}},
		"over night": {noon, 36 * time.Hour, 4, []timelineTick{{"0", "12:00"}, {"33.333", "10 May"}, {"66.667", "12:00"}, {"100", "11 May"}}},
		"days":       {noon, 72 * time.Hour, 4, []timelineTick{{"16.667", "10 May"}, {"50", "11 May"}, {"83.333", "12 May"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, timeTicks(tt.from, tt.from.Add(tt.span), tt.limit)); diff != "" {
				t.Errorf("ticks (-want +got):\n%s", diff)
			}
		})
	}
	for span := time.Minute; span < 100*365*24*time.Hour; span += span/2 + time.Second {
		if n := len(timeTicks(noon, noon.Add(span), 12)); n > 13 {
			t.Errorf("%d ticks in %s", n, span)
		}
	}
}

func TestSqueeze(t *testing.T) {
	for _, tt := range []struct{ in, want string }{{"", ""}, {"vm-batch-1", "vm-batch-1"}, {"2001:db8::1:2", "2001…::1:2"}, {"ääääääöööööö", "ääää…ööööö"}} {
		if got := squeeze(tt.in, 10); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.in, got, tt.want)
		}
	}
}

// TestTransfersFit checks that ends do not overlap and that bands stay on the
// bars of their ends.
func TestTransfersFit(t *testing.T) {
	doc := small()
	for i := range 30 {
		doc.Top = append(doc.Top, summary.Pair{Conversation: summary.Conversation{A: fmt.Sprintf("10.0.%d.1", i%3), B: fmt.Sprintf("10.1.%d.1", i%7),
			IPBytesAB: summary.Known(uint64(i * i * 1000)), IPBytesBA: summary.Known(uint64(i))}})
	}
	c := newTransferChart(doc)
	if len(c.Bands) != manyBands {
		t.Fatalf("%d bands", len(c.Bands))
	}
	for _, ends := range [][]*transferEnd{c.Left, c.Right} {
		var high, tall float64
		for i, e := range ends {
			high, tall = high+e.slot, tall+e.tall
			if e.tall > e.slot || i > 0 && e.bytes > ends[i-1].bytes {
				t.Errorf("%s: %v of %v, %d bytes", e.Name, e.tall, e.slot, e.bytes)
			}
		}
		if high > float64(c.Height)+1 || tall > allBands+manyBands*thinBand {
			t.Errorf("%v of %d high, bars of %v", high, c.Height, tall)
		}
	}
}
