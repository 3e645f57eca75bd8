package report

import (
	"slices"
	"strings"

	"flowctl/collectors/summary"
	"flowctl/plan"
)

// bearsOn says on which questions what a run could not see bears: those that ask
// for one of some fields, or for which a condition holds. What is not here bears
// on every question.
var bearsOn = map[string]func(*summary.Answer) bool{
	"no-icmp":                       asks("protocol", "service"),
	"ip-bytes-only":                 never, // answers show IP bytes alone
	"no-frame-bytes-in-total":       never,
	"records-repeated":              never, // they count once
	"outside-window":                never, // they are not asked for
	"captures-see-the-machine":      asks("verdict", "rule", "acl"),
	"no-inventory":                  asks("vm", "nic", "subnet", "vnet", "region", "scope"),
	"service-tags":                  asks("service_tag", "azure_service", "region"),
	"cost":                          func(a *summary.Answer) bool { return a.Total.Cost != nil },
	"initiator-guessed":             asks("address", "port", "source", "destination"),
	"no-time":                       never,
	"copied-captures":               never,
	"captures-in-succession":        never,
	"packets-at-several-interfaces": never,
	"window-start":                  never, // a few minutes at the edges of what was recorded
	"window-end":                    never,
	"denied-uncounted":              func(a *summary.Answer) bool { return a.Total.Denied.N > 0 },
}

// plans are those findings of the plan that bear on questions. The others say
// what could go wrong: what did is told by itself.
var plans = map[string]func(*summary.Answer) bool{
	plan.EncryptionOff: asks("encryption"),
}

func never(*summary.Answer) bool { return false }

// asks reports whether a question asks for a field with one of some words in its
// name.
func asks(words ...string) func(*summary.Answer) bool {
	return func(a *summary.Answer) bool {
		return slices.ContainsFunc(a.Fields, func(field string) bool {
			return slices.ContainsFunc(strings.Split(field, "."), func(part string) bool { return slices.Contains(words, part) })
		})
	}
}

// Bearing returns what bears on the answer to a question of what its run could
// not see, and how much else there is.
func Bearing(doc *summary.Document, a *summary.Answer) (bears []summary.Coverage, others int) {
	for _, c := range doc.Coverage {
		on := bearsOn[c.Code]
		if c.Planned {
			on = plans[c.Code]
		}
		if on != nil && on(a) || on == nil && !c.Planned {
			bears = append(bears, c)
			continue
		}
		others++
	}
	return bears, others
}
