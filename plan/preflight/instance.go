package preflight

import (
	"slices"
	"strings"

	"flowctl/plan"
)

// instances looks at the machines of a scale set that a capture includes or
// leaves out by name.
func (c *checker) instances(s *plan.Session) {
	set := c.index(s).ScaleSets[s.Target.ID.Key()]
	if set == nil || len(s.Capture.Include)+len(s.Capture.Exclude) == 0 {
		return
	}
	at := on(s, c.watch(s).Capture.Range)
	var known, missing []string
	left := 0
	for _, i := range set.Instances {
		known = append(known, i.Number)
		if (len(s.Capture.Include) == 0 || names(s.Capture.Include, i)) && !names(s.Capture.Exclude, i) {
			left++
		}
	}
	for _, name := range slices.Concat(s.Capture.Include, s.Capture.Exclude) {
		if !slices.ContainsFunc(set.Instances, func(i plan.Instance) bool { return names([]string{name}, i) }) {
			missing = append(missing, name)
		}
	}
	sev, what := plan.Warning, ""
	switch {
	case len(missing) > 0:
		if len(s.Capture.Include) > 0 {
			sev = plan.Error // Azure would refuse it, or capture less than the file says
		}
		what = "has no instance " + few(missing)
	case left == 0:
		sev, what = plan.Error, "has no instance that is left to capture"
	default:
		return
	}
	c.say(sev, plan.InstanceMissing, at, "Instance is not there",
		"Scale set %s %s: it has %s%s. Name instances that are there, or leave include and exclude out.", set.ID.Name(), what, instanceNames(known), flexible(set))
}

func names(list []string, i plan.Instance) bool {
	return slices.ContainsFunc(list, func(n string) bool { return strings.EqualFold(n, i.Number) || strings.EqualFold(n, i.ID.Name()) })
}

func instanceNames(known []string) string {
	if len(known) == 0 {
		return "none"
	}
	return few(known)
}

// flexible says how instances are named where they are machines of their own.
func flexible(s *plan.ScaleSet) string {
	if !strings.EqualFold(s.Orchestration, "Flexible") {
		return ""
	}
	return " (flexible orchestration: instances are virtual machines and go by their names, not by numbers)"
}
