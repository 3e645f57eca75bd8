package syntax

import "testing"

func TestNearest(t *testing.T) {
	tests := []struct {
		given, want string
		known       []string
	}{
		{"vmms", "vmss", []string{"vnet", "subnet", "nic", "nsg", "vm", "vmss"}},
		{"VNET", "vnet", []string{"vnet", "subnet", "nic", "nsg", "vm", "vmss"}},
		{"edn", "end", []string{"begin", "continue", "end", "deny"}},
		{"ICMP", "", []string{"TCP", "UDP", "Any"}},
		{"destination.servce", "destination.service", []string{"destination.port", "destination.service", "source.vm"}},
		{"allow", "allowed", []string{"allowed", "denied"}},
		{"inter", "", []string{"internet", "interval"}},
		{"x", "", []string{"vnet", "subnet", "nic", "nsg", "vm", "vmss"}},
		{"", "", []string{"vnet", "subnet", "nic", "nsg", "vm", "vmss"}},
	}
	for _, test := range tests {
		if got := Nearest(test.given, test.known); got != test.want {
			t.Errorf("%q: got %q, want %q", test.given, got, test.want)
		}
	}
}
