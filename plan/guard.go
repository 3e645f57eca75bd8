package plan

// What stands guard over resources: firewalls, locks, policies, quotas.

// Firewall is who may reach a storage account's data over the network.
type Firewall struct {
	Public  string   `json:"public,omitempty"`  // publicNetworkAccess: Enabled, Disabled, SecuredByPerimeter; empty if not stated
	Default string   `json:"default,omitempty"` // networkAcls.defaultAction: Allow, Deny; empty if not stated
	Bypass  []string `json:"bypass,omitempty"`  // networkAcls.bypass: AzureServices, Logging, Metrics, None
	IPs     []string `json:"ips,omitempty"`     // addresses and ranges let in
	Subnets []ID     `json:"subnets,omitempty"` // subnets let in
}

// Lock keeps a resource and all below it from being changed or deleted.
type Lock struct {
	ID    ID     `json:"id"`
	Scope ID     `json:"scope"` // the subscription, resource group or resource that is locked
	Level string `json:"level"` // ReadOnly, CanNotDelete
}

// Policy is an assignment of a policy that makes, changes or refuses flow logs.
type Policy struct {
	ID     ID     `json:"id"`
	Scope  ID     `json:"scope"`
	Name   string `json:"name"`   // as people see it
	Effect string `json:"effect"` // DeployIfNotExists, Modify, Audit, Deny …
}

// Quota is how much of a limit a region uses.
type Quota struct {
	Name     string `json:"name"` // as Azure names it, such as PacketCaptures
	Location string `json:"location"`
	Used     int64  `json:"used"`
	Limit    int64  `json:"limit"`
}

// PrivateEndpoint is the address of a service inside a VNet. Flow logs show
// its traffic at the client only.
type PrivateEndpoint struct {
	ID       ID     `json:"id"`
	Location string `json:"location"`
	Subnet   ID     `json:"subnet"`
	NICs     []ID   `json:"nics"`
}

// RouteTable is a table of routes that users made.
type RouteTable struct {
	ID     ID      `json:"id"`
	Routes []Route `json:"routes"`
}

// Route is where a prefix goes.
type Route struct {
	Name   string `json:"name"`
	Prefix string `json:"prefix"`       // or a service tag
	Hop    string `json:"hop"`          // VirtualAppliance, VirtualNetworkGateway, VnetLocal, Internet, None
	To     string `json:"to,omitempty"` // address of the appliance
}

// LifecycleRule is a rule of a storage account that deletes or moves blobs.
type LifecycleRule struct {
	Name       string   `json:"name"`
	Enabled    bool     `json:"enabled"`
	Prefixes   []string `json:"prefixes,omitempty"`    // container and beginning of the name; none: all blobs
	DeleteDays int      `json:"delete_days,omitempty"` // after the last change; 0: it deletes nothing
}

// Lifecycle is the management policy of a storage account, with the rules as
// flowctl understands them and the whole as Azure gave it, to be restored.
type Lifecycle struct {
	Account ID              `json:"account"`
	Rules   []LifecycleRule `json:"rules"`
	Raw     []byte          `json:"raw,omitempty"` // nil if the account has no policy
}

// Permission is what a role lets the caller do at a scope, as Azure answers
// Microsoft.Authorization/permissions: actions with * as wild card.
type Permission struct {
	Actions        []string `json:"actions"`
	NotActions     []string `json:"not_actions"`
	DataActions    []string `json:"data_actions"`
	NotDataActions []string `json:"not_data_actions"`
}
