package world

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
)

func (b *builder) resourceGroups() {
	for _, s := range b.spec.Groups {
		b.region(s.Body, "region", s.Region)
		sub := b.w.Subscription
		if s.Subscription != "" {
			sub = b.subscriptionOf(s.Body, s.Subscription)
		}
		g := &ResourceGroup{b.w.groupIn(sub, s.Name, s.Region)}
		g.Tags = s.Tags
		add(b, s.Body, "resource group", b.groups, s.Name, g.ID, g)
		b.w.Groups = append(b.w.Groups, g)
	}
}

// groupIn is a resource group of a subscription.
func (w *World) groupIn(sub, name, region string) Resource {
	id := plan.ID("/subscriptions/" + sub + "/resourceGroups/" + name)
	return Resource{ID: id, Name: name, Group: name, Location: region, GUID: w.GUID(string(id))}
}

// watcherGroup is where Azure puts watchers that it makes by itself.
const watcherGroup = "NetworkWatcherRG"

// watchers takes the file's watchers and adds, as Azure does by itself, one to
// every region of a subscription that has none.
func (b *builder) watchers() {
	watched := map[string]bool{}
	for _, s := range b.spec.Watchers {
		w := &Watcher{b.resource(s.Body, s.Group, s.Region, "Microsoft.Network/networkWatchers", s.Name, nil)}
		at := w.ID.Subscription() + " " + w.Location
		if watched[at] {
			b.errorf(s.Body, "", "Second watcher", "Region %s has a network watcher already; Azure allows one.", w.Location)
		}
		watched[at] = true
		b.addWatcher(s.Body, w)
	}
	for _, sub := range b.w.Subscriptions {
		for _, region := range sub.unwatched {
			b.region(sub.body, "without_watcher", region)
			if watched[sub.ID+" "+region] {
				b.errorf(sub.body, "without_watcher", "Contradiction", "Region %s has a network_watcher block.", region)
			}
		}
		for _, region := range b.w.Regions {
			if !watched[sub.ID+" "+region] && !slices.Contains(sub.unwatched, region) {
				b.watch(sub, region)
			}
		}
	}
}

// watch adds a watcher that Azure makes by itself, and its group.
func (b *builder) watch(sub Subscription, region string) {
	group := b.w.groupIn(sub.ID, watcherGroup, region)
	if !slices.ContainsFunc(b.groups[watcherGroup], func(e registered[*ResourceGroup]) bool { return e.id.Is(group.ID) }) {
		g := &ResourceGroup{group}
		add(b, b.spec.Body, "resource group", b.groups, watcherGroup, g.ID, g)
		b.w.Groups = append(b.w.Groups, g)
	}
	name := "NetworkWatcher_" + region
	id := group.ID + plan.ID("/providers/Microsoft.Network/networkWatchers/"+name)
	b.addWatcher(b.spec.Body, &Watcher{Resource{ID: id, Name: name, Group: watcherGroup, Location: region, GUID: b.w.GUID(string(id))}})
}

func (b *builder) addWatcher(body hcl.Body, w *Watcher) {
	add(b, body, "network watcher", b.watched, w.Name, w.ID, w)
	b.w.Watchers = append(b.w.Watchers, w)
}

func (b *builder) serviceTags() {
	for _, s := range b.spec.Tags {
		b.w.ServiceTags = append(b.w.ServiceTags, ServiceTag{s.Name, b.prefixes(s.Body, "prefixes", s.Prefixes)})
	}
}

func (b *builder) securityGroups() {
	for _, s := range b.spec.NSGs {
		n := &NSG{Resource: b.resource(s.Body, s.Group, s.Region, "Microsoft.Network/networkSecurityGroups", s.Name, s.Tags)}
		for _, r := range s.Rules {
			b.oneOf(r.Body, "access", r.Access, "Allow", "Deny")
			rule := b.rule(r, n.ID+"/securityRules/")
			for _, other := range n.Rules {
				if other.Direction == rule.Direction && other.Priority == rule.Priority {
					b.errorf(r.Body, "priority", "Priority taken", "Rule %q has priority %d in this direction already.", other.Name, rule.Priority)
				}
			}
			n.Rules = append(n.Rules, rule)
		}
		sortRules(n.Rules)
		n.Defaults = DefaultRules(n.ID)
		add(b, s.Body, "nsg", b.nsgs, s.Name, n.ID, n)
		b.w.NSGs = append(b.w.NSGs, n)
	}
}

func sortRules(rules []*Rule) {
	slices.SortStableFunc(rules, func(x, y *Rule) int {
		return cmp.Or(cmp.Compare(x.Direction, y.Direction), cmp.Compare(x.Priority, y.Priority))
	})
}

func (b *builder) rule(s ruleSpec, parent plan.ID) *Rule {
	r := &Rule{
		ID: parent + plan.ID(s.Name), Name: s.Name, Description: s.Description, Priority: s.Priority,
		Direction: s.Direction, Access: s.Access, Protocol: cmp.Or(s.Protocol, "*"),
		Sources: orAny(s.Sources), Destinations: orAny(s.Destinations),
		SourcePorts: orAny(s.SourcePorts), Ports: orAny(s.Ports),
	}
	b.oneOf(s.Body, "direction", s.Direction, "Inbound", "Outbound")
	b.oneOf(s.Body, "protocol", r.Protocol, "*", "Tcp", "Udp", "Icmp", "Esp", "Ah")
	if s.Priority < 1 || s.Priority > 4096 {
		b.errorf(s.Body, "priority", "Invalid priority", "%d is not between 1 and 4096.", s.Priority)
	}
	b.ports(s.Body, "ports", r.Ports)
	b.ports(s.Body, "source_ports", r.SourcePorts)
	return r
}

