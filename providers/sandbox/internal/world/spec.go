package world

import "github.com/hashicorp/hcl/v2"

// The structs of this file are the language of a world file, as gohcl reads
// it. Every one keeps its body, from which errors take the line to blame.

type fileSpec struct {
	Name         string   `hcl:"name"`
	Epoch        string   `hcl:"epoch"`
	Seed         int64    `hcl:"seed"`
	Subscription string   `hcl:"subscription"`
	Tenant       string   `hcl:"tenant"`
	Regions      []string `hcl:"regions"`
	Unregistered []string `hcl:"unregistered,optional"`
	Unwatched    []string `hcl:"without_watcher,optional"`

	Others      []otherSpec    `hcl:"another_subscription,block"`
	Groups      []groupSpec    `hcl:"resource_group,block"`
	Watchers    []watcherSpec  `hcl:"network_watcher,block"`
	Tags        []tagSpec      `hcl:"service_tag,block"`
	NSGs        []nsgSpec      `hcl:"nsg,block"`
	VNets       []vnetSpec     `hcl:"vnet,block"`
	Collections []adminSpec    `hcl:"admin_rules,block"`
	VMs         []vmSpec       `hcl:"vm,block"`
	ScaleSets   []scaleSetSpec `hcl:"scale_set,block"`
	Accounts    []accountSpec  `hcl:"storage_account,block"`
	FlowLogs    []flowLogSpec  `hcl:"flow_log,block"`
	Hosts       []hostSpec     `hcl:"host,block"`
	Traffic     []trafficSpec  `hcl:"traffic,block"`
	Locks       []lockSpec     `hcl:"lock,block"`
	NICs        []looseNICSpec `hcl:"nic,block"`
	Gateways    []gatewaySpec  `hcl:"gateway,block"`
	Endpoints   []endpointSpec `hcl:"private_endpoint,block"`
	Policies    []policySpec   `hcl:"policy,block"`
	Quotas      []quotaSpec    `hcl:"quota,block"`
	Fleets      []fleetSpec    `hcl:"fleet,block"`
	Faults      []faultSpec    `hcl:"fault,block"`
	Roles       []roleSpec     `hcl:"role,block"`
	Throttles   []throttleSpec `hcl:"throttle,block"`

	Body hcl.Body `hcl:",body"`
}

// otherSpec is a subscription beside the first.
type otherSpec struct {
	Name      string    `hcl:"name,label"`
	ID        string    `hcl:"id"`
	Tenant    string    `hcl:"tenant,optional"`
	Unwatched []string  `hcl:"without_watcher,optional"`
	Body      hcl.Body  `hcl:",body"`
	Range     hcl.Range `hcl:",def_range"`
}

type groupSpec struct {
	Name         string            `hcl:"name,label"`
	Subscription string            `hcl:"subscription,optional"`
	Region       string            `hcl:"region"`
	Tags         map[string]string `hcl:"tags,optional"`
	Body         hcl.Body          `hcl:",body"`
	Range        hcl.Range         `hcl:",def_range"`
}

type watcherSpec struct {
	Name   string    `hcl:"name,label"`
	Group  string    `hcl:"resource_group"`
	Region string    `hcl:"region,optional"`
	Body   hcl.Body  `hcl:",body"`
	Range  hcl.Range `hcl:",def_range"`
}

type tagSpec struct {
	Name     string    `hcl:"name,label"`
	Prefixes []string  `hcl:"prefixes"`
	Body     hcl.Body  `hcl:",body"`
	Range    hcl.Range `hcl:",def_range"`
}

type nsgSpec struct {
	Name   string            `hcl:"name,label"`
	Group  string            `hcl:"resource_group"`
	Region string            `hcl:"region,optional"`
	Tags   map[string]string `hcl:"tags,optional"`
	Rules  []ruleSpec        `hcl:"rule,block"`
	Body   hcl.Body          `hcl:",body"`
	Range  hcl.Range         `hcl:",def_range"`
}

type ruleSpec struct {
	Name         string    `hcl:"name,label"`
	Description  string    `hcl:"description,optional"`
	Priority     int       `hcl:"priority"`
	Direction    string    `hcl:"direction"`
	Access       string    `hcl:"access"`
	Protocol     string    `hcl:"protocol,optional"`
	Sources      []string  `hcl:"sources,optional"`
	Destinations []string  `hcl:"destinations,optional"`
	SourcePorts  []string  `hcl:"source_ports,optional"`
	Ports        []string  `hcl:"ports,optional"`
	Body         hcl.Body  `hcl:",body"`
	Range        hcl.Range `hcl:",def_range"`
}

type adminSpec struct {
	Name  string     `hcl:"name,label"`
	VNets []string   `hcl:"vnets"`
	Rules []ruleSpec `hcl:"rule,block"`
	Body  hcl.Body   `hcl:",body"`
	Range hcl.Range  `hcl:",def_range"`
}

type vnetSpec struct {
	Name       string            `hcl:"name,label"`
	Group      string            `hcl:"resource_group"`
	Region     string            `hcl:"region,optional"`
	Prefixes   []string          `hcl:"address_space"`
	Encryption string            `hcl:"encryption,optional"`
	Peers      []string          `hcl:"peers,optional"`
	Tags       map[string]string `hcl:"tags,optional"`
	Subnets    []subnetSpec      `hcl:"subnet,block"`
	Body       hcl.Body          `hcl:",body"`
	Range      hcl.Range         `hcl:",def_range"`
}

