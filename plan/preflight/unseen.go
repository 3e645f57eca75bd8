package preflight

import (
	"slices"
	"strings"

	"flowctl/plan"
	"flowctl/plan/config"
)

// unlogged are services whose traffic flow logs do not have, by the delegation
// of the subnet that they live in ("VNet flow logs", unsupported services).
var unlogged = map[string]string{
	"microsoft.containerinstance/containergroups":    "Container Instances",
	"microsoft.app/environments":                     "Container Apps",
	"microsoft.logic/integrationserviceenvironments": "Logic Apps",
	"microsoft.web/serverfarms":                      "App Service and Functions",
	"microsoft.web/hostingenvironments":              "App Service",
	"microsoft.network/dnsresolvers":                 "DNS Private Resolver",
	"microsoft.dbformysql/servers":                   "Azure Database for MySQL",
	"microsoft.dbforpostgresql/singleservers":        "Azure Database for PostgreSQL",
	"microsoft.sql/managedinstances":                 "SQL Managed Instance",
	"microsoft.netapp/volumes":                       "NetApp Files",
	"microsoft.powerplatform/vnetaccesslinks":        "Power Platform",
	"microsoft.powerplatform/enterprisepolicies":     "Power Platform",
}

// unseen names traffic that flow logs do not have.
func (c *checker) unseen() {
	for _, s := range c.logged() {
		for _, sub := range c.parts(s) {
			c.services(s, sub)
			c.gateway(s, sub)
		}
		c.endpoints(s)
	}
	c.questions()
}

// parts are the subnets that a flow log is over.
func (c *checker) parts(s *plan.Session) []plan.Subnet {
	x := c.index(s)
	if v := x.VNets[s.Target.ID.Key()]; v != nil {
		return v.Subnets
	}
	if sub := x.Subnets[s.Target.ID.Key()]; sub != nil {
		return []plan.Subnet{*sub}
	}
	return nil
}

func (c *checker) services(s *plan.Session, sub plan.Subnet) {
	for _, d := range sub.Delegations {
		if name := unlogged[strings.ToLower(d)]; name != "" {
			c.say(plan.Warning, plan.ServiceUnlogged, on(s, c.watch(s).Range), "Service is not logged",
				"Subnet %s is delegated to %s (%s), whose traffic VNet flow logs do not have. Record it at the other end, where that is a machine.", sub.ID.Name(), d, name)
		}
	}
}

// gateway is about the subnet of VPN and ExpressRoute gateways.
func (c *checker) gateway(s *plan.Session, sub plan.Subnet) {
	if !strings.EqualFold(sub.ID.Name(), "GatewaySubnet") {
		return
	}
	sev := plan.Info
	if sub.ID.Is(s.Target.ID) {
		sev = plan.Warning
	}
	c.say(sev, plan.GatewayUnlogged, on(s, c.watch(s).Range), "Gateway traffic is logged in part",
		"At GatewaySubnet of %s Azure does not log what machines send out over ExpressRoute, and FastPath goes around the gateway. That traffic is logged at the subnets of the machines: watch those.", sub.ID.Parent().Name())
}

// endpoints names private endpoints, whose traffic is logged at the client.
func (c *checker) endpoints(s *plan.Session) {
	var names []string
	for _, pe := range c.inventory(s).PrivateEndpoints {
		if covers(s.Target.ID, pe.Subnet) || slices.ContainsFunc(pe.NICs, s.Target.ID.Is) {
			names = append(names, pe.ID.Name())
		}
	}
	if len(names) > 0 {
		c.say(plan.Warning, plan.PrivateEndpointBlind, on(s, c.watch(s).Range), "Private endpoint is not logged",
			"Flow logs have no records of the interfaces of private endpoints (%s): traffic to them is seen only at the machine that sends it, if that is logged.", few(names))
	}
}

// questions looks at what is asked and cannot be answered from flow logs.
func (c *checker) questions() {
	logs := c.logged()
	if len(logs) == 0 {
		return
	}
	captures := slices.ContainsFunc(c.Plan.Changes, func(ch plan.Change) bool {
		return ch.Session != nil && ch.Mechanism() == plan.PacketCapture
	})
	for _, q := range c.Config.Summaries {
		at := about{at: q.Range}
		if mentions(q.Condition, `"icmp`) && !captures {
			c.say(plan.Warning, plan.ICMPUnlogged, at, "ICMP is not logged",
				"summarize %q asks for ICMP, which flow logs do not have: the answer will be empty, whatever was sent. Capture packets on a machine instead.", q.Name)
		}
		if asksEncryption(q) {
			c.encryption(q, logs)
		}
	}
}

func mentions(text, word string) bool { return strings.Contains(strings.ToLower(text), word) }

func asksEncryption(q config.Summary) bool {
	return mentions(q.Condition, "encryption") || slices.Contains(q.By, "encryption")
}

// encryption is about questions whose answer is known: where the network does
// not encrypt, no flow is encrypted by the platform.
func (c *checker) encryption(q config.Summary, logs []*plan.Session) {
	var off []string
	for _, s := range logs {
		for _, id := range append([]plan.ID{s.Target.ID}, s.Within...) {
			if v := c.index(s).VNets[id.Key()]; v != nil && v.Encryption == "" && !slices.Contains(off, v.ID.Name()) {
				off = append(off, v.ID.Name())
			}
		}
	}
	if len(off) > 0 {
		c.say(plan.Info, plan.EncryptionOff, about{at: q.Range}, "Virtual network does not encrypt",
			"summarize %q asks for encryption, which is not switched on in %s: there every flow is NX, also one that is encrypted by TLS.", q.Name, few(off))
	}
}
