package command

import (
	"github.com/spf13/cobra"

	"flowctl/cmd/internal/bench"
	"flowctl/cmd/internal/env"
)

// newGen makes files to measure with. It is no part of what users do, so help
// does not show it; the benchmarks and their documentation do.
func newGen(e *env.Env) *cobra.Command {
	cmd := &cobra.Command{Use: "gen", Short: "Make files to measure with", Hidden: true}
	cmd.AddCommand(newGenFlowLog(e), newGenCapture(e), newGenBlobs(e))
	return cmd
}

func streams(e *env.Env) bench.Streams {
	return bench.Streams{Out: e.Stdout, Err: e.Stderr, Log: e.Log}
}

func newGenFlowLog(e *env.Env) *cobra.Command {
	var o bench.FlowLogs
	cmd := &cobra.Command{
		Use:     "flowlog",
		Short:   "Make VNet flow logs, one blob per network interface and hour",
		Example: "  flowctl gen flowlog --out logs --nics 25 --hours 2 --size 1GB",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return o.Write(streams(e)) },
	}
	cmd.Flags().StringVar(&o.Out, "out", "flowlogs", "write below this `folder`")
	cmd.Flags().StringVar(&o.Size, "size", "100MB", "of all files together, about")
	cmd.Flags().IntVar(&o.NICs, "nics", 25, "network interfaces")
	cmd.Flags().IntVar(&o.Hours, "hours", 2, "hours")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "the same seed makes the same files")
	cmd.Flags().IntVar(&o.Version, "version", 4, "of the format: 4, or 1 or 2 of NSG flow logs")
	cmd.Flags().IntVar(&o.Tuples, "tuples", 0, "distinct 5-tuples of all interfaces together, about; 0 for one per conversation")
	cmd.Flags().Float64Var(&o.Scan, "scan", 0, "`share` of conversations, 0 to 1, that are one denied tuple from an address of its own")
	return cmd
}

func newGenCapture(e *env.Env) *cobra.Command {
	var o bench.Capture
	cmd := &cobra.Command{
		Use:     "capture",
		Short:   "Make a packet capture",
		Example: "  flowctl gen capture --out x.pcap --packets 1700000 --data 1200",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return o.Write(streams(e)) },
	}
	cmd.Flags().StringVar(&o.Out, "out", "capture.pcap", "`file` to write")
	cmd.Flags().IntVar(&o.Packets, "packets", 100_000, "packets")
	cmd.Flags().IntVar(&o.Flows, "flows", 10_000, "conversations to aim at")
	cmd.Flags().IntVar(&o.Active, "active", 2_000, "conversations at once")
	cmd.Flags().IntVar(&o.Data, "data", 1200, "most data bytes of a packet")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "the same seed makes the same file")
	return cmd
}

func newGenBlobs(e *env.Env) *cobra.Command {
	var o bench.Blobs
	cmd := &cobra.Command{
		Use:     "blobs",
		Short:   "Serve a container of flow logs on this machine, until Ctrl-C",
		Example: "  flowctl gen blobs --blobs 200000",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.Serve(cmd.Context(), streams(e)) },
	}
	cmd.Flags().IntVar(&o.Count, "blobs", 50_000, "how many small hour blobs there are; they are made when they are read")
	cmd.Flags().StringVar(&o.Folder, "folder", "", "serve the files below this `folder` instead")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 1, "the same seed makes the same blobs")
	return cmd
}
