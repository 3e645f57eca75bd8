package preflight

import (
	"maps"
	"slices"
	"time"

	"flowctl/plan"
)

// firstBlob is how long the first blob of a new flow log can take, by Azure's
// documentation of VNet flow logs.
const firstBlob = 5 * time.Minute

// window looks at the time box.
func (c *checker) window() {
	left := c.remaining()
	for _, s := range c.made() {
		switch {
		case left <= 0:
			return // window-over says it
		case s.Mechanism == plan.FlowLog && left < firstBlob:
			c.say(plan.Warning, plan.WindowTooShort, about{s.Watches[0], s.Target.ID, c.Config.WindowRange}, "Window too short for flow logs",
				"Azure can take %s until a new flow log writes its first record, and only %s are left: there may be nothing to answer from. Lengthen the window.", plan.Duration(firstBlob), plan.Duration(left))
		case s.Capture != nil && s.Capture.Duration < left-time.Minute:
			c.say(plan.Info, plan.CaptureShort, on(s, c.watch(s).Capture.DurationRange), "Capture ends before the window",
				"The capture lasts %s and the window %s: what the machine does after that is not seen.", plan.Duration(s.Capture.Duration), plan.Duration(left))
		}
	}
}

// much is a skew from which on people want to know.
const much = time.Minute

// skew compares the clock of this machine with Azure's.
func (c *checker) skew() {
	for _, alias := range slices.Sorted(maps.Keys(c.Inventories)) {
		d := c.Inventories[alias].Skew
		if d.Abs() < much {
			continue
		}
		word := "behind"
		if d < 0 {
			word = "ahead of"
		}
		c.say(plan.Warning, plan.ClockSkew, about{at: c.Config.WindowRange}, "Clock of this machine is off",
			"The clock of this machine is %s %s Azure's. The window, and all times of the run, are by Azure's clock. Set the clock right: from some minutes on, signing in fails.", plan.Duration(d.Abs()), word)
		return
	}
}
