package arm

import (
	"net/http"
	"strings"
	"sync"
	"time"

	"flowctl/plan"
	"flowctl/plan/region"
	"flowctl/providers/sandbox/internal/world"
)

// kind is a type of resource, all that is told of it. A type that clients can
// make needs no more than its row and the checks that the row names.
type kind struct {
	name    string // as ARM spells it
	thing   string // as faults name it; empty: other
	located bool   // it has a location, which must be given
	tagged  bool
	takes   time.Duration     // of a write; 0: it is done at once
	created int               // status of a PUT that makes one; 0: it has routes of its own
	shown   []string          // properties that the service fills in, which are not taken from clients
	kept    []string          // paths of properties that stay if a PUT leaves them out
	told    map[string]string // first api-version of properties that earlier ones do not have
	fixed   bool              // clients change and delete those of the world, and make none
	quota   [2]string         // names of the limit of how many there can be in a region
	limit   int64
	settled bool   // it is shown as if every write were done at once
	byGroup bool   // listed by resource group only
	laid    string // code that says there is none, of what is laid upon scopes
	quiet   bool   // a PUT that makes one is answered by no more than where its result will be; all else is done at once

	check   func(q *request, st *State, m *Resource) error
	wrote   func(q *request, st *State, m *Resource) error // after a write
	fill    func(q *request, st *State, m *Resource, doc, props map[string]any)
	used    []use                                        // what refuses a deletion
	removed func(q *request, st *State, m *Resource)     // takes with it what goes when it is deleted
	list    handler                                      // instead of the usual listing
	graph   func(q *request, st *State, m *Resource) any // what Resource Graph has, if that is more
	count   func(q *request, st *State, location string) int64

	// Of one of the world's: what a client would have put to make it, and what the
	// service would have given to it then.
	put, gave func(of any) doc
	// In the world's own form, with its parts, after clients have changed it; nil if
	// no traffic, log or capture follows from it.
	lives func(v *lens, m *Resource) []any
	acts  acting
}

// acting says through what a change of a resource changes the world.
type acting int

const (
	byItself acting = iota
	asPart          // of what holds it
	byUsers         // through those that refer to it
)

// of is f for something of the world, whose type a row knows.
func of[T any](f func(T) doc) func(any) doc { return func(v any) doc { return f(v.(T)) } }

// one makes one thing of the world.
func one[T any](f func(v *lens, m *Resource) T) func(*lens, *Resource) []any {
	return func(v *lens, m *Resource) []any { return []any{f(v, m)} }
}

// use is a type of resource that keeps others from being deleted by what it
// refers to.
type use struct {
	by     string
	refuse func(m, user *Resource, config string) *Error
}

// How long writes take, in the world's time.
const (
	networkWriteTime = 2 * time.Second
	machineWriteTime = 20 * time.Second
	gatewayWriteTime = 5 * time.Minute
	accountWriteTime = 18 * time.Second // recording storage-account-network-rules
)

const (
	groupType         = "Microsoft.Resources/resourceGroups"
	vnetType          = "Microsoft.Network/virtualNetworks"
	subnetType        = vnetType + "/subnets"
	peeringType       = vnetType + "/virtualNetworkPeerings"
	nsgType           = "Microsoft.Network/networkSecurityGroups"
	ruleType          = nsgType + "/securityRules"
	nicType           = "Microsoft.Network/networkInterfaces"
	publicIPType      = "Microsoft.Network/publicIPAddresses"
	natType           = "Microsoft.Network/natGateways"
	routeTableType    = "Microsoft.Network/routeTables"
	routeType         = routeTableType + "/routes"
	asgType           = "Microsoft.Network/applicationSecurityGroups"
	endpointType      = "Microsoft.Network/privateEndpoints"
	appGatewayType    = "Microsoft.Network/applicationGateways"
	vnetGatewayType   = "Microsoft.Network/virtualNetworkGateways"
	bastionType       = "Microsoft.Network/bastionHosts"
	azureFirewallType = "Microsoft.Network/azureFirewalls"
	vmType            = "Microsoft.Compute/virtualMachines"
	scaleSetType      = "Microsoft.Compute/virtualMachineScaleSets"
	diskType          = "Microsoft.Compute/disks"
	accountType       = "Microsoft.Storage/storageAccounts"
	blobServices      = accountType + "/blobServices"
	fileServices      = accountType + "/fileServices"
	containerType     = blobServices + "/containers"
	workspaceType     = "Microsoft.OperationalInsights/workspaces"
	policyAssignments = authorization + "/policyAssignments"
	policyDefinitions = authorization + "/policyDefinitions"
	roleAssignments   = authorization + "/roleAssignments"
	roleDefinitions   = authorization + "/roleDefinitions"
)

