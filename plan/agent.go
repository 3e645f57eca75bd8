package plan

import (
	"strings"
	"time"
)

// Agent is the Network Watcher extension of a machine or scale set, as
// flowctl installs it for the time of an investigation.
type Agent struct {
	ID            ID        `json:"id"` // of the extension
	Machine       Target    `json:"machine"`
	OS            string    `json:"os,omitempty"` // Linux or Windows
	Investigation string    `json:"investigation"`
	Owner         string    `json:"owner,omitempty"`
	Expires       time.Time `json:"expires"`
}

// AgentName is the name that the extension usually has.
const AgentName = "AzureNetworkWatcherExtension"

// The tags by which agents and flow logs that flowctl made are recognised.
// Captures and the extensions of scale sets have none: there the name says it;
// see Name.
const (
	TagInvestigation = "flowctl-investigation"
	TagOwner         = "flowctl-owner"
	TagTicket        = "flowctl-ticket"
	TagWatch         = "flowctl-watch"
	TagExpires       = "flowctl-expires"
	TagSince         = "flowctl-since" // of a monitor's: when it began
	TagUndo          = "flowctl-undo"  // what has to be put back when it is removed
)

// AgentFor is the agent that s needs and does not find.
func AgentFor(inv Investigation, s Session) Agent {
	a := Agent{Machine: s.Target, OS: s.InstallAgent, Investigation: inv.Name, Owner: inv.Owner, Expires: s.Deadline.UTC()}
	name := AgentName
	if a.OfScaleSet() {
		name = Name{inv.Name, a.Expires, inv.Mark(), Fingerprint("agent", s.Target.ID, "agent")}.String()
	}
	a.ID = s.Target.ID + ID("/extensions/"+name)
	return a
}

// Installed reports whether a was brought for inv.
func (inv Investigation) Installed(a Agent) bool {
	if a.Investigation != inv.Name || a.Owner != "" && a.Owner != inv.Owner {
		return false
	}
	n, ok := ParseName(a.ID.Name())
	return !ok || n.Mark == "" || n.Mark == inv.Mark()
}

// OfScaleSet reports whether the agent is a scale set's.
func (a Agent) OfScaleSet() bool {
	return strings.Contains(a.ID.Key()+a.Machine.ID.Key(), "/virtualmachinescalesets/")
}

// Tags say in Azure what the agent is for.
func (a Agent) Tags() map[string]string {
	tags := map[string]string{TagInvestigation: a.Investigation, TagExpires: a.Expires.UTC().Format(time.RFC3339)}
	if a.Owner != "" {
		tags[TagOwner] = a.Owner
	}
	return tags
}

// ParseAgent recognises an agent that flowctl installed by the id and tags of
// an extension; ok is false for any other.
func ParseAgent(id ID, tags map[string]string) (a Agent, ok bool) {
	a = Agent{ID: id, Machine: Target{Kind: "vm", ID: id.Parent()}}
	if a.OfScaleSet() {
		n, ok := ParseName(id.Name())
		a.Machine.Kind, a.Investigation, a.Expires = "vmss", n.Investigation, n.Deadline
		return a, ok
	}
	a.Investigation, a.Owner = tags[TagInvestigation], tags[TagOwner]
	expires, err := time.Parse(time.RFC3339, tags[TagExpires])
	a.Expires = expires
	return a, err == nil && a.Investigation != ""
}
