package price

import (
	"net/netip"
	"slices"
	"strings"

	"flowctl/plan/region"
	"flowctl/plan/servicetag"
)

// Bytes are those that go one way: what is known of their ends and of what lies
// between. What is not known is left out, and is never taken for a no.
type Bytes struct {
	From, To End
	Way      Way
	Answer   bool // To opened the flow
}

// End is one end of a way.
type End struct {
	Address netip.Addr
	VNet    string // that the address lies in; empty if none is known
	Region  string // of the virtual network, or of who owns a public address
	Zone    string // of the machine

	Place    servicetag.Place // of public addresses: what a list of service tags says
	Endpoint *PrivateEndpoint // that has the address
	Service  bool             // a NAT address of a private link service: all its consumers look alike
	Premises bool             // it is not Azure's, and the gateway on the way leads there
	Exit     Exit
}

// PrivateEndpoint is one, with what is behind it.
type PrivateEndpoint struct {
	Target string // region of the resource; empty if not known
}

// Exit is how a machine's subnet reaches public addresses, if nothing is routed
// elsewhere: a NAT gateway before the machine's own address, that before the
// outbound rule of a load balancer.
type Exit struct {
	NAT      bool
	Public   bool     // the machine has a public address
	ISP      bool     // with routing preference Internet
	Balancer bool     // a load balancer has an outbound rule for it
	Services []string // service tags without region that service endpoints reach, such as Storage
}

// Way is what lies between two ends.
type Way struct {
	Peered    bool // the virtual networks are, or a connected group has both
	Hub       bool // one hub of a virtual WAN connects them
	Gateway   *ThroughGateway
	Appliance *ThroughAppliance
	Balanced  bool // the frontend of a Standard load balancer is before the receiver of the flow
}

// ThroughGateway is a gateway to what is not Azure, or to another virtual network.
type ThroughGateway struct {
	VNet    string
	Region  string
	Circuit *ThroughCircuit // nil: VPN. Also VPN over ExpressRoute has one.
}

// ThroughCircuit is an ExpressRoute circuit.
type ThroughCircuit struct {
	Family string // MeteredData or UnlimitedData; empty if not known
	Local  bool
	Zone   int // of the peering location, 1 to 3; 0 if not known
}

// ThroughAppliance is a firewall or a machine that forwards, to which a route leads.
type ThroughAppliance struct {
	VNet, Region string
	Firewall     bool // an Azure Firewall; others have no price but that of the machine
}

// special is what an address is that no list of service tags is about.
func (e *End) special() string {
	if e.VNet != "" || !e.Address.IsValid() {
		return ""
	}
	return servicetag.Special(e.Address)
}

// unrouted reports whether what goes to or comes from an address never leaves the
// network that it is in.
func (e *End) unrouted() bool {
	a := e.Address.Unmap()
	return a.IsMulticast() || a.IsLinkLocalUnicast() && !e.platform() || a.IsLoopback() || a.IsUnspecified() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

func (e *End) platform() bool {
	s := servicetag.Special(e.Address)
	return s == "<platform>" || s == "<metadata>"
}

// region is where an end lies, as Azure Resource Manager spells it.
func (e *End) region() string {
	if e.Region != "" {
		return region.Name(e.Region)
	}
	return region.Name(e.Place.Region)
}

// internet reports whether an end is known not to be Azure's. Microsoft 365's own
// addresses are outside of it too.
func (e *End) internet() bool {
	return e.VNet == "" && e.Region == "" && e.Endpoint == nil && (e.Place.Tag == servicetag.Internet || e.office())
}

func (e *End) office() bool { return e.Place.Service == "EOPExternalPublishedIPs" }

// azure reports whether an end is known to be Azure's.
func (e *End) azure() bool {
	return !e.internet() && (e.VNet != "" || e.special() == "" && (e.Place.Service != "" || e.Region != ""))
}

// frontDoor reports whether an end is an edge of Front Door.
func (e *End) frontDoor() bool {
	return strings.HasPrefix(e.Place.Tag, "AzureFrontDoor.") && e.Region == ""
}

// serves reports whether a service endpoint leads to o.
func (x *Exit) serves(o *End) bool {
	return o.Place.Service != "" && slices.Contains(x.Services, o.Place.Service)
}
