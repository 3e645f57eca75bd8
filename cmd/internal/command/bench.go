package command

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"flowctl/collectors"
)

type benchOptions struct {
	size    string
	packets int
	runs    int
	starts  int
	seed    uint64
	keep    string
	duckdb  string // program of cmd/internal/peers/duckdb
	gopkt   string // program of cmd/internal/peers/gopacket
	chdb    string // folder in which npm installed chdb
	only    string // part of the titles of what to measure
	pairs   bool   // measure memory with 100 million pairs
	blobs   bool   // measure reading from storage
	sized   bool   // size was given
}

// threads is how many the peers may use that have an option for it.
func (o benchOptions) threads() int { return min(2, runtime.NumCPU()) }

// newBench compares flowctl with other programs. Like gen it is not for
// users; flowctl docs benchmarks says what it measures.
func newBench(env *Env) *cobra.Command {
	var o benchOptions
	cmd := &cobra.Command{
		Use:     "bench",
		Short:   "Measure flowctl against the other programs that are installed",
		Example: "  flowctl bench --size 1GB --packets 1660000 --runs 5 --duckdb ./flowctl-duckdb --chdb .",
		Hidden:  true,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.sized = cmd.Flags().Changed("size")
			return runBench(cmd.Context(), env, o)
		},
	}
	cmd.Flags().StringVar(&o.size, "size", "200MB", "of the flow logs, about")
	cmd.Flags().IntVar(&o.packets, "packets", 400_000, "in the capture of mixed traffic; that of small packets has six times as many, that of large ones twice")
	cmd.Flags().IntVar(&o.runs, "runs", 3, "of each program")
	cmd.Flags().IntVar(&o.starts, "starts", 15, "runs of programs that only start")
	cmd.Flags().Uint64Var(&o.seed, "seed", 1, "the same seed makes the same files")
	cmd.Flags().StringVar(&o.keep, "dir", "", "make the files below this `folder` and leave them there")
	cmd.Flags().StringVar(&o.duckdb, "duckdb", "flowctl-duckdb", "`program` built of cmd/internal/peers/duckdb")
	cmd.Flags().StringVar(&o.gopkt, "gopacket", "flowctl-gopacket", "`program` built of cmd/internal/peers/gopacket")
	cmd.Flags().StringVar(&o.chdb, "chdb", "", "`folder` in which npm installed chdb")
	cmd.Flags().StringVar(&o.only, "only", "", "measure but those works whose title has this `text` in it")
	cmd.Flags().BoolVar(&o.pairs, "pairs", false, "measure 10 GB of flow logs with 100 million pairs and a budget of 1 GiB instead; it takes long")
	cmd.Flags().BoolVar(&o.blobs, "blobs", false, "measure reading from storage instead: 50,000 and 200,000 small blobs, and 300 MB of flow logs from a folder and from storage")
	cmd.AddCommand(newBenchJSON(env), newBenchTimed(env))
	return cmd
}

// work is one thing that several contenders do.
type work struct {
	title      string
	contenders []contender // the first one is what the others are compared with
	runs       int
	self       string // flowctl
}

func runBench(ctx context.Context, env *Env, o benchOptions) error {
	if o.runs < 1 || o.starts < 1 {
		return fmt.Errorf("%d runs, %d starts: want at least one of each", o.runs, o.starts)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	dir := o.keep
	if dir == "" {
		if dir, err = os.MkdirTemp("", "flowctl-bench-*"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	o.keep = dir
	if o.blobs {
		fmt.Fprintf(env.Stdout, "Measured on %s.\n", machine())
		return o.benchBlobs(ctx, env, self)
	}
	all, err := o.works(ctx, env, self)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "Measured on %s.\n", machine())
	for _, w := range all {
		if !strings.Contains(w.title, o.only) {
			continue
		}
		if err := w.run(ctx, env); err != nil {
			return fmt.Errorf("%s: %w", w.title, err)
		}
	}
	return nil
}

// works makes the files and returns what is to be measured with them.
func (o benchOptions) works(ctx context.Context, env *Env, self string) ([]work, error) {
	if o.pairs {
		return o.pairsWork(env, self)
	}
	logs, files, err := benchFiles(ctx, env, o.keep, o)
	if err != nil {
		return nil, err
	}
	starts, err := startWork(ctx, env, self, o.keep, o.starts)
	if err != nil {
		return nil, err
	}
	folder, flows := filepath.Join(o.keep, "flowlogs"), filepath.Join(o.keep, "flows.parquet")
	if err := exec.CommandContext(ctx, self, "summarize", "--flows", flows, folder).Run(); err != nil {
		return nil, fmt.Errorf("keep flows as Parquet: %w", err)
	}
	all := []work{
		{fmt.Sprintf("Flow logs: %s in %d files", o.size, len(logs)), o.logContenders(self, folder, logs), o.runs, self},
		{"All answers against one, and with flows kept as Parquet", o.answerContenders(self, folder), o.runs, self},
		{"Flows as Parquet, read back", o.flowsContenders(self, flows), o.runs, self},
	}
	for _, f := range files {
		all = append(all, work{f.title, o.captureContenders(self, f.name, filepath.Join(o.keep, "nf")), o.runs, self})
	}
	return append(all, starts), nil
}

// benchFile is a capture to measure with.
type benchFile struct{ title, name string }

// benchFiles makes what is read: flow logs, and captures of mixed traffic, of
// small packets and of large ones.
func benchFiles(ctx context.Context, env *Env, dir string, o benchOptions) (logs []string, captures []benchFile, err error) {
	quiet := *env
	quiet.Stdout = env.Stderr
	env = &quiet
	folder := filepath.Join(dir, "flowlogs")
	size, err := humanize.ParseBytes(o.size)
	if err != nil {
		return nil, nil, err
	}
	gen := genFlowLog{out: folder, size: o.size, nics: 26, hours: 2, seed: o.seed, version: 4, tuples: max(1000, int(size/1000))}
	if err := runGenFlowLog(env, gen); err != nil {
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
		genCapture
	}{
		{"mixed", genCapture{packets: o.packets, flows: o.packets / 40, active: 2000, data: 1200}},
		{"small", genCapture{packets: 6 * o.packets, flows: 6 * o.packets / 10, active: 20_000, data: 60}},
		{"large", genCapture{packets: 2 * o.packets, flows: o.packets / 400, active: 200, data: 1400}},
	} {
		c.out, c.seed = filepath.Join(dir, c.name+".pcap"), o.seed
		if err := runGenCapture(env, c.genCapture); err != nil {
			return nil, nil, err
		}
		captures = append(captures, benchFile{fmt.Sprintf("Capture: %d packets, %s", c.packets, c.name), c.out})
	}
	return logs, captures, nil
}

// pairsWork is the case that cannot be kept in memory.
func (o benchOptions) pairsWork(env *Env, self string) ([]work, error) {
	folder := filepath.Join(o.keep, "pairs")
	quiet := *env
	quiet.Stdout = env.Stderr
	gen := genFlowLog{out: folder, size: o.size, nics: 100, hours: 2, seed: o.seed, version: 4, scan: 0.9}
	if !o.sized {
		gen.size = "10GB"
	}
	if err := runGenFlowLog(&quiet, gen); err != nil {
		return nil, err
	}
	all := []string{self, "summarize", "--memory", "1GiB", folder}
	return []work{{gen.size + " of flow logs, nearly every tuple another pair, a budget of 1 GiB", []contender{
		{name: "flowctl summarize, all answers", args: all},
		{name: "flowctl summarize, by pair", args: slices.Concat(all, byPair)},
	}, o.runs, self}}, nil
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
