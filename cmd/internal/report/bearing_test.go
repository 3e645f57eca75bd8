package report

import (
	"strings"
	"testing"

	"flowctl/collectors/summary"
	"flowctl/plan"
)

// What bears on a question stays with it, and nothing that has a code of which
// nobody thought is hidden.
func TestBearing(t *testing.T) {
	all := []summary.Coverage{
		{Code: "minutes"}, {Code: "no-icmp"}, {Code: "no-inventory"}, {Code: "captures-see-the-machine"}, {Code: "ip-bytes-only"},
		{Code: "denied-uncounted"}, {Code: "a-new-code"}, {Code: "source-corrupt"},
		{Code: plan.EncryptionOff, Planned: true}, {Code: "capture-denied", Planned: true},
	}
	tests := map[string]string{
		"":                         "minutes a-new-code source-corrupt",
		"protocol":                 "minutes no-icmp a-new-code source-corrupt",
		"local.vm port":            "minutes no-inventory a-new-code source-corrupt",
		"source.scope":             "minutes no-inventory a-new-code source-corrupt",
		"verdict denied":           "minutes captures-see-the-machine denied-uncounted a-new-code source-corrupt",
		"encryption source.region": "minutes no-inventory a-new-code source-corrupt " + plan.EncryptionOff,
	}
	for fields, want := range tests {
		a := &summary.Answer{Fields: strings.Fields(fields)}
		if strings.Contains(fields, "denied") {
			a.Total.Denied = summary.Known(1)
		}
		bears, others := Bearing(&summary.Document{Coverage: all}, a)
		var got []string
		for _, c := range bears {
			got = append(got, c.Code)
		}
		if strings.Join(got, " ") != want || others != len(all)-len(got) {
			t.Errorf("%s: %v and %d others, want %s", fields, got, others, want)
		}
	}
}
