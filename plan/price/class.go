package price

// Class is who carries bytes between two ends, which is what their price depends on.
type Class uint8

// The classes.
const (
	Unknown        Class = iota // nothing tells it
	None                        // never leaves the network of the machine, or is not the machine's to pay
	Platform                    // the addresses at which Azure serves every machine
	Endpoint                    // by a private endpoint
	Zone                        // in a virtual network, between availability zones
	SameVNet                    // in a virtual network
	Peering                     // of virtual networks of one region
	GlobalPeering               // of virtual networks of two regions
	VirtualHub                  // by a hub of a virtual WAN
	VPN                         // of virtual networks by VPN gateways
	Metered                     // out by a metered ExpressRoute circuit
	Unlimited                   // out by an unlimited or local circuit
	Circuit                     // out by a circuit of which the kind is not known
	SameRegion                  // between public addresses of one region of Azure
	InterRegion                 // of two regions of a continent
	InterContinent              // of two continents
	Anywhere                    // an address of Azure that lies in no known region
	FrontDoor                   // a Front Door and its origin
	Internet                    // to the internet by Microsoft's network
	ISP                         // to the internet, with routing preference Internet
	FreeIngress                 // into Azure
	classes
)

var classNames = [classes]string{
	"unknown", "none", "platform", "private-endpoint", "zone", "same-vnet", "peering", "peering-global", "vwan-hub", "vpn-vnet",
	"er-metered", "er-unlimited", "er-unknown", "same-region", "inter-region", "inter-continent", "azure-anywhere", "front-door",
	"internet", "internet-isp", "free-ingress",
}

func (c Class) String() string { return classNames[c] }

// Classes returns the names of all classes, by their numbers.
func Classes() []string { return append([]string{}, classNames[:]...) }

// Payer is the resource whose subscription pays, as it stands to the bytes.
type Payer string

// The payers. Sender and Receiver are the ends, or their virtual networks.
const (
	Sender     Payer = "sender"
	Receiver   Payer = "receiver"
	Spoke      Payer = "spoke"
	Appliance  Payer = "appliance" // whose network is passed
	Gateway    Payer = "gateway"
	OfCircuit  Payer = "circuit"
	OfEndpoint Payer = "endpoint"
	NAT        Payer = "nat-gateway"
	Balancer   Payer = "load-balancer"
	Firewall   Payer = "firewall"
	Hub        Payer = "hub"
	Profile    Payer = "front-door"
)
