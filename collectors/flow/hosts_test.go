package flow

import (
	"fmt"
	"slices"
	"testing"
)

func TestHosts(t *testing.T) {
	var h Hosts
	a := Addr4(1)
	if h.Of(a) != nil || h.Len() != 0 {
		t.Errorf("%v", h.Of(a))
	}
	h.Add(a, "x", FromDNS)
	h.Add(a, "x", FromDNS)
	h.Add(a, "x", FromTLS)
	if want := []Host{{"x", FromDNS}, {"x", FromTLS}}; !slices.Equal(h.Of(a), want) {
		t.Errorf("%v, want %v", h.Of(a), want)
	}
	for i := range 100 {
		h.Add(a, fmt.Sprint(i), FromDNS)
	}
	if n := len(h.Of(a)); n != maxNamesPerHost {
		t.Errorf("%d names are kept", n)
	}
}

// TestHostsAreBounded checks that an endless capture does not fill the memory.
func TestHostsAreBounded(t *testing.T) {
	var h Hosts
	for i := range uint32(maxHosts + 100) {
		h.Add(Addr4(i), "x", FromDNS)
	}
	if h.Len() != maxHosts {
		t.Errorf("%d addresses are kept", h.Len())
	}
	h.Add(Addr4(7), "y", FromTLS)
	if n := len(h.Of(Addr4(7))); n != 2 {
		t.Errorf("%d names of an address that is known", n)
	}
}
