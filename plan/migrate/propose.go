package migrate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"flowctl/plan"
)

// Propose says which flow logs would record what the logs do and nothing records yet, by
// target. It notes in the logs which proposal covers which part.
func Propose(inventories []*plan.Inventory, logs []Log) []Proposal {
	b := builder{logs: logs, recorded: map[string]bool{}, byTarget: map[string]*Proposal{}}
	for _, inv := range inventories {
		b.indexes = append(b.indexes, inv.Index())
	}
	for _, l := range logs {
		if l.Enabled {
			maps.Copy(b.recorded, l.nics)
		}
	}
	for i := range logs {
		for j := range logs[i].Parts {
			b.part(&logs[i], &logs[i].Parts[j])
		}
	}
	out := []Proposal{}
	for _, key := range slices.Sorted(maps.Keys(b.byTarget)) {
		out = append(out, *b.byTarget[key])
	}
	return out
}

type builder struct {
	indexes  []*plan.Index
	logs     []Log
	recorded map[string]bool // keys of interfaces that NSG flow logs record
	byTarget map[string]*Proposal
}

// part proposes what records one part of a log, if it is enabled and nothing does.
func (b *builder) part(l *Log, p *Part) {
	if p.By != "" || !l.Enabled {
		return
	}
	kind, target := p.Kind, p.Target
	if subnet := b.subnetOf(*p); subnet != "" {
		switch vnet := subnet.Parent(); {
		case b.guarded(vnet):
			kind, target = "vnet", vnet
		case p.Kind == "nic" && b.subnetLogged(subnet):
			kind, target = "subnet", subnet
		}
	}
	p.Proposed = target
	b.add(l, kind, target)
}

func (b *builder) subnetOf(p Part) plan.ID {
	if p.Kind == "subnet" {
		return p.Target
	}
	for _, x := range b.indexes {
		if n := x.NICs[p.Target.Key()]; n != nil && len(n.Subnets) > 0 {
			return n.Subnets[0]
		}
	}
	return ""
}

// guarded reports whether NSG flow logs record every interface of a machine in a virtual
// network, in two subnets or more: then one flow log on it records the same.
func (b *builder) guarded(vnet plan.ID) bool {
	subnets := map[string]bool{}
	for _, x := range b.indexes {
		for _, n := range x.NICsIn[vnet.Key()] {
			if n.VM == "" {
				continue
			}
			if !b.recorded[n.ID.Key()] {
				return false
			}
			for _, s := range n.Subnets {
				subnets[s.Key()] = true
			}
		}
	}
	return len(subnets) > 1
}

// subnetLogged reports whether some NSG flow log records the whole subnet.
func (b *builder) subnetLogged(subnet plan.ID) bool {
	return slices.ContainsFunc(b.logs, func(l Log) bool {
		return l.Enabled && slices.ContainsFunc(l.Parts, func(p Part) bool { return p.By == "" && p.Target.Is(subnet) })
	})
}

// add carries over what l has to the proposal of a target.
func (b *builder) add(l *Log, kind string, target plan.ID) {
	p := b.byTarget[target.Key()]
	if p == nil {
		p = &Proposal{Kind: kind, Target: target, Location: l.Location, Provider: l.Provider, Storage: l.Storage, RetentionDays: l.RetentionDays, TrafficAnalytics: l.TrafficAnalytics}
		b.count(p)
		b.byTarget[target.Key()] = p
	}
	if slices.ContainsFunc(p.Replaces, l.ID.Is) {
		return
	}
	if l.TrafficAnalytics != nil && l.TrafficAnalytics.Workspace == "" {
		p.note("%s feeds a workspace whose resource id Azure does not show: add traffic_analytics by hand", l.ID.Name())
		unnamed := *l
		unnamed.TrafficAnalytics, l = nil, &unnamed
		if p.TrafficAnalytics != nil && p.TrafficAnalytics.Workspace == "" {
			p.TrafficAnalytics = nil
		}
	}
	if len(p.Replaces) > 0 {
		p.differs(l)
	}
	p.Replaces = append(p.Replaces, l.ID)
}

