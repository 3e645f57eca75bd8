package command

import (
	"github.com/spf13/cobra"

	"flowctl/cmd/internal/bench"
	"flowctl/cmd/internal/env"
)

// newBench compares flowctl with other programs. Like gen it is not for
// users; flowctl docs benchmarks says what it measures.
func newBench(e *env.Env) *cobra.Command {
	var o bench.Options
	cmd := &cobra.Command{
		Use:     "bench",
		Short:   "Measure flowctl against the other programs that are installed",
		Example: "  flowctl bench --size 1GB --packets 1660000 --runs 5 --duckdb ./flowctl-duckdb --chdb ./clickhouse",
		Hidden:  true,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Sized = cmd.Flags().Changed("size")
			return bench.Run(cmd.Context(), streams(e), o)
		},
	}
	cmd.Flags().StringVar(&o.Size, "size", "200MB", "of the flow logs, about")
	cmd.Flags().IntVar(&o.Packets, "packets", 400_000, "in the capture of mixed traffic; that of small packets has six times as many, that of large ones twice")
	cmd.Flags().IntVar(&o.Runs, "runs", 3, "of each program")
	cmd.Flags().IntVar(&o.Starts, "starts", 15, "runs of programs that only start")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "the same seed makes the same files")
	cmd.Flags().StringVar(&o.Dir, "dir", "", "make the files below this `folder` and leave them there")
	cmd.Flags().StringVar(&o.DuckDB, "duckdb", "flowctl-duckdb", "`program` built of cmd/internal/peers/duckdb")
	cmd.Flags().StringVar(&o.Gopacket, "gopacket", "flowctl-gopacket", "`program` built of cmd/internal/peers/gopacket")
	cmd.Flags().StringVar(&o.ChDB, "chdb", "", "`folder` in which npm installed chdb")
	cmd.Flags().StringVar(&o.Only, "only", "", "measure but those works whose title has this `text` in it")
	cmd.Flags().BoolVar(&o.Pairs, "pairs", false, "measure 10 GB of flow logs with 100 million pairs and a budget of 1 GiB instead; it takes long")
	cmd.Flags().BoolVar(&o.Blobs, "blobs", false, "measure reading from storage instead: 50,000 and 200,000 small blobs, and 300 MB of flow logs from a folder and from storage")
	cmd.Flags().BoolVar(&o.Limits, "limits", false, "measure what is asked of speed and memory instead, and say whether it is met")
	cmd.Flags().StringVar(&o.Before, "before", "", "of --limits: another flowctl `program` to compare with")
	cmd.Flags().StringVar(&o.FlowPeer, "flow-peer", "", "of --limits: `program` that sums flow logs up by pair, called with -j THREADS -q FILE…")
	cmd.Flags().StringVar(&o.PacketPeer, "packet-peer", "", "of --limits: `program` that sums a capture up by pair, called with -j THREADS FILE")
	cmd.Flags().IntVar(&o.Flows, "flows", 12_000_000, "of --limits: flows in the captures of very many")
	cmd.AddCommand(newBenchJSON(e), newBenchTimed(e))
	return cmd
}

func newBenchJSON(e *env.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "peer-json FILE…",
		Short: "Sum flow logs up with encoding/json",
		Args:  cobra.MinimumNArgs(1),
		RunE:  func(_ *cobra.Command, files []string) error { return bench.SumJSON(streams(e), files) },
	}
}

func newBenchTimed(e *env.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "timed -- PROGRAM ARGUMENT…",
		Short: "Run a program without its output and print what it took as JSON",
		Args:  cobra.MinimumNArgs(1),
		RunE:  func(cmd *cobra.Command, args []string) error { return bench.Timed(cmd.Context(), streams(e), args) },
	}
}
