package collectors

import (
	"io"
	"os"

	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog"
)

// wideFrom is the size from which on a file is worth several goroutines.
const wideFrom = 32 << 20

// readWide reads a file like ReadFile. Own takes its records; if it is a large
// flow log, plain on disk, so do the sinks that lend gives.
func readWide(path string, in flow.Input, own func(flow.Batch) bool, lend func() (flowlog.Sink, bool)) error {
	if f, size := openWide(path); f != nil {
		defer f.Close()
		return flowlog.ReadAt(f, size, in, own, lend)
	}
	for b, err := range ReadFile(path, in) {
		if !own(b) || err != nil {
			return err
		}
	}
	return nil
}

// openWide opens a file that can be read in parts; it returns nil for others.
func openWide(path string) (f *os.File, size int64) {
	st, err := os.Stat(path)
	if err != nil || !st.Mode().IsRegular() || st.Size() < wideFrom {
		return nil, 0
	}
	if f, err = os.Open(path); err != nil {
		return nil, 0
	}
	head := make([]byte, headSize)
	_, err = io.ReadFull(f, head)
	if err == nil && decompressor(head) == nil && !detectCapture(head) && flowlog.Detect(head) {
		return f, st.Size()
	}
	f.Close()
	return nil, 0
}
