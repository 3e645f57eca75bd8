package world

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"
)

// maxFleet is the most of VNets or machines that one fleet makes.
const maxFleet = 100_000

// fleets make many alike: VNets of one subnet each, and machines spread over
// them, to see what large subscriptions are like.
func (b *builder) fleets() {
	names := map[string]bool{}
	for _, s := range b.spec.Fleets {
		if names[s.Name] {
			b.errorf(s.Body, "", "Defined twice", "There is a fleet %q already, whose VNets and machines have the same names. Give this one another name.", s.Name)
			continue
		}
		names[s.Name] = true
		space, err := netip.ParsePrefix(s.Space)
		if err != nil || !space.Addr().Is4() || space != space.Masked() {
			b.errorf(s.Body, "address_space", "Invalid prefix", "%q is not an IPv4 prefix such as 10.0.0.0/8.", s.Space)
			continue
		}
		if s.VNets < 1 || s.VNets > maxFleet || s.VMs < 0 || s.VMs > maxFleet {
			b.errorf(s.Body, "vnets", "Invalid fleet", "A fleet has 1 to %d VNets and 0 to %d machines.", maxFleet, maxFleet)
			continue
		}
		// Every VNet has a part of the space, with room for its machines and
		// the five addresses that Azure keeps in a subnet.
		length := space.Bits() + bits.Len(uint(s.VNets-1))
		each := (s.VMs + s.VNets - 1) / s.VNets
		if length > 29 || 1<<(32-length) < each+5 {
			b.errorf(s.Body, "address_space", "Too small", "%s has no room for %d VNets of %d machines.", s.Space, s.VNets, each)
			continue
		}
		b.fleet(s, space, length)
	}
}

func (b *builder) fleet(s fleetSpec, space netip.Prefix, length int) {
	os := cmp.Or(s.OS, "Linux")
	b.oneOf(s.Body, "os", os, "Linux", "Windows")
	var subnets []*Subnet
	for i := range s.VNets {
		prefix := netip.PrefixFrom(offset(space.Addr(), uint32(i)<<(32-length)), length)
		name := fmt.Sprintf("vnet-%s-%05d", s.Name, i)
		v := &VNet{Resource: b.resource(s.Body, s.Group, s.Region, "Microsoft.Network/virtualNetworks", name, s.Tags), Prefixes: []netip.Prefix{prefix}}
		sub := &Subnet{ID: v.ID + "/subnets/default", Name: "default", VNet: v, Prefix: prefix}
		if s.NSG != "" {
			if sub.NSG = find(b, s.Body, "nsg", "nsg", b.nsgs, s.NSG); sub.NSG != nil {
				sub.NSG.Subnets = append(sub.NSG.Subnets, sub)
			}
		}
		v.Subnets, subnets = []*Subnet{sub}, append(subnets, sub)
		add(b, s.Body, "vnet", b.vnets, name, v.ID, v)
		add(b, s.Body, "subnet", b.subnets, name+"/default", sub.ID, sub)
		b.w.VNets = append(b.w.VNets, v)
	}
	for i := range s.VMs {
		b.fleetVM(s, os, subnets[i%len(subnets)], i)
	}
}

func (b *builder) fleetVM(s fleetSpec, os string, subnet *Subnet, i int) {
	name := fmt.Sprintf("vm-%s-%05d", s.Name, i)
	vm := &VM{Resource: b.resource(s.Body, s.Group, s.Region, "Microsoft.Compute/virtualMachines", name, s.Tags),
		OS: os, Size: "Standard_D2s_v5", Power: "running", Agent: s.Agent == nil || *s.Agent}
	n := &NIC{Resource: b.resource(s.Body, s.Group, s.Region, "Microsoft.Network/networkInterfaces", "nic-"+name[3:], nil),
		Private: offset(subnet.Prefix.Addr(), uint32(4+i/s.VNets)), Subnet: subnet, VM: vm}
	n.MAC = b.mac(n.ID)
	vm.NICs = []*NIC{n}
	add(b, s.Body, "vm", b.vms, name, vm.ID, vm)
	add(b, s.Body, "network interface", b.nics, n.Name, n.ID, n)
	b.w.VMs = append(b.w.VMs, vm)
	b.w.NICs = append(b.w.NICs, n)
}

// offset is the address n after a.
func offset(a netip.Addr, n uint32) netip.Addr {
	raw := a.As4()
	binary.BigEndian.PutUint32(raw[:], binary.BigEndian.Uint32(raw[:])+n)
	return netip.AddrFrom4(raw)
}
