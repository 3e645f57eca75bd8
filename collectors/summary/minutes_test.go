package summary

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"flowctl/collectors/flow"
	"flowctl/collectors/minutes"
	"flowctl/plan"
)

// TestMinutesOfDocuments wants what is known of minutes in the document and first in its
// coverage, interfaces by the names of the inventory, and nothing where no log was read.
func TestMinutesOfDocuments(t *testing.T) {
	names := flow.NewNames()
	all := recordsOf(names, made{sport: 1, dport: 443, sent: 5})
	asked := []string{}
	o := Options{Inventories: []*plan.Inventory{inventory()}, Sources: []flow.Source{{Kind: flow.VNetFlowLog, Records: 1}}, Minutes: func(name func(string) string) *minutes.Document {
		for _, mac := range []string{macA, macB, "00000000000f"} {
			asked = append(asked, name(mac))
		}
		return &minutes.Document{Counts: minutes.Counts{Recorded: 7, Silent: 2, Unknown: 1}, Seconds: 60}
	}}
	doc := documentOf(t, names, all, o)
	if !slices.Equal(asked, []string{"nic-vm-a", "nic-vm-b", ""}) {
		t.Errorf("names of interfaces are %q", asked)
	}
	if doc.Minutes == nil || doc.Coverage[0].Code != "minutes" || doc.Coverage[0].Text != "7 interface-minutes recorded, 2 silent, 1 unknown." {
		t.Errorf("%+v, %+v", doc.Minutes, doc.Coverage)
	}
	o.Minutes = func(func(string) string) *minutes.Document { return nil }
	for _, none := range []Options{o, {}} {
		doc := documentOf(t, names, all, none)
		var text strings.Builder
		if err := doc.Write(&text); err != nil {
			t.Fatal(err)
		}
		if said(doc, "minutes") != "" || !strings.Contains(text.String(), `"minutes": null`) && !strings.Contains(text.String(), `"minutes":null`) {
			t.Errorf("without a log: %v", doc.Coverage)
		}
	}
}

// TestAfter wants a time after a begin to be read as it is written, whatever it is, and
// nothing else for one.
func TestAfter(t *testing.T) {
	for seconds := int64(-200_000); seconds < 500_000; seconds += 997 {
		d := time.Duration(seconds) * time.Second
		text := after(d)
		if got, ok := parseAfter(text); !ok || got != d {
			t.Fatalf("%v is %s, which is %v", d, text, got)
		}
		if want := fmt.Sprintf("%02d:%02d:%02d", abs(seconds)/3600, abs(seconds)/60%60, abs(seconds)%60); text[1:] != want || (text[0] == '-') != (seconds < 0) {
			t.Fatalf("%d seconds are %s, want %s", seconds, text, want)
		}
	}
	for _, text := range []string{"", "+", "+1", "+01:02", "443", "2026-05-09T10:00:00Z"} {
		if d, ok := parseAfter(text); ok {
			t.Errorf("%q is %v", text, d)
		}
	}
	for text, want := range map[string]int64{"2026-05-09T10:00:00Z": 1778320800, "2026-05-09": 1778284800, "1970-01-01": 0} {
		if at, ok := stepTime(text); !ok || at.Unix() != want {
			t.Errorf("%s: %v, %t", text, at, ok)
		}
	}
	for _, text := range []string{"", "2026-05-9", "2026-13-01", "10:00", "+00:05:00"} {
		if _, ok := stepTime(text); ok {
			t.Errorf("%q is a step", text)
		}
	}
}
