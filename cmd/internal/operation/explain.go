package operation

import (
	"context"

	"flowctl/plan/rules"
)

// Explained is what rules and routes say of traffic, and what was seen of it.
type Explained struct {
	Ruled    *Ruled
	From, To rules.End
	Tuple    rules.Tuple
	Way      rules.Way
	Seen     []rules.Use
}

// Explain says which rules and which route decide traffic, from a kept inventory, and what
// the flows of the recording say.
func Explain(ctx context.Context, s Settings, o SummarizeOptions, from, to string, t rules.Tuple) (*Explained, error) {
	r, err := Rules(ctx, s, o)
	if err != nil {
		return nil, err
	}
	e := &Explained{Ruled: r, Tuple: t}
	if e.From, err = rules.FindEnd(r.Inventories, from); err == nil {
		e.To, err = rules.FindEnd(r.Inventories, to)
	}
	if err != nil {
		r.Answer.Close()
		return nil, err
	}
	e.Tuple.Source, e.Tuple.Destination = e.From.Address, e.To.Address
	e.Way = rules.Explain(r.Inventories, r.Tags, e.From, e.To, t)
	for _, l := range r.Lists {
		for _, u := range l.Uses {
			if u.Protocol == t.Protocol && u.Port == t.Port && u.Source == e.From.Address && u.Destination == e.To.Address {
				e.Seen = append(e.Seen, u)
			}
		}
	}
	return e, nil
}

// Disagreements are where flows were decided by another rule, or otherwise, than the rules
// of the inventory say.
func (e *Explained) Disagreements() (out []string) {
	for _, u := range e.Seen {
		known := false
		for _, s := range e.Way.Steps {
			if s.Direction != u.Direction || s.Rule == nil || !same(e.Ruled, s, u.ACL) {
				continue
			}
			if known = true; rules.Bare(u.Rule) != s.Rule.Name && len(s.Maybe) == 0 {
				out = append(out, "By the inventory "+s.Rule.Name+" of "+s.Group.Name()+" decides, and the flows were decided by "+rules.Bare(u.Rule)+": the rules were others then.")
			}
		}
		if !known && len(e.Way.Steps) > 0 && u.Denied && e.Way.Passes() == rules.Yes {
			out = append(out, "By the inventory it passes, and "+rules.Bare(u.Rule)+" of "+u.ACL+" refused it: a list of rules that is not in the inventory, such as security admin rules.")
		}
	}
	return out
}

// same reports whether a group is what flows call by a name.
func same(r *Ruled, s rules.Step, acl string) bool {
	for _, l := range r.Lists {
		if l.Name == acl {
			return l.ID.Is(s.Group)
		}
	}
	return false
}
