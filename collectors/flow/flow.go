// Package flow holds the one neutral observation that every collector
// produces and every answer is computed from: who spoke to whom, when, how
// much, by which rule, and where it was seen. It knows no file format.
package flow

// Key is the 5-tuple of a conversation, seen from its initiator: Src opened
// it, DstPort is the service. Where the initiator is not known the reader
// says so in Record.Guessed.
type Key struct {
	Src, Dst         Addr
	SrcPort, DstPort uint16
	Proto            uint8 // IANA protocol number
}

// Count is what was measured in one direction. IPBytes is the length that the
// IP header states (header and payload); FrameBytes is the length of the
// frame on the wire. Which of them mean anything is said by Record.Measured.
type Count struct {
	Packets, IPBytes, FrameBytes uint64
}

// Add adds d to c.
func (c *Count) Add(d Count) {
	c.Packets += d.Packets
	c.IPBytes += d.IPBytes
	c.FrameBytes += d.FrameBytes
}

// Measure says which counters of a record were measured. A counter that was
// not measured is zero in the record and must never be shown as zero.
type Measure uint8

// The counters a source can measure.
const (
	Packets Measure = 1 << iota
	IPBytes
	FrameBytes
	SentOnly     // nothing of what came back was measured
	ReceivedOnly // nothing of what was sent was
)

// Record is one observation of one conversation at one point. Counters are
// what was added since the previous record of the same conversation at the
// same point, so records can be summed. It holds no pointer.
type Record struct {
	Key
	First, Last int64 // Unix nanoseconds; NoTime where the source has none

	Sent, Received Count // Src → Dst, Dst → Src
	Measured       Measure

	Class      Class     // of the source
	Direction  Direction // relative to the network interface at Point
	State      State
	Encryption Encryption
	Tunnel     Tunnel // what the outer conversation carries
	Guessed    bool   // the initiator was guessed from the ports
	Outside    bool   // of another time than what is asked for: it tells what of the rest is of one traffic, and does not count
	EtherType  uint16 // of frames without an IP header, whose Src and Dst are zero; LinkFrame if none

	// Text, by number in the run's Names; 0 is none.
	Point  ID // MAC (12 upper-case hex digits) of a network interface, or the name of a capture
	Log    ID // of flow logs: upper-case resource id of the flow log, or of the NSG whose log it is
	Target ID // resource id that was being watched
	Rule   ID
	ACL    ID

	TCP TCP // of captures

	// SrcPort of Analytics and Agent, whose rows have none, is the number of the
	// row's interval: two rows of one conversation can be the same traffic only in one.
	//
	// Of a record that sums several of the source's, see Cache: how many, and
	// how many of them began a flow. State and times are then of all together: End
	// if any of them ended one.
	// A row of Analytics or Agent is one, with the flows that it says began.
	Records, Begins uint32
}

// NoTime marks a record whose source states no time.
const NoTime = int64(-1 << 63)

// LinkFrame is the EtherType of a frame that has none (802.11 management,
// LLC, a cut frame).
const LinkFrame = 0xffff

// IsIP reports whether r has IP addresses, which may be any.
func (r *Record) IsIP() bool { return r.EtherType == 0 }

// IsSum reports whether r is a sum that its source made, of all flows of an
// interval with the same ends and destination port.
func (r *Record) IsSum() bool { return r.Class == Analytics || r.Class == Agent }

// Denied reports whether r is traffic that a rule or a policy dropped.
func (r *Record) Denied() bool { return r.State == Deny }

// A Batch is a run of records that is valid until the next one is asked for.
type Batch []Record