type subnetSpec struct {
	Name   string `hcl:"name,label"`
	Prefix string `hcl:"prefix"`
	NSG    string `hcl:"nsg,optional"`

	Delegations []string `hcl:"delegations,optional"`

	Body  hcl.Body  `hcl:",body"`
	Range hcl.Range `hcl:",def_range"`
}

type vmSpec struct {
	Name   string            `hcl:"name,label"`
	Group  string            `hcl:"resource_group"`
	Region string            `hcl:"region,optional"`
	OS     string            `hcl:"os"`
	Size   string            `hcl:"size,optional"`
	Power  string            `hcl:"power,optional"`
	Agent  *bool             `hcl:"agent,optional"`
	Tags   map[string]string `hcl:"tags,optional"`

	NeverStarted bool `hcl:"never_started,optional"`
	WithoutNIC   bool `hcl:"without_nic,optional"`

	NICs  []nicSpec `hcl:"nic,block"`
	Body  hcl.Body  `hcl:",body"`
	Range hcl.Range `hcl:",def_range"`
}

type nicSpec struct {
	Name    string            `hcl:"name,label"`
	Subnet  string            `hcl:"subnet"`
	Private string            `hcl:"private_ip"`
	Public  string            `hcl:"public_ip,optional"`
	NSG     string            `hcl:"nsg,optional"`
	Tags    map[string]string `hcl:"tags,optional"`
	Body    hcl.Body          `hcl:",body"`
	Range   hcl.Range         `hcl:",def_range"`
}

type scaleSetSpec struct {
	Name      string            `hcl:"name,label"`
	Group     string            `hcl:"resource_group"`
	Region    string            `hcl:"region,optional"`
	OS        string            `hcl:"os"`
	Size      string            `hcl:"size,optional"`
	Agent     *bool             `hcl:"agent,optional"`
	Instances int               `hcl:"instances"`
	Subnet    string            `hcl:"subnet"`
	First     string            `hcl:"first_private_ip"`
	NSG       string            `hcl:"nsg,optional"`
	Tags      map[string]string `hcl:"tags,optional"`

	Orchestration string `hcl:"orchestration,optional"`
	Upgrade       string `hcl:"upgrade,optional"`
	Stopped       []int  `hcl:"stopped,optional"`

	Body  hcl.Body  `hcl:",body"`
	Range hcl.Range `hcl:",def_range"`
}

type accountSpec struct {
	Name      string            `hcl:"name,label"`
	Group     string            `hcl:"resource_group"`
	Region    string            `hcl:"region,optional"`
	SKU       string            `hcl:"sku,optional"`
	Kind      string            `hcl:"kind,optional"`
	SharedKey *bool             `hcl:"shared_key,optional"`
	Tags      map[string]string `hcl:"tags,optional"`

	PublicNetwork string          `hcl:"public_network_access,optional"`
	Firewall      *firewallSpec   `hcl:"firewall,block"`
	Lifecycle     []lifecycleSpec `hcl:"lifecycle_rule,block"`
	Immutability  *immutableSpec  `hcl:"immutability,block"`
	Containers    []containerSpec `hcl:"container,block"`
	Versioning    bool            `hcl:"versioning,optional"`
	SoftDelete    int             `hcl:"soft_delete_days,optional"`

	Body  hcl.Body  `hcl:",body"`
	Range hcl.Range `hcl:",def_range"`
}

type flowLogSpec struct {
	Name        string            `hcl:"name,label"`
	Target      string            `hcl:"target"`
	Storage     string            `hcl:"storage_account"`
	Created     string            `hcl:"created"`
	Enabled     *bool             `hcl:"enabled,optional"`
	Retention   int               `hcl:"retention_days,optional"`
	RecordTypes string            `hcl:"record_types,optional"`
	Filter      string            `hcl:"filter,optional"`
	Tags        map[string]string `hcl:"tags,optional"`
	Body        hcl.Body          `hcl:",body"`
	Range       hcl.Range         `hcl:",def_range"`
}

type hostSpec struct {
	Name      string    `hcl:"name,label"`
	Addresses []string  `hcl:"addresses,optional"`
	Prefixes  []string  `hcl:"prefixes,optional"`
	Count     int       `hcl:"count,optional"`
	Names     []string  `hcl:"names,optional"`
	Body      hcl.Body  `hcl:",body"`
	Range     hcl.Range `hcl:",def_range"`
}

type trafficSpec struct {
	Name       string    `hcl:"name,label"`
	From       []string  `hcl:"from"`
	To         []string  `hcl:"to"`
	Protocol   string    `hcl:"protocol"`
	Ports      []int     `hcl:"ports,optional"`
	App        string    `hcl:"app,optional"`
	Every      string    `hcl:"every"`
	Duration   string    `hcl:"duration,optional"`
	Spread     float64   `hcl:"spread,optional"`
	Up         string    `hcl:"up,optional"`
	Down       string    `hcl:"down,optional"`
	UpRate     string    `hcl:"up_per_second,optional"`
	DownRate   string    `hcl:"down_per_second,optional"`
	Exchanges  int       `hcl:"exchanges,optional"`
	ServerName string    `hcl:"server_name,optional"`
	Names      []string  `hcl:"names,optional"`
	Encryption string    `hcl:"encryption,optional"`
	RTT        string    `hcl:"rtt,optional"`
	Retransmit float64   `hcl:"retransmit,optional"`
	Reset      float64   `hcl:"reset,optional"`
	Unanswered bool      `hcl:"unanswered,optional"`
	Body       hcl.Body  `hcl:",body"`
	Range      hcl.Range `hcl:",def_range"`
}
