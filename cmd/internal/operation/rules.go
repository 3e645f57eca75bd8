package operation

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"flowctl/collectors/summary"
	"flowctl/plan"
	"flowctl/plan/rules"
	"flowctl/plan/servicetag"
	"flowctl/plan/session"
)

// mostTuples is how many tuples of rules are looked at: of fewer than there are, no
// rule can be said to be unused.
const mostTuples = 500_000

// Ruled is what a recording says of security rules.
type Ruled struct {
	Answer      *Answer
	Lists       []*rules.List
	Inventories []*plan.Inventory
	From, To    time.Time        // the window; of what has none, when flows were seen
	Tags        *servicetag.List // nil if there is none
	Left        uint64           // tuples that are not in it, since there are too many
}

// Rules reads which rules decided what.
func Rules(ctx context.Context, s Settings, o SummarizeOptions) (*Ruled, error) {
	o.Question = &Question{
		By:  []string{"verdict", "acl", "rule", "direction", "protocol", "port", "source.address", "destination.address", "nic"},
		Top: mostTuples,
	}
	a, err := Summarize(ctx, s, o)
	if err != nil {
		return nil, err
	}
	r := &Ruled{Answer: a, Inventories: slices.Clone(s.Inventories), Tags: tagsOf(s)}
	if a.Folder != "" {
		kept, err := session.Folder{Path: a.Folder}.Inventory()
		if err != nil {
			a.Close()
			return nil, err
		}
		r.Inventories = append(kept, r.Inventories...)
		if m, err := (session.Folder{Path: a.Folder}).Manifest(); err == nil && r.Tags == nil {
			r.Tags, _, _ = keptTags(session.Folder{Path: a.Folder}, m)
		}
	}
	if r.From, r.To = a.Meta.Start, a.Meta.End; !o.End.IsZero() {
		r.From, r.To = o.Start, o.End
	}
	ask := a.Doc.Asks[0]
	r.Left = ask.Groups - uint64(len(ask.Rows))
	uses := usesOf(ask.Rows)
	for _, u := range uses {
		if a.Meta.Start.IsZero() && o.End.IsZero() {
			if r.From.IsZero() || u.First.Before(r.From) {
				r.From = u.First
			}
			if u.Last.After(r.To) {
				r.To = u.Last
			}
		}
	}
	r.Lists = rules.Listed(r.Inventories, uses)
	rules.Passed(r.Lists, r.Inventories, r.Tags)
	recorded := map[string]bool{}
	if m := a.Doc.Minutes; m != nil {
		for _, i := range m.Interfaces {
			recorded[i.MAC] = true
		}
	}
	for _, l := range r.Lists {
		l.Record(r.Inventories, recorded)
	}
	return r, nil
}

// usesOf are the rows that a flow log judged.
func usesOf(rows []summary.Row) []rules.Use {
	var out []rules.Use
	for _, row := range rows {
		k := row.Key
		if k[0] != "allowed" && k[0] != "denied" {
			continue
		}
		u := rules.Use{NIC: k[8], ACL: k[1], Rule: k[2], Denied: k[0] == "denied", Flows: row.Flows, Bytes: row.IPBytes.N, Measured: row.IPBytes.Known}
		switch k[3] {
		case "inbound":
			u.Direction = rules.Inbound
		case "outbound":
			u.Direction = rules.Outbound
		default:
			continue
		}
		u.Protocol = k[4]
		port, _ := strconv.ParseUint(k[5], 10, 16)
		u.Port = uint16(port)
		u.Source, _ = netip.ParseAddr(k[6])
		u.Destination, _ = netip.ParseAddr(k[7])
		u.First, u.Last = row.First.Time(), row.Last.Time()
		out = append(out, u)
	}
	return out
}

// Find is the list of a name: of one alone, if none is given.
func (r *Ruled) Find(name string) (*rules.List, error) {
	var names []string
	for _, l := range r.Lists {
		if l.Kind == rules.Platform {
			continue
		}
		if strings.EqualFold(l.Name, name) || name != "" && l.ID.Is(plan.ID(name)) {
			return l, nil
		}
		names = append(names, l.Name)
	}
	if name == "" && len(names) == 1 {
		return r.Find(names[0])
	}
	return nil, fmt.Errorf("no security group %q in these recordings; there are %s", name, strings.Join(names, ", "))
}
