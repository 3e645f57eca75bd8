package preflight

import (
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
				"Azure can take %s until a new flow log writes its first record, and only %s are left: there may be nothing to answer from. Lengthen the window.", plain(firstBlob), plain(left))
		case s.Capture != nil && s.Capture.Duration < left-time.Minute:
			c.say(plan.Info, plan.CaptureShort, on(s, c.watch(s).Capture.DurationRange), "Capture ends before the window",
				"The capture lasts %s and the window %s: what the machine does after that is not seen.", plain(s.Capture.Duration), plain(left))
		}
	}
}

// plain writes a duration without zero parts.
func plain(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d%time.Hour == 0 && d > 0:
		return trim(d.String(), "0m0s")
	case d%time.Minute == 0 && d > 0:
		return trim(d.String(), "0s")
	}
	return d.String()
}

func trim(s, end string) string {
	if len(s) > len(end) && s[len(s)-len(end):] == end {
		return s[:len(s)-len(end)]
	}
	return s
}
