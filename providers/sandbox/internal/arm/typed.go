package arm

import (
	"net/netip"
	"slices"
	"strings"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// lens looks at resources through what clients have changed.
type lens struct {
	s    *Server
	over map[string]*Resource
}

func (v *lens) get(id plan.ID) *Resource {
	if m, changed := v.over[id.Key()]; changed {
		return m
	}
	return v.s.origin.all[id.Key()]
}

func (v *lens) below(parent plan.ID, kind string) []*Resource {
	var all []*Resource
	for _, m := range v.s.origin.below[parent.Key()+" "+strings.ToLower(kind)] {
		if m = v.get(m.ID); m != nil {
			all = append(all, m)
		}
	}
	for _, key := range slices.Sorted(mapKeys(v.over)) {
		m := v.over[key]
		if m != nil && strings.EqualFold(m.Type, kind) && m.ID.Parent().Is(parent) && v.s.origin.all[key] == nil {
			all = append(all, m)
		}
	}
	return all
}

// before is the world's own resource that m is a change of, or nil.
func before[T any](v *lens, m *Resource) (own T, ok bool) {
	if !m.Anew {
		own, ok = v.s.lives.first.byID[m.ID.Key()].(T)
	}
	return own, ok
}

func (m *Resource) resource() world.Resource {
	return world.Resource{ID: m.ID, Name: m.ID.Name(), Group: m.ID.ResourceGroup(), Location: m.Location, GUID: m.GUID, Tags: m.tags()}
}

func (v *lens) publicIP(m *Resource) *world.PublicIP {
	p := &world.PublicIP{Resource: m.resource()}
	p.Address, _ = netip.ParseAddr(text(m.given(), "ipAddress"))
	return p
}

// accountOf is the account whose settings m are.
func (v *lens) accountOf(m *Resource) []any {
	if a := v.get(m.ID.Parent().Parent()); a != nil {
		return []any{v.account(a)}
	}
	return nil
}

// Of gateways and private endpoints clients change no more than tags.

func (v *lens) gateway(m *Resource) []any {
	g, ok := before[*world.Gateway](v, m)
	if !ok {
		return nil
	}
	c := *g
	c.Resource = m.resource()
	return []any{&c}
}

func (v *lens) endpoint(m *Resource) []any {
	e, ok := before[*world.PrivateEndpoint](v, m)
	if !ok {
		return nil
	}
	c := *e
	c.Resource = m.resource()
	return []any{&c}
}

func (m *Resource) is(kind string) bool { return strings.EqualFold(m.Type, kind) }

// lost are parts that the world had and m has not any more: instances.
func (v *lens) lost(m *Resource) (gone []plan.ID) {
	if s, ok := v.s.lives.first.byID[m.ID.Key()].(*world.ScaleSet); ok {
		for _, i := range s.Instances {
			gone = append(gone, i.ID, i.NIC.ID)
		}
	}
	return gone
}

func (v *lens) vnet(m *Resource) *world.VNet {
	n := &world.VNet{Resource: m.resource()}
	n.Prefixes, _ = prefixesOf(object(m.properties(), "addressSpace"), "addressPrefixes")
	if on, _ := object(m.properties(), "encryption")["enabled"].(bool); on {
		n.Encryption = text(m.properties(), "encryption", "enforcement")
	}
	for _, p := range v.below(m.ID, peeringType) {
		n.Peerings = append(n.Peerings, world.Peering{ID: p.ID, Name: p.ID.Name(), Remote: &world.VNet{Resource: world.Resource{ID: remoteOf(p)}}})
	}
	return n
}

func (v *lens) subnet(m *Resource) *world.Subnet {
	s := &world.Subnet{ID: m.ID, Name: m.ID.Name()}
	if all, err := subnetPrefixes(m); err == nil && len(all) > 0 {
		s.Prefix = all[0]
	}
	s.NSG = guardOf(m)
	table := plan.ID(text(m.properties(), "routeTable", "id"))
	for _, r := range v.below(table, routeType) {
		p, err := netip.ParsePrefix(text(r.properties(), "addressPrefix"))
		if err != nil {
			continue // a service tag, whose prefixes the sandbox does not know
		}
		s.Routes = append(s.Routes, world.Route{Prefix: p, Hop: text(r.properties(), "nextHopType"), Address: text(r.properties(), "nextHopIpAddress"),
			Table: table, Name: r.ID.Name()})
	}
	for _, d := range objects(m.properties(), "delegations") {
		s.Delegations = append(s.Delegations, text(d, "properties", "serviceName"))
	}
	return s
}

// guardOf is as much as an id of the security group of a subnet or interface.
func guardOf(m *Resource) *world.NSG {
	if id := plan.ID(text(m.properties(), "networkSecurityGroup", "id")); id != "" {
		return &world.NSG{Resource: world.Resource{ID: id}}
	}
	return nil
}

func (v *lens) nsg(m *Resource) *world.NSG {
	n := &world.NSG{Resource: m.resource(), Defaults: world.DefaultRules(m.ID)}
	for _, r := range v.below(m.ID, ruleType) {
		if own, ok := r.of.(*world.Rule); ok {
			n.Rules = append(n.Rules, own)
			continue
		}
		n.Rules = append(n.Rules, ruleOf(r))
	}
	for _, r := range slices.Concat(n.Rules, n.Defaults) {
		v.s.world.Prepare(r)
	}
	world.SortRules(n.Rules)
	return n
}

// ruleOf is a security rule in the world's own form.
func ruleOf(m *Resource) *world.Rule {
	p := m.properties()
	both := func(name, plural string) []string {
		all := stringsOf(p, plural)
		if one := text(p, name); one != "" && len(all) == 0 {
			all = []string{one}
		}
		if len(all) == 0 {
			all = []string{"*"}
		}
		return all
	}
	priority, _ := p["priority"].(float64)
	return &world.Rule{ID: m.ID, Name: m.ID.Name(), Description: text(p, "description"), Priority: int(priority),
		Direction: title(text(p, "direction")), Access: title(text(p, "access")), Protocol: text(p, "protocol"),
		Sources: both("sourceAddressPrefix", "sourceAddressPrefixes"), Destinations: both("destinationAddressPrefix", "destinationAddressPrefixes"),
		SourcePorts: both("sourcePortRange", "sourcePortRanges"), Ports: both("destinationPortRange", "destinationPortRanges")}
}

func title(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + strings.ToLower(s[1:])
}

func stringsOf(d doc, name string) []string {
	list, _ := d[name].([]any)
	var all []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

func (v *lens) nic(m *Resource) *world.NIC {
	n := &world.NIC{Resource: m.resource(), NSG: guardOf(m), MAC: text(m.given(), "mac")}
	if own, ok := before[*world.NIC](v, m); ok {
		n.MAC, n.Endpoint = own.MAC, own.Endpoint
	}
	configs := objects(m.properties(), "ipConfigurations")
	for i, c := range configs {
		if primary, _ := object(c, "properties")["primary"].(bool); i > 0 && !primary {
			continue
		}
		n.Private, _ = netip.ParseAddr(text(m.given(), "addresses", text(c, "name")))
		n.Subnet = &world.Subnet{ID: plan.ID(text(c, "properties", "subnet", "id"))}
		if id := plan.ID(text(c, "properties", "publicIPAddress", "id")); id != "" {
			n.Public = &world.PublicIP{Resource: world.Resource{ID: id}}
		}
	}
	return n
}

func (v *lens) vm(m *Resource) *world.VM {
	vm := m.vm()
	if own, ok := before[*world.VM](v, m); ok {
		vm.Agent, vm.NeverStarted = own.Agent, own.NeverStarted && vm.Power != "running"
	}
	for _, n := range objects(object(m.properties(), "networkProfile"), "networkInterfaces") {
		vm.NICs = append(vm.NICs, &world.NIC{Resource: world.Resource{ID: plan.ID(text(n, "id"))}})
	}
	if set := plan.ID(text(m.properties(), "virtualMachineScaleSet", "id")); set != "" {
		vm.Set = &world.ScaleSet{Resource: world.Resource{ID: set}}
	}
	return vm
}

// vm is a machine in the world's own form: it runs unless it was stopped, and
// has no agent until a client installs it.
func (m *Resource) vm() *world.VM {
	os := "Linux"
	if object(m.properties(), "osProfile")["windowsConfiguration"] != nil {
		os = "Windows"
	}
	if set := text(m.properties(), "storageProfile", "osDisk", "osType"); set != "" {
		os = title(set)
	}
	state := "running"
	if set, ok := m.given()["power"].(string); ok {
		state = set
	}
	return &world.VM{Resource: m.resource(), OS: os, Size: text(m.properties(), "hardwareProfile", "vmSize"), Power: state}
}

// scaleSet is a scale set with its instances and their interfaces.
func (v *lens) scaleSet(m *Resource) []any {
	p := m.properties()
	profile := object(p, "virtualMachineProfile")
	set := &world.ScaleSet{Resource: m.resource(), OS: "Linux", Size: text(m.body(), "sku", "name"),
		Upgrade: text(p, "upgradePolicy", "mode"), Flexible: strings.EqualFold(text(p, "orchestrationMode"), "Flexible")}
	if object(profile, "osProfile")["windowsConfiguration"] != nil || strings.EqualFold(text(profile, "storageProfile", "osDisk", "osType"), "Windows") {
		set.OS = "Windows"
	}
	if own, ok := before[*world.ScaleSet](v, m); ok {
		set.Agent = own.Agent
	}
	all := []any{set}
	subnet, guard := setNetwork(m)
	instances := object(m.given(), "instances")
	for _, number := range slices.Sorted(mapKeys(instances)) {
		g := object(instances, number)
		i := &world.Instance{Resource: set.Resource, Set: set, Number: number, Power: text(g, "power")}
		i.ID, i.Name = set.ID+plan.ID("/virtualMachines/"+number), set.Name+"_"+number
		i.GUID = v.s.world.GUID(string(i.ID))
		n := &world.NIC{Resource: i.Resource, Instance: i, Subnet: &world.Subnet{ID: subnet}}
		n.Name = "nic-" + set.Name
		if own, ok := v.s.lives.first.byID[i.ID.Key()].(*world.Instance); ok && !m.Anew {
			n.Name, n.MAC = own.NIC.Name, own.NIC.MAC
		}
		n.ID = i.ID + plan.ID("/networkInterfaces/"+n.Name)
		n.GUID = v.s.world.GUID(string(n.ID))
		if n.MAC == "" {
			n.MAC = world.ClientMAC(n.GUID)
		}
		n.Private, _ = netip.ParseAddr(text(g, "address"))
		if guard != "" {
			n.NSG = &world.NSG{Resource: world.Resource{ID: guard}}
		}
		i.NIC = n
		all = append(all, i, n)
	}
	return all
}

// setNetwork is where the instances of a scale set are to be.
func setNetwork(m *Resource) (subnet, guard plan.ID) {
	for _, n := range objects(object(m.properties(), "virtualMachineProfile", "networkProfile"), "networkInterfaceConfigurations") {
		guard = plan.ID(text(n, "properties", "networkSecurityGroup", "id"))
		for _, c := range objects(object(n, "properties"), "ipConfigurations") {
			return plan.ID(text(c, "properties", "subnet", "id")), guard
		}
	}
	return "", ""
}

func (v *lens) account(m *Resource) *world.StorageAccount {
	a := m.account()
	if own, ok := before[*world.StorageAccount](v, m); ok {
		a.Containers, a.Lifecycle = own.Containers, own.Lifecycle
	}
	if b := v.get(m.ID + "/blobServices/default"); b != nil {
		a.Versioning, _ = b.properties()["isVersioningEnabled"].(bool)
		if days, ok := object(b.properties(), "deleteRetentionPolicy")["days"].(float64); ok {
			a.SoftDelete = int(days)
		}
	}
	return a
}

// account is a storage account in the world's own form.
func (m *Resource) account() *world.StorageAccount {
	p := m.properties()
	shared, set := p["allowSharedKeyAccess"].(bool)
	a := &world.StorageAccount{Resource: m.resource(), SKU: text(m.body(), "sku", "name"), Kind: text(m.body(), "kind"), SharedKey: shared || !set,
		BlobURL: "https://" + m.ID.Name() + ".blob.core.windows.net/", PublicNetwork: text(p, "publicNetworkAccess"),
		Firewall: world.Firewall{Default: "Allow", Bypass: []string{"AzureServices"}}}
	if a.PublicNetwork == "" {
		a.PublicNetwork = "Enabled"
	}
	if rules := object(p, "networkAcls"); len(rules) > 0 {
		a.Firewall = world.Firewall{Default: text(rules, "defaultAction")}
		for part := range strings.SplitSeq(text(rules, "bypass"), ",") {
			if part = strings.TrimSpace(part); part != "" && part != "None" {
				a.Firewall.Bypass = append(a.Firewall.Bypass, part)
			}
		}
		for _, r := range objects(rules, "ipRules") {
			a.Firewall.IPs = append(a.Firewall.IPs, text(r, "value"))
		}
		for _, r := range objects(rules, "virtualNetworkRules") {
			a.Firewall.Subnets = append(a.Firewall.Subnets, plan.ID(text(r, "id")))
		}
	}
	if i := object(p, "immutableStorageWithVersioning", "immutabilityPolicy"); len(i) > 0 {
		days, _ := i["immutabilityPeriodSinceCreationInDays"].(float64)
		appends, _ := i["allowProtectedAppendWrites"].(bool)
		a.Immutability = &world.Immutability{Days: int(days), State: text(i, "state"), AppendAllowed: appends}
	}
	return a
}
