package bench

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/sync/errgroup"

	"flowctl/collectors/flowlog/flowlogtest"
	"flowctl/collectors/pcap/pcaptest"
)

// FlowLogs are VNet flow logs to be made, a blob for each interface and hour.
type FlowLogs struct {
	Out         string // folder
	Size        string // of all files together, about
	NICs, Hours int
	Seed        uint64
	Version     int
	Tuples      int     // distinct 5-tuples of all interfaces; 0 for one per conversation
	Scan        float64 // share of conversations that are one denied tuple of a pair of their own
}

// Write makes the files and says what they hold.
func (o FlowLogs) Write(s Streams) error {
	size, err := humanize.ParseBytes(o.Size)
	if err != nil || o.NICs < 1 || o.Hours < 1 {
		return fmt.Errorf("size %q, %d interfaces, %d hours: want a size such as 1GB and at least one of both", o.Size, o.NICs, o.Hours)
	}
	first := flowlogtest.Spec{Seed: o.Seed, IPv6: 0.08, Version: o.Version, Scan: o.Scan}
	first.Flows = max(1, first.FlowsFor(int64(size)/int64(o.NICs*o.Hours)))
	if o.Tuples > 0 {
		first.Pool = max(1, o.Tuples/o.NICs)
	}
	var mu sync.Mutex
	var files, bytes, tuples uint64
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for name, spec := range flowlogtest.Hours(first, o.NICs, o.Hours) {
		all.Go(func() error {
			var t flowlogtest.Totals
			err := create(filepath.Join(o.Out, filepath.FromSlash(name)), func(w io.Writer) (err error) {
				t, err = flowlogtest.Generate(w, spec)
				return err
			})
			mu.Lock()
			defer mu.Unlock()
			files, bytes, tuples = files+1, bytes+uint64(t.Bytes), tuples+t.Tuples
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%d files, %d bytes, %d tuples below %s\n", files, bytes, tuples, o.Out)
	return nil
}

// Capture is a packet capture to be made.
type Capture struct {
	Out                    string // file
	Packets, Flows, Active int    // conversations to aim at, and at once
	Data                   int    // most data bytes of a packet
	Seed                   uint64
}

// Write makes the file and says what it holds.
func (o Capture) Write(s Streams) error {
	t := pcaptest.Traffic{Seed: o.Seed, Packets: o.Packets, Flows: o.Flows, Active: o.Active, Data: o.Data, Span: 15 * time.Minute}
	err := create(o.Out, func(w io.Writer) error {
		var file pcaptest.Classic
		b := file.Append(nil)
		for r := range t.Records() {
			if _, err := w.Write(b); err != nil {
				return err
			}
			b = file.AppendRecord(b[:0], r)
		}
		_, err := w.Write(b)
		return err
	})
	if err == nil {
		fmt.Fprintf(s.Out, "%d packets in %s\n", o.Packets, o.Out)
	}
	return err
}

// create writes a file, with its folders.
func create(name string, write func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	return errors.Join(write(w), w.Flush(), f.Close())
}
