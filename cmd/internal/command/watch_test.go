package command

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"flowctl/collectors"
)

// TestShowReading checks that what is soon done says nothing, and that what
// takes long leaves nothing on the screen.
func TestShowReading(t *testing.T) {
	t.Setenv("COLUMNS", "34")
	var p collectors.Progress
	p.Bytes.Store(3 << 30)
	show := func(after ...time.Duration) string {
		var out bytes.Buffer
		began := time.Unix(1, 0)
		ticks, stop, ended := make(chan time.Time), make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			showReading(&out, &p, ticks, stop, began)
		}()
		for _, d := range after {
			ticks <- began.Add(d)
		}
		close(stop)
		<-ended
		return out.String()
	}
	if got := show(time.Second / 2); got != "" {
		t.Errorf("after half a second: %q", got)
	}
	got := show(time.Second/2, 2*time.Second, 3*time.Second)
	if lines := strings.Split(got, "\r\x1b[K"); len(lines) != 4 || lines[1] == lines[2] || lines[3] != "" {
		t.Errorf("after three seconds: %q", lines)
	} else if len([]rune(lines[1])) > 33 || !strings.HasPrefix(lines[1], "reading  0 files, 3.2 GB") {
		t.Errorf("line of %d: %q", len(lines[1]), lines[1])
	}
}
