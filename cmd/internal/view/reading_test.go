package view

import (
	"testing"
	"time"

	"flowctl/collectors"
)

func TestReading(t *testing.T) {
	tests := []struct {
		files, bytes int64
		answering    bool
		after        time.Duration
		want         string
	}{
		{0, 0, false, 0, "reading  0 files, 0 B"},
		{1, 1_200_000_000, false, 4 * time.Second, "reading  1 file, 1.2 GB, 300.0 MB/s"},
		{1234, 52_000_000_000, true, time.Hour, "answering  1,234 files, 52.0 GB read"},
	}
	for _, tt := range tests {
		var p collectors.Progress
		p.Files.Store(tt.files)
		p.Bytes.Store(tt.bytes)
		p.Answering.Store(tt.answering)
		if got := Reading(&p, tt.after); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
