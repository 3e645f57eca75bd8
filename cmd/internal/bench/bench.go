// Package bench makes files to measure with and compares flowctl with the other
// programs that are installed. It is for those who work on flowctl: what it
// prints goes into the documentation of benchmarks.
package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"flowctl/collectors"
)

// Streams are where results and progress go.
type Streams struct {
	Out, Err io.Writer
	Log      *slog.Logger
}

func (s Streams) say(format string, args ...any) { fmt.Fprintf(s.Err, format, args...) }

// Options say what to measure, and with which peers.
type Options struct {
	Size     string
	Sized    bool // Size was given
	Packets  int
	Runs     int
	Starts   int
	Seed     uint64
	Dir      string // for the files; empty for a temporary one
	DuckDB   string // program of cmd/internal/peers/duckdb
	Gopacket string // program of cmd/internal/peers/gopacket
	ChDB     string // folder in which npm installed chdb
	Only     string // part of the titles of what to measure
	Pairs    bool   // measure memory with 100 million pairs
	Blobs    bool   // measure reading from storage
	Limits   bool   // measure what is asked, and say whether it is met

	Before     string // another flowctl, to compare with
	FlowPeer   string // program that sums flow logs up by pair: -j THREADS -q FILE…
	PacketPeer string // program that sums a capture up by pair: -j THREADS FILE
	Flows      int    // in the captures of very many flows
}

// threads is how many the peers may use that have an option for it.
func (o Options) threads() int { return min(2, runtime.NumCPU()) }

// work is one thing that several contenders do.
type work struct {
	title      string
	contenders []contender // the first one is what the others are compared with
	runs       int
	self       string // flowctl
}

// Run measures and prints tables in Markdown.
func Run(ctx context.Context, s Streams, o Options) error {
	if o.Runs < 1 || o.Starts < 1 {
		return fmt.Errorf("%d runs, %d starts: want at least one of each", o.Runs, o.Starts)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir := o.Dir
	if dir == "" {
		if dir, err = os.MkdirTemp("", "flowctl-bench-*"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	o.Dir = dir
	if o.Blobs {
		fmt.Fprintf(s.Out, "Measured on %s.\n", machine())
		return o.benchBlobs(ctx, s, self)
	}
	if o.Limits {
		fmt.Fprintf(s.Out, "Measured on %s, medians of %d runs in alternation.\n", machine(), o.Runs)
		return o.benchLimits(ctx, s, self)
	}
	all, err := o.works(ctx, s, self)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "Measured on %s.\n", machine())
	for _, w := range all {
		if !strings.Contains(w.title, o.Only) {
			continue
		}
		if err := w.run(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", w.title, err)
		}
	}
	return nil
}

// works makes the files and returns what is to be measured with them.
func (o Options) works(ctx context.Context, s Streams, self string) ([]work, error) {
	if o.Pairs {
		return o.pairsWork(s, self)
	}
	logs, files, err := benchFiles(ctx, s, o.Dir, o)
	if err != nil {
		return nil, err
	}
	starts, err := startWork(ctx, s, self, o.Dir, o.Starts)
	if err != nil {
		return nil, err
	}
	folder, flows := filepath.Join(o.Dir, "flowlogs"), filepath.Join(o.Dir, "flows.parquet")
	if err := exec.CommandContext(ctx, self, "summarize", "--flows", flows, folder).Run(); err != nil {
		return nil, fmt.Errorf("keep flows as Parquet: %w", err)
	}
	all := []work{
		{fmt.Sprintf("Flow logs: %s in %d files", o.Size, len(logs)), o.logContenders(self, folder, logs), o.Runs, self},
		{"All answers against one, and with flows kept as Parquet", o.answerContenders(self, folder), o.Runs, self},
		{"Flows as Parquet, read back", o.flowsContenders(self, flows), o.Runs, self},
	}
	for _, f := range files {
		all = append(all, work{f.title, o.captureContenders(self, f.name, filepath.Join(o.Dir, "nf")), o.Runs, self})
	}
	return append(all, starts), nil
}

// benchFile is a capture to measure with.
type benchFile struct{ kind, title, name string }

// benchFiles makes what is read: flow logs, and captures of mixed traffic, of
// small packets and of large ones.
func benchFiles(ctx context.Context, s Streams, dir string, o Options) (logs []string, captures []benchFile, err error) {
	s.Out = s.Err
	folder := filepath.Join(dir, "flowlogs")
	size, err := humanize.ParseBytes(o.Size)
	if err != nil {
		return nil, nil, err
	}
	gen := FlowLogs{Out: folder, Size: o.Size, NICs: 26, Hours: 2, Seed: o.Seed, Version: 4, Tuples: max(1000, int(size/1000))}
	if err := gen.Write(s); err != nil {
		return nil, nil, err
	}
	for item, err := range (collectors.Args{List: []string{folder}}).Walk(ctx) {
		if err != nil {
			return nil, nil, err
		}
		logs = append(logs, item.Path)
	}
	for _, c := range []struct {
		name string
		Capture
	}{
		{"mixed", Capture{Packets: o.Packets, Flows: o.Packets / 40, Active: 2000, Data: 1200}},
		{"small", Capture{Packets: 6 * o.Packets, Flows: 6 * o.Packets / 10, Active: 20_000, Data: 60}},
		{"large", Capture{Packets: 2 * o.Packets, Flows: o.Packets / 400, Active: 200, Data: 1400}},
	} {
		c.Out, c.Seed = filepath.Join(dir, c.name+".pcap"), o.Seed
		if err := c.Capture.Write(s); err != nil {
			return nil, nil, err
		}
		captures = append(captures, benchFile{c.name, fmt.Sprintf("Capture: %d packets, %s", c.Packets, c.name), c.Out})
	}
	return logs, captures, nil
}

// pairsWork is the case that cannot be kept in memory.
func (o Options) pairsWork(s Streams, self string) ([]work, error) {
	folder := filepath.Join(o.Dir, "pairs")
	s.Out = s.Err
	gen := FlowLogs{Out: folder, Size: o.Size, NICs: 100, Hours: 2, Seed: o.Seed, Version: 4, Scan: 0.9}
	if !o.Sized {
		gen.Size = "10GB"
	}
	if err := gen.Write(s); err != nil {
		return nil, err
	}
	all := []string{self, "summarize", "--memory", "1GiB", folder}
	return []work{{gen.Size + " of flow logs, nearly every tuple another pair, a budget of 1 GiB", []contender{
		{name: "flowctl summarize, all answers", args: all},
		{name: "flowctl summarize, by pair", args: slices.Concat(all, byPair)},
	}, o.Runs, self}}, nil
}

// machine names what the figures were measured on.
func machine() string {
	cpu := "an unknown processor"
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if name, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				cpu = strings.TrimSpace(v)
				break
			}
		}
	}
	s := fmt.Sprintf("%s/%s, %d × %s, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), cpu, runtime.Version())
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		if load, _, ok := strings.Cut(string(b), " "); ok {
			s += ", load " + load + " when it began"
		}
	}
	return s
}
