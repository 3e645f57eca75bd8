package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
)

// unknown stands where a number was not measured.
const unknown = "–"

// Units is the sentence that says what byte figures mean.
const Units = "Bytes are those that IP headers state, in decimal units (1 GB is 10^9 bytes), as Azure bills; – is not measured."

// Bytes shows an amount of traffic: the bytes of its IP packets.
func Bytes(v summary.Volume) string { return figure(v.IPBytes, terminal.Bytes) }

func figure(f summary.Figure, show func(uint64) string) string {
	if !f.Known {
		return unknown
	}
	return show(f.N)
}

// Count shows a number with groups of three digits.
func Count(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Share shows a part of the whole.
func Share(v *float64) string {
	switch {
	case v == nil:
		return unknown
	case *v > 0 && *v < 0.001:
		return "<0.1%"
	case *v > 0.999 && *v < 1:
		return ">99.9%"
	case *v < 0.1:
		return fmt.Sprintf("%.1f%%", *v*100)
	}
	return fmt.Sprintf("%.0f%%", *v*100)
}

// Many counts things: "1 flow", "2 flows".
func Many(n uint64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + one + "s"
}

// Span shows from when to when, in UTC.
func Span(first, last summary.Instant) string {
	if !first.Known() || !last.Known() {
		return "no times"
	}
	a, b := first.Time(), last.Time()
	end := b.Format("2006-01-02 15:04:05")
	if a.Format(time.DateOnly) == b.Format(time.DateOnly) {
		end = b.Format(time.TimeOnly)
	}
	return fmt.Sprintf("%s to %s UTC (%s)", a.Format("2006-01-02 15:04:05"), end, Duration(b.Sub(a)))
}

// Duration shows a length of time, to the second above a minute and in days
// from two of them on.
func Duration(d time.Duration) string {
	if d >= 48*time.Hour {
		return fmt.Sprintf("%.1f days", d.Hours()/24)
	}
	if d < time.Minute {
		return d.Round(time.Millisecond).String()
	}
	s := d.Round(time.Second).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Port names a service port, such as "443/tcp (https)"; of protocols without
// ports only the protocol.
func Port(protocol string, port uint16, service string) string {
	s := protocol
	if port != 0 {
		s = fmt.Sprintf("%d/%s", port, strings.ToLower(protocol))
	}
	if service != "" {
		s += " (" + service + ")"
	}
	return s
}

// end names one side: its machine where that is known, and its address.
func end(vm, address string) string {
	if vm == "" {
		return address
	}
	return vm + " (" + address + ")"
}
