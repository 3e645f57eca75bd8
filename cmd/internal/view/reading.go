package view

import (
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors"
)

// Reading is a line that says how far p is, that long after its begin.
func Reading(p *collectors.Progress, after time.Duration) string {
	n, bytes := p.Files.Load(), p.Bytes.Load()
	files := humanize.Comma(n) + " files"
	if n == 1 {
		files = "1 file"
	}
	if p.Answering.Load() {
		return fmt.Sprintf("answering  %s, %s read", files, terminal.Bytes(uint64(bytes)))
	}
	line := fmt.Sprintf("reading  %s, %s", files, terminal.Bytes(uint64(bytes)))
	if seconds := after.Seconds(); seconds >= 1 {
		line += fmt.Sprintf(", %s/s", terminal.Bytes(uint64(float64(bytes)/seconds)))
	}
	return line
}
