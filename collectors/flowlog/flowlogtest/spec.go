// Package flowlogtest writes flow log blobs (PT1H.json) as Azure does: of any
// size, the same for the same seed, with totals that a reader can be checked
// against. The shapes are those of the VNet flow log of version 4 and the NSG
// flow logs of versions 1 and 2.
package flowlogtest

import (
	"fmt"
	"iter"
	"net/netip"
	"time"
)

// Spec says what the blob of one network interface and one hour holds. The
// zero value is a VNet flow log of a few conversations.
type Spec struct {
	Seed    uint64
	Hour    time.Time // which hour; a fixed one if zero
	NIC     int       // number of the interface, which gives it a MAC and addresses
	Flows   int       // conversations; 100 if zero
	Version int       // 4 (also if zero), or 1 or 2 of NSG flow logs
	Long    float64   // share of conversations that go on for many minutes; 0.35 if zero
	IPv6    float64   // share of conversations over IPv6
	Denied  float64   // share of conversations that are denied; 0.1 if zero
	Pool    int       // distinct 5-tuples of the interface, the same in all hours; one a conversation if zero
	Scan    float64   // share of conversations that are one denied tuple from an address of its own
}

// Totals are what Generate wrote.
type Totals struct {
	Bytes   int64
	Blocks  []int64 // sizes of the blocks that Azure would have committed: head, one a minute, tail
	Records uint64  // JSON records
	Tuples  uint64
	Denied  uint64
	Begun   uint64 // tuples with state B that are not denied; all allowed tuples of version 1
	Going   uint64 // tuples with state C
	Ended   uint64 // tuples with state E
	IPv6    uint64 // tuples
	Flows   uint64 // conversations with a tuple in the blob

	PacketsSent, BytesSent         uint64
	PacketsReceived, BytesReceived uint64
	First, Last                    time.Time // of tuples
}

// perFlow is about how many bytes a conversation takes in a large blob.
const perFlow = 250

// perScan is about how many bytes a denied tuple of a scan takes.
const perScan = 76

// FlowsFor returns the number of conversations that make a blob of about so
// many bytes.
func FlowsFor(bytes int64) int { return Spec{}.FlowsFor(bytes) }

// FlowsFor does so for a blob with the scans of s.
func (s Spec) FlowsFor(bytes int64) int {
	return int(float64(bytes) / (perFlow*(1-s.Scan) + perScan*s.Scan))
}

var firstHour = time.Date(2026, 5, 9, 10, 0, 0, 0, time.UTC)

// filled returns s with what was left out.
func (s Spec) filled() Spec {
	if s.Hour.IsZero() {
		s.Hour = firstHour
	}
	s.Hour = s.Hour.UTC().Truncate(time.Hour)
	if s.Flows == 0 {
		s.Flows = 100
	}
	if s.Version == 0 {
		s.Version = 4
	}
	if s.Long == 0 {
		s.Long = 0.35
	}
	if s.Denied == 0 {
		s.Denied = 0.1
	}
	return s
}

const (
	subscription = "7f2c1b9e-0000-4a1c-9d53-2b60b0a5f001"
	watcherGroup = "NETWORKWATCHERRG"
	region       = "WESTEUROPE"
	logName      = "VNET-PROD-FLOWLOG"
)

// MAC is the address of the interface, as flow logs write it.
func (s Spec) MAC() string { return fmt.Sprintf("0022%08X", 0x484D1200+uint32(s.NIC)) }

func (s Spec) addresses() (v4, v6 netip.Addr) {
	n := s.NIC + 4
	v4 = netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
	a := [16]byte{0xfd, 0x12, 0x34, 0x56, 0x78, 0x9a, 13: byte(n >> 16), 14: byte(n >> 8), 15: byte(n)}
	return v4, netip.AddrFrom16(a)
}

// Name is the name of the blob in its container.
func (s Spec) Name() string {
	s = s.filled()
	at := s.Hour.Format("y=2006/m=01/d=02/h=15/m=00") + "/macAddress=" + s.MAC() + "/PT1H.json"
	if s.Version == 4 {
		return fmt.Sprintf("flowLogResourceID=/%s_%s/NETWORKWATCHER_%s_%s/%s", upper(subscription), watcherGroup, region, logName, at)
	}
	return "resourceId=" + upper(nsgID) + "/" + at
}

// Hours yields the blobs of several interfaces and hours like first, with
// their names. Each has its own seed.
func Hours(first Spec, nics, hours int) iter.Seq2[string, Spec] {
	first = first.filled()
	return func(yield func(string, Spec) bool) {
		for h := range hours {
			for n := range nics {
				s := first
				s.Hour = first.Hour.Add(time.Duration(h) * time.Hour)
				s.NIC = first.NIC + n
				s.Seed = mix(first.Seed ^ uint64(h)<<40 ^ uint64(n)<<8)
				if !yield(s.Name(), s) {
					return
				}
			}
		}
	}
}
