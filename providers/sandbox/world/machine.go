package world

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"strconv"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
)

func (b *builder) machines() {
	for _, s := range b.spec.VMs {
		vm := &VM{
			Resource: b.resource(s.Body, s.Group, s.Region, "Microsoft.Compute/virtualMachines", s.Name, s.Tags),
			OS:       s.OS, Size: cmp.Or(s.Size, "Standard_D2s_v5"), Power: cmp.Or(s.Power, "running"),
			Agent: s.Agent == nil || *s.Agent,
		}
		b.oneOf(s.Body, "os", s.OS, "Linux", "Windows")
		b.oneOf(s.Body, "power", vm.Power, "running", "stopped", "deallocated")
		if len(s.NICs) == 0 {
			b.errorf(s.Body, "", "No network interface", "VM %q needs a nic block.", s.Name)
		}
		for i, n := range s.NICs {
			nic := b.nic(n, s, vm)
			nic.Secondary = i > 0
			vm.NICs = append(vm.NICs, nic)
		}
		add(b, s.Body, "vm", b.vms, s.Name, vm)
		b.w.VMs = append(b.w.VMs, vm)
	}
}

func (b *builder) nic(s nicSpec, vm vmSpec, owner *VM) *NIC {
	n := &NIC{
		Resource: b.resource(vm.Body, vm.Group, vm.Region, "Microsoft.Network/networkInterfaces", s.Name, s.Tags),
		Private:  b.addr(s.Body, "private_ip", s.Private),
		Subnet:   find(b, s.Body, "subnet", "subnet", b.subnets, s.Subnet),
		VM:       owner,
	}
	b.place(s.Body, "private_ip", n)
	b.guard(s.Body, n, s.NSG)
	if s.Public != "" {
		pip := &PublicIP{
			Resource: b.resource(vm.Body, vm.Group, vm.Region, "Microsoft.Network/publicIPAddresses", "pip-"+vm.Name, nil),
			Address:  b.addr(s.Body, "public_ip", s.Public), NIC: n,
		}
		b.once(s.Body, "public_ip", "address "+s.Public, vm.Name)
		n.Public = pip
		b.w.PublicIPs = append(b.w.PublicIPs, pip)
	}
	add(b, s.Body, "network interface", b.nics, s.Name, n)
	b.w.NICs = append(b.w.NICs, n)
	return n
}

// place checks the address of n against its subnet and gives it a MAC.
func (b *builder) place(body hcl.Body, attr string, n *NIC) {
	n.MAC = b.mac(n.ID)
	if n.Subnet == nil || !n.Private.IsValid() {
		return
	}
	if !n.Subnet.Prefix.Contains(n.Private) {
		b.errorf(body, attr, "Outside the subnet", "%s is not in %s of subnet %s.", n.Private, n.Subnet.Prefix, n.Subnet.Name)
	}
	if n.Subnet.VNet.Location != n.Location {
		b.errorf(body, "subnet", "Other region", "The machine is in %s, the VNet in %s; Azure wants both in one region.", n.Location, n.Subnet.VNet.Location)
	}
	b.once(body, attr, fmt.Sprintf("address %s in %s", n.Private, n.Subnet.VNet.Name), n.Name)
}

func (b *builder) guard(body hcl.Body, n *NIC, nsg string) {
	if nsg == "" {
		return
	}
	if n.NSG = find(b, body, "nsg", "nsg", b.nsgs, nsg); n.NSG != nil {
		n.NSG.NICs = append(n.NSG.NICs, n)
	}
}

// mac derives a MAC address from one of the ranges that Azure uses (IEEE OUI
// 00-22-48, 60-45-BD and 00-0D-3A, all Microsoft's).
func (b *builder) mac(id plan.ID) string {
	sum := sha256.Sum256([]byte(b.w.GUID("mac/" + id.Key())))
	oui := []string{"002248", "6045BD", "000D3A"}[sum[0]%3]
	for i := 1; ; i++ {
		mac := fmt.Sprintf("%s%02X%02X%02X", oui, sum[i], sum[i+1], sum[i+2])
		if _, ok := b.taken[mac]; !ok {
			b.taken[mac] = string(id)
			return mac
		}
	}
}

// maxInstances is the most that Azure allows in a scale set.
const maxInstances = 1000

func (b *builder) scaleSets() {
	for _, s := range b.spec.ScaleSets {
		set := &ScaleSet{
			Resource: b.resource(s.Body, s.Group, s.Region, "Microsoft.Compute/virtualMachineScaleSets", s.Name, s.Tags),
			OS:       s.OS, Size: cmp.Or(s.Size, "Standard_D2s_v5"), Agent: s.Agent == nil || *s.Agent,
		}
		b.oneOf(s.Body, "os", s.OS, "Linux", "Windows")
		subnet := find(b, s.Body, "subnet", "subnet", b.subnets, s.Subnet)
		addr := b.addr(s.Body, "first_private_ip", s.First)
		if s.Instances < 0 || s.Instances > maxInstances {
			b.errorf(s.Body, "instances", "Invalid instances", "%d is not between 0 and %d.", s.Instances, maxInstances)
			s.Instances = 0
		}
		for i := range s.Instances {
			set.Instances = append(set.Instances, b.instance(s, set, subnet, addr, i))
			addr = addr.Next()
		}
		add(b, s.Body, "scale set", b.sets, s.Name, set)
		b.w.ScaleSets = append(b.w.ScaleSets, set)
	}
}

func (b *builder) instance(s scaleSetSpec, set *ScaleSet, subnet *Subnet, addr netip.Addr, i int) *Instance {
	number := strconv.Itoa(i)
	inst := &Instance{Resource: set.Resource, Set: set, Number: number, Power: "running"}
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