func (b *builder) ports(body hcl.Body, attr string, ports []string) {
	for _, p := range ports {
		if _, err := parsePorts(p); err != nil {
			b.errorf(body, attr, "Invalid port", "%q is not a port, a range such as \"8000-8099\", or \"*\".", p)
		}
	}
}

func (b *builder) oneOf(body hcl.Body, attr, value string, choices ...string) {
	if !slices.Contains(choices, value) {
		b.errorf(body, attr, "Invalid "+attr, "%q is not one of %s.", value, strings.Join(choices, ", "))
	}
}

func orAny(list []string) []string {
	if len(list) == 0 {
		return []string{"*"}
	}
	return list
}

func (b *builder) networks() {
	for _, s := range b.spec.VNets {
		v := &VNet{
			Resource:   b.resource(s.Body, s.Group, s.Region, "Microsoft.Network/virtualNetworks", s.Name, s.Tags),
			Prefixes:   b.prefixes(s.Body, "address_space", s.Prefixes),
			Encryption: s.Encryption,
		}
		if s.Encryption != "" {
			b.oneOf(s.Body, "encryption", s.Encryption, "AllowUnencrypted", "DropUnencrypted")
		}
		add(b, s.Body, "vnet", b.vnets, s.Name, v.ID, v)
		b.w.VNets = append(b.w.VNets, v)
		for _, sub := range s.Subnets {
			v.Subnets = append(v.Subnets, b.subnet(sub, v))
		}
	}
}

func (b *builder) subnet(s subnetSpec, v *VNet) *Subnet {
	sub := &Subnet{ID: v.ID + plan.ID("/subnets/"+s.Name), Name: s.Name, VNet: v, Delegations: s.Delegations}
	for _, d := range s.Delegations {
		if ns, typ, ok := strings.Cut(d, "/"); !ok || typ == "" || !namespace().MatchString(ns) {
			b.errorf(s.Body, "delegations", "Invalid delegation", "%q is no service such as \"Microsoft.Web/serverFarms\".", d)
		}
	}
	if ps := b.prefixes(s.Body, "prefix", []string{s.Prefix}); len(ps) == 1 {
		sub.Prefix = ps[0]
		if !within(ps[0], v.Prefixes) {
			b.errorf(s.Body, "prefix", "Outside the VNet", "%s is not inside the address space of %s.", s.Prefix, v.Name)
		}
	}
	if s.NSG != "" {
		if sub.NSG = find(b, s.Body, "nsg", "nsg", b.nsgs, s.NSG); sub.NSG != nil {
			sub.NSG.Subnets = append(sub.NSG.Subnets, sub)
		}
	}
	add(b, s.Body, "subnet", b.subnets, v.Name+"/"+s.Name, sub.ID, sub)
	return sub
}

func within(p netip.Prefix, space []netip.Prefix) bool {
	return slices.ContainsFunc(space, func(q netip.Prefix) bool { return q.Bits() <= p.Bits() && q.Contains(p.Addr()) })
}

// peerings makes both sides of what either VNet names as a peer.
func (b *builder) peerings() {
	for i, s := range b.spec.VNets {
		v := b.w.VNets[i]
		for _, name := range s.Peers {
			if p := find(b, s.Body, "peers", "vnet", b.vnets, name); p != nil {
				join(v, p)
				join(p, v)
			}
		}
	}
}

func join(v, remote *VNet) {
	if slices.ContainsFunc(v.Peerings, func(p Peering) bool { return p.Remote == remote }) {
		return
	}
	name := v.Name + "-to-" + remote.Name
	if slices.ContainsFunc(v.Peerings, func(p Peering) bool { return p.Name == name }) {
		name += "-" + remote.GUID[:8] // one of the same name, in another group
	}
	v.Peerings = append(v.Peerings, Peering{ID: v.ID + plan.ID("/virtualNetworkPeerings/"+name), Name: name, Remote: remote})
}

func (b *builder) adminRules() {
	for _, s := range b.spec.Collections {
		guid := b.w.GUID("adminRuleCollection/" + s.Name)
		var vnets []*VNet
		for _, name := range s.VNets {
			if v := find(b, s.Body, "vnets", "vnet", b.vnets, name); v != nil {
				vnets = append(vnets, v)
			}
		}
		for _, r := range s.Rules {
			b.oneOf(r.Body, "access", r.Access, "Allow", "Deny", "AlwaysAllow")
			rule := b.rule(r, "")
			label := r.Name + "_" + b.w.GUID("adminRule/"+s.Name+"/"+r.Name)
			b.w.AdminRules = append(b.w.AdminRules, &AdminRule{Rule: *rule, GUID: guid, Label: label, VNets: vnets})
		}
	}
	slices.SortStableFunc(b.w.AdminRules, func(x, y *AdminRule) int { return cmp.Compare(x.Priority, y.Priority) })
}
