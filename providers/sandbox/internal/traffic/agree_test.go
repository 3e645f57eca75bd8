package traffic_test

import (
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/world"
)

// sent is one packet of a capture.
type sent struct {
	at    int64 // µs
	bytes int64
}

// TestAgreement compares, for every running machine of the built-in world,
// what a capture saw of each flow with what a flow log counted. Both begin at
// the same moment. A flow that ended in the window must agree to the byte. Of
// one that goes on, the log has counted up to its last C record, whose time it
// states in milliseconds: the capture's packets before and after that
// millisecond bracket it.
func TestAgreement(t *testing.T) {
	w, m := builtin(t)
	from := w.Epoch.Add(73 * time.Minute)
	for _, nic := range w.NICs {
		if !nic.Running() {
			continue
		}
		to := from.Add(6 * time.Minute)
		if nic.Name == "nic-report-1" {
			to = from.Add(150 * time.Second) // enough for its uploads, which are many packets
		}
		seen := captured(t, m, nic, from, to)
		logged := history(t, m, nic, to.Add(10*time.Minute), logOn(nic.ID, from))
		compare(t, nic, seen, logged, to)
	}
}

// captured are the packets of a machine by flow, opener first, and direction.
func captured(t *testing.T, m *traffic.Model, nic *world.NIC, from, to time.Time) map[key]*[2][]sent {
	flows := map[key]*[2][]sent{}
	c := traffic.Capture{Target: machine(nic), Start: from, Snap: 64}
	var (
		eth     layers.Ethernet
		ip      layers.IPv4
		tcp     layers.TCP
		udp     layers.UDP
		decoded []gopacket.LayerType
	)
	parser := gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &eth, &ip, &tcp, &udp)
	parser.IgnoreUnsupported = true
	frames(t, m, c, from, to, func(at time.Time, length int, data []byte) {
		if err := parser.DecodeLayers(data, &decoded); err != nil && !parser.Truncated {
			t.Fatalf("%s: %v", nic.Name, err)
		}
		k := key{src: ip.SrcIP.String(), dst: ip.DstIP.String()}
		switch ip.Protocol {
		case layers.IPProtocolTCP:
			k.proto, k.sport, k.dport = "6", int(tcp.SrcPort), int(tcp.DstPort)
		case layers.IPProtocolUDP:
			k.proto, k.sport, k.dport = "17", int(udp.SrcPort), int(udp.DstPort)
		default:
			return // ICMP
		}
		dir := 0
		if k.sport < k.dport || k.sport < 32768 { // services are below the ephemeral ports, of which 32526 is none
			dir, k = 1, key{k.dst, k.src, k.dport, k.sport, k.proto}
		}
		if flows[k] == nil {
			flows[k] = &[2][]sent{}
		}
		if int(ip.Length)+14 != length {
			t.Fatalf("%s: IP length %d in a frame of %d", nic.Name, ip.Length, length)
		}
		flows[k][dir] = append(flows[k][dir], sent{at.UnixMicro(), int64(ip.Length)})
	})
	return flows
}

func compare(t *testing.T, nic *world.NIC, seen map[key]*[2][]sent, logged []tuple, to time.Time) {
	type total struct {
		sum   [2][2]int64
		last  int64 // time of the last counted record
		ended bool
	}
	totals := map[key]*total{}
	for _, u := range logged {
		if u.state == "D" || u.at >= to.UnixMilli() {
			continue
		}
		s := totals[u.key()]
		if s == nil {
			s = &total{}
			totals[u.key()] = s
		}
		for i := range 2 {
			s.sum[0][i] += u.sent[i]
			s.sum[1][i] += u.received[i]
		}
		if u.state != "B" {
			s.last = max(s.last, u.at)
		}
		s.ended = s.ended || u.state == "E"
	}
	ended, open := 0, 0
	for k, s := range totals {
		flow := seen[k]
		if flow == nil {
			t.Errorf("%s: %v is in the flow log, not in the capture", nic.Name, k)
			continue
		}
		if s.ended {
			ended++
		} else if s.last > 0 {
			open++
		}
		for dir := range flow {
			low, high := until(flow[dir], s.last*1000), until(flow[dir], (s.last+1)*1000)
			if s.ended {
				low, high = until(flow[dir], 1<<62), until(flow[dir], 1<<62)
			}
			got := s.sum[dir]
			if got[0] < low[0] || got[0] > high[0] || got[1] < low[1] || got[1] > high[1] {
				t.Errorf("%s: %v direction %d: log %v, capture %v to %v (ended: %v)", nic.Name, k, dir, got, low, high, s.ended)
			}
		}
	}
	for k := range seen {
		if _, ok := totals[k]; !ok && !quiet(seen[k], to) {
			t.Errorf("%s: %v is in the capture, not in the flow log", nic.Name, k)
		}
	}
	if ended < 20 {
		t.Errorf("%s: only %d flows ended, the window proves nothing", nic.Name, ended)
	}
	t.Logf("%s: %d flows ended, %d go on", nic.Name, ended, open)
}

