package plan

import (
	"net/netip"
	"time"
)

// Inventory is what one subscription holds that flowctl needs to know:
// targets, what the addresses, MACs and rules in the results mean, and where
// Azure can write. It is read once per run and kept with the results.
type Inventory struct {
	Provider     string           `json:"provider"` // alias in the file
	Subscription string           `json:"subscription"`
	Tenant       string           `json:"tenant,omitempty"` // id, in lower case; empty if not read
	Read         time.Time        `json:"read"`
	Skew         time.Duration    `json:"-"` // how far Azure's clock is ahead of this machine's
	VNets        []VNet           `json:"vnets"`
	NICs         []NIC            `json:"nics"`
	NSGs         []NSG            `json:"nsgs"`
	VMs          []VM             `json:"vms"`
	ScaleSets    []ScaleSet       `json:"scale_sets"`
	Accounts     []StorageAccount `json:"storage_accounts"`
	Watchers     []Watcher        `json:"watchers"`

	Registered       map[string]string `json:"registered,omitempty"` // state by resource provider, such as Microsoft.Insights: Registered
	Locks            []Lock            `json:"locks,omitempty"`
	Policies         []Policy          `json:"policies,omitempty"`
	Quotas           []Quota           `json:"quotas,omitempty"`
	PrivateEndpoints []PrivateEndpoint `json:"private_endpoints,omitempty"`
	RouteTables      []RouteTable      `json:"route_tables,omitempty"`

	// Unread says, by the name of a part above as in JSON, why it could not be
	// read. What rests on such a part is not checked, and that is said.
	Unread map[string]string `json:"unread,omitempty"`
}

// VNet is a virtual network.
type VNet struct {
	ID         ID                `json:"id"`
	Location   string            `json:"location"`
	Tags       map[string]string `json:"tags,omitempty"`
	Prefixes   []netip.Prefix    `json:"prefixes"`
	Subnets    []Subnet          `json:"subnets"`
	Peerings   []Peering         `json:"peerings,omitempty"`
	Encryption string            `json:"encryption,omitempty"` // AllowUnencrypted, DropUnencrypted or empty
}

// Subnet is a part of a VNet.
type Subnet struct {
	ID          ID             `json:"id"`
	Prefixes    []netip.Prefix `json:"prefixes"`
	NSG         ID             `json:"nsg,omitempty"`
	RouteTable  ID             `json:"route_table,omitempty"`
	NATGateway  ID             `json:"nat_gateway,omitempty"`
	Delegations []string       `json:"delegations,omitempty"` // services that live here, such as Microsoft.Web/serverFarms
	Gateways    []ID           `json:"gateways,omitempty"`    // application and other gateways that live here
}

// Peering joins a VNet to a remote one.
type Peering struct {
	Remote   ID             `json:"remote"`
	State    string         `json:"state"` // Connected, Initiated, Disconnected
	Prefixes []netip.Prefix `json:"prefixes,omitempty"`
}

// NIC is a network interface, of a VM or of a scale set instance.
type NIC struct {
	ID        ID                `json:"id"`
	Location  string            `json:"location"`
	Tags      map[string]string `json:"tags,omitempty"`
	MAC       string            `json:"mac"` // 12 upper-case hex digits; empty until the machine first ran
	Addresses []netip.Addr      `json:"addresses"`
	Subnets   []ID              `json:"subnets"`
	NSG       ID                `json:"nsg,omitempty"`
	Groups    []ID              `json:"groups,omitempty"` // application security groups that it is in
	VM        ID                `json:"vm,omitempty"`     // or scale set instance

	// Since is the first look of several that found it, and Until the last one; zero for the
	// first and the last of all looks.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

// NSG is a network security group. GUID is what flow logs may call it.
type NSG struct {
	ID       ID                `json:"id"`
	GUID     string            `json:"guid"`
	Location string            `json:"location"`
	Tags     map[string]string `json:"tags,omitempty"`
	Rules    []Rule            `json:"rules"` // user and default rules as they were
	Subnets  []ID              `json:"subnets,omitempty"`
	NICs     []ID              `json:"nics,omitempty"`
}

// Rule is a security rule as it stood when the inventory was read.
type Rule struct {
	Name         string   `json:"name"`
	Priority     int      `json:"priority"`
	Direction    string   `json:"direction"` // Inbound, Outbound
	Access       string   `json:"access"`    // Allow, Deny
	Protocol     string   `json:"protocol"`
	Sources      []string `json:"sources"`
	Destinations []string `json:"destinations"`
	Ports        []string `json:"ports"`
	Default      bool     `json:"default,omitempty"`
}

// VM is a virtual machine.
type VM struct {
	ID       ID                `json:"id"`
	Location string            `json:"location"`
	Tags     map[string]string `json:"tags,omitempty"`
	OS       string            `json:"os"`                 // Linux, Windows
	Power    string            `json:"power"`              // running, deallocated, stopped …; empty if not known
	Agent    bool              `json:"agent"`              // the Network Watcher extension is installed
	AgentOS  string            `json:"agent_os,omitempty"` // the system that extension is for; empty if not known
	AgentIs  string            `json:"agent_is,omitempty"` // its provisioning state, such as Succeeded or Failed; empty if not known
	NICs     []ID              `json:"nics"`
}

// ScaleSet is a virtual machine scale set.
type ScaleSet struct {
	ID            ID                `json:"id"`
	Location      string            `json:"location"`
	Tags          map[string]string `json:"tags,omitempty"`
	Orchestration string            `json:"orchestration,omitempty"` // Uniform, Flexible; empty if not stated
	OS            string            `json:"os"`
	Agent         bool              `json:"agent"`
	AgentOS       string            `json:"agent_os,omitempty"`
	Instances     []Instance        `json:"instances"`
}

// Instance is a machine of a scale set.
type Instance struct {
	ID     ID     `json:"id"`
	Number string `json:"number"` // as captures include or exclude it
	Power  string `json:"power"`
	NICs   []ID   `json:"nics"`
}

// StorageAccount is where Azure can write.
type StorageAccount struct {
	ID        ID     `json:"id"`
	Location  string `json:"location"`
	SKU       string `json:"sku"`  // Standard_LRS, Premium_LRS …
	Kind      string `json:"kind"` // StorageV2 …
	BlobURL   string `json:"blob_url"`
	SharedKey bool   `json:"shared_key"`          // captures need it
	Immutable bool   `json:"immutable,omitempty"` // a policy of the account keeps all blobs as they are

	Firewall Firewall `json:"firewall,omitzero"`
}

// Watcher is the Network Watcher of a region.
type Watcher struct {
	ID       ID     `json:"id"`
	Location string `json:"location"`
}
