package minutes

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
)

// String says in a line how much was recorded, and what is missing most.
func (d *Document) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s recorded, %s silent", many(d.Recorded), humanize.Comma(d.Silent))
	if d.Unlogged > 0 {
		fmt.Fprintf(&b, ", %s not logged", humanize.Comma(d.Unlogged))
	}
	if d.Unknown > 0 {
		fmt.Fprintf(&b, ", %s unknown", humanize.Comma(d.Unknown))
	}
	const few = 3
	sep := ": "
	gaps := d.merged()
	for _, g := range gaps[:min(few, len(gaps))] {
		fmt.Fprintf(&b, "%s%s", sep, g)
		sep = "; "
	}
	if n := len(gaps) - few + d.More; len(gaps) > few {
		fmt.Fprintf(&b, " and %d more", n)
	}
	return b.String() + "."
}

func many(n int64) string {
	if n == 1 {
		return "1 interface-minute"
	}
	return humanize.Comma(n) + " interface-minutes"
}

// merged is a text for each target, time and reason, in the order of the gaps:
// the interfaces of a VNet often miss the same minutes.
func (d *Document) merged() []string {
	type alike struct{ target, from, to, why string }
	count := map[alike]int{}
	first := map[alike]Gap{}
	var order []alike
	for _, g := range d.Gaps {
		k := alike{g.Target, g.From.String(), g.To.String(), g.Why}
		if count[k]++; count[k] == 1 {
			order, first[k] = append(order, k), g
		}
	}
	var list []string
	for _, k := range order {
		g := first[k]
		what := lastPart(cmp.Or(g.Target, g.Log))
		switch {
		case count[k] > 1:
			what = fmt.Sprintf("%d interfaces of %s", count[k], what)
		case g.Name != "":
			what += " at " + g.Name
		case g.Interface != "":
			what += " at " + g.Interface
		}
		list = append(list, fmt.Sprintf("%s from %s to %s, %s", what, g.From.Format("2006-01-02 15:04"), g.To.Format("15:04"), g.Why))
	}
	return list
}

// lastPart is the name in a resource id.
func lastPart(id string) string {
	if id == "" {
		return "a log that names no target"
	}
	return id[strings.LastIndexByte(id, '/')+1:]
}

// lowerID is a resource id as it is compared.
func lowerID(id string) string { return strings.ToLower(strings.Trim(id, "/")) }
