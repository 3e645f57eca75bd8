package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"flowctl/collectors/pcap/pcaptest"
	"flowctl/plan"
)

// tuple is one of a flow log, as this test made it up. Answers to questions are
// worked out from tuples as they are here, and not from what a reader makes of them.
type tuple struct {
	minute, second         int // after trafficStart
	nic                    int
	src, dst               string
	srcPort, dstPort, prot int
	inbound                bool
	state, encryption      string
	counted                [4]uint64 // packets and bytes there, packets and bytes back
	rule                   string
}

// packet is one of a capture.
type packet struct {
	src, dst       netip.AddrPort
	protocol       string
	bytes          uint64 // of IP
	again          bool   // it was sent before
	client, server netip.AddrPort
}

// traffic is what questions are asked about: a log of three interfaces, and a
// capture of other traffic.
type traffic struct {
	tuples  []tuple
	packets []packet
	frames  []pcaptest.Record
}

const trafficStart = 1778320800 // 2026-05-09T10:00:00Z, the begin of an hour

// The machines that the log is of, each with an interface of its own.
var machines = []struct{ address, mac, vm, subnet string }{
	{"10.0.0.4", "002248AAAA01", "vm-app", "vnet-a/apps"},
	{"10.0.0.5", "002248AAAA02", "vm-sql", "vnet-a/data"},
	{"10.0.0.21", "002248AAAA03", "vm-web", "vnet-a/data"},
}

// trafficOf is the traffic of a seed.
func trafficOf(seed uint64) *traffic {
	r := rand.New(rand.NewPCG(seed, 2))
	t := &traffic{}
	for port := 40000; port < 40240; port++ {
		t.conversation(r, port)
	}
	slices.SortStableFunc(t.tuples, func(a, b tuple) int {
		return (a.minute*1000+a.nic*60)*1000 + a.second - (b.minute*1000+b.nic*60)*1000 - b.second
	})
	for port := uint16(50000); port < 50030; port++ {
		t.capture(r, port)
	}
	return t
}

// conversation adds one whose client has a port of its own, so that no two have the
// same five values.
func (t *traffic) conversation(r *rand.Rand, port int) {
	mine := r.IntN(len(machines))
	one := tuple{nic: mine, src: machines[mine].address, srcPort: port, prot: 6, encryption: "NX"}
	kind := r.IntN(8)
	switch kind {
	case 0, 1: // to the internet
		one.dst, one.dstPort, one.rule = fmt.Sprintf("203.0.113.%d", 1+r.IntN(4)), 443, "DefaultRule_AllowInternetOutBound"
		if r.IntN(3) == 0 {
			one.dstPort = 80
		}
	case 2: // from the internet
		one.src, one.dst, one.dstPort, one.inbound, one.rule = fmt.Sprintf("198.51.100.%d", 1+r.IntN(4)), one.src, 443, true, "UserRule_allow-web"
	case 3, 4: // between two machines: both of their interfaces tell of it
		other := (mine + 1 + r.IntN(2)) % len(machines)
		one.dst, one.dstPort, one.rule = machines[other].address, []int{1433, 5432}[r.IntN(2)], "UserRule_allow-sql"
		one.encryption = []string{"X", "NX", "NX_FALLBACK"}[r.IntN(3)]
		there := one
		there.nic, there.inbound = other, true
		t.course(r, one, there)
		return
	case 5: // names
		one.dst, one.dstPort, one.prot, one.rule = []string{"168.63.129.16", "8.8.8.8"}[r.IntN(2)], 53, 17, "DefaultRule_AllowInternetOutBound"
	default: // refused
		one.src, one.dst, one.inbound = []string{"198.51.100.66", "10.0.0.9"}[r.IntN(2)], one.src, true
		one.dstPort, one.rule, one.state = []int{22, 3389, 1433, 8080}[r.IntN(4)], "UserRule_deny-in", "D"
		one.minute, one.second = r.IntN(50), r.IntN(60)
		t.tuples = append(t.tuples, one)
		return
	}
	t.course(r, one)
}

