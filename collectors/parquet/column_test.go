package parquet

import (
	"net/netip"
	"testing"

	"flowctl/collectors/flow"
)

// TestParse4 takes what netip takes for IPv4, and leaves all else to it.
func TestParse4(t *testing.T) {
	for _, s := range []string{
		"0.0.0.0", "1.2.3.4", "10.0.20.255", "255.255.255.255", "256.1.1.1", "1.1.1.256", "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3",
		"01.2.3.4", "1.2.3.04", "00.0.0.0", "1.2.3.4 ", "1000.2.3.4", "", "::1", "::ffff:1.2.3.4", "a.b.c.d",
	} {
		want, err := netip.ParseAddr(s)
		got, ok := parse4([]byte(s))
		if is4 := err == nil && want.Is4(); ok != is4 || ok && got != flow.AddrOf(want) {
			t.Errorf("%q: %v %v, netip has %v %v", s, got, ok, want, err)
		}
	}
}
