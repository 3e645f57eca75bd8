package plan

import (
	"fmt"
	"testing"
)

// TestCalled compares names with a definition that looks at all pairs: two
// resources of a kind are called alike only if they are one, and who shares a
// name with nobody keeps it as it is.
func TestCalled(t *testing.T) {
	id := func(sub, group, typ, name string) ID {
		return ID(fmt.Sprintf("/subscriptions/%s/resourceGroups/%s/providers/%s/%s", sub, group, typ, name))
	}
	const vnet, nic, nsg, vm = "Microsoft.Network/virtualNetworks", "Microsoft.Network/networkInterfaces", "Microsoft.Network/networkSecurityGroups", "Microsoft.Compute/virtualMachines"
	for mask := range 1 << 9 {
		var all []ID
		var invs []*Inventory
		for i, sub := range []string{"s-1", "s-2", "t-1"} {
			inv := &Inventory{Subscription: sub}
			for j, group := range []string{"rg-a", "RG-B", "rg-c"} {
				if mask>>(3*i+j)&1 == 0 {
					continue
				}
				n := NIC{ID: id(sub, group, nic, "web"), VM: id(sub, group, vm, "Web")}
				v, g := VNet{ID: id(sub, group, vnet, "web")}, NSG{ID: id(sub, group, nsg, "web")}
				inv.NICs, inv.VNets, inv.NSGs = append(inv.NICs, n, n), append(inv.VNets, v), append(inv.NSGs, g)
				all = append(all, n.ID, n.VM, v.ID, g.ID)
			}
			invs = append(invs, inv, inv) // two looks at one subscription
		}
		c := NewCalled(invs)
		called := map[string]ID{}
		for _, r := range all {
			name := c.As(r, r.Name())
			if other, taken := called[r.Type()+" "+name]; taken {
				t.Errorf("%b: %s and %s are both called %s", mask, r, other, name)
			}
			called[r.Type()+" "+name] = r
			if len(all) == 4 && name != r.Name() {
				t.Errorf("%b: %s is called %s, though it is the only one", mask, r, name)
			}
		}
	}
	set := "Microsoft.Compute/virtualMachineScaleSets"
	i0, i1, far := id("s", "a", set, "set/virtualMachines/0"), id("s", "a", set, "set/virtualMachines/1"), id("s", "b", set, "set/virtualMachines/0")
	c := NewCalled([]*Inventory{{NICs: []NIC{{VM: i0}, {VM: i1}, {VM: far}}}})
	if a, b, f := c.As(i0, "set_0"), c.As(i1, "set_1"), c.As(far, "set_0"); a != "a/set_0" || b != "set_1" || f != "b/set_0" {
		t.Errorf("instances are called %s, %s and %s", a, b, f)
	}
}