// course adds the tuples of a conversation at all points that see it: its begin, which
// has no counters, what it counted since, and its end.
func (t *traffic) course(r *rand.Rand, points ...tuple) {
	minute, second := r.IntN(50), r.IntN(60)
	states := []string{"B"}
	for range r.IntN(4) {
		states = append(states, "C")
	}
	for i, state := range append(states, "E") {
		var counted [4]uint64
		if i > 0 {
			counted[0], counted[2] = 1+r.Uint64N(50), 1+r.Uint64N(50)
			counted[1], counted[3] = counted[0]*(40+r.Uint64N(1400)), counted[2]*(40+r.Uint64N(1400))
		}
		for _, p := range points {
			p.minute, p.second, p.state, p.counted = minute+i, second, state, counted
			t.tuples = append(t.tuples, p)
		}
	}
}

// at is when it was counted.
func (p tuple) at() time.Time {
	return time.Unix(trafficStart+int64(p.minute*60+p.second), 0).UTC()
}

// log is the traffic as a blob of a flow log, a record for each interface and minute.
func (t *traffic) log() []byte {
	type record struct{ minute, nic int }
	rules, records := map[record]map[string][]string{}, []record{}
	for _, p := range t.tuples {
		at := record{p.minute, p.nic}
		if rules[at] == nil {
			rules[at], records = map[string][]string{}, append(records, at)
		}
		direction := "O"
		if p.inbound {
			direction = "I"
		}
		rules[at][p.rule] = append(rules[at][p.rule], fmt.Sprintf("%d,%s,%s,%d,%d,%d,%s,%s,%s,%d,%d,%d,%d", p.at().UnixMilli(), p.src, p.dst, p.srcPort, p.dstPort,
			p.prot, direction, p.state, p.encryption, p.counted[0], p.counted[1], p.counted[2], p.counted[3]))
	}
	var out []string
	const network = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg/providers/Microsoft.Network"
	for _, r := range records {
		groups := []map[string]any{}
		for rule, list := range rules[r] {
			groups = append(groups, map[string]any{"rule": rule, "flowTuples": list})
		}
		text, _ := json.Marshal(map[string]any{
			"time":          time.Unix(trafficStart+int64(r.minute*60), 0).UTC().Format("2006-01-02T15:04:05.0000000Z"),
			"flowLogGUID":   "0f0f0f0f-0000-4000-8000-000000000001",
			"macAddress":    machines[r.nic].mac,
			"category":      "FlowLogFlowEvent",
			"operationName": "FlowLogFlowEvent", "flowLogVersion": 4,
			"flowLogResourceID": network + "/networkWatchers/nw/flowLogs/log",
			"targetResourceID":  network + "/virtualNetworks/vnet-a",
			"flowRecords":       map[string]any{"flows": []any{map[string]any{"aclID": "00000000-0000-4000-8000-000000000002", "flowGroups": groups}}},
		})
		out = append(out, string(text))
	}
	return []byte(`{"records":[` + strings.Join(out, ",\n") + "]}")
}

