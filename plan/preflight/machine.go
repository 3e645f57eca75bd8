package preflight

import (
	"strings"

	"flowctl/plan"
	"flowctl/plan/config"
)

// machines looks at what is recorded, and whether it can be.
func (c *checker) machines() {
	for _, s := range c.made() {
		if s.Mechanism == plan.PacketCapture {
			c.captured(s)
			continue
		}
		c.workspace(s)
		c.macs(s)
		c.off(s)
	}
}

func (c *checker) captured(s *plan.Session) {
	at := c.watch(s).Capture.Range
	os, agentOS, tags := machine(c.index(s), s.Target.ID)
	name := s.Target.ID.Name()
	if s.InstallAgent != "" {
		c.say(plan.Info, plan.AgentInstalled, on(s, at), "Agent is installed",
			"%s has no Network Watcher extension. flowctl installs the one for %s, which takes minutes and no restart, and removes it after the capture.", name, s.InstallAgent)
	}
	if agentOS != "" && os != "" && !strings.EqualFold(agentOS, os) {
		c.say(plan.Error, plan.AgentWrongOS, on(s, at), "Agent for another system",
			"%s runs %s and has the Network Watcher extension for %s, which cannot take a capture there. Remove it and install NetworkWatcherAgent%s.", name, os, agentOS, os)
	}
	if _, ok := tags["aks-managed-poolName"]; ok {
		c.say(plan.Warning, plan.AKSNode, on(s, at), "Machine is a node of AKS",
			"%s is a node pool of a Kubernetes cluster, where Azure does not support the Network Watcher extension: the capture may fail. A flow_log block records its subnets instead.", name)
	}
	c.localCopy(s, os)
	c.instances(s)
	c.ways(s)
}

func machine(x *plan.Index, id plan.ID) (os, agentOS string, tags map[string]string) {
	if v := x.VMs[id.Key()]; v != nil {
		return v.OS, v.AgentOS, v.Tags
	}
	if s := x.ScaleSets[id.Key()]; s != nil {
		return s.OS, s.AgentOS, s.Tags
	}
	return "", "", nil
}

// localCopy looks at the path of a copy on the machine.
func (c *checker) localCopy(s *plan.Session, os string) {
	path := s.Capture.LocalPath
	if path == "" {
		return
	}
	at := c.watch(s).Capture.PathRange
	unix := strings.HasPrefix(path, "/")
	if os != "" && unix != strings.EqualFold(os, "Linux") {
		c.say(plan.Error, plan.LocalPathOS, on(s, at), "Path of another system",
			"%s runs %s, where %q is no path that Azure takes. Write one like %s.", s.Target.ID.Name(), os, path, examplePath(os))
		return
	}
	c.say(plan.Info, plan.LocalCopy, on(s, at), "A copy stays on the machine",
		"The capture is also written to %s on the machine. flowctl fetches the copy in the storage account and leaves this one: remove it when it is not needed.", path)
}

func examplePath(os string) string {
	if strings.EqualFold(os, "Linux") {
		return `"/var/captures/web.cap"`
	}
	return `"C:\\captures\\web.cap"`
}

// macs names interfaces whose blobs cannot be known yet.
func (c *checker) macs(s *plan.Session) {
	var names []string
	for _, n := range c.index(s).Interfaces(s.Target.ID) {
		if n.MAC == "" && n.VM != "" { // those of private endpoints and the like have none
			names = append(names, n.ID.Name())
		}
	}
	if len(names) > 0 {
		c.say(plan.Warning, plan.MACUnknown, on(s, c.watch(s).FlowLog.Range), "Interface without MAC address",
			"Azure has given %s no MAC address yet, since the machine never ran. Flow logs are filed by it: once the machine runs, its records are there, but cannot be matched with its name until the inventory is read again.", few(names))
	}
}

// off names an interface of a machine that does not run: nothing will be logged.
func (c *checker) off(s *plan.Session) {
	if s.Target.Kind != config.NIC {
		return
	}
	x := c.index(s)
	n := x.NICs[s.Target.ID.Key()]
	if n == nil || x.VMs[n.VM.Key()] == nil {
		return
	}
	if v := x.VMs[n.VM.Key()]; v.Power != "" && v.Power != "running" {
		c.say(plan.Warning, plan.MachineOff, on(s, c.watch(s).SelectRange), "Machine is not running",
			"%s, the machine of %s, is %s: its flow log will hold nothing. Start it, or leave it out.", v.ID.Name(), n.ID.Name(), v.Power)
	}
}
