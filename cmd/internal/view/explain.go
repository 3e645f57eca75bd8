package view

import (
	"fmt"
	"io"
	"strings"

	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/terminal"
	"flowctl/plan/rules"
)

// ExplainDoc is the stable JSON form of what decides traffic.
type ExplainDoc struct {
	Format   string       `json:"format"`
	Tuple    rules.Tuple  `json:"traffic"`
	Steps    []ExplainRow `json:"groups"` // in the order in which it meets them
	Route    rules.Hop    `json:"route"`
	Passes   *bool        `json:"passes"` // null if it cannot be said
	Seen     []SeenDoc    `json:"seen"`
	Disagree []string     `json:"disagreements"`
}

// ExplainRow is one group on the way. Rule is null if none fits for certain.
type ExplainRow struct {
	Group     string   `json:"group"`
	On        string   `json:"on"`
	Direction string   `json:"direction"`
	Rule      *string  `json:"rule"`
	Text      string   `json:"text,omitempty"`
	Passes    *bool    `json:"passes"`
	Maybe     []string `json:"may_decide,omitempty"` // rules before it that name what is not known
}

// SeenDoc is what flows of the window say.
type SeenDoc struct {
	Direction string `json:"direction"`
	Group     string `json:"group"`
	Rule      string `json:"rule"`
	Denied    bool   `json:"denied"`
	Flows     uint64 `json:"flows"`
}

// NewExplain is the document of what decides traffic.
func NewExplain(e *operation.Explained) ExplainDoc {
	d := ExplainDoc{Format: "1", Tuple: e.Tuple, Route: e.Way.Route, Passes: whether(e.Way.Passes()), Steps: []ExplainRow{}, Seen: []SeenDoc{}, Disagree: append([]string{}, e.Disagreements()...)}
	for _, s := range e.Way.Steps {
		row := ExplainRow{Group: s.Group.Name(), On: s.On.Name(), Direction: s.Direction, Passes: whether(s.Passes())}
		if r := s.Rule; r != nil {
			row.Rule = &r.Name
			row.Text = fmt.Sprintf("priority %d, %s %s from %s to %s, ports %s", r.Priority, strings.ToLower(r.Access), r.Protocol, few(r.Sources), few(r.Destinations), few(r.Ports))
		}
		for _, m := range s.Maybe {
			row.Maybe = append(row.Maybe, m.Name)
		}
		d.Steps = append(d.Steps, row)
	}
	for _, u := range e.Seen {
		d.Seen = append(d.Seen, SeenDoc{u.Direction, u.ACL, u.Rule, u.Denied, u.Flows})
	}
	return d
}

func whether(a rules.Answer) *bool {
	b := a == rules.Yes
	if a == rules.Unknown {
		return nil
	}
	return &b
}

// Explain writes what decides traffic as text.
func Explain(w io.Writer, e *operation.Explained) {
	d := NewExplain(e)
	o := Screen(w)
	width := o.Width
	if o.Whole {
		width = unbounded
	}
	say := func(format string, args ...any) {
		fmt.Fprintln(w, terminal.Wrap(terminal.Escape(fmt.Sprintf(format, args...)), width, "  "))
	}
	verdict := map[rules.Answer]string{rules.Yes: "passes", rules.No: "does not pass", rules.Unknown: "may pass: it cannot be said"}[e.Way.Passes()]
	say("%s from %s (%s) to %s (%s) port %d %s, by the rules and routes of the inventory.", d.Tuple.Protocol, e.From.Name, e.From.Address, e.To.Name, e.To.Address, d.Tuple.Port, verdict)
	fmt.Fprintln(w)
	for i, s := range d.Steps {
		rule := "no rule fits for certain"
		if s.Rule != nil {
			rule = *s.Rule + " (" + s.Text + ")"
		}
		say("%d. %s, group %s on %s: %s", i+1, strings.ToLower(s.Direction), s.Group, s.On, rule)
		if len(s.Maybe) > 0 {
			say("   before it may decide: %s, which name what is not known; --service-tags FILE names public addresses", strings.Join(s.Maybe, ", "))
		}
	}
	if len(d.Steps) == 0 {
		say("No security group of the inventory is on the way.")
	}
	say("Route: %s", routeText(d.Route))
	say("Security admin rules, firewalls and what a gateway announces are not in the inventory and not in this.")
	fmt.Fprintln(w)
	if len(d.Seen) == 0 {
		say("No flow log of the window has a flow of it: it was not tried, or at no interface that was recorded.")
	}
	for _, s := range d.Seen {
		did := "let pass"
		if s.Denied {
			did = "refused"
		}
		say("Seen: %s %s by %s of %s, %s.", Count(int(s.Flows), "flow"), did, s.Rule, s.Group, strings.ToLower(s.Direction))
	}
	for _, text := range d.Disagree {
		say("They disagree: %s", text)
	}
	if len(d.Seen) > 0 && len(d.Disagree) == 0 {
		say("Flows and rules agree.")
	}
}

func routeText(h rules.Hop) string {
	switch {
	case h.Type == rules.Beyond:
		return "that of the sender, who is not in the inventory"
	case h.Type == "":
		return "not known: the subnet's route table is not in the inventory"
	case h.Route != "":
		return fmt.Sprintf("%s %s to %s %s, a user's", h.Route, h.Prefix, h.Type, h.To)
	case h.To != "":
		return fmt.Sprintf("%s to %s %s, one of Azure's own", h.Prefix, h.Type, h.To)
	}
	return fmt.Sprintf("%s to %s, one of Azure's own", h.Prefix, h.Type)
}
