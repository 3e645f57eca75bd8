package report

import (
	"strings"
	"testing"

	"flowctl/collectors/summary"
)

func TestCSV(t *testing.T) {
	a := &summary.Answer{By: []string{"rule", "vm"}, Rows: []summary.Row{
		{Key: []string{"=cmd()", `a "b", c`}, Volume: summary.Volume{IPBytes: summary.Known(5)}, Flows: 2, Denied: summary.Known(0), First: summary.Instant(1e9), Last: summary.Instant(2e9)},
		{Key: []string{"", "x"}, Flows: 1},
	}}
	var b strings.Builder
	if err := CSV(&b, a); err != nil {
		t.Fatal(err)
	}
	const want = `rule,vm,sent_ip_bytes,received_ip_bytes,ip_bytes,packets,flows,denied,first,last
'=cmd(),"a ""b"", c",,,5,,2,0,1970-01-01T00:00:01.000000000Z,1970-01-01T00:00:02.000000000Z
`
	if got := b.String(); !strings.HasPrefix(got, want) || !strings.Contains(got, "\n,x,,,,,1,,1970") {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	a.Total.Left = &summary.Volume{}
	a.Rows = a.Rows[:1]
	a.Rows[0].Left, a.Rows[0].Arrived = &summary.Volume{IPBytes: summary.Known(7)}, &summary.Volume{}
	b.Reset()
	if err := CSV(&b, a); err != nil || !strings.Contains(b.String(), ",last,left_ip_bytes,arrived_ip_bytes\n") || !strings.HasSuffix(b.String(), "Z,7,\n") {
		t.Errorf("%v\n%s", err, b.String())
	}
}
