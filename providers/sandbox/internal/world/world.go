// Package world describes the Azure that the sandbox pretends to be: its
// networks, machines, rules, storage accounts and who talks to whom. A world
// is read from HCL, checked, and never changes afterwards; everything that is
// derived from it depends only on the file, its seed and the time asked for.
package world

import (
	"net/netip"
	"time"

	"flowctl/plan"
)

// World is one simulated Azure: a subscription, or several of one or more
// tenants. Its parts point at each other and must not be changed.
type World struct {
	Name         string
	Epoch        time.Time // the world's time when it is first used
	Seed         uint64
	Subscription string // GUID of the first
	Tenant       string // GUID of the first one's tenant
	Regions      []string

	Subscriptions []Subscription // the first is the world's own, of its name

	Groups      []*ResourceGroup
	VNets       []*VNet
	NSGs        []*NSG
	NICs        []*NIC // of machines and of scale set instances
	PublicIPs   []*PublicIP
	VMs         []*VM
	ScaleSets   []*ScaleSet
	Accounts    []*StorageAccount
	Watchers    []*Watcher
	FlowLogs    []*FlowLog // that exist before flowctl comes
	AdminRules  []*AdminRule
	ServiceTags []ServiceTag
	Hosts       []*Host
	Traffic     []*Traffic

	Faults    []*Fault
	Roles     []*Role    // of the caller; none: everything is allowed
	Throttles []Throttle // that are enforced

	Unregistered []string // resource providers that the subscription is not registered for
	Locks        []*Lock
	Gateways     []*Gateway
	Endpoints    []*PrivateEndpoint
	Policies     []*Policy
	Quotas       []Quota
}

// Resource is what all ARM resources of the world have.
type Resource struct {
	ID       plan.ID
	Name     string
	Group    string // name of the resource group
	Location string
	GUID     string // resourceGuid, stable for the seed and the id
	Tags     map[string]string
}

// ResourceGroup is a resource group.
type ResourceGroup struct{ Resource }

// VNet is a virtual network.
type VNet struct {
	Resource
	Prefixes   []netip.Prefix
	Encryption string // AllowUnencrypted, DropUnencrypted, or empty for off
	Subnets    []*Subnet
	Peerings   []Peering
}

// Subnet is a subnet of a VNet.
type Subnet struct {
	ID     plan.ID
	Name   string
	VNet   *VNet
	Prefix netip.Prefix
	NSG    *NSG // or nil

	Routes      []Route  // of its route table, which clients can make
	Delegations []string // services that live here, such as Microsoft.Web/serverFarms
	Gateways    []*Gateway
}

// Peering is one side of a pair of peered VNets.
type Peering struct {
	ID     plan.ID
	Name   string
	Remote *VNet
}

// NSG is a network security group.
type NSG struct {
	Resource
	Rules    []*Rule // the file's own, by direction and priority
	Defaults []*Rule // the six that every group has
	Subnets  []*Subnet
	NICs     []*NIC
}

// Rule is a rule of an NSG or of a security admin configuration.
type Rule struct {
	ID           plan.ID
	Name         string
	Description  string
	Priority     int
	Direction    string   // Inbound, Outbound
	Access       string   // Allow, Deny; AlwaysAllow of admin rules
	Protocol     string   // Tcp, Udp, Icmp, *
	Sources      []string // prefixes, addresses, tags or *
	Destinations []string
	SourcePorts  []string // ports, ranges or *
	Ports        []string
	Default      bool

	match matcher
}

// AdminRule is a security admin rule of Azure Virtual Network Manager. It is
// evaluated before the NSGs of the VNets it is applied to.
type AdminRule struct {
	Rule
	GUID  string // its collection, which flow logs name as the ACL
	Label string // as flow logs name it: name and GUID
	VNets []*VNet
}

// NIC is a network interface.
type NIC struct {
	Resource
	MAC       string // 12 upper-case hex digits; empty until a machine has started with it
	Private   netip.Addr
	Public    *PublicIP // or nil
	Subnet    *Subnet
	NSG       *NSG // or nil
	VM        *VM  // at most one of VM, Instance and Endpoint is set
	Instance  *Instance
	Endpoint  *PrivateEndpoint
	Secondary bool
}

// PublicIP is a public address.
type PublicIP struct {
	Resource
	Address netip.Addr
	NIC     *NIC
}

// VM is a virtual machine.
type VM struct {
	Resource
	OS    string // Linux, Windows
	Size  string
	Power string // running, stopped, deallocated
	Agent bool   // has the Network Watcher extension
	NICs  []*NIC

	NeverStarted bool
	Set          *ScaleSet // in flexible orchestration that it belongs to, or nil
}

// ScaleSet is a virtual machine scale set.
type ScaleSet struct {
	Resource
	OS        string
	Size      string
	Agent     bool
	Upgrade   string // policy: Manual, Automatic, Rolling
	Flexible  bool   // its machines are virtual machines of their own
	Instances []*Instance
	Machines  []*VM // of a flexible set, which has no instances
}

// Instance is a machine of a scale set.
type Instance struct {
	Resource
	Set    *ScaleSet
	Number string
	Power  string
	NIC    *NIC
}

// StorageAccount is a storage account.
type StorageAccount struct {
	Resource
	SKU       string // Standard_LRS, Premium_LRS …
	Kind      string // StorageV2, BlockBlobStorage …
	SharedKey bool
	BlobURL   string // primaryEndpoints.blob, with the trailing slash

	PublicNetwork string // Enabled, Disabled, SecuredByPerimeter
	Firewall      Firewall
	Lifecycle     []LifecycleRule
	Immutability  *Immutability // of the account's versions, or nil
	Containers    []Container
	Versioning    bool
	SoftDelete    int // days; 0: off
}

// Watcher is the Network Watcher of a region.
type Watcher struct{ Resource }

// FlowLog is a flow log that somebody else made.
type FlowLog struct {
	Resource
	Watcher       *Watcher
	Target        plan.ID
	TargetGUID    string
	Storage       *StorageAccount
	Created       time.Time
	Enabled       bool
	RetentionDays int
	RecordTypes   string
	Filter        string
}

// ServiceTag names prefixes that rules can use. VirtualNetwork, Internet and
// AzureLoadBalancer are known without one.
type ServiceTag struct {
	Name     string
	Prefixes []netip.Prefix
}

// Host is something outside of the subscription: one address, or many of
// which each connection takes one.
type Host struct {
	Name      string
	Addresses []netip.Addr
	Names     []string // in DNS
}
