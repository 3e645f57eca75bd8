package question

import (
	"strings"
	"testing"
)

func TestOrder(t *testing.T) {
	for _, m := range Measures() {
		for _, text := range []string{m, "-" + m} {
			o, p := ParseOrder(text)
			if p != nil || o.Measure != m || o.Ascending == strings.HasPrefix(text, "-") || o.String() != text {
				t.Errorf("%s: %+v, %v", text, o, p)
			}
		}
	}
	if o, p := ParseOrder("-source.vm", "port", "source.vm"); p != nil || o != (Order{"source.vm", false}) {
		t.Errorf("a dimension: %+v, %v", o, p)
	}
	if o, p := ParseOrder(""); p != nil || o != (Order{}) || o.String() != "" {
		t.Errorf("none: %+v, %v", o, p)
	}
	for text, want := range map[string]string{"-deneid": `Did you mean "denied"?`, "source.vm": "add it to by", "durations": `Did you mean "duration"?`, "+flows": `"-denied"`, "-": `by ""`} {
		if _, p := ParseOrder(text); p == nil || !strings.Contains(p.Detail, want) {
			t.Errorf("%s: %v, want %s", text, p, want)
		}
	}
}