// rows are all types of resources, each in one row.
func rows() []kind {
	const made = http.StatusCreated
	return []kind{
		{name: groupType, thing: "resource_group", located: true, tagged: true, created: made, put: of(groupBody)},
		{name: deploymentType, thing: "deployment"},
		{name: "Microsoft.Resources/tags", thing: "tags"},
		{name: vnetType, thing: "vnet", located: true, tagged: true, takes: networkWriteTime, created: made, told: map[string]string{"enableVmProtection": "2018-01-01", "enableDdosProtection": "2018-01-01"}, quota: [2]string{"VirtualNetworks", "Virtual Networks"}, limit: 1000,
			check: (*request).checkVNet, shown: []string{"flowLogs"}, wrote: (*request).wroteVNet, fill: (*request).fillVNet,
			put: of(vnetBody), lives: one((*lens).vnet)},
		{name: subnetType, thing: "subnet", takes: networkWriteTime, created: made,
			shown: []string{"ipConfigurations", "privateEndpoints", "applicationGatewayIPConfigurations"}, check: (*request).checkSubnet, fill: (*request).fillSubnet,
			used: []use{{nicType, subnetInUse}, {scaleSetType, subnetInUse}, {appGatewayType, subnetInUse}, {vnetGatewayType, subnetInUse}, {bastionType, subnetInUse}, {azureFirewallType, subnetInUse}},
			put:  of(subnetBody), lives: one((*lens).subnet)},
		{name: peeringType, thing: "peering", takes: networkWriteTime, created: made,
			shown: []string{"peeringState", "peeringSyncLevel", "remoteAddressSpace", "remoteVirtualNetworkAddressSpace"}, check: (*request).checkPeering, wrote: (*request).wrotePeering, fill: (*request).fillPeering,
			put: of(peeringBody), gave: of(func(world.Peering) doc { return doc{"met": true} }), acts: asPart},
		{name: nsgType, thing: "nsg", located: true, tagged: true, takes: networkWriteTime, created: made, quota: [2]string{"NetworkSecurityGroups", "Network Security Groups"}, limit: 5000,
			shown: []string{"defaultSecurityRules", "subnets", "networkInterfaces", "flowLogs"}, wrote: (*request).wroteNSG, fill: (*request).fillNSG,
			used: []use{{subnetType, nsgInUse}, {nicType, nsgInUse}}, put: of(nsgBody), lives: one((*lens).nsg)},
		{name: ruleType, thing: "rule", takes: networkWriteTime, created: made, check: (*request).checkRule, fill: (*request).fillRule, put: of(ruleBody), acts: asPart},
		{name: nsgType + "/defaultSecurityRules", thing: "rule"},
		{name: nicType, thing: "nic", located: true, tagged: true, takes: networkWriteTime, settled: true, created: made, quota: [2]string{"NetworkInterfaces", "Network Interfaces"}, limit: 65536,
			shown: []string{"virtualMachine", "macAddress", "primary", "privateEndpoint"},
			told:  map[string]string{"nicType": "2020-04-01", "allowPort25Out": "2022-01-01", "hostedWorkloads": "2020-01-01", "tapConfigurations": "2020-01-01", "enableAcceleratedNetworking": "2017-06-01", "auxiliaryMode": "2022-05-01", "auxiliarySku": "2022-05-01", "disableTcpStateTracking": "2022-05-01", "vnetEncryptionSupported": "2022-01-01"}, // recordings nic, nw-effective-routes-nsgs
			check: (*request).checkNIC, wrote: (*request).wroteNIC, fill: (*request).fillNIC,
			used: []use{{vmType, nicInUse}, {endpointType, nicInUse}}, put: of(interfaceBody), gave: of(interfaceGiven), lives: one((*lens).nic)},
		{name: publicIPType, thing: "public_ip", located: true, tagged: true, takes: networkWriteTime, created: made,
			quota: [2]string{"StandardSkuPublicIpAddresses", "Public IP Addresses - Standard"}, limit: 1000,
			shown: []string{"ipConfiguration", "ipAddress", "natGateway"}, told: map[string]string{"ddosSettings": "2022-05-01"}, // recording nw-diagnostics
			wrote: (*request).wrotePublicIP, fill: (*request).fillPublicIP,
			used: []use{{nicType, publicIPInUse}, {natType, publicIPInUse}}, put: of(publicIPBody), gave: of(publicIPGiven), lives: one((*lens).publicIP)},
		{name: natType, located: true, tagged: true, takes: networkWriteTime, created: made, shown: []string{"subnets"},
			check: (*request).checkNAT, fill: (*request).fillNAT, used: []use{{subnetType, natInUse}}},
		{name: routeTableType, located: true, tagged: true, takes: networkWriteTime, created: made,
			shown: []string{"subnets"}, wrote: (*request).wroteRouteTable, fill: (*request).fillRouteTable, used: []use{{subnetType, routeTableInUse}}, acts: byUsers},
		{name: routeType, takes: networkWriteTime, created: made, check: (*request).checkRoute, fill: (*request).fillRoute, acts: byUsers},
		{name: "Microsoft.Network/ipGroups", located: true, tagged: true, takes: networkWriteTime, created: made},
		{name: asgType, located: true, tagged: true, takes: networkWriteTime, created: made},
		{name: endpointType, located: true, tagged: true, takes: networkWriteTime, created: made, fixed: true, quota: [2]string{"PrivateEndpoints", "Private Endpoints"}, limit: 1000,
			removed: (*request).dropEndpointNIC, put: of(endpointBody), lives: (*lens).endpoint},
		{name: appGatewayType, located: true, tagged: true, takes: gatewayWriteTime, created: made, fixed: true, put: of(gatewayBody), lives: (*lens).gateway},
		{name: vnetGatewayType, located: true, tagged: true, takes: gatewayWriteTime, created: made, fixed: true, byGroup: true,
			put: of(gatewayBody), lives: (*lens).gateway},
		{name: bastionType, located: true, tagged: true, takes: gatewayWriteTime, created: made, fixed: true, put: of(gatewayBody), lives: (*lens).gateway},
		{name: azureFirewallType, located: true, tagged: true, takes: gatewayWriteTime, created: made, fixed: true, put: of(gatewayBody), lives: (*lens).gateway},
		{name: watcherType, thing: "network_watcher", quota: [2]string{"NetworkWatchers", "Network Watchers"}, limit: 1, count: (*request).countWatchers},
		{name: watcherType + "/flowLogs", thing: "flow_log"},
		{name: watcherType + "/packetCaptures", thing: "packet_capture", quota: [2]string{"PacketCaptures", "Packet Captures"}, limit: 10000,
			count: (*request).countCaptures},
		{name: "Microsoft.Network/locations/usages", thing: "usage"},

		{name: vmType, thing: "vm", located: true, tagged: true, takes: machineWriteTime, created: made,
			shown: []string{"instanceView", "vmId", "timeCreated"}, told: map[string]string{"timeCreated": "2021-11-01"}, // recordings vm-states, extension-agent-linux-connection-monitor
			check: (*request).checkVM, wrote: (*request).wroteVM, fill: (*request).fillVM,
			removed: (*request).dropDisks, list: (*request).listVMs, graph: (*request).graphVM,
			put: of(machineBody), gave: of(func(v *world.VM) doc { return doc{"power": v.Power} }), lives: one((*lens).vm)},
		{name: vmType + "/instanceView", thing: "vm"},
		{name: vmType + "/extensions", thing: "extension"},
		{name: scaleSetType, thing: "scale_set", located: true, tagged: true, takes: machineWriteTime, created: made,
			shown: []string{"uniqueId", "timeCreated"}, kept: []string{"virtualMachineProfile", "virtualMachineProfile/storageProfile/imageReference", "upgradePolicy", "orchestrationMode"}, check: (*request).checkScaleSet, wrote: (*request).wroteScaleSet, fill: (*request).fillScaleSet,
			put: of(scaleSetBody), gave: of(scaleSetGiven), lives: (*lens).scaleSet},
		{name: scaleSetType + "/extensions", thing: "extension"},
		{name: scaleSetType + "/virtualMachines", thing: "instance"},
		{name: scaleSetType + "/networkInterfaces", thing: "nic"},
		{name: scaleSetType + "/virtualMachines/networkInterfaces", thing: "nic"},
		{name: diskType, located: true, tagged: true, takes: networkWriteTime, created: http.StatusAccepted,
			shown: []string{"timeCreated", "uniqueId", "diskState"}, fill: (*request).fillDisk, used: []use{{vmType, diskInUse}}, put: of(diskBody)},
		{name: "Microsoft.Compute/locations/usages", thing: "usage"},

		{name: accountType, thing: "storage_account", located: true, tagged: true, told: map[string]string{"minimumTlsVersion": "2021-01-01", "allowBlobPublicAccess": "2021-01-01"}, // recording storage-account-network-rules
			takes: accountWriteTime, created: http.StatusAccepted, quiet: true,
			check: (*request).checkAccount, wrote: (*request).wroteAccount, fill: (*request).fillAccount, put: of(accountBody), lives: one((*lens).account)},
		{name: blobServices, created: http.StatusOK, fill: (*request).fillService, put: of(servicesBody), lives: (*lens).accountOf},
		{name: fileServices, created: http.StatusOK, fill: (*request).fillService},
		{name: containerType, thing: "container"},
		{name: accountType + "/managementPolicies", thing: "lifecycle"},
		{name: workspaceType, thing: "workspace", located: true, tagged: true, created: made, fill: (*request).fillWorkspace},

		{name: authorization + "/permissions", thing: "permission"},
		{name: authorization + "/locks", thing: "lock", laid: "LockNotFound", check: (*request).checkLock, put: of(lockBody)},
		{name: policyAssignments, thing: "policy", laid: "PolicyAssignmentNotFound", check: (*request).checkAssignment, put: of(assignmentBody)},
		{name: policyDefinitions, thing: "policy", laid: "PolicyDefinitionNotFound", check: (*request).checkPolicy, put: of(ownPolicy.body)},
		{name: roleAssignments, thing: "role", laid: "RoleAssignmentNotFound", check: (*request).checkRoleAssignment, put: of(assigned.body)},
		{name: roleDefinitions, thing: "role", laid: "RoleDefinitionDoesNotExist", check: (*request).checkRole, put: of(ownRole.body)},
		{name: "Microsoft.Insights/dataCollectionRules"},
		{name: "Microsoft.Insights/dataCollectionEndpoints"},
		{name: "Microsoft.ResourceGraph/resources", thing: "resource"},
		{name: "Microsoft.Resources/subscriptions", thing: "subscription"},
	}
}

