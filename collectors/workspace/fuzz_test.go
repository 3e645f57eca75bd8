package workspace

import (
	"strings"
	"testing"

	"flowctl/collectors/flow"
)

const headed = "TenantId,TimeGenerated [UTC],SubType,FlowIntervalStartTime [UTC],SrcIp,DestIp,DestPort,L4Protocol,FlowDirection,FlowStatus,MacAddress,AllowedOutFlows,BytesSrcToDest,DestPublicIps\n"

// FuzzRead reads anything: it ends, gives no record that no row said, and says how
// far it came.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		headed + `t,"8/25/2026, 8:11:21.937 PM",FlowLog,"8/25/2026, 7:00:00.000 PM",10.0.0.4,,443,TCP,Outbound,Allowed,00-22-48-01-9B-D7,1,5,198.51.100.1|1|1|1|1|5|6` + "\n",
		headed + `t,"25.8.2026, 20:11:21,937",,,10.0.0.4,10.0.0.5,443.0,T,O,A,,1,5,` + "\r\n\"",
		`[{"TenantId":"t","SubType":"FlowLog","SrcIp":"10.0.0.4","DestIp":"10.0.0.5","DestPort":"443","L4Protocol":"TCP","FlowStatus":"Denied","DeniedInFlows":"2","BytesSrcToDest":"None"}]`,
		`{"tables":[{"name":"PrimaryResult","columns":[{"name":"SrcIp","type":"string"},{"name":"DestIp"},{"name":"FlowStatus"}],"rows":[["10.0.0.4","10.0.0.5","A"],[1]]}],"error":{"code":"PartialError"}}`,
		`{"TenantId":"t","Type":"VMConnection","SourceIp":"10.0.0.4","DestinationIp":"::1","DestinationPort":1,"Protocol":"tcp","LinksEstablished":1}` + "\n{\"Type\":",
		`{"error":{"code":"x","message":"y","details":[{"code":"z"}]}}`, `{"responses":[{"id":"1","body":{"tables":[]}}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var src flow.Source
		var skipped flow.Skipped
		n := 0
		for batch, err := range Read(strings.NewReader(string(b)), flow.Input{Source: &src, Names: flow.NewNames(), Skipped: &skipped}) {
			n += len(batch)
			for _, r := range batch {
				if !r.IsSum() || r.Records != 1 {
					t.Errorf("record %+v is no row", r)
				}
			}
			if err != nil && src.Status != flow.Unreadable && src.Status != flow.Truncated {
				t.Errorf("status %s, error %v", src.Status, err)
			}
		}
		if src.Status == "" || src.Bytes > int64(len(b)) || n > 0 && src.Records == 0 {
			t.Errorf("status %q, %d of %d bytes, %d records of %d rows", src.Status, src.Bytes, len(b), n, src.Records)
		}
	})
}

// TestDates reads times as browsers write them.
func TestDates(t *testing.T) {
	const want = int64(1787689281) // 2026-08-25T20:21:21Z
	for _, text := range []string{"8/25/2026, 8:21:21.000 PM", "8/25/2026 8:21:21 PM", "8/25/2026, 8:21:21\u202fPM", "25.8.2026, 20:21:21", "25/08/2026, 20:21:21", "25/08/2026, 8:21:21 pm",
		"2026-08-25T20:21:21Z", "2026-08-25 20:21:21", "2026/8/25 20:21:21", "25-8-2026 20:21:21", "25.08.2026, 20:21:21,000", "2026-08-25T22:21:21+02:00", "8.25.2026 20:21:21"} {
		if at, ok := (&dates{}).parse(text, nil); !ok || at != want*1e9 {
			t.Errorf("%q: %d, %v", text, at/1e9-want, ok)
		}
	}
	for _, text := range []string{"", "never", "25/25/2026, 8:21:21 PM", "8/25/2026, 8:61:21 PM", "8/25", "8/25/2026, 8:21:21 XM"} {
		if at, ok := (&dates{}).parse(text, nil); ok {
			t.Errorf("%q is %d", text, at)
		}
	}
	for heading, hours := range map[string]int{"TimeGenerated [UTC]": 0, "TimeGenerated [UTC+02:00]": 2, "TimeGenerated [GMT-5]": -5} {
		s := slotOf(heading)
		if at, ok := (&dates{}).parse("2026-08-25 20:21:21", s.zone); !ok || at/1e9 != want-int64(hours)*3600 || s.column != colGenerated {
			t.Errorf("%s: %d, %v", heading, at/1e9-want, ok)
		}
	}
}
