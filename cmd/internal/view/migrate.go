package view

import (
	"fmt"
	"io"
	"strings"

	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/migration"
	"flowctl/plan/migrate"
)

// Migration draws which NSG flow logs there are and what would take their place.
func Migration(w io.Writer, m operation.Migration) error {
	width := Screen(w).Width
	if Screen(w).Whole {
		width = unbounded
	}
	say := func(text string) { fmt.Fprintln(w, terminal.Wrap(terminal.Escape(text), width, "  ")) }
	if m.Simulated {
		say("Simulated: flowctl's sandbox answers in the place of Azure, where it is " + moment(m.Made) + ".")
	}
	if len(m.Logs) == 0 {
		say("No NSG flow log is there: nothing has to be migrated.")
		return nil
	}
	say(fmt.Sprintf("%s, which Azure deletes on %s:", Count(len(m.Logs), "NSG flow log"), migrate.Retired))
	fmt.Fprintln(w)
	var rows [][]string
	for _, l := range m.Logs {
		rows = append(rows, []string{terminal.Escape(l.ID.Name()), terminal.Escape(l.NSG.Name()), l.Location, state(l), fmt.Sprint(l.Interfaces), wrote(l), kept(l.RetentionDays), terminal.Escape(feeds(l)), terminal.Escape(covers(l))})
	}
	for _, line := range terminal.Table([]terminal.Column{{Title: "flow log"}, {Title: "security group"}, {Title: "region", Drop: 3}, {Title: "state", Drop: 4}, {Title: "interfaces", Right: true, Drop: 2}, {Title: "last 24 h", Right: true, Drop: 1}, {Title: "kept", Drop: 5}, {Title: "workspace", Drop: 6}, {Title: "its traffic"}}, rows, width-2) {
		fmt.Fprintln(w, "  "+line)
	}
	fmt.Fprintln(w)
	for _, l := range m.Logs {
		if l.Unread != "" {
			say(fmt.Sprintf("How much %s wrote is not known: %s.", l.ID.Name(), strings.TrimSuffix(l.Unread, ".")))
		}
	}
	proposals(w, m, width, say)
	return nil
}

func proposals(w io.Writer, m operation.Migration, width int, say func(string)) {
	if len(m.Proposals) == 0 {
		say("Flow logs of virtual networks record all of it that is enabled. To remove the old ones: flowctl migrate nsg --remove --out removal.json")
		return
	}
	say(fmt.Sprintf("In their place, %s:", Count(len(m.Proposals), "flow log")))
	for _, p := range m.Proposals {
		fmt.Fprintln(w, terminal.Wrap(terminal.Escape(fmt.Sprintf("+ %s %s (%s, %s) for %s", p.Kind, p.Target.Name(), p.Location, Count(p.Interfaces, "interface"), Count(len(p.Replaces), "NSG flow log"))), width, "    "))
		for _, n := range p.Notes {
			fmt.Fprintln(w, indented(terminal.Escape(n), width, "    "))
		}
	}
	fmt.Fprintln(w)
	volume(m.Volume, say)
	say("To have it as a file to review: flowctl migrate nsg --out migrate.hcl")
}

func volume(v migrate.Volume, say func(string)) {
	if v.Now == nil {
		say("Volume: " + v.Basis + ".")
		return
	}
	text := fmt.Sprintf("Volume: %s a day now (of %s that could be read), about %s a day then: %s.", terminal.Bytes(uint64(*v.Now)), Count(v.Measured, "NSG flow log"), terminal.Bytes(uint64(*v.Proposed)), v.Basis)
	say(text)
	if v.Price != nil {
		say(fmt.Sprintf("Price of collecting them: %s %s a month now, %s %s then, at %g a GB, without the free 5 GB a month (%s). Traffic Analytics and storage come on top, as before.", money(*v.NowMonth), v.Currency, money(*v.ProposedMonth), v.Currency, *v.Price, v.PriceSource))
	}
}

func state(l migrate.Log) string {
	if l.Enabled {
		return "on"
	}
	return "off"
}

func wrote(l migrate.Log) string {
	if l.Bytes == nil {
		return "–"
	}
	return terminal.Bytes(uint64(*l.Bytes))
}

func kept(n int) string {
	if n == 0 {
		return "for ever"
	}
	return Count(n, "day")
}

func feeds(l migrate.Log) string {
	if l.TrafficAnalytics == nil {
		return "none"
	}
	return l.TrafficAnalytics.Workspace.Name()
}

// covers says what records the traffic of an NSG flow log.
func covers(l migrate.Log) string {
	switch {
	case len(l.Parts) == 0:
		return "its group guards nothing that is seen"
	case !l.Enabled:
		return "is not recorded: it is off"
	}
	by := map[string]bool{}
	var parts []string
	for _, p := range l.Parts {
		text := "→ " + p.Proposed.Name()
		if p.By != "" {
			text = "in " + p.By.Name() + " already"
		}
		if !by[text] {
			by[text] = true
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, ", ")
}

// Removals draws which NSG flow logs would be removed.
func Removals(w io.Writer, r operation.Removals) {
	for _, one := range r.Remove {
		var by []string
		for _, id := range one.By {
			by = append(by, id.Name())
		}
		fmt.Fprintf(w, "  -  %s of %s: its traffic is in %s\n", terminal.Escape(one.ID.Name()), terminal.Escape(one.NSG.Name()), terminal.Escape(strings.Join(by, ", ")))
	}
	for _, one := range r.Kept {
		fmt.Fprintf(w, "  .  %s stays: %s\n", terminal.Escape(one.ID.Name()), terminal.Escape(one.Why))
	}
	fmt.Fprintf(w, "%d to remove, %d stay. What they wrote stays in storage.\n", len(r.Remove), len(r.Kept))
}

// MigrationCompared draws how what NSG flow logs and flow logs of networks wrote differs.
func MigrationCompared(w io.Writer, c *migration.Comparison) {
	width := Screen(w).Width
	if Screen(w).Whole {
		width = unbounded
	}
	say := func(indent, text string) { fmt.Fprintln(w, indented(terminal.Escape(text), width, indent)) }
	say("", fmt.Sprintf("%s to %s: %s of %s, %d alike in both kinds of flow logs.", moment(c.Start), moment(c.End), Count(c.Flows, "flow"), Count(c.Interfaces, "interface"), c.Alike))
	words := map[string]string{"nsg": "only in NSG flow logs", "network": "only in flow logs of networks", "both": "in both, with other counts"}
	for _, d := range c.Differences {
		fmt.Fprintln(w)
		head := fmt.Sprintf("%s %s (%d packets, %s)", Count(d.Flows, "flow"), words[d.Side], d.Packets, terminal.Bytes(d.Bytes))
		if d.Open {
			head = "Unexplained: " + head
		}
		say("  ", head)
		say("    ", strings.ToUpper(d.Why[:1])+d.Why[1:]+".")
		for _, x := range d.Examples {
			say("    ", "such as "+x)
		}
	}
	for _, s := range c.Damaged {
		say("", fmt.Sprintf("Not read, %d times: %s.", s.Count, s.Reason))
	}
	fmt.Fprintln(w)
	if n := c.Unexplained(); n > 0 {
		say("", fmt.Sprintf("%s differ and nothing explains why: look at them before the NSG flow logs go.", Count(n, "flow")))
		return
	}
	say("", "Every difference is explained.")
}
