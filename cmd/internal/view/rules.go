package view

import (
	"fmt"
	"io"
	"strings"
	"time"

	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/minutes"
	"flowctl/plan"
	"flowctl/plan/rules"
)

// RulesDoc is the stable JSON form of what decided.
type RulesDoc struct {
	Format  string            `json:"format"`
	From    time.Time         `json:"from"`
	To      time.Time         `json:"to"`
	Minutes *minutes.Counts   `json:"minutes"` // of interfaces; null if no flow log was read
	Lists   []RuleListDoc     `json:"lists"`
	Left    uint64            `json:"tuples_left_out"` // more than are looked at: then no rule is said to be unused
	Words   []RuleExplanation `json:"explained"`
}

// RuleListDoc is one security group, or another list of rules.
type RuleListDoc struct {
	Name string    `json:"name"`
	ID   plan.ID   `json:"id,omitempty"`
	Kind string    `json:"kind"`
	On   []plan.ID `json:"on,omitempty"`

	// The interfaces that it is on, and how many of them a flow log recorded.
	Interfaces int `json:"interfaces"`
	Recorded   int `json:"recorded_interfaces"`

	Rules []RuleDoc `json:"rules"`
}

// RuleDoc is a rule with what it decided.
type RuleDoc struct {
	plan.Rule
	Known bool       `json:"known"` // its text is that of the inventory
	Flows uint64     `json:"flows"`
	Bytes *uint64    `json:"ip_bytes"` // null if not measured
	Never bool       `json:"never_used"`
	Maybe int        `json:"maybe_used"` // tuples that it may have let pass, before another group decided
	Used  rules.Used `json:"used_by"`
}

// RuleExplanation says in words what a kind of rule is.
type RuleExplanation struct {
	Kind string `json:"kind"`
	Text string `json:"text"`
}

const order = "Inbound traffic meets the security admin rules of Virtual Network Manager first, then the group of the subnet, then that of the interface; outbound traffic the admin rules, the group of the interface, then that of the subnet. Only what all of them let pass arrives. Flow logs name the group whose rule decided: of refused traffic the one that refused it, of what was let pass the last one that was asked. By which rule it passed the group before that is worked out from the inventory."

// explained are the kinds of lists that are no security groups.
var explained = map[string]string{
	rules.Platform: "PlatformRule and unspecified rules are Azure's own: DNS, DHCP, health probes, the agent and metadata pass by them before any security group, and traffic of which no group is told.",
	rules.Unlisted: "The text of these rules is in no inventory: security admin rules of Azure Virtual Network Manager, or a security group that was deleted or is of another subscription.",
}

// NewRules is the document of what decided.
func NewRules(r *operation.Ruled) RulesDoc {
	d := RulesDoc{Format: "1", From: r.From, To: r.To, Left: r.Left, Lists: []RuleListDoc{}, Words: []RuleExplanation{{"order", order}}}
	if m := r.Answer.Doc.Minutes; m != nil {
		d.Minutes = &m.Counts
	}
	said := map[string]bool{}
	for _, l := range r.Lists {
		if text := explained[l.Kind]; text != "" && !said[l.Kind] {
			said[l.Kind] = true
			d.Words = append(d.Words, RuleExplanation{l.Kind, text})
		}
		out := RuleListDoc{Name: l.Name, ID: l.ID, Kind: l.Kind, On: l.On, Interfaces: l.Interfaces, Recorded: l.Recorded, Rules: []RuleDoc{}}
		for _, line := range l.Lines {
			rule := RuleDoc{Rule: line.Rule, Known: line.Known, Flows: line.Flows, Never: line.Flows == 0 && line.Maybe == 0 && r.Left == 0 && l.Watched(), Maybe: line.Maybe, Used: line.Used}
			if line.Measured {
				rule.Bytes = &line.Bytes
			}
			out.Rules = append(out.Rules, rule)
		}
		d.Lists = append(d.Lists, out)
	}
	return d
}

var ruleColumns = []terminal.Column{
	{Title: "direction"}, {Title: "priority", Right: true}, {Title: "access"}, {Title: "rule"}, {Title: "protocol"}, {Title: "ports"}, {Title: "from"}, {Title: "to"},
	{Title: "flows", Right: true}, {Title: "bytes", Right: true},
}

// Rules writes what decided as text.
func Rules(w io.Writer, d RulesDoc) {
	o := Screen(w)
	width := o.Width
	if o.Whole {
		width = unbounded
	}
	for _, e := range d.Words {
		fmt.Fprintln(w, terminal.Wrap(e.Text, width, ""))
	}
	for _, l := range d.Lists {
		fmt.Fprintf(w, "\n%s%s\n", terminal.Escape(l.Name), onText(l))
		var cells [][]string
		for _, r := range l.Rules {
			cells = append(cells, ruleCells(r))
		}
		fmt.Fprintln(w, strings.Join(terminal.Table(ruleColumns, cells, width), "\n"))
		for _, r := range l.Rules {
			if r.Used.Wider != "" {
				fmt.Fprintln(w, terminal.Wrap(fmt.Sprintf("wider than used: %s lets pass %s.", terminal.Escape(r.Name), r.Used.Wider), width, "  "))
			}
		}
		if never := unused(l); len(never) > 0 {
			fmt.Fprintln(w, terminal.Wrap("never used: "+strings.Join(never, ", ")+".", width, "  "))
		}
	}
	fmt.Fprintf(w, "\n%s\n", terminal.Wrap(seenText(d), width, ""))
}

