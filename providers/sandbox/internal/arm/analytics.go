package arm

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/kql"
	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/world"
)

// Tables of Traffic Analytics are made from the same traffic as blobs, when they are asked for, as
// Microsoft's "Traffic analytics schema and data aggregation" says: a row is what has the same
// ends, port, rule and direction in an interval, without source ports, and public peers are folded.
// Rows are there some minutes after their interval's end. Words stand for letters, addresses of
// Microsoft are not masked and no country is known: these three are the sandbox's own choice.

// How long after the end of an interval its rows are there.
const (
	processed = 11 * time.Minute
	jitter    = 4 * time.Minute
)

// analyticsColumns are those of NTANetAnalytics that are made, with their types.
var analyticsColumns = [][2]string{
	{"TimeGenerated", "datetime"}, {"SubType", "string"}, {"FaSchemaVersion", "string"}, {"TimeProcessed", "datetime"},
	{"FlowIntervalStartTime", "datetime"}, {"FlowIntervalEndTime", "datetime"}, {"FlowStartTime", "datetime"}, {"FlowEndTime", "datetime"},
	{"FlowType", "string"}, {"SrcIp", "string"}, {"DestIp", "string"}, {"SrcPublicIps", "string"}, {"DestPublicIps", "string"},
	{"DestPort", "int"}, {"L4Protocol", "string"}, {"FlowDirection", "string"}, {"FlowStatus", "string"},
	{"AclGroup", "string"}, {"AclRule", "string"}, {"MacAddress", "string"}, {"TargetResourceId", "string"}, {"TargetResourceType", "string"}, {"FlowLogResourceId", "string"},
	{"SrcVm", "string"}, {"DestVm", "string"}, {"SrcNic", "string"}, {"DestNic", "string"}, {"SrcSubnet", "string"}, {"DestSubnet", "string"},
	{"AllowedInFlows", "long"}, {"DeniedInFlows", "long"}, {"AllowedOutFlows", "long"}, {"DeniedOutFlows", "long"}, {"CompletedFlows", "long"},
	{"PacketsSrcToDest", "long"}, {"PacketsDestToSrc", "long"}, {"BytesSrcToDest", "long"}, {"BytesDestToSrc", "long"},
	{"FlowEncryption", "string"}, {"Type", "string"}, {"_BilledSize", "real"},
}

var encryptions = map[string]string{"X": "Encrypted", "NX": "Unencrypted", "NX_HW_NOT_SUPPORTED": "Unsupported hardware", "NX_SW_NOT_READY": "Software not ready",
	"NX_NOT_ACCEPTED": "Drop due to no encryption", "NX_NOT_SUPPORTED": "Discovery not supported", "NX_LOCAL_DST": "Destination on same host", "NX_FALLBACK": "Fall back to no encryption"}

// aggregated is what has the same key in an interval.
type aggregated struct {
	typ, src, dst, protocol, acl, rule, encryption string
	port                                           uint16
	outbound, denied                               bool
}

type aggregate struct {
	first, last     time.Time
	begun, ended    int64
	packets, bytes  [2]int64
	peers           map[string]*aggregate // by public address
	srcNIC, destNIC *world.NIC
}

func (a *aggregate) add(t traffic.Tuple) {
	if a.first.IsZero() || t.At.Before(a.first) {
		a.first = t.At
	}
	if t.At.After(a.last) {
		a.last = t.At
	}
	switch t.State {
	case 'B', 'D':
		a.begun++
	case 'E':
		a.ended++
	}
	for d := range t.Packets {
		a.packets[d] += t.Packets[d]
		a.bytes[d] += t.Bytes[d]
	}
}

