package world

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"

	"flowctl/plan"
)

// maxInstances is the most that Azure allows in a scale set.
const maxInstances = 1000

func (b *builder) scaleSets() {
	for _, s := range b.spec.ScaleSets {
		set := &ScaleSet{
			Resource: b.resource(s.Body, s.Group, s.Region, "Microsoft.Compute/virtualMachineScaleSets", s.Name, s.Tags),
			OS:       s.OS, Size: cmp.Or(s.Size, "Standard_D2s_v5"), Agent: s.Agent == nil || *s.Agent,
			Flexible: s.Orchestration == "Flexible", Upgrade: cmp.Or(s.Upgrade, "Manual"),
		}
		b.oneOf(s.Body, "os", s.OS, "Linux", "Windows")
		b.oneOf(s.Body, "orchestration", cmp.Or(s.Orchestration, "Uniform"), "Uniform", "Flexible")
		b.oneOf(s.Body, "upgrade", set.Upgrade, "Manual", "Automatic", "Rolling")
		b.instances(s, set)
		add(b, s.Body, "scale set", b.sets, s.Name, set.ID, set)
		b.w.ScaleSets = append(b.w.ScaleSets, set)
	}
}

func (b *builder) instances(s scaleSetSpec, set *ScaleSet) {
	subnet := find(b, s.Body, "subnet", "subnet", b.subnets, s.Subnet)
	addr := b.addr(s.Body, "first_private_ip", s.First)
	if s.Instances < 0 || s.Instances > maxInstances {
		b.errorf(s.Body, "instances", "Invalid instances", "%d is not between 0 and %d.", s.Instances, maxInstances)
		s.Instances = 0
	}
	for _, i := range s.Stopped {
		if i < 0 || i >= s.Instances {
			b.errorf(s.Body, "stopped", "Unknown instance", "%d is not between 0 and %d.", i, s.Instances-1)
		}
	}
	for i := range s.Instances {
		power := "running"
		if slices.Contains(s.Stopped, i) {
			power = "deallocated"
		}
		if set.Flexible {
			set.Machines = append(set.Machines, b.member(s, set, subnet, addr, i, power))
		} else {
			set.Instances = append(set.Instances, b.instance(s, set, subnet, addr, i, power))
		}
		addr = addr.Next()
	}
}

func (b *builder) instance(s scaleSetSpec, set *ScaleSet, subnet *Subnet, addr netip.Addr, i int, power string) *Instance {
	number := strconv.Itoa(i)
	inst := &Instance{Resource: set.Resource, Set: set, Number: number, Power: power}
	inst.ID = set.ID + plan.ID("/virtualMachines/"+number)
	inst.Name = set.Name + "_" + number
	inst.GUID = b.w.GUID(string(inst.ID))
	n := &NIC{Resource: inst.Resource, Private: addr, Subnet: subnet, Instance: inst}
	n.Name = "nic-" + set.Name
	n.ID = inst.ID + plan.ID("/networkInterfaces/"+n.Name)
	n.GUID = b.w.GUID(string(n.ID))
	b.place(s.Body, "first_private_ip", n)
	b.guard(s.Body, n, s.NSG)
	inst.NIC = n
	b.w.NICs = append(b.w.NICs, n)
	return inst
}

// member makes a machine of a set in flexible orchestration, which is a
// virtual machine of its own.
func (b *builder) member(s scaleSetSpec, set *ScaleSet, subnet *Subnet, addr netip.Addr, i int, power string) *VM {
	name := set.Name + "_" + strconv.Itoa(i)
	vm := &VM{Resource: b.resource(s.Body, s.Group, s.Region, "Microsoft.Compute/virtualMachines", name, s.Tags),
		OS: set.OS, Size: set.Size, Power: power, Agent: set.Agent, Set: set}
	n := &NIC{Resource: b.resource(s.Body, s.Group, s.Region, "Microsoft.Network/networkInterfaces", "nic-"+name, nil),
		Private: addr, Subnet: subnet, VM: vm}
	b.place(s.Body, "first_private_ip", n)
	b.guard(s.Body, n, s.NSG)
	vm.NICs = []*NIC{n}
	add(b, s.Body, "vm", b.vms, name, vm.ID, vm)
	add(b, s.Body, "network interface", b.nics, n.Name, n.ID, n)
	b.w.VMs = append(b.w.VMs, vm)
	b.w.NICs = append(b.w.NICs, n)
	return vm
}
