package pcaptest

import (
	"bytes"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

var some = Traffic{Seed: 9, Packets: 3000, Flows: 200, Active: 30, Data: 900, Span: time.Minute}

func TestSameSeed(t *testing.T) {
	if !bytes.Equal(some.File(Classic{}, 100), some.File(Classic{}, 100)) {
		t.Error("the same traffic differs")
	}
	other := some
	other.Seed++
	if bytes.Equal(some.File(Classic{}, 100), other.File(Classic{}, 100)) {
		t.Error("another seed makes no difference")
	}
}

// TestFrames has gopacket check lengths and checksums, and that there is some
// of everything.
func TestFrames(t *testing.T) {
	seen := map[gopacket.LayerType]int{}
	last := int64(0)
	for r := range some.Records() {
		if r.At < last {
			t.Fatalf("time runs backwards: %d after %d", r.At, last)
		}
		last = r.At
		p := gopacket.NewPacket(r.Data, layers.LayerTypeEthernet, gopacket.DecodeOptions{NoCopy: true})
		checkSums(t, p)
		for _, l := range p.Layers() {
			seen[l.LayerType()]++
		}
	}
	for _, l := range []gopacket.LayerType{
		layers.LayerTypeIPv4, layers.LayerTypeIPv6, layers.LayerTypeTCP, layers.LayerTypeUDP,
		layers.LayerTypeICMPv4, layers.LayerTypeICMPv6, layers.LayerTypeDot1Q,
	} {
		if seen[l] == 0 {
			t.Errorf("no %s", l)
		}
	}
}

// checkSums has gopacket verify all checksums.
func checkSums(t *testing.T, p gopacket.Packet) {
	t.Helper()
	for _, l := range p.Layers() {
		if sum, ok := l.(interface {
			SetNetworkLayerForChecksum(gopacket.NetworkLayer) error
		}); ok {
			if err := sum.SetNetworkLayerForChecksum(p.NetworkLayer()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err, mismatches := p.VerifyChecksums(); err != nil || len(mismatches) > 0 {
		t.Fatalf("%v, %+v in\n%s", err, mismatches, p.Dump())
	}
}
