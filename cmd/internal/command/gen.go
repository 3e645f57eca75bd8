package command

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
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"flowctl/collectors/flowlog/flowlogtest"
	"flowctl/collectors/pcap/pcaptest"
)

// newGen makes files to measure with. It is no part of what users do, so help
// does not show it; the benchmarks and their documentation do.
func newGen(env *Env) *cobra.Command {
	cmd := &cobra.Command{Use: "gen", Short: "Make files to measure with", Hidden: true}
	cmd.AddCommand(newGenFlowLog(env), newGenCapture(env), newGenBlobs(env))
	return cmd
}

type genFlowLog struct {
	out         string
	size        string
	nics, hours int
	seed        uint64
	version     int
	tuples      int     // distinct 5-tuples of all interfaces; 0 for one a conversation
	scan        float64 // share of conversations that are one denied tuple of a pair of their own
}

func newGenFlowLog(env *Env) *cobra.Command {
	var o genFlowLog
	cmd := &cobra.Command{
		Use:     "flowlog",
		Short:   "Make VNet flow logs, a blob a network interface and hour",
		Example: "  flowctl gen flowlog --out logs --nics 25 --hours 2 --size 1GB",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return runGenFlowLog(env, o) },
	}
	cmd.Flags().StringVar(&o.out, "out", "flowlogs", "write below this `folder`")
	cmd.Flags().StringVar(&o.size, "size", "100MB", "of all files together, about")
	cmd.Flags().IntVar(&o.nics, "nics", 25, "network interfaces")
	cmd.Flags().IntVar(&o.hours, "hours", 2, "hours")
	cmd.Flags().Uint64Var(&o.seed, "seed", 1, "the same seed makes the same files")
	cmd.Flags().IntVar(&o.version, "version", 4, "of the format: 4, or 1 or 2 of NSG flow logs")
	cmd.Flags().IntVar(&o.tuples, "tuples", 0, "distinct 5-tuples of all interfaces together, about; 0 for one a conversation")
	cmd.Flags().Float64Var(&o.scan, "scan", 0, "`share` of conversations, 0 to 1, that are one denied tuple from an address of its own")
	return cmd
}

func runGenFlowLog(env *Env, o genFlowLog) error {
	size, err := humanize.ParseBytes(o.size)
	if err != nil || o.nics < 1 || o.hours < 1 {
		return fmt.Errorf("size %q, %d interfaces, %d hours: want a size such as 1GB and at least one of both", o.size, o.nics, o.hours)
	}
	first := flowlogtest.Spec{Seed: o.seed, IPv6: 0.08, Version: o.version, Scan: o.scan}
	first.Flows = max(1, first.FlowsFor(int64(size)/int64(o.nics*o.hours)))
	if o.tuples > 0 {
		first.Pool = max(1, o.tuples/o.nics)
	}
	var mu sync.Mutex
	var files, bytes, tuples uint64
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for name, spec := range flowlogtest.Hours(first, o.nics, o.hours) {
		all.Go(func() error {
			var t flowlogtest.Totals
			err := create(filepath.Join(o.out, filepath.FromSlash(name)), func(w io.Writer) (err error) {
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
	fmt.Fprintf(env.Stdout, "%d files, %d bytes, %d tuples below %s\n", files, bytes, tuples, o.out)
	return nil
}

type genCapture struct {
	out                    string
	packets, flows, active int
	data                   int
	seed                   uint64
}

func newGenCapture(env *Env) *cobra.Command {
	var o genCapture
	cmd := &cobra.Command{
		Use:     "capture",
		Short:   "Make a packet capture",
		Example: "  flowctl gen capture --out x.pcap --packets 1700000 --data 1200",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return runGenCapture(env, o) },
	}
	cmd.Flags().StringVar(&o.out, "out", "capture.pcap", "`file` to write")
	cmd.Flags().IntVar(&o.packets, "packets", 100_000, "packets")
	cmd.Flags().IntVar(&o.flows, "flows", 10_000, "conversations to aim at")
	cmd.Flags().IntVar(&o.active, "active", 2_000, "conversations at once")
	cmd.Flags().IntVar(&o.data, "data", 1200, "most data bytes of a packet")
	cmd.Flags().Uint64Var(&o.seed, "seed", 1, "the same seed makes the same file")
	return cmd
}

func runGenCapture(env *Env, o genCapture) error {
	t := pcaptest.Traffic{Seed: o.seed, Packets: o.packets, Flows: o.flows, Active: o.active, Data: o.data, Span: 15 * time.Minute}
	err := create(o.out, func(w io.Writer) error {
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
		fmt.Fprintf(env.Stdout, "%d packets in %s\n", o.packets, o.out)
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