func (b *builder) count(p *Proposal) {
	for _, x := range b.indexes {
		for _, n := range x.Interfaces(p.Target) {
			if n.VM == "" {
				continue
			}
			p.Interfaces++
			if !b.recorded[n.ID.Key()] {
				p.More++
			}
		}
	}
	if p.More > 0 {
		p.note("%d of its %d interfaces are recorded by no NSG flow log: they will be, and cost", p.More, p.Interfaces)
	}
}

// differs takes of two NSG flow logs what keeps more, and says so.
func (p *Proposal) differs(l *Log) {
	if p.RetentionDays != l.RetentionDays {
		p.note("its NSG flow logs are kept for %s and %s: the longer is taken", days(p.RetentionDays), days(l.RetentionDays))
		if p.RetentionDays != 0 && (l.RetentionDays == 0 || l.RetentionDays > p.RetentionDays) {
			p.RetentionDays = l.RetentionDays
		}
	}
	if !p.Storage.Is(l.Storage) {
		p.note("its NSG flow logs write to %s and %s: a flow log writes to one account, and the first is taken", p.Storage.Name(), l.Storage.Name())
	}
	switch a, b := p.TrafficAnalytics, l.TrafficAnalytics; {
	case b == nil:
	case a == nil:
		p.note("only some of its NSG flow logs have Traffic Analytics (%s): the flow log has it for all", b.Workspace.Name())
		p.TrafficAnalytics = b
	case !a.Workspace.Is(b.Workspace):
		p.note("its NSG flow logs feed the workspaces %s and %s: a flow log feeds one, and the first is taken", a.Workspace.Name(), b.Workspace.Name())
	case a.Interval != b.Interval:
		p.note("its NSG flow logs are processed every %d and %d minutes: the shorter is taken", a.Interval, b.Interval)
		shorter := *a
		shorter.Interval = min(a.Interval, b.Interval)
		p.TrafficAnalytics = &shorter
	}
}

func days(n int) string {
	if n == 0 {
		return "ever"
	}
	return fmt.Sprintf("%d days", n)
}

func (p *Proposal) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(p.Notes, text) {
		p.Notes = append(p.Notes, text)
	}
}

// Removable is an NSG flow log that can go, with what records its traffic.
type Removable struct {
	ID  plan.ID   `json:"id"`
	NSG plan.ID   `json:"nsg"`
	By  []plan.ID `json:"covered_by"`
}

// Kept is an NSG flow log that stays, and why.
type Kept struct {
	ID  plan.ID `json:"id"`
	Why string  `json:"why"`
}

// Removal sorts logs into those whose traffic is recorded by flow logs that have written
// lately, as proven says by their keys, and those that stay.
func Removal(logs []Log, proven map[string]bool) (remove []Removable, kept []Kept) {
	remove, kept = []Removable{}, []Kept{}
	for _, l := range logs {
		by := l.Covering()
		slices.SortFunc(by, func(a, b plan.ID) int { return cmp.Compare(a.Key(), b.Key()) })
		silent := slices.IndexFunc(by, func(id plan.ID) bool { return !proven[id.Key()] })
		switch {
		case len(l.Parts) == 0:
			kept = append(kept, Kept{l.ID, "its security group guards nothing that is seen, so nothing tells what it is for"})
		case !l.Covered():
			var open []string
			for _, p := range l.Parts {
				if p.By == "" {
					open = append(open, p.Target.Name())
				}
			}
			kept = append(kept, Kept{l.ID, "no flow log records " + strings.Join(open, ", ")})
		case silent >= 0:
			kept = append(kept, Kept{l.ID, "flow log " + by[silent].Name() + " has written nothing in the last hours"})
		default:
			remove = append(remove, Removable{l.ID, l.NSG, by})
		}
	}
	return remove, kept
}
