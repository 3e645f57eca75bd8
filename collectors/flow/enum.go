package flow

// Class is the kind of source that an observation comes from, as its reader
// says: what can be asked of it, and which observations may be views of one
// traffic, depends on it.
type Class uint8

// The classes.
const (
	ClassUnknown Class = iota
	VNetLog            // a flow log of a VNet, a subnet or an interface
	NSGLog             // a flow log of a network security group
	Capture            // packets
	Analytics          // sums of flow logs by interval, as Traffic Analytics makes them: no source port
	Agent              // sums of connections by minute, as agents on machines report them: neither source port nor verdict
)

func (c Class) String() string { return name(classes, c) }

// Log reports whether sources of c are flow logs.
func (c Class) Log() bool { return c == VNetLog || c == NSGLog }

var classes = []string{"unknown", "vnet-log", "nsg-log", "capture", "analytics", "agent"}

// Direction is relative to the network interface at which a flow was seen.
type Direction uint8

// The directions.
const (
	DirectionUnknown Direction = iota
	Inbound
	Outbound
)

func (d Direction) String() string { return name(directions, d) }

var directions = []string{"unknown", "inbound", "outbound"}

// State is the moment in a conversation's life that a record stands for
// (flow log documentation, "flow state").
type State uint8

// The states. A capture yields Continue records, and End for those after
// which nothing of the conversation was seen.
const (
	StateUnknown State = iota
	Begin              // created; carries no counters
	Continue           // goes on; counters since the previous record
	End                // ended; counters since the previous record
	Deny               // dropped; carries no counters
)

func (s State) String() string { return name(states, s) }

var states = []string{"unknown", "begin", "continue", "end", "deny"}

// Encryption is the VNet encryption state of a flow, as flow logs name them.
type Encryption uint8

// The encryption states of VNet flow logs, and Unknown for sources that do
// not say.
const (
	EncryptionUnknown Encryption = iota
	Encrypted                    // X
	NotEncrypted                 // NX
	NoHardware                   // NX_HW_NOT_SUPPORTED
	NotReady                     // NX_SW_NOT_READY
	NotAccepted                  // NX_NOT_ACCEPTED
	NotSupported                 // NX_NOT_SUPPORTED
	LocalDestination             // NX_LOCAL_DST
	Fallback                     // NX_FALLBACK
	EncryptionOther              // a token that is not documented; from here on, those have numbers by run, see Names
)

// String is the token of a state, without those that Names alone knows.
func (e Encryption) String() string { return name(encryptions, min(e, EncryptionOther)) }

var encryptions = []string{
	"unknown", "X", "NX", "NX_HW_NOT_SUPPORTED", "NX_SW_NOT_READY", "NX_NOT_ACCEPTED",
	"NX_NOT_SUPPORTED", "NX_LOCAL_DST", "NX_FALLBACK", "other",
}

// ParseEncryption returns the state that token stands for in a flow log.
func ParseEncryption(token []byte) Encryption {
	for i, s := range encryptions[1:EncryptionOther] {
		if string(token) == s {
			return Encryption(i + 1)
		}
	}
	return EncryptionOther
}

// Tunnel names what an outer conversation carries.
type Tunnel uint8

// The tunnels that readers recognise by protocol number or port.
const (
	NoTunnel Tunnel = iota
	IPInIP
	GRE
	ERSPAN
	VXLAN
	Geneve
	GTP
	Teredo
	L2TP
	ESP
	AH
	MPLS
	PPPoE
)

func (t Tunnel) String() string { return name(tunnels, t) }

// Carries reports whether packets of other addresses are inside that can be read.
func (t Tunnel) Carries() bool { return t >= IPInIP && t <= Teredo }

var tunnels = []string{
	"", "IP-in-IP", "GRE", "ERSPAN", "VXLAN", "Geneve", "GTP", "Teredo", "L2TP", "ESP", "AH", "MPLS", "PPPoE",
}

// name returns the text of an enumerated value, or "unknown" past its end.
func name[T ~uint8](texts []string, v T) string {
	if int(v) < len(texts) {
		return texts[v]
	}
	return "unknown"
}
