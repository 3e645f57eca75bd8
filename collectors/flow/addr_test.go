package flow

import (
	"math/rand/v2"
	"net/netip"
	"testing"
)

// TestAddr checks that addresses come back as they were, in text and order, and
// that none is taken for another or for none.
func TestAddr(t *testing.T) {
	seen := map[Addr]string{{}: "none"}
	for _, text := range []string{"0.0.0.0", "10.0.0.4", "255.255.255.255", "::", "::1", "::a00:4", "::ffff:10.0.0.4", "::ffff:0.0.0.0", "::fffe:a00:4", "fd00::4", "0:1::2", "1::", "64:ff9b::a00:4"} {
		a := AddrOf(netip.MustParseAddr(text))
		if a.String() != text || a.Netip() != netip.MustParseAddr(text) || a.IsZero() {
			t.Errorf("%s came back as %q", text, a)
		}
		if before, ok := seen[a]; ok {
			t.Errorf("%s is %s", text, before)
		}
		seen[a] = text
		if is4 := netip.MustParseAddr(text).Is4(); a.Is4() != is4 {
			t.Errorf("%s is IPv4: %v", text, a.Is4())
		}
	}
	if a := (Addr{}); !a.IsZero() || a.String() != "" || a.Netip().IsValid() {
		t.Errorf("no address is %q", a)
	}
}

// TestAddrAny checks the same of any bytes.
func TestAddrAny(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 10_000 {
		var b [16]byte
		for i := range b {
			if r.IntN(3) == 0 {
				b[i] = byte(r.Uint32())
			}
		}
		if a := netip.AddrFrom16(b); Addr16(b[:]).Netip() != a || AddrOf(a) != Addr16(b[:]) {
			t.Errorf("%v came back as %v", a, Addr16(b[:]))
		}
	}
}

// TestPrivateForms checks that the form of an address does not change whose it is.
func TestPrivateForms(t *testing.T) {
	for text, want := range map[string]bool{"::": true, "::ffff:10.0.0.4": true, "::ffff:8.8.8.8": false} {
		if got := AddrOf(netip.MustParseAddr(text)).Private(); got != want {
			t.Errorf("%s is private: %v", text, got)
		}
	}
}