// table holds the rows, which are made once.
var table struct {
	sync.Once
	rows   []kind
	byName map[string]kind
}

func kinds() []kind {
	table.Do(func() {
		table.rows, table.byName = rows(), map[string]kind{}
		for _, k := range table.rows {
			table.byName[strings.ToLower(k.name)] = k
		}
	})
	return table.rows
}

func kindOf(name string) kind {
	kinds()
	if k, ok := table.byName[strings.ToLower(name)]; ok {
		return k
	}
	return kind{name: name}
}

// top reports whether resources of the kind are in a resource group itself.
func (k kind) top() bool { return strings.Count(k.name, "/") == 1 }

// segments are the path of a kind after the resource group, and that of a
// resource of it.
func (k kind) segments() (list, one string) {
	ns, rest, _ := strings.Cut(k.name, "/")
	list = "/providers/" + ns
	for i, t := range strings.Split(rest, "/") {
		list += "/" + t
		one = list + "/" + []string{"{name}", "{child}"}[i]
		if i == 0 && !k.top() {
			list = one
		}
	}
	return list, one
}

// kindRoutes are those of the kinds that clients can make.
func kindRoutes() []route {
	const (
		sub   = "/subscriptions/{sub}"
		group = sub + "/resourceGroups/{group}"
	)
	var all []route
	for _, k := range kinds() {
		if k.created == 0 || k.name == groupType || k.name == blobServices || k.name == fileServices {
			continue
		}
		list, one := k.segments()
		h := k.list
		if h == nil {
			h = listResource(k.name)
		}
		if k.top() && !k.byGroup {
			all = append(all, read(sub+list, h))
		}
		all = append(all, read(group+list, h),
			on(group+one, getResource(k.name), putResource(k.name), patchResource(k.name), deleteResource(k.name), nil))
	}
	return all
}

