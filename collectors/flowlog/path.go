package flowlog

import (
	"strings"
	"time"

	"flowctl/plan"
)

// The containers that Azure writes flow logs to.
const (
	VNetContainer = "insights-logs-flowlogflowevent"
	NSGContainer  = "insights-logs-networksecuritygroupflowevent"
)

const (
	vnetRoot = "flowLogResourceID=/"
	nsgRoot  = "resourceId=/"
)

// Path is what the name of a flow log blob says: one log, one network
// interface, one hour. Azure writes its parts in upper case.
type Path struct {
	Subscription  string
	ResourceGroup string // of the Network Watcher, or of the NSG
	Watcher       string // Network Watcher; empty in NSG flow logs
	FlowLog       string // name of the flow log; empty in NSG flow logs
	NSG           plan.ID
	Hour          time.Time
	MAC           string
}

// ParsePath takes the name of a blob apart, in any of the layouts that have
// been seen:
//
//	flowLogResourceID=/{subscription}_{group}/{watcher}_{log}/y=…/m=…/d=…/h=…/m=00/macAddress=…/PT1H.json
//	flowLogResourceID=/SUBSCRIPTIONS/…/NETWORKWATCHERS/{watcher}/FLOWLOGS/{log}/y=…
//	resourceId=/SUBSCRIPTIONS/…/NETWORKSECURITYGROUPS/{nsg}/y=…
//
// Folders before that, such as the container, are passed over. The first
// layout does not say where the watcher's name ends: that of a watcher named
// by Azure, NetworkWatcher_region, ends at the second underscore, any other is
// taken to end at the first.
func ParsePath(name string) (Path, bool) {
	name = strings.ReplaceAll(name, `\`, "/")
	owner, rest, ok := strings.Cut(name, "/y=")
	if !ok {
		return Path{}, false
	}
	var p Path
	if p.Hour, p.MAC, ok = parseHour(rest); !ok {
		return Path{}, false
	}
	if id, ok := afterRoot(owner, vnetRoot); ok {
		return p, p.vnet(id)
	}
	if id, ok := afterRoot(owner, nsgRoot); ok {
		return p, p.nsg(id)
	}
	return Path{}, false
}

// afterRoot returns what follows root, which begins name or one of its folders.
func afterRoot(name, root string) (string, bool) {
	k := plan.IndexFold(name, root)
	if k < 0 || k > 0 && name[k-1] != '/' {
		return "", false
	}
	return name[k+len(root):], true
}

// parseHour reads "2026/m=03/d=17/h=03/m=00/macAddress=6045BD0A1B2C/PT1H.json".
func parseHour(s string) (time.Time, string, bool) {
	const layout = "2006/m=01/d=02/h=15/m=04"
	at, file, ok := cutFold(s, "/macAddress=")
	if !ok {
		return time.Time{}, "", false
	}
	mac, file, _ := strings.Cut(file, "/")
	m := normalMAC([]byte(mac))
	hour, err := time.Parse(layout, at)
	return hour, string(m), err == nil && m != nil && strings.EqualFold(file, "PT1H.json")
}

// cutFold is strings.Cut without regard to case.
func cutFold(s, sep string) (before, after string, ok bool) {
	k := plan.IndexFold(s, sep)
	if k < 0 {
		return s, "", false
	}
	return s[:k], s[k+len(sep):], true
}

func (p *Path) vnet(id string) bool {
	if long := plan.ID("/" + id); long.Subscription() != "" {
		p.Subscription, p.ResourceGroup = long.Subscription(), long.ResourceGroup()
		p.Watcher, p.FlowLog = long.Parent().Name(), long.Name()
		return strings.EqualFold(long.Type(), "Microsoft.Network/networkWatchers/flowLogs")
	}
	group, log, ok := strings.Cut(id, "/")
	if !ok || strings.Contains(log, "/") {
		return false
	}
	p.Subscription, p.ResourceGroup, ok = strings.Cut(group, "_")
	if !ok {
		return false
	}
	p.Watcher, p.FlowLog, ok = cutWatcher(log)
	return ok && p.Subscription != "" && p.ResourceGroup != ""
}

// cutWatcher divides what the short layout joins.
func cutWatcher(s string) (watcher, log string, ok bool) {
	const azures = "NETWORKWATCHER_"
	from := 0
	if len(s) > len(azures) && strings.EqualFold(s[:len(azures)], azures) {
		from = len(azures)
	}
	k := strings.IndexByte(s[from:], '_')
	if k <= 0 || from+k+1 == len(s) {
		return "", "", false
	}
	return s[:from+k], s[from+k+1:], true
}

func (p *Path) nsg(id string) bool {
	p.NSG = plan.ID("/" + id)
	p.Subscription, p.ResourceGroup = p.NSG.Subscription(), p.NSG.ResourceGroup()
	return p.Subscription != "" && strings.EqualFold(p.NSG.Type(), "Microsoft.Network/networkSecurityGroups")
}

// Prefixes returns the prefixes, in VNetContainer, of the blobs that the flow
// log name of the given Network Watcher writes for one hour. Which of them it
// is depends on the layout; the other has no blobs. The end of the prefix is
// followed by the MAC address.
func Prefixes(watcher plan.ID, name string, hour time.Time) []string {
	at := hourPart(hour)
	short := watcher.Subscription() + "_" + watcher.ResourceGroup() + "/" + watcher.Name() + "_" + name
	long := strings.TrimPrefix(strings.TrimSuffix(string(watcher), "/"), "/") + "/flowLogs/" + name
	return []string{
		vnetRoot + strings.ToUpper(short) + at,
		vnetRoot + strings.ToUpper(long) + at,
	}
}

// Folders returns the folders, in VNetContainer, of all that a flow log wrote, in either layout.
// They end in a slash; below them are folders of years.
func Folders(watcher plan.ID, name string) []string {
	return folders(Prefixes(watcher, name, time.Time{}))
}

// NSGFolder returns the folder, in NSGContainer, of all that the flow log of an NSG wrote.
func NSGFolder(nsg plan.ID) string { return folders([]string{NSGPrefix(nsg, time.Time{})})[0] }

func folders(prefixes []string) []string {
	for i, p := range prefixes {
		prefixes[i] = p[:len(p)-len(hourPart(time.Time{}))+1]
	}
	return prefixes
}

// NSGPrefix returns the prefix, in NSGContainer, of the blobs that the flow
// log of an NSG writes for one hour.
func NSGPrefix(nsg plan.ID, hour time.Time) string {
	return nsgRoot + strings.ToUpper(strings.Trim(string(nsg), "/")) + hourPart(hour)
}

func hourPart(hour time.Time) string {
	return hour.UTC().Truncate(time.Hour).Format("/y=2006/m=01/d=02/h=15/m=04/macAddress=")
}