// quiet reports whether a flow may be missing in the log: one that began
// before the window and comes to its next record after it.
func quiet(flow *[2][]sent, to time.Time) bool {
	last := int64(0)
	for _, packets := range flow {
		if n := len(packets); n > 0 {
			last = max(last, packets[n-1].at)
		}
	}
	return to.UnixMicro()-last < 10*time.Second.Microseconds()
}

// until adds up the packets before at.
func until(packets []sent, at int64) (sum [2]int64) {
	for _, p := range packets {
		if p.at < at {
			sum[0]++
			sum[1] += p.bytes
		}
	}
	return sum
}

// TestBothEnds checks that a flow between two machines is in the logs of both,
// outbound and inbound, with the same counters.
func TestBothEnds(t *testing.T) {
	w, m := builtin(t)
	from := w.Epoch
	now := from.Add(30 * time.Minute)
	app, db := nicOf(t, w, "nic-app-1"), nicOf(t, w, "nic-db-1")
	out := map[key][]tuple{}
	for _, u := range history(t, m, app, now, logOn(app.Subnet.VNet.ID, from)) {
		if u.dst == db.Private.String() && u.direction == "O" {
			out[u.key()] = append(out[u.key()], u)
		}
	}
	in := 0
	for _, u := range history(t, m, db, now, logOn(db.Subnet.ID, from)) {
		if u.src != app.Private.String() {
			continue
		}
		in++
		found := false
		for _, o := range out[u.key()] {
			found = found || o.at == u.at && o.state == u.state && o.sent == u.sent && o.received == u.received
		}
		if !found || u.direction != "I" {
			t.Errorf("%+v is not in the log of the other end", u)
		}
	}
	if in < 50 {
		t.Errorf("only %d records", in)
	}
}

// TestStory is the answer to the built-in world's question, over several
// windows: one machine sends about 40 GB in two hours to one address, all
// others together far less.
func TestStory(t *testing.T) {
	w, m := builtin(t)
	for i, offset := range []time.Duration{0, 17 * time.Minute, 100 * time.Hour, 31*time.Hour + 1234567*time.Microsecond} {
		from := w.Epoch.Add(offset)
		to := from.Add(2 * time.Hour)
		var sync, others int64
		for _, nic := range w.NICs {
			if i > 0 && nic.Name != "nic-report-1" {
				continue // one window will do for what is far less
			}
			log := logOn(nic.ID, from)
			log.Until = to
			for _, u := range history(t, m, nic, to.Add(time.Hour), log) {
				switch {
				case u.dst == "203.0.113.77":
					if nic.Name != "nic-report-1" {
						t.Errorf("%s talks to %s", nic.Name, u.dst)
					}
					sync += u.sent[1]
				case u.direction == "O" && !plannedSpace(w, u.dst):
					others += u.sent[1]
				case u.direction == "I" && !plannedSpace(w, u.src):
					others += u.received[1]
				}
			}
		}
		if sync < 39_200_000_000 || sync > 40_800_000_000 {
			t.Errorf("window %v: %d bytes to the odd address, want 40 GB ± 2%%", offset, sync)
		}
		if others > sync/10 {
			t.Errorf("window %v: %d bytes to elsewhere", offset, others)
		}
		t.Logf("window %v: %.2f GB and %.2f GB", offset, float64(sync)/1e9, float64(others)/1e9)
	}
}

