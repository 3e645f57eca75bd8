// Package migrate says how the flow logs of network security groups, which Azure
// deletes on 30 September 2027, become flow logs of virtual networks: what each of
// them records, what records the same traffic already, what would have to be made, and
// which can be removed. It does no I/O.
//
// What was chosen: a flow log on the virtual network where its security groups are on
// every subnet with machines, else one on each subnet, and on the interface where a
// group is on that alone. What was left: one on the virtual network always, which would
// also record, and bill, what nobody recorded before.
package migrate

import (
	"slices"
	"strings"

	"flowctl/plan"
)

// Retired is the day on which Azure deletes NSG flow logs.
const Retired = "2027-09-30"

const nsgType = "Microsoft.Network/networkSecurityGroups"

// Log is a flow log of a network security group.
type Log struct {
	ID               plan.ID                `json:"id"`
	NSG              plan.ID                `json:"nsg"`
	Location         string                 `json:"location"`
	Enabled          bool                   `json:"enabled"`
	Storage          plan.ID                `json:"storage"`
	RetentionDays    int                    `json:"retention_days"` // 0: its blobs are kept for ever
	TrafficAnalytics *plan.TrafficAnalytics `json:"traffic_analytics,omitempty"`
	Parts            []Part                 `json:"parts"`           // that the group guards
	Interfaces       int                    `json:"interfaces"`      // of machines in them
	Bytes            *int64                 `json:"bytes,omitempty"` // that it wrote in a day; nil: not measured
	Unread           string                 `json:"unread,omitempty"`

	Provider string `json:"provider"` // alias

	nics map[string]bool // keys of the interfaces
}

// Part is a subnet or an interface that a security group guards.
type Part struct {
	Kind     string  `json:"kind"` // subnet, nic
	Target   plan.ID `json:"target"`
	By       plan.ID `json:"covered_by,omitempty"` // flow log that records it by now
	Proposed plan.ID `json:"proposed,omitempty"`   // target of the proposal that would record it
}

// Covered reports whether flow logs record all that l does.
func (l Log) Covered() bool {
	return len(l.Parts) > 0 && !slices.ContainsFunc(l.Parts, func(p Part) bool { return p.By == "" })
}

// Covering are the flow logs that record what l does, each once.
func (l Log) Covering() []plan.ID {
	var out []plan.ID
	for _, p := range l.Parts {
		if p.By != "" && !slices.ContainsFunc(out, p.By.Is) {
			out = append(out, p.By)
		}
	}
	return out
}

// Proposal is a flow log that would record what NSG flow logs do.
type Proposal struct {
	Kind             string                 `json:"kind"` // vnet, subnet, nic
	Target           plan.ID                `json:"target"`
	Location         string                 `json:"location"`
	Provider         string                 `json:"provider"` // alias
	Storage          plan.ID                `json:"storage"`
	RetentionDays    int                    `json:"retention_days"`
	TrafficAnalytics *plan.TrafficAnalytics `json:"traffic_analytics,omitempty"`
	Replaces         []plan.ID              `json:"replaces"`   // NSG flow logs, by id
	Interfaces       int                    `json:"interfaces"` // of machines
	More             int                    `json:"more"`       // of them, those that no NSG flow log records
	Notes            []string               `json:"notes,omitempty"`
}

// Inventory lists the NSG flow logs among recordings, with what records the same traffic.
func Inventory(inventories []*plan.Inventory, recordings []plan.Recording) []Log {
	out := []Log{}
	for _, inv := range inventories {
		x := inv.Index()
		for _, r := range recordings {
			if r.Mechanism != plan.FlowLog || !strings.EqualFold(r.Target.Type(), nsgType) || !strings.EqualFold(r.ID.Subscription(), inv.Subscription) {
				continue
			}
			l := Log{ID: r.ID, NSG: r.Target, Location: r.Location, Enabled: r.Enabled, Provider: inv.Provider, Storage: r.Storage, Parts: []Part{}}
			if r.FlowLog != nil {
				l.RetentionDays, l.TrafficAnalytics = r.FlowLog.RetentionDays, r.FlowLog.TrafficAnalytics
			}
			if n := x.NSGs[r.Target.Key()]; n != nil {
				l.Parts = parts(*n, x, recordings)
			}
			l.nics = interfaces(x, l)
			l.Interfaces = len(l.nics)
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b Log) int { return strings.Compare(a.ID.Key(), b.ID.Key()) })
	return out
}

func parts(n plan.NSG, x *plan.Index, recordings []plan.Recording) []Part {
	out := []Part{}
	for _, id := range n.Subnets {
		out = append(out, Part{Kind: "subnet", Target: id, By: covering([]plan.ID{id, id.Parent()}, recordings)})
	}
	for _, id := range n.NICs {
		within := []plan.ID{id}
		if nic := x.NICs[id.Key()]; nic != nil {
			for _, s := range nic.Subnets {
				within = append(within, s, s.Parent())
			}
		}
		out = append(out, Part{Kind: "nic", Target: id, By: covering(within, recordings)})
	}
	return out
}

// covering is the flow log that records what is in all of places, from the inside out:
// Azure writes the records of an interface to the most specific one.
func covering(places []plan.ID, recordings []plan.Recording) plan.ID {
	for _, at := range places {
		for _, r := range recordings {
			if r.Mechanism == plan.FlowLog && r.Enabled && r.Target.Is(at) && whole(r) {
				return r.ID
			}
		}
	}
	return ""
}

// whole reports whether a flow log records all traffic of its target: an NSG flow log
// has no filter, so one that leaves something out does not replace it.
func whole(r plan.Recording) bool {
	return strings.EqualFold(r.Provisioning, "Succeeded") && (r.FlowLog == nil || r.FlowLog.Filter == "" && r.FlowLog.RecordTypes == "")
}

// interfaces are those of machines that l records, by key.
func interfaces(x *plan.Index, l Log) map[string]bool {
	out := map[string]bool{}
	for _, p := range l.Parts {
		for _, n := range x.Interfaces(p.Target) {
			if n.VM != "" {
				out[n.ID.Key()] = true
			}
		}
	}
	return out
}
