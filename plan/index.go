package plan

import "slices"

// Index finds the parts of an inventory by the keys of their ids.
type Index struct {
	VNets     map[string]*VNet
	Subnets   map[string]*Subnet
	NICs      map[string]*NIC
	NICsIn    map[string][]*NIC // by subnet and by virtual network
	NICsOf    map[string][]*NIC // by machine: VM or instance of a scale set
	NSGs      map[string]*NSG
	VMs       map[string]*VM
	ScaleSets map[string]*ScaleSet
	Machines  map[string]ID // by instance: its scale set

	spelled map[ID][2]string // see keysOf
}

// Index indexes what inv holds now; it points into inv.
func (inv *Inventory) Index() *Index {
	x := &Index{
		VNets: make(map[string]*VNet, len(inv.VNets)), Subnets: make(map[string]*Subnet, len(inv.VNets)),
		NICs: make(map[string]*NIC, len(inv.NICs)), NICsIn: map[string][]*NIC{}, NICsOf: make(map[string][]*NIC, len(inv.VMs)),
		NSGs: map[string]*NSG{}, VMs: make(map[string]*VM, len(inv.VMs)), ScaleSets: map[string]*ScaleSet{}, Machines: map[string]ID{},
		spelled: map[ID][2]string{},
	}
	for i := range inv.VNets {
		x.addVNet(&inv.VNets[i])
	}
	for i := range inv.NICs {
		x.addNIC(&inv.NICs[i])
	}
	for i := range inv.NSGs {
		x.NSGs[inv.NSGs[i].ID.Key()] = &inv.NSGs[i]
	}
	for i := range inv.VMs {
		x.VMs[inv.VMs[i].ID.Key()] = &inv.VMs[i]
	}
	for i := range inv.ScaleSets {
		x.addScaleSet(&inv.ScaleSets[i])
	}
	return x
}

func (x *Index) addVNet(v *VNet) {
	x.VNets[v.ID.Key()] = v
	for i := range v.Subnets {
		x.Subnets[v.Subnets[i].ID.Key()] = &v.Subnets[i]
	}
}

func (x *Index) addNIC(n *NIC) {
	x.NICs[n.ID.Key()] = n
	if n.VM != "" {
		vm := n.VM.Key()
		x.NICsOf[vm] = append(x.NICsOf[vm], n)
	}
	var in []string
	for _, s := range n.Subnets {
		for _, key := range x.keysOf(s) {
			if !slices.Contains(in, key) {
				in = append(in, key)
				x.NICsIn[key] = append(x.NICsIn[key], n)
			}
		}
	}
}

// keysOf are the keys of a subnet and of its virtual network. Many interfaces
// name the same subnet in the same spelling.
func (x *Index) keysOf(subnet ID) [2]string {
	keys, ok := x.spelled[subnet]
	if !ok {
		key := ID(subnet.Key())
		keys = [2]string{string(key), string(key.Parent())}
		x.spelled[subnet] = keys
	}
	return keys
}

func (x *Index) addScaleSet(s *ScaleSet) {
	x.ScaleSets[s.ID.Key()] = s
	for _, i := range s.Instances {
		x.Machines[i.ID.Key()] = s.ID
	}
}

// Interfaces lists the interfaces whose traffic a target has: those of a
// machine, those in a subnet or virtual network, or the interface itself.
func (x *Index) Interfaces(target ID) []*NIC {
	key := target.Key()
	if n := x.NICs[key]; n != nil {
		return []*NIC{n}
	}
	if s := x.ScaleSets[key]; s != nil {
		var out []*NIC
		for _, i := range s.Instances {
			out = append(out, x.NICsOf[i.ID.Key()]...)
		}
		return out
	}
	if v := x.VMs[key]; v != nil {
		return x.ofVM(v)
	}
	return x.NICsIn[key]
}

// ofVM is what the machine names, or what names the machine.
func (x *Index) ofVM(v *VM) []*NIC {
	var out []*NIC
	for _, id := range v.NICs {
		if n := x.NICs[id.Key()]; n != nil {
			out = append(out, n)
		}
	}
	if out == nil {
		return x.NICsOf[v.ID.Key()]
	}
	return out
}
