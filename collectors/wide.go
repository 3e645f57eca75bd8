package collectors

import (
	"iter"
	"os"

	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog"
	"flowctl/collectors/pcap"
)

// wideFrom is the size from which on a file is worth several goroutines.
const wideFrom = 32 << 20

// readWide reads a file like ReadFile. Own takes its records; if it is a large
// flow log, capture or file of flows, plain on disk, so do the sinks that lend gives.
func readWide(path string, in flow.Input, own func(flow.Batch) bool, lend func() (flow.Sink, bool)) error {
	if f, size := openLargeFlows(path); f != nil {
		defer f.Close()
		return readFlows(f, size, in, own, lend)
	}
	f, size, capture := openWide(path)
	switch {
	case capture:
		defer f.Close()
		return pcap.ReadShared(f, in, own, lend)
	case f != nil:
		defer f.Close()
		return flowlog.ReadAt(f, size, in, own, lend)
	}
	return drain(ReadFile(path, in), own)
}

// drain gives all batches to own, until it wants no more or there is an error.
func drain(all iter.Seq2[flow.Batch, error], own func(flow.Batch) bool) error {
	for b, err := range all {
		if !own(b) || err != nil {
			return err
		}
	}
	return nil
}

// openWide opens a file that several goroutines can read and says whether it
// is a capture; it returns nil for others.
func openWide(path string) (f *os.File, size int64, capture bool) {
	st, err := os.Stat(path)
	if err != nil || !st.Mode().IsRegular() || st.Size() < wideFrom {
		return nil, 0, false
	}
	if f, err = os.Open(path); err != nil {
		return nil, 0, false
	}
	head := make([]byte, headSize)
	if _, err = f.ReadAt(head, 0); err == nil && decompressor(head) == nil {
		if detectCapture(head) {
			return f, st.Size(), true
		}
		if flowlog.Detect(head) {
			return f, st.Size(), false
		}
	}
	f.Close()
	return nil, 0, false
}