// pathID is the id that the path names, for a resource of a kind: its own case
// in the names, ARM's in all else.
func (q *request) pathID(st *State, kind string) plan.ID {
	if kind == groupType {
		return plan.ID("/subscriptions/" + q.sub() + "/resourceGroups/" + q.path["name"])
	}
	ns, rest, _ := strings.Cut(kind, "/")
	id := "/subscriptions/" + q.sub() + "/resourceGroups/" + q.groupName(st, q.path["group"]) + "/providers/" + ns
	names := []string{q.path["name"], q.path["child"]}
	for i, t := range strings.Split(rest, "/") {
		id += "/" + t + "/" + names[i]
	}
	return plan.ID(id)
}

// regions are those of Azure in which resources can be made beside those of
// the world: a selection that names each geography.
var regions = strings.Fields(`
	australiacentral australiaeast australiasoutheast austriaeast belgiumcentral brazilsouth canadacentral canadaeast
	centralindia centralus chilecentral eastasia eastus eastus2 francecentral germanywestcentral indonesiacentral
	israelcentral italynorth japaneast japanwest koreacentral koreasouth malaysiawest mexicocentral newzealandnorth
	northcentralus northeurope norwayeast polandcentral qatarcentral southafricanorth southcentralus southeastasia
	southindia spaincentral swedencentral switzerlandnorth uaenorth uksouth ukwest westcentralus westeurope westindia
	westus westus2 westus3`)

// place returns the region that a location means, or refuses it.
func (q *request) place(location, kind string) (string, error) {
	if location == "" {
		return "", gatewayError(400, "LocationRequired", "The location property is required for this definition.")
	}
	for _, r := range append(append([]string(nil), q.world.Regions...), regions...) {
		if region.Same(r, location) {
			return r, nil
		}
	}
	return "", gatewayError(400, "LocationNotAvailableForResourceType", "The provided location '%s' is not available for resource type '%s'. "+
		"List of available regions for the resource type is '%s'.", location, kind, strings.Join(regions, ","))
}
