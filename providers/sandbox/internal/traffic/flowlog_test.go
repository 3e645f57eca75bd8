package traffic_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/providers/sandbox/internal/traffic"
)

// lab is two machines in one VNet: a long flow, a short one, ping.
const lab = `
name         = "lab"
epoch        = "2026-01-01T00:00:00Z"
seed         = 7
subscription = "11111111-2222-3333-4444-555555555555"
tenant       = "66666666-7777-8888-9999-000000000000"
regions      = ["westeurope"]

resource_group "rg" { region = "westeurope" }
nsg "nsg" { resource_group = "rg" }
vnet "vnet" {
  resource_group = "rg"
  address_space  = ["10.0.0.0/16"]
  subnet "a" {
    prefix = "10.0.1.0/24"
    nsg    = "nsg"
  }
  subnet "b" { prefix = "10.0.2.0/24" }
}
vm "a" {
  resource_group = "rg"
  os             = "Linux"
  nic "nic-a" {
    subnet     = "vnet/a"
    private_ip = "10.0.1.4"
  }
}
vm "b" {
  resource_group = "rg"
  os             = "Windows"
  nic "nic-b" {
    subnet     = "vnet/b"
    private_ip = "10.0.2.4"
  }
}
traffic "long" {
  from      = ["a"]
  to        = ["b"]
  protocol  = "tcp"
  ports     = [5432]
  every     = "20m"
  duration  = "18m"
  up        = "300kB"
  down      = "2GB"
}
traffic "short" {
  from     = ["a"]
  to       = ["b"]
  protocol = "udp"
  ports    = [514]
  every    = "10s"
  up       = "120B"
}
traffic "ping" {
  from      = ["b"]
  to        = ["a"]
  protocol  = "icmp"
  every     = "1m"
  exchanges = 3
  duration  = "3s"
}
`

// TestBlocks checks how the blob of an hour is laid out and grows.
func TestBlocks(t *testing.T) {
	w, m := builtin(t)
	nic := nicOf(t, w, "nic-web-1")
	log := logOn(nic.Subnet.VNet.ID, w.Epoch.Add(20*time.Minute+30*time.Second))
	hour := w.Epoch
	var last []byte
	for _, at := range []time.Duration{21 * time.Minute, 25 * time.Minute, 42*time.Minute + 17*time.Second, 5 * time.Hour} {
		var blob []byte
		n := 0
		for b := range m.Hour(nic, hour, w.Epoch.Add(at), log) {
			switch {
			case n == 0 && string(b.Data) != `{"records":[`:
				t.Errorf("head %q", b.Data)
			case n == 1 && b.Data[0] == ',', n > 1 && b.Data[0] != ',' && string(b.Data) != "]}":
				t.Errorf("block %d begins with %q", n, b.Data[:1])
			}
			if wait := b.Committed.Sub(b.Minute); !b.Minute.IsZero() && (wait < 2*time.Minute || wait > 150*time.Second) {
				t.Errorf("the block of %v was committed after %v", b.Minute, wait)
			}
			blob = append(blob, b.Data...)
			n++
		}
		if at == 21*time.Minute {
			if blob != nil {
				t.Errorf("there is a blob before its first block was committed")
			}
			continue
		}
		tuples(t, blob)
		if !bytes.HasPrefix(blob, bytes.TrimSuffix(last, []byte("]}"))) {
			t.Errorf("at %v the blob does not go on where it was", at)
		}
		last = blob
	}
	if got, want := len(tuplesMinutes(last)), 39; got != want { // 08:20 to 08:58; 08:59 is in the next hour
		t.Errorf("%d records, want %d", got, want)
	}
}

func tuplesMinutes(blob []byte) [][]byte {
	return regexp.MustCompile(`"time":"[^"]*"`).FindAll(blob, -1)
}

// TestRecordForm compares a record with the form of real files.
func TestRecordForm(t *testing.T) {
	w, m := parse(t, lab)
	nic := nicOf(t, w, "nic-a")
	got := string(m.Block(logOn(nic.Subnet.VNet.ID, w.Epoch), nic, w.Epoch.Add(3*time.Minute)))
	form := regexp.MustCompile(`^\{"time":"2026-01-01T00:04:0\d\.\d{7}Z","flowLogGUID":"[0-9a-f-]{36}","macAddress":"[0-9A-F]{12}",` +
		`"category":"FlowLogFlowEvent","flowLogResourceID":"/SUBSCRIPTIONS/[^a-z"]*","targetResourceID":"/subscriptions/[^"]*/virtualNetworks/vnet",` +
		`"flowLogVersion":4,"operationName":"FlowLogFlowEvent","flowRecords":\{"flows":\[\{"aclID":"/subscriptions/[^"]*/networkSecurityGroups/nsg",` +
		`"flowGroups":\[\{"rule":"DefaultRule_AllowVnetOutBound","flowTuples":\["\d{13},10\.0\.1\.4,10\.0\.2\.4,\d+,514,17,O,B,NX,0,0,0,0",.*\]\}\]\}\]\}\}$`)
	if !form.MatchString(got) {
		t.Errorf("record has another form:\n%s", got)
	}
	other := nicOf(t, w, "nic-b") // no NSG stands before it
	got = string(m.Block(logOn(other.ID, w.Epoch), other, w.Epoch.Add(3*time.Minute)))
	if !strings.Contains(got, `{"aclID":"00000000-0000-0000-0000-000000000000","flowGroups":[{"rule":"PlatformRule"`) {
		t.Errorf("record without the platform rule:\n%s", got)
	}
}

