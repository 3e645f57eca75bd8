package traffic

import (
	"math"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// Capture is a packet capture of one VM or one scale set instance.
type Capture struct {
	Target    plan.ID // VM or instance
	Start     time.Time
	TimeLimit time.Duration   // zero: none
	MaxBytes  int64           // of the file; zero: none
	Snap      int64           // bytes kept of each packet; zero: all
	Filters   []CaptureFilter // any of them; none: everything
	Ring      *Ring           // continuous capture
}

// CaptureFilter is one filter in the service's own terms: fields are joined
// by and, an empty field is any.
type CaptureFilter = plan.CaptureFilter

// Ring are the settings of a continuous capture: the oldest of more than
// Files files is deleted.
type Ring struct {
	Files    int
	FileSize int64
}

// CaptureFile is one file of a capture.
type CaptureFile struct {
	Number   int // from 1; above 1 only in continuous captures
	From, To time.Time
	Size     int64
}

// The reasons for which a capture ends. TimeExceeded and Manual are Azure's
// words; no source states its word for the size limit.
const (
	TimeExceeded = "TimeExceeded"
	SizeExceeded = "SizeExceeded"
	Manual       = "Manual"
)

// Check says what is wrong with the filters of c.
func (c Capture) Check() error {
	_, err := compile(c.Filters)
	return err
}

// CaptureEnd says when c ends if it is stopped at stop (zero: never), why,
// and how large its file is then. A size limit ends a capture before the
// packet that would break it; a continuous capture has none, as it deletes
// its oldest file instead. With neither limit nor stop it never ends: end is
// zero.
func (m *Model) CaptureEnd(c Capture, stop time.Time) (end time.Time, reason string, size int64) {
	if c.TimeLimit > 0 {
		end, reason = c.Start.Add(c.TimeLimit), TimeExceeded
	}
	if !stop.IsZero() && (end.IsZero() || stop.Before(end)) {
		end, reason = stop, Manual
	}
	s := m.session(c)
	if c.MaxBytes > 0 && c.Ring == nil {
		if full, ok := s.full(c.Start.UnixMicro(), end, c.MaxBytes); ok {
			end, reason = full, SizeExceeded
		}
	}
	if end.IsZero() {
		return end, "", 0
	}
	return end, reason, fileHeader + s.size(c.Start.UnixMicro(), end.UnixMicro())
}

// CaptureSize is the size of the file with the packets from c.Start to before
// at, the file header included.
func (m *Model) CaptureSize(c Capture, at time.Time) int64 {
	return fileHeader + m.session(c).size(c.Start.UnixMicro(), at.UnixMicro())
}

// CaptureFiles lists the files that c has left behind when it ended at end:
// one, or the last ones of a continuous capture.
func (m *Model) CaptureFiles(c Capture, end time.Time) []CaptureFile {
	s := m.session(c)
	from := c.Start
	var out []CaptureFile
	for number := 1; ; number++ {
		to, full := end, false
		if c.Ring != nil && c.Ring.FileSize > 0 {
			to, full = s.full(from.UnixMicro(), end, c.Ring.FileSize)
		}
		if !full {
			to = end
		}
		out = append(out, CaptureFile{number, from, to, fileHeader + s.size(from.UnixMicro(), to.UnixMicro())})
		if c.Ring != nil && c.Ring.Files > 0 && len(out) > c.Ring.Files {
			out = out[1:]
		}
		if !full || !to.After(from) { // a file that cannot hold one packet ends the session
			return out
		}
		from = to
	}
}

// session is a capture made ready: the pairs whose packets its machine sees.
type session struct {
	m     *Model
	seats []seat
	snap  int
	want  selection
}

// seat is a pair, and the interface of the machine that takes part in it.
type seat struct {
	*pair
	nic *world.NIC
}

// session is of no packet at all if the filters are not valid.
func (m *Model) session(c Capture) *session {
	s := &session{m: m, snap: math.MaxInt32}
	if c.Snap > 0 {
		s.snap = int(min(c.Snap, math.MaxInt32))
	}
	want, err := compile(c.Filters)
	if err != nil {
		return s
	}
	s.want = want
	seen := map[*pair]bool{}
	for _, nic := range m.NICs(c.Target) {
		for _, p := range m.at[nic.ID.Key()] {
			if !seen[p] {
				s.seats = append(s.seats, seat{p, nic})
			}
			seen[p] = true
		}
	}
	return s
}

// wants reports whether the capture has the packets of c.
func (s *session) wants(c *conn, nic *world.NIC) bool {
	packets, outbound := c.sees(nic)
	return packets && s.want.takes(c, outbound)
}

// size is the size of the records of the packets from from to before to.
func (s *session) size(from, to int64) (sum int64) {
	var c conn
	for _, p := range s.seats {
		for k, before := p.window(from, to); p.begin(k) < before; k++ {
			p.draw(&c, k)
			if c.end >= from && s.wants(&c, p.nic) {
				sum += c.captured(to, s.snap) - c.captured(from, s.snap)
			}
		}
	}
	return sum
}

// patience is how far full looks ahead when nothing else ends a capture.
const patience = 31 * 24 * time.Hour

// full finds the first moment at which a file of the packets since from, with
// its header, would be larger than limit; ok is false if end comes before.
func (s *session) full(from int64, end time.Time, limit int64) (at time.Time, ok bool) {
	last := from + patience.Microseconds()
	if !end.IsZero() {
		last = end.UnixMicro()
	}
	room, lo := limit-fileHeader, from
	// In growing steps to a span that holds the moment, then by halves.
	hi, width := lo, second
	for {
		hi = min(lo+width, last)
		n := s.size(lo, hi)
		if n > room {
			break
		}
		if hi == last {
			return time.Time{}, false
		}
		room, lo, width = room-n, hi, 2*width
	}
	for hi-lo > 1 {
		mid := lo + (hi-lo)/2
		if n := s.size(lo, mid); n > room {
			hi = mid
		} else {
			room, lo = room-n, mid
		}
	}
	return time.UnixMicro(lo).UTC(), true
}
