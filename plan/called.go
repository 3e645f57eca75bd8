package plan

import "strings"

// Called says how resources are called where an id is too long: by their names,
// and those of several resource groups that share one with the group before it,
// or the beginning of the subscription's id and the group.
type Called struct {
	first  map[string]string         // of a name the subscription and the group that had it first
	shared map[string]map[string]int // of a name that several have: in how many groups of that name, and of that subscription's beginning
}

// NewCalled knows the networks, interfaces, groups and machines of some
// inventories.
func NewCalled(invs []*Inventory) *Called {
	var all []ID
	for _, inv := range invs {
		for _, v := range inv.VNets {
			all = append(all, v.ID)
		}
		for _, n := range inv.NSGs {
			all = append(all, n.ID)
		}
		for _, n := range inv.NICs {
			all = append(all, n.ID, n.VM)
		}
	}
	return CalledAmong(all)
}

// CalledAmong knows the resources of some ids.
func CalledAmong(ids []ID) *Called {
	c := &Called{map[string]string{}, map[string]map[string]int{}}
	seen := map[string]bool{}
	for _, id := range ids {
		c.note(id, seen)
	}
	return c
}

// note counts a resource; seen are those that share a name and were counted.
func (c *Called) note(id ID, seen map[string]bool) {
	if id == "" {
		return
	}
	name, at := kindAndName(id), strings.ToLower(id.Subscription()+"/"+id.ResourceGroup())
	first, known := c.first[name]
	if !known {
		c.first[name] = at
	}
	if !known || first == at && c.shared[name] == nil {
		return
	}
	if c.shared[name] == nil {
		c.shared[name] = map[string]int{}
		c.count(name, first, seen)
	}
	c.count(name, at, seen)
}

func (c *Called) count(name, at string, seen map[string]bool) {
	if key := name + "\x00" + at; !seen[key] {
		seen[key] = true
		sub, group, _ := strings.Cut(at, "/")
		c.shared[name][group]++
		c.shared[name][beginning(sub)+"/"+group]++
	}
}

// kindAndName is what two resources must have in common to be taken for each
// other.
func kindAndName(id ID) string {
	return strings.ToLower(id.Type() + " " + id.Name() + " " + id.Parent().Name())
}

// Name is what the resource is called.
func (c *Called) Name(id ID) string { return c.As(id, id.Name()) }

// As is a name of the resource, such as its own, with what tells it from others
// of that name.
func (c *Called) As(id ID, name string) string {
	group, n := strings.ToLower(id.ResourceGroup()), c.shared[kindAndName(id)]
	short := beginning(id.Subscription())
	switch {
	case n == nil:
		return name
	case n[group] <= 1:
		return id.ResourceGroup() + "/" + name
	case n[strings.ToLower(short)+"/"+group] <= 1:
		return short + "/" + id.ResourceGroup() + "/" + name
	default:
		return id.Subscription() + "/" + id.ResourceGroup() + "/" + name
	}
}

// beginning is the first part of a subscription's id, which tells most apart.
func beginning(sub string) string {
	first, _, _ := strings.Cut(sub, "-")
	return first
}
