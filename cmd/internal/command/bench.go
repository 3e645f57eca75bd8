package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/spf13/cobra"
)

type benchOptions struct {
	size    string
	packets int
	runs    int
	starts  int
	seed    uint64
	keep    string
}

// newBench compares flowctl with other programs. Like gen it is not for
// users; flowctl docs benchmarks says what it measures.
func newBench(env *Env) *cobra.Command {
	var o benchOptions
	cmd := &cobra.Command{
		Use:     "bench",
		Short:   "Measure flowctl against the other programs that are installed",
		Example: "  flowctl bench --size 1GB --packets 1700000 --runs 5",
		Hidden:  true,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runBench(cmd.Context(), env, o) },
	}
	cmd.Flags().StringVar(&o.size, "size", "200MB", "of the flow logs, about")
	cmd.Flags().IntVar(&o.packets, "packets", 400_000, "in the capture of mixed traffic; that of small packets has four times as many")
	cmd.Flags().IntVar(&o.runs, "runs", 3, "of each program")
	cmd.Flags().IntVar(&o.starts, "starts", 15, "runs of programs that only start")
	cmd.Flags().Uint64Var(&o.seed, "seed", 1, "the same seed makes the same files")
	cmd.Flags().StringVar(&o.keep, "dir", "", "make the files below this `folder` and leave them there")
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
	logs, small, mixed, err := benchFiles(env, dir, o)
	if err != nil {
		return err
	}
	starts, err := startWork(ctx, env, self, dir, o.starts)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.Stdout, "Measured on %s.\n", machine())
	for _, w := range []work{
		{fmt.Sprintf("Flow logs: %s in %d files", o.size, len(logs)), logContenders(self, logs), o.runs, self},
		{fmt.Sprintf("Capture: %d packets, mixed", o.packets), captureContenders(self, mixed), o.runs, self},
		{fmt.Sprintf("Capture: %d small packets", 4*o.packets), captureContenders(self, small), o.runs, self},
		starts,
	} {
		if err := w.run(ctx, env); err != nil {
			return fmt.Errorf("%s: %w", w.title, err)
		}
	}
	return nil
}

// benchFiles makes what is read.
func benchFiles(env *Env, dir string, o benchOptions) (logs []string, small, mixed string, err error) {
	quiet := *env
	quiet.Stdout = env.Stderr
	env = &quiet
	folder := filepath.Join(dir, "flowlogs")
	if err := runGenFlowLog(env, genFlowLog{out: folder, size: o.size, nics: 26, hours: 2, seed: o.seed}); err != nil {
		return nil, "", "", err
	}
	for item, err := range items([]string{folder}) {
		if err != nil {
			return nil, "", "", err
		}
		logs = append(logs, item.Path)
	}
	mixed, small = filepath.Join(dir, "mixed.pcap"), filepath.Join(dir, "small.pcap")
	err = runGenCapture(env, genCapture{out: mixed, packets: o.packets, flows: o.packets / 40, active: 2000, data: 1200, seed: o.seed})
	if err == nil {
		err = runGenCapture(env, genCapture{out: small, packets: 4 * o.packets, flows: o.packets / 2, active: 20_000, data: 60, seed: o.seed})
	}
	return logs, small, mixed, err
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
