package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/summary"
)

func TestDisplayFilter(t *testing.T) {
	doc := &summary.Document{Names: []summary.Name{{Address: "10.0.0.4", VM: "web"}, {Address: "fd00::4", VM: "web"}, {Address: "203.0.113.9", Name: "the bank"}}}
	for _, test := range []struct {
		by, key, left []string
		want          string
	}{
		{[]string{"source.address", "port"}, []string{"10.0.0.4", "443"}, nil, "ip.addr == 10.0.0.4 && (tcp.port == 443 || udp.port == 443)"},
		{[]string{"local.vm", "remote.name", "protocol"}, []string{"web", "the bank", "TCP"}, nil, "(ip.addr == 10.0.0.4 || ipv6.addr == fd00::4) && ip.addr == 203.0.113.9 && tcp"},
		{[]string{"tls.server_name", "rule"}, []string{"a.example", "r"}, []string{"rule"}, `tls.handshake.extensions_server_name == "a.example"`},
		{[]string{"time(5m)", "peer"}, []string{"2026-05-09T10:05:00Z", "fd00::9"}, nil, `frame.time_utc >= "2026-05-09 10:05:00" && frame.time_utc < "2026-05-09 10:10:00" && ipv6.addr == fd00::9`},
		{[]string{"hour"}, []string{"2026-05-09T10:00:00Z"}, nil, `frame.time_utc >= "2026-05-09 10:00:00" && frame.time_utc < "2026-05-09 11:00:00"`},
		{[]string{"dns.asked", "source.vm"}, []string{"x.example, y.example", "gone"}, []string{"source.vm"}, `dns.qry.name == "x.example"`},
		{[]string{"destination.vm"}, []string{""}, nil, ""},
		{nil, nil, nil, ""},
	} {
		a := &summary.Answer{By: test.by}
		got, left := DisplayFilter(doc, a, &summary.Row{Key: test.key})
		if got != test.want || !cmp.Equal(left, test.left) {
			t.Errorf("%q of %q: %s, left %q", test.by, test.key, got, left)
		}
	}
}
