package migration

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	sub   = "/SUBSCRIPTIONS/5AB0C1D2-6E3F-4A5B-8C7D-9E0F1A2B3C4D/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/"
	group = sub + "NETWORKSECURITYGROUPS/WEB"
	mac   = "000D3ABC1F6B"
	hour  = 1762934400 // 2025-11-12T08:00:00Z
)

// old is a tuple of an NSG flow log so many seconds after the hour: port, and what follows.
func old(at, port int, rest string) string {
	return fmt.Sprintf("%d,10.0.0.4,10.0.1.4,%d,443,T,I,%s", hour+at, port, rest)
}

// fresh is one of a flow log of a network.
func fresh(at, port int, rest string) string {
	return fmt.Sprintf("%d,10.0.0.4,10.0.1.4,%d,443,6,I,%s", (hour+at)*1000+7, port, rest)
}

func nsgFile(t *testing.T, tuples ...string) string {
	return write(t, `{"records":[{"time":"2025-11-12T08:01:00Z","systemId":"a","macAddress":"`+mac+`","category":"NetworkSecurityGroupFlowEvent","resourceId":"`+group+
		`","operationName":"NetworkSecurityGroupFlowEvents","properties":{"Version":2,"flows":[{"rule":"UserRule_x","flows":[{"mac":"`+mac+`","flowTuples":["`+strings.Join(tuples, `","`)+`"]}]}]}}]}`)
}

func networkFile(t *testing.T, acl, rule string, tuples ...string) string {
	return write(t, `{"records":[{"time":"2025-11-12T08:01:00Z","flowLogVersion":4,"flowLogGUID":"b","macAddress":"`+mac+`","category":"FlowLogFlowEvent","flowLogResourceID":"`+sub+
		`NETWORKWATCHERS/W/FLOWLOGS/L","targetResourceID":"/x","operationName":"FlowLogFlowEvent","flowRecords":{"flows":[{"aclID":"`+acl+`","flowGroups":[{"rule":"`+rule+`","flowTuples":["`+strings.Join(tuples, `","`)+`"]}]}]}}]}`)
}

func write(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "PT1H.json")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestWhy(t *testing.T) {
	const begun, end = "A,B,,,,", "A,E,3,300,2,200"
	acl := strings.ToLower(group)
	both := fresh(0, 9, "B,NX,0,0,0,0") // so that the network's log writes from the begin on
	tests := map[string]struct {
		older, newer []string // files
		want         string   // differences, those without explanation marked
	}{
		"the same in both": {[]string{nsgFile(t, old(0, 9, begun), old(5, 1, begun), old(9, 1, end))},
			[]string{networkFile(t, acl, "UserRule_x", both, fresh(5, 1, "B,NX,0,0,0,0"), fresh(9, 1, "E,NX,3,300,2,200"))}, ""},
		"lost in the new one": {[]string{nsgFile(t, old(0, 9, begun), old(5, 1, begun))}, []string{networkFile(t, acl, "UserRule_x", both)}, "!nsg 1: the flow log of its network has nothing"},
		"lost in the old one": {[]string{nsgFile(t, old(0, 9, begun))}, []string{networkFile(t, acl, "UserRule_x", both, fresh(5, 1, "B,NX,0,0,0,0"))}, "!network 1: the NSG flow log of the group"},
		"other counts":        {[]string{nsgFile(t, old(0, 9, begun), old(9, 1, end))}, []string{networkFile(t, acl, "UserRule_x", both, fresh(9, 1, "E,NX,3,301,2,200"))}, "!both 1: the counts differ"},
		"not counted":         {[]string{nsgFile(t, old(0, 9, begun), old(9, 1, begun))}, []string{networkFile(t, acl, "UserRule_x", both, fresh(9, 1, "B,NX,0,0,0,0"), fresh(10, 1, "E,NX,3,301,2,200"))}, "both 1: NSG flow logs count no packets"},
		"no new log":          {[]string{nsgFile(t, old(0, 9, begun))}, nil, "nsg 1: no flow log of its network wrote"},
		"began later":         {[]string{nsgFile(t, old(0, 1, begun), old(5, 9, begun))}, []string{networkFile(t, acl, "UserRule_x", fresh(5, 9, "B,NX,0,0,0,0"))}, "nsg 1: it was before"},
		"another group":       {nil, []string{networkFile(t, strings.Replace(acl, "web", "other", 1), "UserRule_x", both)}, "network 1: security group other decided"},
		"the platform":        {nil, []string{networkFile(t, "00000000-0000-0000-0000-000000000000", "PlatformRule", both)}, "network 1: the platform's own rule"},
		"encryption":          {nil, []string{networkFile(t, "unspecified", "unspecified", both)}, "network 1: it was dropped before any"},
		"an admin rule":       {nil, []string{networkFile(t, "7a1c2f0e-53f7-4f0b-8f2e-2c9d5b8a1e01", "NoSSH", both)}, "network 1: a security admin rule"},
		"another time":        {[]string{nsgFile(t, old(-1, 1, begun), old(3600, 2, begun))}, nil, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			start := time.Unix(hour, 0)
			c := New(start, start.Add(time.Hour), []string{group})
			if err := c.Add(context.Background(), Interface{MAC: mac, Old: tt.older, New: tt.newer}); err != nil {
				t.Fatal(err)
			}
			c.Finish()
			var got []string
			for _, d := range c.Differences {
				mark := map[bool]string{true: "!"}[d.Open]
				got = append(got, fmt.Sprintf("%s%s %d: %s", mark, d.Side, d.Flows, d.Why))
			}
			if text := strings.Join(got, "; "); !strings.HasPrefix(text, tt.want) || tt.want == "" && text != "" || len(got) > 1 {
				t.Errorf("got %q, want %q", text, tt.want)
			}
			if open := strings.HasPrefix(tt.want, "!"); open != (c.Unexplained() > 0) {
				t.Errorf("%d are unexplained", c.Unexplained())
			}
		})
	}
}

// TestDamage: a file that is cut is told, and what is readable counts.
func TestDamage(t *testing.T) {
	name := nsgFile(t, old(0, 1, "A,B,,,,"), old(1, 2, "A,B,,x"))
	c := New(time.Unix(hour, 0), time.Unix(hour+60, 0), nil)
	if err := c.Add(context.Background(), Interface{MAC: mac, Old: []string{name}}); err != nil {
		t.Fatal(err)
	}
	if c.Finish(); c.Flows != 1 || len(c.Damaged) != 1 {
		t.Errorf("%d flows, damage %v", c.Flows, c.Damaged)
	}
	if err := c.Add(context.Background(), Interface{MAC: mac, Old: []string{name + ".gone"}}); err == nil {
		t.Error("a file that is not there is no error")
	}
}