func onText(l RuleListDoc) string {
	var names []string
	for _, on := range l.On {
		name := on.Name()
		if p := on.Parent(); p != "" {
			name = p.Name() + "/" + name
		}
		names = append(names, terminal.Escape(name))
	}
	switch {
	case len(names) > 0 && l.Recorded == l.Interfaces:
		return " on " + strings.Join(names, ", ")
	case len(names) > 0:
		return fmt.Sprintf(" on %s, of whose %s %d are recorded", strings.Join(names, ", "), Count(l.Interfaces, "interface"), l.Recorded)
	case l.Kind == rules.NSG:
		return " on nothing: it decides no traffic"
	}
	return " (" + l.Kind + ")"
}

func ruleCells(r RuleDoc) []string {
	cells := []string{strings.ToLower(r.Direction), "–", r.Access, r.Name, "–", "–", "–", "–", "–", "–"}
	if r.Known {
		cells[1], cells[4], cells[5], cells[6], cells[7] = fmt.Sprint(r.Priority), r.Protocol, few(r.Ports), few(r.Sources), few(r.Destinations)
	}
	switch {
	case r.Never:
		cells[8] = "never"
	case r.Flows == 0 && r.Maybe > 0:
		cells[8] = "unclear"
	case r.Flows > 0:
		cells[8] = fmt.Sprint(r.Flows)
	}
	if r.Bytes != nil {
		cells[9] = terminal.Bytes(*r.Bytes)
	}
	for i := range cells {
		cells[i] = terminal.Escape(cells[i])
	}
	return cells
}

// few are the first of some prefixes, ports or groups, these by name.
func few(list []string) string {
	var out []string
	for _, s := range list {
		if len(out) == 3 {
			return strings.Join(out, ", ") + fmt.Sprintf(" and %d more", len(list)-3)
		}
		if strings.HasPrefix(s, "/") {
			s = plan.ID(s).Name()
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

// unused are the rules that users wrote and nothing used.
func unused(l RuleListDoc) (names []string) {
	for _, r := range l.Rules {
		if r.Never && r.Known && !r.Default {
			names = append(names, terminal.Escape(r.Name))
		}
	}
	return names
}

// seenText says what never used and wider rest on.
func seenText(d RulesDoc) string {
	text := "No flow was judged."
	if !d.From.IsZero() {
		text = fmt.Sprintf("Never used, wider and used are of the time from %s to %s alone", moment(d.From), moment(d.To))
	}
	if m := d.Minutes; m != nil && !d.From.IsZero() {
		text += fmt.Sprintf(", of which %d interface-minutes are recorded, %d silent and %d unlogged or unknown", m.Recorded, m.Silent, m.Unlogged+m.Unknown)
	}
	text += ": interfaces that no log is of are not in it, and neither is ICMP, which flow logs do not hold."
	if d.Left > 0 {
		text += fmt.Sprintf(" Of %d tuples more nothing was looked at, so no rule is said to be unused.", d.Left)
	}
	return text
}

// ProposedText writes a proposal in a form, under comments that say of what it is.
func ProposedText(w io.Writer, r *operation.Ruled, p *operation.Proposed, form string) error {
	mark := map[string]string{"bicep": "// "}[form]
	if mark == "" {
		mark = "# "
	}
	say := func(format string, args ...any) {
		for line := range strings.SplitSeq(terminal.Wrap(terminal.Escape(fmt.Sprintf(format, args...)), 96, ""), "\n") {
			fmt.Fprintln(w, mark+line)
		}
	}
	say("The tightest rules of %s for what was seen from %s to %s, and of this time only: what comes once a month, after a failover or by ICMP is not in it. Read them before you use them.", p.List.Name, moment(r.From), moment(r.To))
	d := NewRules(r)
	say("%s", seenText(d))
	say("They let pass the %s that were let pass, and refuse the %s that were refused; everything else is refused by the last rule of each direction, ahead of Azure's default rules.", Count(p.Allowed, "tuple"), Count(p.Refused, "tuple"))
	for _, t := range p.Both {
		say("Let pass and refused at different times, and let pass here: %s %s %s to %s port %d.", strings.ToLower(t.Direction), t.Protocol, t.Source, t.Destination, t.Port)
	}
	if p.Left > 0 {
		say("Of %s an address or the port is not known: no rule lets them pass.", Count(p.Left, "tuple"))
	}
	if p.Judged {
		say("In the recordings that they were held against they would have refused %s that %s let pass.", Count(len(p.Against), "tuple"), p.List.Name)
		for i, u := range p.Against {
			if i == 20 {
				say("… and %d more.", len(p.Against)-i)
				break
			}
			say("  %s %s %s to %s port %d, by %s, %s", strings.ToLower(u.Direction), u.Protocol, u.Source, u.Destination, u.Port, u.Rule, Count(int(u.Flows), "flow"))
		}
	}
	for _, text := range p.Problems {
		say("Azure will refuse this: %s.", text)
	}
	fmt.Fprintln(w)
	return rules.Forms[form](w, p.List.ID, p.List.Name, p.Rules)
}
