package world

import (
	"cmp"
	"crypto/sha256"
	"fmt"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
)

func (b *builder) machines() {
	for _, s := range b.spec.VMs {
		vm := &VM{
			Resource: b.resource(s.Body, s.Group, s.Region, "Microsoft.Compute/virtualMachines", s.Name, s.Tags),
			OS:       s.OS, Size: cmp.Or(s.Size, "Standard_D2s_v5"), Power: cmp.Or(s.Power, "running"),
			Agent: s.Agent == nil || *s.Agent, NeverStarted: s.NeverStarted,
		}
		if s.NeverStarted {
			vm.Agent = s.Agent != nil && *s.Agent
			if vm.Power = cmp.Or(s.Power, "stopped"); vm.Power == "running" {
				b.errorf(s.Body, "power", "Contradiction", "VM %q never started, and cannot be running.", s.Name)
			}
		}
		b.oneOf(s.Body, "os", s.OS, "Linux", "Windows")
		b.oneOf(s.Body, "power", vm.Power, "running", "stopped", "deallocated")
		switch {
		case len(s.NICs) == 0 && !s.WithoutNIC:
			b.errorf(s.Body, "", "No network interface", "VM %q needs a nic block, or without_nic = true.", s.Name)
		case len(s.NICs) > 0 && s.WithoutNIC:
			b.errorf(s.Body, "without_nic", "Contradiction", "VM %q has a nic block.", s.Name)
		}
		for i, n := range s.NICs {
			nic := b.nic(n, s, vm)
			nic.Secondary = i > 0
			vm.NICs = append(vm.NICs, nic)
		}
		add(b, s.Body, "vm", b.vms, s.Name, vm.ID, vm)
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
	if owner.NeverStarted {
		n.MAC = "" // Azure gives one when the machine first starts
	}
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
	add(b, s.Body, "network interface", b.nics, s.Name, n.ID, n)
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
	if n.Subnet.VNet.ID.Subscription() != n.ID.Subscription() {
		b.errorf(body, "subnet", "Other subscription", "The machine and VNet %s are in two subscriptions; Azure wants both in one.", n.Subnet.VNet.Name)
	}
	if n.Subnet.VNet.Location != n.Location {
		b.errorf(body, "subnet", "Other region", "The machine is in %s, the VNet in %s; Azure wants both in one region.", n.Location, n.Subnet.VNet.Location)
	}
	b.once(body, attr, fmt.Sprintf("address %s in %s", n.Private, b.called(n.Subnet.VNet.ID)), n.Name)
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

// looseNICs are the interfaces that no machine has. They have no MAC.
func (b *builder) looseNICs() {
	for _, s := range b.spec.NICs {
		n := &NIC{
			Resource: b.resource(s.Body, s.Group, s.Region, "Microsoft.Network/networkInterfaces", s.Name, s.Tags),
			Private:  b.addr(s.Body, "private_ip", s.Private),
			Subnet:   find(b, s.Body, "subnet", "subnet", b.subnets, s.Subnet),
		}
		b.place(s.Body, "private_ip", n)
		n.MAC = ""
		b.guard(s.Body, n, s.NSG)
		add(b, s.Body, "network interface", b.nics, s.Name, n.ID, n)
		b.w.NICs = append(b.w.NICs, n)
	}
}
