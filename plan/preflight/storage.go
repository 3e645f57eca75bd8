package preflight

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
)

// storage looks at the accounts that are written to.
func (c *checker) storage() {
	for _, s := range c.made() {
		a, ok := c.accounts[s.Storage.Key()]
		if !ok {
			continue
		}
		at := c.storageRange(s)
		c.tenant(s, a, at)
		c.kind(s, a, at)
		c.immutable(s, a, at)
		c.firewall(s, a, at)
	}
	for _, s := range c.logged() {
		if a, ok := c.accounts[s.Storage.Key()]; ok {
			c.reader(s, a, c.storageRange(s))
		}
	}
}

// storageRange is where the file names a session's account, or the watch.
func (c *checker) storageRange(s *plan.Session) hcl.Range {
	for _, st := range c.Config.Storage {
		if st.AccountID.Is(s.Storage) {
			return st.AccountRange
		}
	}
	return c.watch(s).Range
}

func (c *checker) tenant(s *plan.Session, a account, at hcl.Range) {
	if here, there := c.inventory(s).Tenant, a.inventory.Tenant; here != "" && there != "" && !strings.EqualFold(here, there) {
		c.say(plan.Error, plan.StorageTenant, on(s, at), "Storage in another tenant",
			"Azure writes only to storage in the tenant of the target. %s is in tenant %s, storage account %s in tenant %s. Name an account of the target's tenant.", s.Target.ID.Name(), here, a.ID.Name(), there)
	}
}

func (c *checker) kind(s *plan.Session, a account, at hcl.Range) {
	switch {
	case strings.EqualFold(a.Kind, "FileStorage"):
		c.say(plan.Error, plan.StorageKind, on(s, at), "Storage holds no blobs",
			"Storage account %s is of kind %s, which holds no blobs, and Azure writes blobs. Name an account of kind StorageV2.", a.ID.Name(), a.Kind)
	case s.FlowLog != nil && s.FlowLog.RetentionDays > 0 && a.Kind != "" && !strings.EqualFold(a.Kind, "StorageV2"):
		c.say(plan.Error, plan.RetentionKind, on(s, c.watch(s).FlowLog.RetentionRange), "Retention needs StorageV2",
			"Azure keeps retention_days as a rule of the account's lifecycle management, and storage account %s is of kind %s. Name one of kind StorageV2, or leave retention_days out.", a.ID.Name(), a.Kind)
	}
}

// immutable: a flow log's blob is written anew every minute, which a policy
// that keeps blobs as they are does not allow.
func (c *checker) immutable(s *plan.Session, a account, at hcl.Range) {
	if a.Immutable {
		c.say(plan.Error, plan.StorageImmutable, on(s, at), "Storage is immutable",
			"Storage account %s keeps every blob as it was first written (an immutability policy of the account). Flow logs rewrite their blob each minute and captures are moved when they end: both would fail. Name another account.", a.ID.Name())
	}
}

// firewall looks at who is let in: the platform for flow logs, the machine
// itself for captures.
func (c *checker) firewall(s *plan.Session, a account, at hcl.Range) {
	switch {
	case strings.EqualFold(a.Firewall.Public, "SecuredByPerimeter"):
		c.say(plan.Warning, plan.StorageFirewall, on(s, at), "Storage is behind a perimeter",
			"A network security perimeter decides who reaches storage account %s, and flowctl cannot read its rules. Make sure that it lets Network Watcher write and you read.", a.ID.Name())
	case !closed(a):
	case s.Mechanism == plan.FlowLog && !slices.ContainsFunc(a.Firewall.Bypass, func(b string) bool { return strings.EqualFold(b, "AzureServices") }):
		c.say(plan.Error, plan.StorageFirewall, on(s, at), "Storage shuts Azure out",
			"Flow logs are written by the platform, and the firewall of storage account %s does not let trusted Azure services in. Allow them: az storage account update --ids %s --bypass AzureServices", a.ID.Name(), a.ID)
	case s.Mechanism == plan.PacketCapture:
		c.reaches(s, a, at)
	}
}

// closed reports whether an account lets in only whom it names.
func closed(a account) bool {
	return strings.EqualFold(a.Firewall.Public, "Disabled") || strings.EqualFold(a.Firewall.Default, "Deny")
}

// reaches looks whether a machine that is captured can upload to its account.
func (c *checker) reaches(s *plan.Session, a account, at hcl.Range) {
	subnets := c.subnets(s)
	letIn := func(id plan.ID) bool { return slices.ContainsFunc(a.Firewall.Subnets, id.Is) }
	if !strings.EqualFold(a.Firewall.Public, "Disabled") && slices.ContainsFunc(subnets, letIn) {
		return
	}
	if c.endpointNear(s, subnets) {
		c.say(plan.Warning, plan.StorageUnreached, on(s, at), "Storage may be out of reach",
			"The machine itself uploads a capture, and the firewall of storage account %s does not let the subnet of %s in. There is a private endpoint near it; if it is not this account's, the capture will be lost.", a.ID.Name(), s.Target.ID.Name())
		return
	}
	c.say(plan.Error, plan.StorageUnreached, on(s, at), "Storage is out of reach",
		"The machine itself uploads a capture, and the firewall of storage account %s does not let the subnet of %s in. Add the subnet to the account's network rules (it needs the service endpoint Microsoft.Storage), or make a private endpoint, or name another account.", a.ID.Name(), s.Target.ID.Name())
}

// subnets are those that the interfaces of a session's target are in.
func (c *checker) subnets(s *plan.Session) []plan.ID {
	var out []plan.ID
	for _, n := range c.index(s).Interfaces(s.Target.ID) {
		for _, id := range n.Subnets {
			if !slices.ContainsFunc(out, id.Is) {
				out = append(out, id)
			}
		}
	}
	return out
}

// endpointNear reports whether a private endpoint is in the network of one of
// the subnets, or in one that is peered with it.
func (c *checker) endpointNear(s *plan.Session, subnets []plan.ID) bool {
	near := map[string]bool{}
	for _, id := range subnets {
		vnet := id.Parent()
		near[vnet.Key()] = true
		if v := c.index(s).VNets[vnet.Key()]; v != nil {
			for _, p := range v.Peerings {
				near[p.Remote.Key()] = true
			}
		}
	}
	for _, inv := range c.Inventories {
		for _, pe := range inv.PrivateEndpoints {
			if near[pe.Subnet.Parent().Key()] {
				return true
			}
		}
	}
	return false
}

// reader says that whoever collects has to be let in too.
func (c *checker) reader(s *plan.Session, a account, at hcl.Range) {
	if !closed(a) {
		return
	}
	c.say(plan.Warning, plan.StorageReader, on(s, at), "Storage has a firewall",
		"Storage account %s lets in only whom it names. Collecting reads its blobs from where flowctl runs: that address, or its network, must be among them (%s), or nothing can be collected.", a.ID.Name(), letIn(a))
}

func letIn(a account) string {
	var who []string
	who = append(who, a.Firewall.IPs...)
	for _, s := range a.Firewall.Subnets {
		who = append(who, s.Parent().Name()+"/"+s.Name())
	}
	if len(who) == 0 {
		return "now nobody is"
	}
	return "now " + few(who)
}
