package config

import (
	"math"
	"regexp"
	"sync"
	"time"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
)

var captureSchema = schema{
	attrs:  []string{"duration", "max_bytes", "bytes_per_packet", "include", "exclude", "local_path", "agent"},
	blocks: map[string]rule{"filter": {many: true}, "ring": {}},
}

// What is done about machines without the Network Watcher agent: it is
// installed for as long as the capture needs it, or it must be there.
const (
	agentInstall  = "install"
	agentRequired = "required"
)

// The limits of packet captures, from Azure's REST reference ("Packet
// Captures - Create"), and flowctl's default of headers only.
const (
	maxCapture   = 5 * time.Hour
	maxBytes     = math.MaxUint32
	defaultBytes = 1 << 30
	headerBytes  = 128
)

// defaultCapture is a capture that nothing is said about.
func defaultCapture(window time.Duration) plan.CaptureSpec {
	return plan.CaptureSpec{Duration: min(window, maxCapture), MaxBytes: defaultBytes, BytesPerPacket: headerBytes}
}

// capture reads a packet_capture block.
func (b block) capture(kind string, window time.Duration) *Capture {
	captureSchema.check(b.Body, "packet_capture", b.scope.problems)
	c := &Capture{Spec: defaultCapture(window), Declared: true, Range: header(b.Block)}
	if n, ok := b.whole("bytes_per_packet", 0, maxBytes); ok {
		c.Spec.BytesPerPacket = n
	}
	if n, ok := b.size("max_bytes", 1, maxBytes); ok {
		c.Spec.MaxBytes = n
	}
	ring := false
	for _, inner := range b.Body.Blocks {
		switch inner.Type {
		case "filter":
			if f, ok := b.inner(inner).captureFilter(); ok {
				c.Spec.Filters = append(c.Spec.Filters, f)
				c.FilterRanges = append(c.FilterRanges, header(inner))
			}
		case "ring":
			ring = true
			b.ring(b.inner(inner), c, window)
		}
	}
	if !ring {
		b.captureTime(c, window)
	}
	c.Spec.Include, c.Spec.Exclude = b.instances(kind)
	c.Spec.LocalPath = b.localPath()
	agent, _ := b.one("agent", "Invalid agent", []string{agentInstall, agentRequired})
	c.InstallAgent = agent == agentInstall
	c.DurationRange, c.SizeRange, c.PathRange = b.at("duration"), b.at("max_bytes"), b.at("local_path")
	return c
}

// captureTime reads duration, and checks that it fits the window.
func (b block) captureTime(c *Capture, window time.Duration) {
	if !b.has("duration") {
		b.coversWindow(c.Range, window)
		return
	}
	d, ok := b.duration("duration")
	switch {
	case !ok:
	case d > maxCapture:
		b.scope.add("Capture too long", b.at("duration"), "A packet capture lasts at most %s, and this one shall last %s. Shorten it, or record in a ring { }, which may last 7 days.", short(maxCapture), short(d))
	case window > 0 && d > window:
		b.scope.add("Capture too long", b.at("duration"), "The capture lasts %s, but the investigation ends after %s. Shorten the capture, or lengthen the window.", short(d), short(window))
	default:
		c.Spec.Duration = d
	}
}

// coversWindow refuses a capture that would silently end before the window.
func (b block) coversWindow(at hcl.Range, window time.Duration) {
	if window > maxCapture {
		b.scope.add("Window too long", at, "The window is %s, and a packet capture lasts at most %s. Say how much of it is captured with packet_capture { duration = \"5h\" }, or record in a ring { }.", short(window), short(maxCapture))
	}
}

var ringSchema = schema{attrs: []string{"files", "file_size", "duration"}}

// The limits and defaults of a ring, of captureSettings in the REST reference.
const (
	maxRingFiles     = 10000
	defaultRingFiles = 10
	defaultFileSize  = 100 << 20
	maxRing          = 7 * day
)

// ring reads a ring block: a capture that keeps the newest files.
func (b block) ring(r block, c *Capture, window time.Duration) {
	ringSchema.check(r.Body, "ring", b.scope.problems)
	for _, name := range []string{"duration", "max_bytes"} {
		if b.has(name) {
			b.scope.add("Conflicting attributes", b.at(name), "A ring has limits of its own. Move %s into ring { }, which has files, file_size and duration.", name)
		}
	}
	ring := &plan.Ring{Files: defaultRingFiles, FileSize: defaultFileSize, Duration: min(window, maxRing)}
	if n, ok := r.whole("files", 1, maxRingFiles); ok {
		ring.Files = int(n)
	}
	if n, ok := r.size("file_size", 1, maxBytes); ok {
		ring.FileSize = n
	}
	switch d, ok := r.duration("duration"); {
	case ok && d > maxRing:
		b.scope.add("Capture too long", r.at("duration"), "A ring lasts at most %s, and this one shall last %s.", short(maxRing), short(d))
	case ok && window > 0 && d > window:
		b.scope.add("Capture too long", r.at("duration"), "The ring lasts %s, but the investigation ends after %s. Shorten the ring, or lengthen the window.", short(d), short(window))
	case ok:
		ring.Duration = d
	}
	c.Spec.Ring = ring
	c.Spec.Duration, c.Spec.MaxBytes = ring.Duration, int64(ring.Files)*ring.FileSize
}

var instanceForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`) })

// instances reads include or exclude, of scale sets.
func (b block) instances(kind string) (include, exclude []string) {
	for _, name := range []string{"include", "exclude"} {
		if b.has(name) && kind != VMSS {
			b.scope.add("Conflicting attributes", b.at(name), "%s chooses instances of a scale set; a %s has none. Remove it.", name, kind)
			return nil, nil
		}
	}
	if b.has("include") && b.has("exclude") {
		b.scope.add("Conflicting attributes", b.at("exclude"), "Write include or exclude, not both.")
		return nil, nil
	}
	return b.numbers("include"), b.numbers("exclude")
}

func (b block) numbers(name string) []string {
	items, _ := b.list(name)
	var out []string
	for _, i := range items {
		if !instanceForm().MatchString(i.text) {
			b.scope.add("Invalid instance", i.at, "%q is not the id of a scale set's instance, such as \"0\".", i.text)
			continue
		}
		out = append(out, i.text)
	}
	return out
}

// pathForm is what Azure takes for a file on the machine: below
// /var/captures on Linux, an absolute path on Windows, ending in .cap.
var pathForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(/var/captures/[^\x00-\x1f"']+|[A-Za-z]:\\[^\x00-\x1f"'<>|?*]+)\.cap$`)
})

func (b block) localPath() string {
	s, ok := b.text("local_path")
	if !ok {
		return ""
	}
	if !pathForm().MatchString(s) || dotted().MatchString(s) {
		b.scope.add("Invalid path", b.at("local_path"), "local_path is %q; it must be like /var/captures/web.cap on Linux or C:\\captures\\web.cap on Windows.", s)
		return ""
	}
	return s
}

// dotted matches a path that steps up.
var dotted = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(^|[/\\])\.\.([/\\]|$)`) })
