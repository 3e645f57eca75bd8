package arm

import (
	"fmt"
	"net/netip"
	"strings"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

func (q *request) checkNIC(st *State, m *Resource) error {
	configs := objects(m.properties(), "ipConfigurations")
	if len(configs) == 0 {
		return refuse(400, "NetworkInterfaceMustHaveIpConfiguration", "Network interface %s must have at least one IP configuration.", m.ID)
	}
	for _, c := range configs {
		subnet := plan.ID(text(c, "properties", "subnet", "id"))
		if err := q.near(st, subnet, m.ID, m.Location); err != nil {
			return err
		}
		if public := plan.ID(text(c, "properties", "publicIPAddress", "id")); public != "" && !q.exists(st, public) {
			return errReference(public, m.ID)
		}
	}
	return q.checkGuard(st, m, m.Location)
}

// wroteNIC gives each configuration an address, which stays as long as it is
// in its subnet.
func (q *request) wroteNIC(st *State, m *Resource) error {
	given := object(m.given(), "addresses")
	next := map[string]any{}
	for _, c := range objects(m.properties(), "ipConfigurations") {
		name, subnet := text(c, "name"), plan.ID(text(c, "properties", "subnet", "id"))
		address := text(c, "properties", "privateIPAddress")
		if old, _ := given[name].(string); address == "" && old != "" {
			address = old
		}
		prefix, taken := q.subnetAddresses(st, subnet, m)
		for _, mine := range next { // of the configurations before
			taken[mine.(string)] = true
		}
		var err error
		static := strings.EqualFold(text(c, "properties", "privateIPAllocationMethod"), "Static")
		if !static && checkAddress(address, prefix, taken) != nil { // none yet, or that of another subnet
			address = ""
		}
		if address == "" {
			address, err = freeAddress(subnet, prefix, taken)
		} else {
			err = checkAddress(address, prefix, taken)
		}
		if err != nil {
			return err
		}
		next[name] = address
	}
	m.Given = map[string]any{"addresses": next, "mac": text(m.Given, "mac")}
	if text(m.Given, "mac") == "" {
		delete(m.Given, "mac")
	}
	return nil
}

// firstHost is the first address of a subnet that Azure gives away.
const firstHost = 4

// subnetAddresses are the range of a subnet and those of its addresses that
// interfaces other than nic have.
func (q *request) subnetAddresses(st *State, subnet plan.ID, nic *Resource) (prefix netip.Prefix, taken map[string]bool) {
	taken = map[string]bool{}
	if all, err := subnetPrefixes(q.at(st, subnet)); err == nil && len(all) > 0 {
		prefix = all[0]
	}
	for _, other := range q.users(st, subnet, nicType) {
		for _, c := range objects(other.properties(), "ipConfigurations") {
			if !other.ID.Is(nic.ID) && subnet.Is(plan.ID(text(c, "properties", "subnet", "id"))) {
				taken[text(other.given(), "addresses", text(c, "name"))] = true
			}
		}
	}
	for _, set := range q.users(st, subnet, scaleSetType) {
		for _, i := range object(set.given(), "instances") {
			if given, ok := i.(map[string]any); ok && !set.ID.Is(nic.ID) {
				taken[text(given, "address")] = true
			}
		}
	}
	return prefix, taken
}

// checkAddress refuses an address that a client cannot have.
func checkAddress(text string, prefix netip.Prefix, taken map[string]bool) error {
	a, err := netip.ParseAddr(text)
	switch {
	case err != nil:
		return refuse(400, "InvalidIPAddress", "IP address %s is not valid.", text)
	case !prefix.Contains(a):
		return refuse(400, "PrivateIPAddressNotInSubnet", "Private static IP address %s does not belong to the range of subnet prefix %s.", text, prefix)
	case taken[a.String()]:
		return refuse(400, "PrivateIPAddressInUse", "Private IP address %s is already allocated.", text)
	}
	return nil
}

func freeAddress(subnet plan.ID, prefix netip.Prefix, taken map[string]bool) (string, error) {
	a := prefix.Masked().Addr()
	for range firstHost {
		a = a.Next()
	}
	for ; a.IsValid() && prefix.Contains(a.Next()); a = a.Next() {
		if !taken[a.String()] {
			return a.String(), nil
		}
	}
	return "", refuse(400, "SubnetIsFull", "Subnet %s with address prefix %s does not have enough capacity for 1 IP addresses.", subnet.Name(), prefix)
}

func (q *request) fillNIC(st *State, m *Resource, doc, props map[string]any) {
	delete(props, "addresses")
	delete(props, "mac")
	orElse(props, map[string]any{"enableIPForwarding": false, "enableAcceleratedNetworking": false, "dnsSettings": map[string]any{},
		"nicType": "Standard", "auxiliaryMode": "None", "auxiliarySku": "None", "disableTcpStateTracking": false,
		"hostedWorkloads": []any{}, "tapConfigurations": []any{}, "vnetEncryptionSupported": false})
	dns := object(props, "dnsSettings")
	orElse(dns, map[string]any{"dnsServers": []any{}, "appliedDnsServers": []any{}, "internalDomainNameSuffix": q.dnsSuffix(m)})
	if label := text(dns, "internalDnsNameLabel"); label != "" { // recording nic
		dns["internalFqdn"] = label + "." + text(dns, "internalDomainNameSuffix")
	}
	props["dnsSettings"] = dns
	configs, given := objects(props, "ipConfigurations"), m.given()
	for _, c := range configs {
		name := text(c, "name")
		c["id"], c["type"], c["etag"] = m.ID+"/ipConfigurations/"+plan.ID(name), nicType+"/ipConfigurations", doc["etag"]
		if q.param("api-version") < "2018" { // recording nw-effective-2017
			delete(c, "type")
		}
		p := object(c, "properties")
		c["properties"] = p
		p["provisioningState"], p["privateIPAddress"] = m.state(q.now), text(given, "addresses", name)
		orElse(p, map[string]any{"privateIPAllocationMethod": "Dynamic", "privateIPAddressVersion": "IPv4", "primary": len(configs) == 1})
	}
	for _, e := range q.users(st, m.ID, endpointType) {
		props["privateEndpoint"] = ref(e.ID)
	}
	props["allowPort25Out"] = true
	if q.param("api-version") >= "2021" { // recordings nic, nw-watcher-python
		doc["kind"] = "Regular"
	}
	vm := q.machineOf(st, m)
	if vm == nil {
		return
	}
	nics := interfacesOf(vm)
	props["virtualMachine"], props["primary"] = ref(vm.ID), len(nics) > 0 && m.ID.Is(nics[0])
	switch mac := text(given, "mac"); {
	case mac != "":
		props["macAddress"] = dashed(mac)
	case vm.of == nil || m.of == nil: // of the world's, those have none that never started
		props["macAddress"] = dashed(world.ClientMAC(m.GUID))
	}
}

// dnsSuffix is that of Azure's own name service for the interfaces of a VNet;
// its letters are the sandbox's own choice.
func (q *request) dnsSuffix(m *Resource) string {
	return strings.ReplaceAll(q.world.GUID("dns of "+m.ID.ResourceGroup()), "-", "")[:26] + ".ax.internal.cloudapp.net"
}

// dashed writes a MAC as ARM does: 00-22-48-5D-8C-F8.
func dashed(mac string) string {
	var parts []string
	for i := 0; i+2 <= len(mac); i += 2 {
		parts = append(parts, mac[i:i+2])
	}
	return strings.Join(parts, "-")
}

// machineOf is the machine that an interface is attached to, or nil.
func (q *request) machineOf(st *State, nic *Resource) *Resource {
	for _, vm := range q.users(st, nic.ID, vmType) {
		for _, id := range interfacesOf(vm) {
			if nic.ID.Is(id) {
				return vm
			}
		}
	}
	return nil
}

// interfacesOf are the interfaces of a machine, the first of which is its primary.
func interfacesOf(vm *Resource) (all []plan.ID) {
	if v, ok := vm.of.(*world.VM); ok {
		for _, n := range v.NICs {
			all = append(all, n.ID)
		}
		return all
	}
	for _, n := range objects(object(vm.properties(), "networkProfile"), "networkInterfaces") {
		all = append(all, plan.ID(text(n, "id")))
	}
	return all
}

func nicInUse(m, user *Resource, _ string) *Error {
	return refuse(400, "NicInUse", "Network Interface %s is used by existing resource %s. In order to delete the network interface, "+
		"it must be dissociated from the resource. To learn more, see aka.ms/deletenic.", m.ID, user.ID)
}

// dropEndpointNIC removes with a private endpoint its interface, which is
// nobody else's.
func (q *request) dropEndpointNIC(st *State, m *Resource) {
	for _, n := range objects(m.properties(), "networkInterfaces") {
		if nic := q.at(st, plan.ID(text(n, "id"))); nic != nil {
			q.remove(st, nic, networkWriteTime)
		}
	}
}

// wrotePublicIP gives an address of those for documentation (RFC 5737).
func (q *request) wrotePublicIP(_ *State, m *Resource) error {
	if m.Given == nil {
		n := 0
		for _, c := range m.GUID {
			n = (n*31 + int(c)) % 254
		}
		m.Given = map[string]any{"ipAddress": fmt.Sprintf("192.0.2.%d", n+1)}
	}
	return nil
}

func (q *request) fillPublicIP(st *State, m *Resource, doc, props map[string]any) {
	orElse(props, map[string]any{"publicIPAddressVersion": "IPv4", "publicIPAllocationMethod": "Dynamic", "idleTimeoutInMinutes": 4,
		"ipTags": []any{}, "ddosSettings": map[string]any{"protectionMode": "VirtualNetworkInherited"}})
	orElse(doc, map[string]any{"sku": map[string]any{"name": "Standard", "tier": "Regional"}})
	orElse(object(doc, "sku"), map[string]any{"tier": "Regional"})
	if dns := object(props, "dnsSettings"); text(dns, "domainNameLabel") != "" { // recording public-ip
		dns["fqdn"] = text(dns, "domainNameLabel") + "." + m.Location + ".cloudapp.azure.com"
	}
	user, name := q.addressUser(st, m)
	if user != nil {
		props["ipConfiguration"] = ref(user.ID + "/ipConfigurations/" + plan.ID(name))
	}
	if strings.EqualFold(text(props, "publicIPAllocationMethod"), "Dynamic") && user == nil { // it has none until it is used
		delete(props, "ipAddress")
	}
	for _, n := range q.users(st, m.ID, natType) {
		props["natGateway"] = ref(n.ID)
	}
}

// addressUser is the interface that has a public address, or nil.
func (q *request) addressUser(st *State, m *Resource) (*Resource, string) {
	for _, nic := range q.users(st, m.ID, nicType) {
		for _, c := range objects(nic.properties(), "ipConfigurations") {
			if m.ID.Is(plan.ID(text(c, "properties", "publicIPAddress", "id"))) {
				return nic, text(c, "name")
			}
		}
	}
	return nil, ""
}

func publicIPInUse(m, user *Resource, config string) *Error {
	return refuse(400, "PublicIPAddressCannotBeDeleted", "Public IP address %s can not be deleted since it is still allocated to resource %s/ipConfigurations/%s.",
		m.ID, user.ID, config)
}
