package pcap_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/pcap"
	"flowctl/collectors/pcap/packet"
	"flowctl/collectors/pcap/pcaptest"
)

// seen is what tshark shows of the packets in a file.
func seen(t *testing.T, file string) []string {
	t.Helper()
	out, err := exec.Command("tshark", "-n", "-r", file, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.cap_len",
		"-e", "frame.interface_name", "-e", "frame.interface_description", "-e", "frame.packet_flags_direction", "-e", "frame.comment").Output()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(strings.Lines(string(out)))
}

// TestTsharkReadsWhatIsWritten: Wireshark finds all that was told of each packet.
func TestTsharkReadsWhatIsWritten(t *testing.T) {
	needTshark(t)
	interfaces := []*packet.Interface{{Link: packet.Ethernet, Name: "eth0", Description: "the first"}, {Link: packet.Ethernet, Snap: 64}}
	ways := []flow.Direction{flow.DirectionUnknown, flow.Inbound, flow.Outbound}
	var file bytes.Buffer
	w := pcap.NewWriter(&file, "flowctl test")
	var want []string
	traffic := pcaptest.Traffic{Seed: 5, Packets: 200, Flows: 20, Active: 5, Data: 200, Span: time.Second}
	for r := range traffic.Records() {
		n := len(want)
		f := &packet.Frame{Interface: interfaces[n%2], Way: ways[n%3], Data: r.Data, Wire: uint32(len(r.Data)), Time: r.At}
		if n%2 == 1 {
			f.Data = r.Data[:min(64, len(r.Data))]
		}
		if n%4 == 0 {
			f.Comments = []string{fmt.Sprintf("dropped: %d, ü", n)}
		}
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
		want = append(want, strings.Join([]string{fmt.Sprintf("%d.%09d", r.At/1e9, r.At%1e9), fmt.Sprint(f.Wire), fmt.Sprint(len(f.Data)),
			[]string{"eth0", "unknown"}[n%2], f.Interface.Description, []string{"", "0x00000001", "0x00000002"}[n%3], strings.Join(f.Comments, "")}, "\t")+"\n")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "a.pcapng")
	if err := os.WriteFile(name, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	got := seen(t, name)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-written +tshark\n%.3000s", diff)
	}
}

// TestWriterRefuses what no block can hold.
func TestWriterRefuses(t *testing.T) {
	w := pcap.NewWriter(&bytes.Buffer{}, "test")
	if err := w.Write(&packet.Frame{Interface: &packet.Interface{Link: packet.Ethernet}, Data: make([]byte, 9<<20)}); err == nil {
		t.Error("a packet of 9 MiB was written")
	}
}