// analytics makes the rows of a workspace whose time of generation is from one time to another.
func (q *request) analytics(st *State, workspace plan.ID, from, to time.Time) *kql.Table {
	out := &kql.Table{}
	for _, c := range analyticsColumns {
		out.Columns = append(out.Columns, c[0])
	}
	m := q.Model(st)
	var logs []traffic.Log
	var of []*FlowLog
	for _, l := range st.FlowLogs {
		for _, r := range l.Runs {
			filter, err := traffic.ParseFilter(r.Filter)
			if err != nil || strings.EqualFold(r.Target.Type(), nsgType) {
				continue
			}
			logs = append(logs, traffic.Log{ID: l.ID, GUID: l.GUID, Target: r.Target, Since: r.Since, Until: r.Until, RecordTypes: r.RecordTypes, Filter: filter})
			of = append(of, l)
		}
	}
	book := q.addressBook(st)
	for i, log := range m.Precedence(logs) {
		ta := of[i].Settings.Analytics.Workspace
		if ta == nil || !ta.Workspace.Is(workspace) {
			continue
		}
		step := time.Duration(ta.Interval) * time.Minute
		for at := maxTime(log.Since, from.Add(-step-processed-jitter)).Truncate(step); at.Before(to); at = at.Add(step) {
			end := at.Add(step)
			made := end.Add(processed + time.Duration(uint64(end.Unix()/60)%uint64(jitter/time.Second))*time.Second)
			if made.Before(from) || !made.Before(to) || made.After(q.now) || !log.Until.IsZero() && log.Until.Before(at) {
				continue
			}
			for _, nic := range m.NICs(log.Target) {
				out.Rows = append(out.Rows, book.interval(m, log, nic, at, end, made)...)
			}
		}
	}
	return out
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// addressBook knows whose an address is.
type addressBook struct {
	nics map[netip.Addr]*world.NIC
	tags []world.ServiceTag
}

func (q *request) addressBook(st *State) addressBook {
	b := addressBook{nics: map[netip.Addr]*world.NIC{}, tags: q.world.ServiceTags}
	for _, n := range q.live(st).World.NICs {
		b.nics[n.Private] = n
	}
	return b
}

// interval makes the rows of one interface and interval, in the order of their keys.
func (b addressBook) interval(m *traffic.Model, log traffic.Log, nic *world.NIC, from, to, made time.Time) []kql.Row {
	all := map[aggregated]*aggregate{}
	for t := range m.Tuples(log, nic, from, to) {
		key, peer := b.key(t)
		a := all[key]
		if a == nil {
			a = &aggregate{peers: map[string]*aggregate{}, srcNIC: b.nics[t.Src], destNIC: b.nics[t.Dst]}
			all[key] = a
		}
		a.add(t)
		if peer != "" {
			if a.peers[peer] == nil {
				a.peers[peer] = &aggregate{}
			}
			a.peers[peer].add(t)
		}
	}
	keys := slices.SortedFunc(maps.Keys(all), func(x, y aggregated) int { return cmp.Compare(fmt.Sprint(x), fmt.Sprint(y)) })
	var rows []kql.Row
	for _, k := range keys {
		rows = append(rows, row(k, *all[k], log, nic, from, to, made))
	}
	return rows
}

// key is what a tuple is summed up by, and the public address that is folded.
func (b addressBook) key(t traffic.Tuple) (k aggregated, peer string) {
	k = aggregated{src: t.Src.String(), dst: t.Dst.String(), protocol: strings.ToUpper(t.Protocol), acl: t.ACL, rule: t.Rule, port: t.DstPort, outbound: t.Outbound, denied: t.State == 'D'}
	k.encryption = encryptions[t.Encryption]
	src, dst := b.nics[t.Src], b.nics[t.Dst]
	public := t.Dst
	if !isPublic(t.Dst) {
		public = t.Src
	}
	switch {
	case isPublic(public):
		k.typ = "ExternalPublic"
		if b.azures(public) {
			k.typ = "AzurePublic"
		}
		if peer = public.String(); public == t.Dst {
			k.dst = ""
		} else {
			k.src = ""
		}
	case src != nil && dst != nil && src.Subnet.VNet.ID.Is(dst.Subnet.VNet.ID):
		k.typ = "IntraVNet"
	case src != nil && dst != nil:
		k.typ = "InterVNet"
	default:
		k.typ = "UnknownPrivate"
	}
	return k, peer
}

func isPublic(a netip.Addr) bool { return a.IsGlobalUnicast() && !a.IsPrivate() }

func (b addressBook) azures(a netip.Addr) bool {
	if a == netip.AddrFrom4([4]byte{168, 63, 129, 16}) {
		return true
	}
	return slices.ContainsFunc(b.tags, func(t world.ServiceTag) bool {
		return slices.ContainsFunc(t.Prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
	})
}

func row(k aggregated, a aggregate, log traffic.Log, nic *world.NIC, from, to, made time.Time) kql.Row {
	r := kql.Row{
		"TimeGenerated": made, "SubType": "FlowLog", "FaSchemaVersion": "3", "TimeProcessed": made.Add(-time.Minute),
		"FlowIntervalStartTime": from, "FlowIntervalEndTime": to, "FlowStartTime": a.first, "FlowEndTime": a.last,
		"FlowType": k.typ, "SrcIp": k.src, "DestIp": k.dst, "SrcPublicIps": "", "DestPublicIps": "",
		"DestPort": float64(k.port), "L4Protocol": k.protocol, "FlowDirection": "Inbound", "FlowStatus": "Allowed",
		"AclGroup": strings.ToLower(k.acl), "AclRule": strings.ToLower(k.rule), "MacAddress": dashed(nic.MAC),
		"TargetResourceId": parts(log.Target), "TargetResourceType": targetWord(log.Target),
		"FlowLogResourceId": strings.ToLower(log.ID.Subscription() + "/" + log.ID.ResourceGroup() + "/" + log.ID.Parent().Name() + "/" + log.ID.Name()),
		"AllowedInFlows":    0.0, "DeniedInFlows": 0.0, "AllowedOutFlows": 0.0, "DeniedOutFlows": 0.0, "CompletedFlows": float64(a.ended),
		"PacketsSrcToDest": float64(a.packets[0]), "PacketsDestToSrc": float64(a.packets[1]), "BytesSrcToDest": float64(a.bytes[0]), "BytesDestToSrc": float64(a.bytes[1]),
		"FlowEncryption": k.encryption, "Type": "NTANetAnalytics", "_BilledSize": 900.0,
	}
	counter, way := "Allowed", "In"
	if k.denied {
		counter, r["FlowStatus"] = "Denied", "Denied"
	}
	if k.outbound {
		way, r["FlowDirection"] = "Out", "Outbound"
	}
	r[counter+way+"Flows"] = float64(a.begun)
	endNames(r, "Src", a.srcNIC)
	endNames(r, "Dest", a.destNIC)
	var entries []string
	for _, peer := range slices.Sorted(maps.Keys(a.peers)) {
		p := a.peers[peer]
		entries = append(entries, fmt.Sprintf("%s|%d|%d|%d|%d|%d|%d", peer, p.begun, p.ended, p.packets[0], p.packets[1], p.bytes[0], p.bytes[1]))
	}
	if k.src == "" {
		r["SrcPublicIps"] = strings.Join(entries, " ")
	} else {
		r["DestPublicIps"] = strings.Join(entries, " ")
	}
	return r
}

// endNames are those of the machine at one end.
func endNames(r kql.Row, side string, n *world.NIC) {
	for _, c := range []string{"Vm", "Nic", "Subnet"} {
		r[side+c] = ""
	}
	if n == nil {
		return
	}
	r[side+"Nic"] = strings.ToLower(n.ID.ResourceGroup() + "/" + n.ID.Name())
	r[side+"Subnet"] = strings.ToLower(n.Subnet.ID.ResourceGroup() + "/" + n.Subnet.VNet.Name + "/" + n.Subnet.Name)
	if n.VM != nil {
		r[side+"Vm"] = strings.ToLower(n.VM.ID.ResourceGroup() + "/" + n.VM.Name)
	}
}

// parts are those of an id as rows have them: subscription, group, name.
func parts(id plan.ID) string {
	return strings.ToLower(id.Subscription() + "/" + id.ResourceGroup() + "/" + id.Name())
}

func targetWord(id plan.ID) string {
	switch kind := strings.ToLower(id.Type()); {
	case strings.HasSuffix(kind, "/subnets"):
		return "Subnet"
	case strings.HasSuffix(kind, "/networkinterfaces"):
		return "NetworkInterface"
	}
	return "VirtualNetwork"
}