func plannedSpace(w *world.World, addr string) bool {
	for _, n := range w.NICs {
		if n.Private.String() == addr {
			return true
		}
	}
	return false
}

// TestBlocked looks at a flow that the destination's NSG denies: the source
// sees three unanswered SYNs, the destination a denial, and its capture
// nothing.
func TestBlocked(t *testing.T) {
	w, m := builtin(t)
	web, db := nicOf(t, w, "nic-web-2"), nicOf(t, w, "nic-db-1")
	from, now := w.Epoch, w.Epoch.Add(20*time.Minute)
	ended, denied := 0, 0
	for _, u := range history(t, m, web, now, logOn(web.ID, from)) {
		if u.dst == db.Private.String() && u.dport == 1433 && u.state == "E" {
			ended++
			if u.sent != [2]int64{3, 156} || u.received != [2]int64{} {
				t.Errorf("source: %+v", u)
			}
		}
	}
	for _, u := range history(t, m, db, now, logOn(db.ID, from)) {
		if u.src == web.Private.String() && u.dport == 1433 {
			denied++
			if u.state != "D" || u.direction != "I" || u.rule != "UserRule_deny-vnet-in" || u.sent != [2]int64{} {
				t.Errorf("destination: %+v", u)
			}
		}
	}
	if ended < 30 || denied < 30 {
		t.Errorf("%d ended, %d denied", ended, denied)
	}
	c := traffic.Capture{Target: machine(db), Start: from, Filters: []traffic.CaptureFilter{{RemoteAddress: web.Private.String()}}}
	packets(t, m, c, from, now, func(time.Time, int, gopacket.Packet) { t.Error("the capture sees denied packets") })
}

// TestUnencrypted checks traffic that is dropped because it is not encrypted:
// denied at both ends, by no rule, and in no capture.
func TestUnencrypted(t *testing.T) {
	w, m := parse(t, lab+`
traffic "plain" {
  from       = ["a"]
  to         = ["b"]
  protocol   = "tcp"
  ports      = [8443]
  every      = "10s"
  encryption = "NX_NOT_ACCEPTED"
}`)
	for _, name := range []string{"nic-a", "nic-b"} {
		nic, n := nicOf(t, w, name), 0
		for _, u := range history(t, m, nic, w.Epoch.Add(20*time.Minute), logOn(nic.ID, w.Epoch)) {
			if u.dport != 8443 {
				continue
			}
			n++
			if u.state != "D" || u.encrypt != "NX_NOT_ACCEPTED" || u.acl != "unspecified" || u.rule != "unspecified" {
				t.Errorf("%s: %+v", name, u)
			}
		}
		if n < 90 {
			t.Errorf("%s: %d denials", name, n)
		}
		c := traffic.Capture{Target: machine(nic), Start: w.Epoch, Filters: []traffic.CaptureFilter{{LocalPort: "8443"}, {RemotePort: "8443"}}}
		if size := m.CaptureSize(c, w.Epoch.Add(time.Hour)); size != 24 {
			t.Errorf("%s: a capture of %d bytes", name, size)
		}
	}
}

// TestOff checks that machines that are off have no traffic of their own.
func TestOff(t *testing.T) {
	w, m := builtin(t)
	old := nicOf(t, w, "nic-batch-old")
	if got := history(t, m, old, w.Epoch.Add(time.Hour), logOn(old.ID, w.Epoch)); len(got) > 0 {
		t.Errorf("a deallocated machine has %d records", len(got))
	}
	if got := m.NICs(old.Subnet.ID); len(got) != 2 {
		t.Errorf("the subnet's running machines: %d, want 2", len(got))
	}
	if got := m.NICs(plan.ID("/nowhere")); got != nil {
		t.Errorf("nowhere has %d interfaces", len(got))
	}
}
