package flow

import (
	"net/netip"
	"testing"
)

func TestPrivate(t *testing.T) {
	tests := map[string]bool{
		"10.0.0.1": true, "172.16.0.1": true, "172.31.255.255": true, "172.32.0.1": false, "192.168.9.9": true, "192.169.0.1": false,
		"100.64.0.1": true, "100.128.0.1": false, "169.254.1.1": true, "127.0.0.1": true, "224.0.0.1": true, "255.255.255.255": true,
		"8.8.8.8": false, "168.63.129.16": false, "0.0.0.0": true, "::1": true, "fe80::1": true, "fec0::1": false, "fd00::1": true, "ff02::1": true,
		"2603:1020::1": false,
	}
	for a, want := range tests {
		if got := AddrOf(netip.MustParseAddr(a)).Private(); got != want {
			t.Errorf("%s: %v, want %v", a, got, want)
		}
	}
}