// TestHours checks that the hours of a log hold all its minutes, each record
// in the hour of its own time.
func TestHours(t *testing.T) {
	w, m := builtin(t)
	nic := nicOf(t, w, "nic-db-2")
	log := logOn(nic.ID, w.Epoch.Add(30*time.Minute))
	log.Until = w.Epoch.Add(150*time.Minute + 20*time.Second)
	now := w.Epoch.Add(10 * time.Hour)
	var minutes []tuple
	for at := log.Since.Add(-time.Hour); at.Before(now); at = at.Add(time.Minute) {
		if b := m.Block(log, nic, at); b != nil {
			minutes = append(minutes, tuples(t, []byte(`{"records":[`+string(b)+`]}`))...)
		}
	}
	if diff := cmp.Diff(minutes, history(t, m, nic, now, log), cmp.AllowUnexported(tuple{})); diff != "" {
		t.Errorf("minutes and hours differ:\n%s", diff)
	}
	for _, u := range minutes {
		if u.at < log.Since.UnixMilli() || u.at >= log.Until.UnixMilli() {
			t.Errorf("a record of %v, outside of the log's time", time.UnixMilli(u.at).UTC())
		}
	}
	first, last := log.Hours(now)
	for _, hour := range []time.Time{first.Add(-time.Hour), last.Add(time.Hour)} {
		if b := blob(m, nic, hour, now, log); b != nil {
			t.Errorf("there is a blob at %v, outside of Hours", hour)
		}
	}
	next := blob(m, nic, w.Epoch.Add(time.Hour), now, log)
	if times := tuplesMinutes(next); !bytes.HasPrefix(times[0], []byte(`"time":"2026-11-12T09:00:0`)) {
		t.Errorf("the hour begins with %s", times[0])
	}
}

// TestCounters checks that the deltas of a flow add up to the same sum however
// it is recorded.
func TestCounters(t *testing.T) {
	w, m := parse(t, lab)
	nic := nicOf(t, w, "nic-a")
	now := w.Epoch.Add(3 * time.Hour)
	sums := func(types string) (map[key][2]int64, string) {
		log := logOn(nic.ID, w.Epoch)
		log.RecordTypes = types
		out, states := map[key][2]int64{}, map[string]bool{}
		ended := map[key]bool{}
		for _, u := range history(t, m, nic, now, log) {
			s := out[u.key()]
			out[u.key()] = [2]int64{s[0] + u.sent[1], s[1] + u.received[1]}
			ended[u.key()] = ended[u.key()] || u.state == "E"
			states[u.state] = true
		}
		for k := range out {
			if !ended[k] {
				delete(out, k)
			}
		}
		var seen []string
		for s := range states {
			seen = append(seen, s)
		}
		slices.Sort(seen)
		return out, strings.Join(seen, "")
	}
	all, states := sums("")
	if states != "BCE" || len(all) < 1000 {
		t.Fatalf("%d flows, states %s", len(all), states)
	}
	for types, want := range map[string]string{"B,E": "BE", "E": "E", "b,c,e,d": "BCE"} {
		got, states := sums(types)
		if states != want {
			t.Errorf("record types %q gave states %s", types, states)
		}
		if diff := cmp.Diff(all, got); diff != "" {
			t.Errorf("record types %q: other sums\n%s", types, diff)
		}
	}
}

// TestTicks checks that a flow is recorded every five minutes from its begin.
func TestTicks(t *testing.T) {
	w, m := parse(t, lab)
	nic := nicOf(t, w, "nic-a")
	begin := map[key]int64{}
	ticks := 0
	for _, u := range history(t, m, nic, w.Epoch.Add(3*time.Hour), logOn(nic.ID, w.Epoch)) {
		if u.proto == "1" {
			t.Errorf("ICMP in a flow log: %+v", u)
		}
		switch u.state {
		case "B":
			begin[u.key()] = u.at
			if u.sent != [2]int64{} || u.received != [2]int64{} {
				t.Errorf("a begin with counters: %+v", u)
			}
		case "C":
			ticks++
			b, ok := begin[u.key()]
			if five := (5 * time.Minute).Milliseconds(); ok && (u.at-b)%five != 0 {
				t.Errorf("a tick %d ms after the begin", u.at-b)
			}
		}
	}
	if ticks < 20 {
		t.Errorf("only %d ticks", ticks)
	}
}