// capture adds a conversation of one machine: TCP with a segment that is sent again
// here and there, names, or a ping.
func (t *traffic) capture(r *rand.Rand, port uint16) {
	client := netip.AddrPortFrom(netip.MustParseAddr("10.0.0.4"), port)
	server := netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, byte(1 + r.IntN(4))}), []uint16{80, 443}[r.IntN(2)])
	add := func(protocol string, ip []byte, from, to netip.AddrPort, again bool) {
		t.packets = append(t.packets, packet{src: from, dst: to, protocol: protocol, bytes: uint64(len(ip)), again: again, client: client, server: server})
		frame := pcaptest.Ethernet(ip)
		t.frames = append(t.frames, pcaptest.Record{At: trafficStart*1e9 + int64(len(t.frames))*1e6, Data: frame, Wire: uint32(len(frame))})
	}
	switch r.IntN(5) {
	case 0:
		client, server = netip.AddrPortFrom(client.Addr(), 0), netip.AddrPortFrom(server.Addr(), 0)
		for i := range 1 + r.IntN(4) {
			add("ICMP", pcaptest.Echo(client.Addr(), server.Addr(), false, port, uint16(i), make([]byte, 56)), client, server, false)
			add("ICMP", pcaptest.Echo(server.Addr(), client.Addr(), true, port, uint16(i), make([]byte, 56)), server, client, false)
		}
	case 1:
		server = netip.AddrPortFrom(netip.MustParseAddr("168.63.129.16"), 53)
		add("UDP", pcaptest.UDP(client, server, make([]byte, 30)), client, server, false)
		add("UDP", pcaptest.UDP(server, client, make([]byte, 90)), server, client, false)
	default:
		add("TCP", pcaptest.TCP(client, server, pcaptest.SYN, 100, 0, nil), client, server, false)
		add("TCP", pcaptest.TCP(server, client, pcaptest.SYN|pcaptest.ACK, 900, 101, nil), server, client, false)
		seq, ack := uint32(101), uint32(901)
		for range 1 + r.IntN(6) {
			data := make([]byte, 1+r.IntN(900))
			for again := range 1 + max(0, r.IntN(4)-2) {
				add("TCP", pcaptest.TCP(client, server, pcaptest.ACK, seq, ack, data), client, server, again > 0)
			}
			seq += uint32(len(data))
			add("TCP", pcaptest.TCP(server, client, pcaptest.ACK, ack, seq, nil), server, client, false)
		}
	}
}

// inventory names the machines.
func (t *traffic) inventory() []byte {
	const group = "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg/providers/"
	vnet := plan.VNet{ID: group + "Microsoft.Network/virtualNetworks/vnet-a", Location: "westeurope", Prefixes: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}}
	inv := &plan.Inventory{Provider: "azure", Subscription: "00000000-0000-4000-8000-000000000001"}
	subnet := func(name string, prefixes ...string) {
		s := plan.Subnet{ID: vnet.ID + plan.ID("/subnets/"+name)}
		for _, p := range prefixes {
			s.Prefixes = append(s.Prefixes, netip.MustParsePrefix(p))
		}
		vnet.Subnets = append(vnet.Subnets, s)
	}
	subnet("apps", "10.0.0.4/32")
	subnet("data", "10.0.0.5/32", "10.0.0.16/28")
	for i, m := range machines {
		vm := plan.ID(group + "Microsoft.Compute/virtualMachines/" + m.vm)
		nic := plan.ID(group + "Microsoft.Network/networkInterfaces/nic-" + m.vm)
		inv.NICs = append(inv.NICs, plan.NIC{ID: nic, Location: "westeurope", MAC: m.mac, VM: vm, Addresses: []netip.Addr{netip.MustParseAddr(m.address)}, Subnets: []plan.ID{vnet.Subnets[min(i, 1)].ID}})
		inv.VMs = append(inv.VMs, plan.VM{ID: vm, Location: "westeurope", NICs: []plan.ID{nic}})
	}
	inv.VNets = []plan.VNet{vnet}
	text, _ := json.Marshal([]*plan.Inventory{inv})
	return text
}

// writeTraffic makes the files that questions are asked about: traffic LOG CAPTURE INVENTORY.
// It says in AGAIN how many segments of the capture were sent again, and in MINUTES and
// FLOWS how many minutes of interfaces have records in the log, and how many flows it has.
func writeTraffic(ts *testscript.TestScript, _ bool, args []string) {
	t := trafficOf(1)
	again, minutes := 0, map[[2]int]bool{}
	for _, p := range t.packets {
		if p.again {
			again++
		}
	}
	for _, p := range t.tuples {
		minutes[[2]int{p.minute, p.nic}] = true
	}
	for name, n := range map[string]int{"AGAIN": again, "MINUTES": len(minutes), "FLOWS": len(t.flows(nil))} {
		ts.Setenv(name, strconv.Itoa(n))
	}
	for i, b := range [][]byte{t.log(), pcaptest.Classic{}.File(t.frames...), t.inventory()} {
		ts.Check(os.WriteFile(ts.MkAbs(args[i]), b, 0o600))
	}
}
