package question

import "testing"

// A condition is refused for flows that were not recorded only where none of them
// can meet it.
func TestSpot(t *testing.T) {
	denied := Spot{Is: map[string]string{"verdict": "denied"}}
	others := Spot{Not: map[string][]string{"protocol": {"TCP", "UDP"}}}
	tests := map[string]struct{ denied, others, any bool }{
		`verdict == "denied"`:                                  {true, true, true},
		`verdict == "allowed"`:                                 {false, true, true},
		`verdict != "denied"`:                                  {false, true, true},
		`!(verdict == "denied")`:                               {false, true, true},
		`port == 22`:                                           {true, true, true},
		`port == 22 && verdict == "allowed"`:                   {false, true, true},
		`port == 22 || verdict == "allowed"`:                   {true, true, true},
		`contains(["allowed", "unknown"], verdict)`:            {false, true, true},
		`contains(["TCP", "UDP"], protocol)`:                   {true, false, true},
		`protocol == "tcp"`:                                    {true, false, true},
		`protocol == "ICMP"`:                                   {true, true, true},
		`protocol != "TCP"`:                                    {true, true, true},
		`protocol == "TCP" ? port == 22 : verdict == "denied"`: {true, true, true},
		`false`: {false, false, false},
	}
	for src, want := range tests {
		e, diags := check(t, src)
		if diags.HasErrors() {
			t.Fatal(src, diags)
		}
		if got := denied.Meets(e); got != want.denied {
			t.Errorf("%s: denied flows: %v", src, got)
		}
		if got := others.Meets(e); got != want.others {
			t.Errorf("%s: other protocols: %v", src, got)
		}
		if got := (Spot{}).Meets(e); got != want.any {
			t.Errorf("%s: any flow: %v", src, got)
		}
	}
}