// TestPrecedence lets a NIC's log take the interface from the VNet's for half
// an hour: no record is written twice, none is lost but the parts of counters
// around the changes.
func TestPrecedence(t *testing.T) {
	w, m := parse(t, lab)
	a, b := nicOf(t, w, "nic-a"), nicOf(t, w, "nic-b")
	now := w.Epoch.Add(3 * time.Hour)
	vnet, nic, sub := logOn(a.Subnet.VNet.ID, w.Epoch), logOn(a.ID, w.Epoch.Add(time.Hour)), logOn(b.Subnet.ID, w.Epoch.Add(30*time.Minute))
	nic.Until = w.Epoch.Add(90 * time.Minute)
	alone := history(t, m, a, now, vnet)
	logs := m.Precedence([]traffic.Log{vnet, nic, sub})
	var split []tuple
	for i, l := range logs {
		for _, u := range history(t, m, a, now, l) {
			at := time.UnixMilli(u.at)
			if inNIC := !at.Before(nic.Since) && at.Before(nic.Until); inNIC != (i == 1) {
				t.Errorf("log %d has a record of %v", i, at.UTC())
			}
			split = append(split, u)
		}
	}
	if len(split) != len(alone) {
		t.Errorf("%d records in both logs, %d without precedence", len(split), len(alone))
	}
	for _, u := range history(t, m, b, now, logs[0]) {
		if !time.UnixMilli(u.at).Before(sub.Since) {
			t.Errorf("the VNet's log has a record that the subnet's takes: %+v", u)
		}
	}
}

// TestGenerations puts two generations of a log into one blob.
func TestGenerations(t *testing.T) {
	w, m := parse(t, lab)
	nic := nicOf(t, w, "nic-a")
	now := w.Epoch.Add(3 * time.Hour)
	first, second := logOn(nic.ID, w.Epoch), logOn(nic.ID, w.Epoch.Add(31*time.Minute))
	first.Until = w.Epoch.Add(30*time.Minute + 30*time.Second)
	whole := blob(m, nic, w.Epoch, now, first, second)
	got := len(tuples(t, whole))
	want := len(tuples(t, blob(m, nic, w.Epoch, now, first))) + len(tuples(t, blob(m, nic, w.Epoch, now, second)))
	if got != want || got == 0 {
		t.Errorf("%d records, the parts have %d", got, want)
	}
}

func TestFilter(t *testing.T) {
	w, m := builtin(t)
	nic := nicOf(t, w, "nic-web-1")
	all := history(t, m, nic, w.Epoch.Add(10*time.Minute), logOn(nic.ID, w.Epoch))
	tests := map[string]func(tuple) bool{
		"":                                func(tuple) bool { return true },
		"dstPort=443":                     func(u tuple) bool { return u.dport == 443 },
		"dstport = 53,80 && Protocol=udp": func(u tuple) bool { return (u.dport == 53 || u.dport == 80) && u.proto == "17" },
		"DstPort!=1-1024":                 func(u tuple) bool { return u.dport > 1024 },
		"srcIP=10.1.0.0/16 && direction=Inbound || dstIP=168.63.129.16": func(u tuple) bool {
			return strings.HasPrefix(u.src, "10.1.") && u.direction == "I" || u.dst == "168.63.129.16"
		},
		"Action=Deny":                       func(u tuple) bool { return u.state == "D" },
		"Encryption=X":                      func(u tuple) bool { return u.encrypt == "X" },
		"encryption=NX_ALL && action=allow": func(u tuple) bool { return u.encrypt == "NX" && u.state != "D" },
	}
	for text, want := range tests {
		f, err := traffic.ParseFilter(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		log := logOn(nic.ID, w.Epoch)
		log.Filter = f
		var wanted []tuple
		for _, u := range all {
			if want(u) {
				wanted = append(wanted, u)
			}
		}
		if len(wanted) == 0 {
			t.Errorf("%q: the test has no such record", text)
		}
		if diff := cmp.Diff(wanted, history(t, m, nic, w.Epoch.Add(10*time.Minute), log), cmp.AllowUnexported(tuple{})); diff != "" {
			t.Errorf("%q: -want +got\n%s", text, diff)
		}
	}
}

func TestFilterErrors(t *testing.T) {
	tests := map[string]string{
		"(dstPort=443)":                     "parentheses",
		"dstPort":                           "no = or !=",
		"port=443":                          `no field "port"`,
		"dstPort=https":                     `"https" is no port`,
		"srcIP=10.0.0":                      `"10.0.0" is no address`,
		"protocol=icmp":                     `"icmp" is not one of TCP, UDP`,
		"direction=both":                    `"both" is not one of`,
		"dstPort=443 &&":                    "no = or !=",
		strings.Repeat("srcPort=1 || ", 90): "characters",
	}
	for text, want := range tests {
		_, err := traffic.ParseFilter(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}
