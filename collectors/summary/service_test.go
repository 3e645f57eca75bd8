package summary

import (
	"testing"

	"github.com/hashicorp/hcl/v2"

	"flowctl/collectors/flow"
	"flowctl/plan/question"
	"flowctl/plan/syntax"
)

// TestNamesAreKnown wants conditions to take every text that protocol and service
// can be.
func TestNamesAreKnown(t *testing.T) {
	asks := func(field, text string) {
		t.Helper()
		expr, diags := syntax.Expression(field+" == \""+text+"\"", "where")
		if !diags.HasErrors() {
			_, diags = question.Check(expr, question.Scope{Context: &hcl.EvalContext{}})
		}
		if diags.HasErrors() {
			t.Errorf("%s %q: %v", field, text, diags)
		}
	}
	for n := range 256 {
		asks("protocol", Protocol(uint8(n)))
	}
	for n := range 1 << 16 {
		if text := flow.EtherType(uint16(n)); text[0] != '0' || n%4099 == 0 {
			asks("protocol", text)
		}
	}
	for _, s := range serviceNames() {
		asks("service", s)
	}
}
