package arm

import (
	"net/http"
	"strings"
	"time"

	"flowctl/plan"
)

// kind is a type of resource that clients can make.
type kind struct {
	name    string
	located bool // it has a location, which must be given
	tagged  bool
	takes   time.Duration // of a write; 0: it is done at once
	created int           // status of a PUT that makes one
	shown   []string      // properties that the service fills in, which are not taken from clients
	check   func(q *request, st *State, m *Made) error
	wrote   func(q *request, st *State, m *Made) error // after a write
	fill    func(q *request, st *State, m *Made, doc, props map[string]any)
	inUse   func(q *request, st *State, m *Made) error // refuses a deletion
	removed func(q *request, st *State, m *Made)       // takes with it what goes when it is deleted
}

// How long writes of made resources take, in the world's time.
const (
	networkWriteTime = 2 * time.Second
	machineWriteTime = 20 * time.Second
)

const (
	groupType     = "Microsoft.Resources/resourceGroups"
	subnetType    = vnetType + "/subnets"
	ruleType      = nsgType + "/securityRules"
	workspaceType = "Microsoft.OperationalInsights/workspaces"
	blobServices  = accountType + "/blobServices"
	fileServices  = accountType + "/fileServices"
)

// kinds are the types that clients can make, beside Network Watchers and what
// they hold.
func kinds() []kind {
	return []kind{
		{name: groupType, located: true, tagged: true, created: http.StatusCreated},
		{name: vnetType, located: true, tagged: true, takes: networkWriteTime, created: http.StatusCreated,
			check: (*request).checkVNet, shown: []string{"flowLogs"}, wrote: (*request).wroteVNet, fill: (*request).fillVNet, inUse: (*request).vnetInUse},
		{name: subnetType, takes: networkWriteTime, created: http.StatusCreated,
			shown: []string{"ipConfigurations"}, check: (*request).checkSubnet, fill: (*request).fillSubnet, inUse: (*request).subnetInUse},
		{name: nsgType, located: true, tagged: true, takes: networkWriteTime, created: http.StatusCreated,
			shown: []string{"defaultSecurityRules", "subnets", "networkInterfaces", "flowLogs"}, wrote: (*request).wroteNSG, fill: (*request).fillNSG, inUse: (*request).nsgInUse},
		{name: ruleType, takes: networkWriteTime, created: http.StatusCreated, check: (*request).checkRule, fill: (*request).fillRule},
		{name: nicType, located: true, tagged: true, takes: networkWriteTime, created: http.StatusCreated,
			shown: []string{"virtualMachine", "macAddress", "primary"}, check: (*request).checkNIC, wrote: (*request).wroteNIC, fill: (*request).fillNIC, inUse: (*request).nicInUse},
		{name: publicIPType, located: true, tagged: true, takes: networkWriteTime, created: http.StatusCreated,
			shown: []string{"ipConfiguration", "ipAddress"}, wrote: (*request).wrotePublicIP, fill: (*request).fillPublicIP, inUse: (*request).publicIPInUse},
		{name: vmType, located: true, tagged: true, takes: machineWriteTime, created: http.StatusCreated,
			shown: []string{"instanceView", "vmId", "timeCreated"}, check: (*request).checkMadeVM, wrote: (*request).wroteVM, fill: (*request).fillVM, removed: (*request).dropDisks},
		{name: diskType, located: true, tagged: true, takes: networkWriteTime, created: http.StatusAccepted,
			shown: []string{"timeCreated", "uniqueId", "diskState"}, fill: (*request).fillDisk, inUse: (*request).diskInUse},
		{name: peeringType, takes: networkWriteTime, created: http.StatusCreated,
			shown: []string{"peeringState", "peeringSyncLevel"}, check: (*request).checkPeering, wrote: (*request).wrotePeering, fill: (*request).fillPeering},
		{name: routeTableType, located: true, tagged: true, takes: networkWriteTime, created: http.StatusCreated,
			shown: []string{"subnets"}, wrote: (*request).wroteRouteTable, fill: (*request).fillRouteTable, inUse: (*request).routeTableInUse},
		{name: routeType, takes: networkWriteTime, created: http.StatusCreated, check: (*request).checkRoute, fill: (*request).fillRoute},
		{name: asgType, located: true, tagged: true, takes: networkWriteTime, created: http.StatusCreated},
		// azurerm takes 201 for an error here.
		{name: accountType, located: true, tagged: true, created: http.StatusOK, check: (*request).checkAccount, wrote: (*request).wroteAccount, fill: (*request).fillAccount},
		{name: blobServices, created: http.StatusOK, fill: (*request).fillService},
		{name: fileServices, created: http.StatusOK, fill: (*request).fillService},
		{name: workspaceType, located: true, tagged: true, created: http.StatusCreated, fill: (*request).fillWorkspace},
	}
}

func kindOf(name string) kind {
	for _, k := range kinds() {
		if strings.EqualFold(k.name, name) {
			return k
		}
	}
	return kind{name: name}
}

// madeID is the id that the path names, for a resource of a kind: its own case
// in the names, ARM's in all else.
func (q *request) madeID(st *State, kind string) plan.ID {
	if kind == groupType {
		return plan.ID("/subscriptions/" + q.world.Subscription + "/resourceGroups/" + q.path["name"])
	}
	ns, rest, _ := strings.Cut(kind, "/")
	id := "/subscriptions/" + q.world.Subscription + "/resourceGroups/" + q.groupName(st, q.path["group"]) + "/providers/" + ns
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
		if sameRegion(r, location) {
			return r, nil
		}
	}
	return "", gatewayError(400, "LocationNotAvailableForResourceType", "The provided location '%s' is not available for resource type '%s'. "+
		"List of available regions for the resource type is '%s'.", location, kind, strings.Join(regions, ","))
}
