package preflight

import (
	"fmt"
	"strings"
	"time"

	"flowctl/plan"
)

// settings looks at what is recorded of each packet and flow.
func (c *checker) settings() {
	for _, s := range c.made() {
		if s.Capture != nil {
			c.captureSettings(s)
			continue
		}
		w := c.watch(s)
		if t := s.FlowLog.RecordTypes; t != "" && !strings.Contains(t, "C") {
			more := "whether the end then has the whole sum is not documented"
			if !strings.Contains(t, "E") {
				more = "and without the end there are none at all"
			}
			c.say(plan.Warning, plan.RecordTypesBytes, on(s, w.FlowLog.RecordTypesRange), "Bytes will be missing",
				"record_types leaves out continue, in which long flows have their bytes and packets; %s. Sums will be too low, or not measured.", more)
		}
		if s.FlowLog.Filter != "" {
			c.say(plan.Info, plan.Preview, on(s, w.FlowLog.FilterRange), "A preview of Azure is used",
				"Azure calls filtering of flow logs a preview: it may change, and is not there in every region.")
		}
	}
}

// The traffic that a machine is assumed to have where nothing is known, to
// tell whether the limit of a capture is near: 10 Mbit/s in packets of 800
// bytes, with 16 bytes for each in the file.
const (
	usualRate   = 10e6 / 8
	usualPacket = 800.0
	perPacket   = 16.0
)

func (c *checker) captureSettings(s *plan.Session) {
	spec := s.Capture
	w := c.watch(s)
	if spec.Ring != nil {
		c.say(plan.Info, plan.Preview, on(s, w.Capture.Range), "A preview of Azure is used",
			"Azure calls continuous captures (ring) a preview: they are not there in every region and for every machine.")
		return
	}
	if full := fullAfter(*spec); len(spec.Filters) == 0 && full < spec.Duration {
		c.say(plan.Info, plan.CaptureSize, on(s, w.Capture.SizeRange), "Capture may fill up early",
			"The capture ends at max_bytes. At 10 Mbit/s, to name a rate, %s would be full after %s, and the capture is to last %s. Raise max_bytes, keep fewer bytes_per_packet, or filter.", bytes(spec.MaxBytes), plan.Duration(full), plan.Duration(spec.Duration))
	}
}

// bytes shows a size in the binary units that people give it in.
func bytes(n int64) string {
	for i, unit := range []string{"GiB", "MiB", "KiB"} {
		if one := int64(1) << (30 - 10*i); n >= one && n%one == 0 {
			return fmt.Sprintf("%d %s", n/one, unit)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}

// fullAfter is when a capture reaches its size at the usual rate.
func fullAfter(spec plan.CaptureSpec) time.Duration {
	kept := usualPacket
	if n := float64(spec.BytesPerPacket); n > 0 && n < kept {
		kept = n
	}
	perSecond := usualRate / usualPacket * (kept + perPacket)
	return time.Duration(float64(spec.MaxBytes) / perSecond * float64(time.Second))
}
