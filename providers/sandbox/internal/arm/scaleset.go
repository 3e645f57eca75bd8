package arm

import (
	"net/netip"
	"strconv"
	"strings"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

func (q *request) findScaleSet() (*world.ScaleSet, error) {
	st, err := q.State()
	if err != nil {
		return nil, err
	}
	id := plan.ID("/subscriptions/" + q.sub() + "/resourceGroups/" + q.path["group"] + "/providers/" + scaleSetType + "/" + q.path["set"])
	if s, ok := q.described(st, id).(*world.ScaleSet); ok {
		return s, nil
	}
	return nil, q.missing(id, scaleSetType)
}

// maxCapacity is the most that Azure allows in a scale set.
const maxCapacity = 1000

func (q *request) checkScaleSet(st *State, m *Resource) error {
	capacity, given := object(m.Body, "sku")["capacity"].(float64)
	subnet, guard := setNetwork(m)
	switch {
	case text(m.Body, "sku", "name") == "":
		return refuse(400, "InvalidParameter", "Required parameter 'sku.name' is missing (null).")
	case given && (capacity < 0 || capacity > maxCapacity || capacity != float64(int(capacity))):
		return refuse(400, "InvalidParameter", "The value of parameter sku.capacity is invalid: %v is not between 0 and %d.", capacity, maxCapacity)
	case subnet == "" && capacity > 0 && !flexible(m):
		return refuse(400, "InvalidParameter", "Required parameter 'networkProfile' is missing (null).")
	}
	for _, id := range []plan.ID{subnet, guard} {
		if id == "" {
			continue
		}
		if err := q.near(st, id, m.ID, m.Location); err != nil {
			return err
		}
	}
	return nil
}

func flexible(m *Resource) bool {
	return strings.EqualFold(text(m.properties(), "orchestrationMode"), "Flexible")
}

// wroteScaleSet makes as many instances as the capacity says, each with an
// address that it keeps. Those of the highest numbers go first.
func (q *request) wroteScaleSet(st *State, m *Resource) error {
	if err := q.takeExtensions(st, m); err != nil {
		return err
	}
	delete(object(m.properties(), "virtualMachineProfile", "osProfile"), "adminPassword")
	if flexible(m) {
		return nil // its machines are resources of their own
	}
	old, next := object(m.Given, "instances"), map[string]any{}
	capacity := len(old)
	if n, ok := object(m.Body, "sku")["capacity"].(float64); ok {
		capacity = int(n)
	}
	subnet, _ := setNetwork(m)
	var prefix netip.Prefix
	taken := map[string]bool{}
	if subnet != "" {
		prefix, taken = q.subnetAddresses(st, subnet, m)
	}
	for i := range capacity {
		number := strconv.Itoa(i)
		has := object(old, number)
		address := text(has, "address")
		if a, err := netip.ParseAddr(address); err != nil || !prefix.Contains(a) || taken[address] {
			var err error
			if address, err = freeAddress(subnet, prefix, taken); err != nil {
				return err
			}
		}
		taken[address] = true
		power := text(has, "power")
		if power == "" {
			power = "running"
		}
		next[number] = map[string]any{"address": address, "power": power}
	}
	m.Given = map[string]any{"instances": next}
	return nil
}

func (q *request) fillScaleSet(st *State, m *Resource, doc, props map[string]any) {
	delete(props, "instances")
	props["uniqueId"], props["timeCreated"] = m.GUID, m.Created.Format(sevenDigits)
	sku := object(doc, "sku")
	orElse(sku, map[string]any{"tier": "Standard", "capacity": len(object(m.given(), "instances"))})
	orElse(props, map[string]any{"orchestrationMode": "Uniform"})
	if flexible(m) {
		orElse(props, map[string]any{"platformFaultDomainCount": 1}) // recording vmss-flexible
	} else {
		orElse(props, map[string]any{"overprovision": true, "upgradePolicy": map[string]any{"mode": "Manual"}, "singlePlacementGroup": true})
	}
	profile := object(props, "virtualMachineProfile")
	props["virtualMachineProfile"] = profile
	if s, ok := q.described(st, m.ID).(*world.ScaleSet); ok {
		if all := q.modelExtensions(st, s); len(all) > 0 {
			profile["extensionProfile"] = map[string]any{"extensions": all}
		}
	}
}

func (q *request) listInstances() (reply, error) {
	s, err := q.findScaleSet()
	if err != nil {
		return reply{}, err
	}
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	return paged(q, s.Instances, func(i *world.Instance) doc { return q.instance(st, i) })
}

func (q *request) findInstance() (*world.Instance, error) {
	s, err := q.findScaleSet()
	if err != nil {
		return nil, err
	}
	for _, i := range s.Instances {
		if i.Number == q.path["instance"] {
			return i, nil
		}
	}
	return nil, errNotFound(scaleSetType+"/"+q.path["set"]+"/virtualMachines/"+q.path["instance"], q.path["group"])
}

func (q *request) getInstance() (reply, error) {
	i, err := q.findInstance()
	if err != nil {
		return reply{}, err
	}
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	return ok(q.instance(st, i))
}

func (q *request) getInstanceStatus() (reply, error) {
	i, err := q.findInstance()
	if err != nil {
		return reply{}, err
	}
	return ok(q.instanceStatus(i))
}

func (q *request) instance(st *State, i *world.Instance) doc {
	props := doc{
		"vmId": i.GUID, "provisioningState": "Succeeded", "latestModelApplied": q.latest(st, i),
		"storageProfile": doc{"osDisk": doc{"name": i.Name + "_OsDisk_1", "osType": i.Set.OS, "createOption": "FromImage", "caching": "ReadWrite"}, "dataDisks": []any{}},
		"osProfile":      profileBody(i.Name, i.Set.OS),
		"networkProfile": doc{"networkInterfaces": []any{doc{"id": i.NIC.ID, "properties": doc{"primary": true}}}},
	}
	if q.expandsInstanceView() {
		props["instanceView"] = q.instanceStatus(i)
	}
	d := doc{"id": i.ID, "name": i.Name, "type": scaleSetType + "/virtualMachines", "location": i.Set.Location, "instanceId": i.Number,
		"sku": doc{"name": i.Set.Size, "tier": "Standard"}, "properties": props}
	if q.instanceAgent(st, i) {
		e := builtinAgent(carrier{scaleSetType, i.Resource, i.Set.OS, true, true})
		d["resources"] = []any{e.doc(q.now)}
	}
	return withTags(d, i.Tags)
}

func (q *request) instanceStatus(i *world.Instance) doc {
	view := doc{"statuses": powerStatuses(i.Power, q.world.Epoch)}
	if i.Power == "running" {
		view["vmAgent"] = vmAgent(q.world.Epoch)
	}
	return view
}

// listScaleSetNICs lists the interfaces of a scale set, or of one instance.
func (q *request) listScaleSetNICs() (reply, error) {
	s, err := q.findScaleSet()
	if err != nil {
		return reply{}, err
	}
	if q.path["instance"] != "" {
		if _, err := q.findInstance(); err != nil {
			return reply{}, err
		}
	}
	var nics []*world.NIC
	for _, i := range s.Instances {
		if q.path["instance"] == "" || strings.EqualFold(i.Number, q.path["instance"]) {
			nics = append(nics, i.NIC)
		}
	}
	return paged(q, nics, q.instanceNIC)
}

func (q *request) getScaleSetNIC() (reply, error) {
	i, err := q.findInstance()
	if err != nil {
		return reply{}, err
	}
	if !strings.EqualFold(i.NIC.ID.Name(), q.path["name"]) {
		return reply{}, errNotFound(scaleSetType+"/"+i.Set.Name+"/virtualMachines/"+i.Number+"/networkInterfaces/"+q.path["name"], q.path["group"])
	}
	return ok(q.instanceNIC(i.NIC))
}

// instanceNIC shows the interface of an instance, which is a part of the set.
func (q *request) instanceNIC(n *world.NIC) map[string]any {
	m := &Resource{ID: n.ID, Type: nicType, GUID: n.GUID, Location: n.Location, of: n}
	doc := map[string]any{"id": n.ID, "name": n.Name, "type": scaleSetType + "/virtualMachines/networkInterfaces", "etag": q.tagOf(m), "location": n.Location}
	props := clone(m.properties())
	props["provisioningState"], props["resourceGuid"], props["primary"] = "Succeeded", n.GUID, true
	props["virtualMachine"] = ref(plan.ID(n.Machine()))
	props["enableIPForwarding"], props["enableAcceleratedNetworking"] = false, false
	if n.MAC != "" {
		props["macAddress"] = dashed(n.MAC)
	}
	for _, c := range objects(props, "ipConfigurations") {
		c["id"], c["etag"] = string(n.ID)+"/ipConfigurations/"+text(c, "name"), doc["etag"]
		p := object(c, "properties")
		p["privateIPAddress"], p["provisioningState"] = n.Private.String(), "Succeeded"
	}
	doc["properties"] = props
	return doc
}
