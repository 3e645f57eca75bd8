package traffic

import (
	"io"
	"time"

	"flowctl/plan"
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

// Check says what is wrong with the filters of c, as the service would.
func (c Capture) Check() error { return nil }

// CaptureEnd says when c ends if it is stopped at stop (zero: never), why,
// and how large its file is then. A size limit ends a capture before the
// packet that would break it. With neither limit nor stop it never ends: end
// is zero.
func (m *Model) CaptureEnd(c Capture, stop time.Time) (end time.Time, reason string, size int64) {
	return c.Start, Manual, 0
}

// CaptureSize is the size of the file with the packets from c.Start to before
// at, the file header included.
func (m *Model) CaptureSize(c Capture, at time.Time) int64 { return 0 }

// CaptureFiles lists the files that c has left behind when it ended at end:
// one, or the last of a continuous capture's.
func (m *Model) CaptureFiles(c Capture, end time.Time) []CaptureFile { return nil }

// WriteCapture writes the packets of c from from to before to as a pcap file.
func (m *Model) WriteCapture(w io.Writer, c Capture, from, to time.Time) error { return nil }
