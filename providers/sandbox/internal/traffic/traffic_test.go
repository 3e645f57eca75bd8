package traffic_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/world"
)

// builtin is the built-in world and its traffic.
func builtin(t testing.TB) (*world.World, *traffic.Model) {
	t.Helper()
	w, err := world.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return w, traffic.New(w)
}

// parse is a small world.
func parse(t testing.TB, src string) (*world.World, *traffic.Model) {
	t.Helper()
	w, err := world.Parse("test.hcl", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return w, traffic.New(w)
}

// nicOf finds a running interface by name.
func nicOf(t testing.TB, w *world.World, name string) *world.NIC {
	t.Helper()
	for _, n := range w.NICs {
		if n.Name == name {
			return n
		}
	}
	t.Fatalf("no network interface %s", name)
	return nil
}

func machine(n *world.NIC) plan.ID { return plan.ID(n.Machine()) }

func logOn(target plan.ID, since time.Time) traffic.Log {
	return traffic.Log{
		ID:   "/subscriptions/s/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/NetworkWatcher_westeurope/flowLogs/fl",
		GUID: "0d6f5a2e-7f0b-4a57-9c55-3a1f0c9b7a10", Target: target, Since: since,
	}
}

// tuple is a flow tuple as the blob has it.
type tuple struct {
	acl, rule                 string
	at                        int64 // ms
	src, dst                  string
	sport, dport              int
	proto                     string
	direction, state, encrypt string
	sent, received            [2]int64 // packets, bytes
}

type key struct {
	src, dst     string
	sport, dport int
	proto        string
}

func (u tuple) key() key { return key{u.src, u.dst, u.sport, u.dport, u.proto} }

type document struct {
	Records []struct {
		Time        time.Time
		MACAddress  string
		FlowRecords struct {
			Flows []struct {
				ACLID      string
				FlowGroups []struct {
					Rule       string
					FlowTuples []string
				}
			}
		}
	}
}

// tuples reads a blob.
func tuples(t testing.TB, blob []byte) (out []tuple) {
	t.Helper()
	var doc document
	if err := json.Unmarshal(blob, &doc); err != nil {
		t.Fatalf("blob is no JSON: %v", err)
	}
	for _, r := range doc.Records {
		for _, f := range r.FlowRecords.Flows {
			for _, g := range f.FlowGroups {
				for _, text := range g.FlowTuples {
					u := parseTuple(t, text)
					u.acl, u.rule = f.ACLID, g.Rule
					out = append(out, u)
				}
			}
		}
	}
	return out
}

func parseTuple(t testing.TB, text string) tuple {
	t.Helper()
	f := strings.Split(text, ",")
	if len(f) != 13 {
		t.Fatalf("tuple %q has %d fields", text, len(f))
	}
	n := func(s string) int64 {
		v, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			t.Fatalf("tuple %q: %v", text, err)
		}
		return v
	}
	return tuple{
		at: n(f[0]), src: f[1], dst: f[2], sport: int(n(f[3])), dport: int(n(f[4])), proto: f[5],
		direction: f[6], state: f[7], encrypt: f[8],
		sent: [2]int64{n(f[9]), n(f[10])}, received: [2]int64{n(f[11]), n(f[12])},
	}
}

// blob is an hour blob as it stands at now.
func blob(m *traffic.Model, nic *world.NIC, hour, now time.Time, logs ...traffic.Log) []byte {
	var b bytes.Buffer
	for block := range m.Hour(nic, hour, now, logs...) {
		b.Write(block.Data)
	}
	return b.Bytes()
}

// history is all that log has recorded of nic at now.
func history(t testing.TB, m *traffic.Model, nic *world.NIC, now time.Time, log traffic.Log) (out []tuple) {
	t.Helper()
	first, last := log.Hours(now)
	for h := first; !h.After(last); h = h.Add(time.Hour) {
		if b := blob(m, nic, h, now, log); len(b) > 0 {
			out = append(out, tuples(t, b)...)
		}
	}
	return out
}

// frames calls f for every frame of a capture, which it streams.
func frames(t testing.TB, m *traffic.Model, c traffic.Capture, from, to time.Time, f func(at time.Time, length int, data []byte)) {
	t.Helper()
	r, w := io.Pipe()
	go func() { w.CloseWithError(m.WriteCapture(w, c, from, to)) }()
	defer r.Close()
	pr, err := pcapgo.NewReader(bufio.NewReaderSize(r, 1<<16))
	if err != nil {
		t.Fatal(err)
	}
	for {
		data, ci, err := pr.ZeroCopyReadPacketData()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		f(ci.Timestamp, ci.Length, data)
	}
}

// packets calls f for every packet of a capture.
func packets(t testing.TB, m *traffic.Model, c traffic.Capture, from, to time.Time, f func(at time.Time, length int, p gopacket.Packet)) {
	t.Helper()
	frames(t, m, c, from, to, func(at time.Time, length int, data []byte) {
		f(at, length, gopacket.NewPacket(data, layers.LayerTypeEthernet, gopacket.Default))
	})
}
