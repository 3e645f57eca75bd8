package flowlog

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flowlog/flowlogtest"
	"flowctl/plan"
)

const testSub = "11111111-2222-3333-4444-555555555555"

func TestParsePath(t *testing.T) {
	hour := time.Date(2026, 3, 17, 3, 0, 0, 0, time.UTC)
	const end = "/y=2026/m=03/d=17/h=03/m=00/macAddress=6045BD0A1B2C/PT1H.json"
	vnet := Path{Subscription: testSub, ResourceGroup: "NETWORKWATCHERRG", Watcher: "NETWORKWATCHER_JAPANEAST",
		FlowLog: "APP-VNET-FLOWLOG", Hour: hour, MAC: "6045BD0A1B2C"}
	custom := vnet
	custom.ResourceGroup, custom.Watcher, custom.FlowLog = "RG_NET_WATCH", "NW1", "APP_FLOWLOG"
	nsg := Path{Subscription: testSub, ResourceGroup: "RG-NET", Hour: hour, MAC: "6045BD0A1B2C",
		NSG: "/SUBSCRIPTIONS/" + testSub + "/RESOURCEGROUPS/RG-NET/PROVIDERS/MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/WEB"}
	long := "flowLogResourceID=/SUBSCRIPTIONS/" + testSub + "/RESOURCEGROUPS/NETWORKWATCHERRG/PROVIDERS/MICROSOFT.NETWORK/NETWORKWATCHERS/NETWORKWATCHER_JAPANEAST/FLOWLOGS/APP-VNET-FLOWLOG"
	tests := map[string]struct {
		name string
		want Path
		ok   bool
	}{
		"short":           {"flowLogResourceID=/" + testSub + "_NETWORKWATCHERRG/NETWORKWATCHER_JAPANEAST_APP-VNET-FLOWLOG" + end, vnet, true},
		"long":            {long + end, vnet, true},
		"in a folder":     {"/tmp/raw/" + VNetContainer + "/" + long + end, vnet, true},
		"İ, ǰ, not UTF-8": {"İstanbul/ǰ/\xfc\xfc\xfc/" + long + end, vnet, true}, // of other lengths in lower case
		"windows":         {`C:\raw\` + strings.ReplaceAll(long+end, "/", `\`), vnet, true},
		"custom watcher":  {"flowLogResourceID=/" + testSub + "_RG_NET_WATCH/NW1_APP_FLOWLOG" + end, custom, true},
		"nsg":             {"resourceId=" + string(nsg.NSG) + end, nsg, true},
		"bad hour":        {long + strings.Replace(end, "h=03", "h=33", 1), Path{}, false},
		"bad mac":         {long + strings.Replace(end, "6045BD", "6045B", 1), Path{}, false},
		"other file":      {long + strings.Replace(end, "PT1H", "PT2H", 1), Path{}, false},
		"other resource":  {"resourceId=/SUBSCRIPTIONS/" + testSub + "/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.WEB/SITES/A" + end, Path{}, false},
		"no log":          {"flowLogResourceID=/" + testSub + "_NETWORKWATCHERRG/NETWORKWATCHER_JAPANEAST" + end, Path{}, false},
		"no hour":         {long, Path{}, false},
		"nothing":         {"", Path{}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := ParsePath(tt.name)
			if ok != tt.ok {
				t.Fatalf("ParsePath(%q) is %t, want %t", tt.name, ok, tt.ok)
			}
			if diff := cmp.Diff(tt.want, got); ok && diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestPrefixes(t *testing.T) {
	hour := time.Date(2026, 3, 17, 5, 42, 7, 0, time.FixedZone("", 2*3600))
	watcher := plan.ID("/subscriptions/" + testSub + "/resourceGroups/rg-watch/providers/Microsoft.Network/networkWatchers/nw_1")
	want := []string{
		"flowLogResourceID=/" + testSub + "_RG-WATCH/NW_1_APP/y=2026/m=03/d=17/h=03/m=00/macAddress=",
		"flowLogResourceID=/SUBSCRIPTIONS/" + testSub + "/RESOURCEGROUPS/RG-WATCH/PROVIDERS/MICROSOFT.NETWORK/NETWORKWATCHERS/NW_1/FLOWLOGS/APP/y=2026/m=03/d=17/h=03/m=00/macAddress=",
	}
	if diff := cmp.Diff(want, Prefixes(watcher, "app", hour)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestGeneratedNames finds what the generator calls its blobs.
func TestGeneratedNames(t *testing.T) {
	for _, version := range []int{1, 2, 4} {
		n := 0
		for name, s := range flowlogtest.Hours(flowlogtest.Spec{Version: version}, 3, 2) {
			p, ok := ParsePath(name)
			if !ok || p.MAC != s.MAC() || !p.Hour.Equal(s.Hour) {
				t.Errorf("ParsePath(%q) = %+v, %t", name, p, ok)
			}
			if version == 4 && !strings.HasPrefix(name, Prefixes(plan.ID("/subscriptions/"+p.Subscription+"/resourceGroups/"+p.ResourceGroup+"/providers/Microsoft.Network/networkWatchers/"+p.Watcher), p.FlowLog, p.Hour)[0]) {
				t.Errorf("%q does not begin with the prefix of its log", name)
			}
			if version != 4 && !strings.HasPrefix(name, NSGPrefix(p.NSG, p.Hour)) {
				t.Errorf("%q does not begin with the prefix of its NSG", name)
			}
			n++
		}
		if n != 6 {
			t.Errorf("version %d: %d blobs, want 6", version, n)
		}
	}
}
