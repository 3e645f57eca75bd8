package plan

import (
	"strings"
	"time"
)

// Duration writes d as people do: to the second and without parts that are
// zero, such as 20s, 1m40s or 2h. What is shorter than a second is given in
// milliseconds.
func Duration(d time.Duration) string {
	if d.Abs() < time.Second {
		return d.Round(time.Millisecond).String()
	}
	s := d.Round(time.Second).String()
	if short, ok := strings.CutSuffix(s, "m0s"); ok {
		s = short + "m"
	}
	if short, ok := strings.CutSuffix(s, "h0m"); ok {
		s = short + "h"
	}
	return s
}
