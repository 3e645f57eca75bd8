package command

import (
	"time"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/view"
)

func newConvert(e *env.Env) *cobra.Command {
	var o operation.ConvertOptions
	var start, end string
	cmd := &cobra.Command{
		Use:   "convert FROM TO.pcapng",
		Short: "Write packets of a capture or a Windows trace as pcapng, for Wireshark",
		Long: `convert writes the packets of a capture (pcap, pcapng, snoop, Network Monitor 2) or of
a Windows trace (.etl of netsh trace or pktmon), plain or compressed, as pcapng: all of them, those
of a time, or those of the flows that a condition means. - is the standard input or
output.

pktmon reports a packet at every component of Windows' network stack that it passes.
Each is written once, where summarize counts it; --everywhere writes every report,
with an interface for each edge of each component. --drops adds the drop events, each
with its reason as a comment. What netsh trace saw has the process that ran at that
moment as a comment (PID=…): it need not be the one that sent the packet.

Of a capture the interfaces, directions and comments are kept; decryption secrets,
name tables and statistics of interfaces are not. Times are in nanoseconds.`,
		Example: "  flowctl convert pktmon.etl pktmon.pcapng\n  flowctl convert --drops --everywhere pktmon.etl all.pcapng\n  flowctl convert --where 'port == 443 && destination.scope == \"internet\"' big.cap https.pcapng\n  flowctl convert --start 2026-11-12T09:00:00Z --end 2026-11-12T09:05:00Z big.cap - | tshark -r -",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			o.From, o.To, o.Stdin, o.Stdout = args[0], args[1], e.Stdin, e.Stdout
			if o.Start, o.End, err = window(start, end, time.Now()); err != nil {
				return err
			}
			done, err := operation.Convert(cmd.Context(), settings(e, nil), o)
			if err != nil {
				return err
			}
			view.Converted(e.Stderr, o.To, done)
			return nil
		},
	}
	cmd.Flags().StringVar(&start, "start", "", "only packets from this `time` on: RFC 3339, or a duration before now such as -6h")
	cmd.Flags().StringVar(&end, "end", "", "only packets before this `time`")
	cmd.Flags().StringVar(&o.Where, "where", "", "only packets of the flows for which this `condition` holds, as in summarize")
	cmd.Flags().BoolVar(&o.Reports.Everywhere, "everywhere", false, "of a pktmon trace: every report of a packet, not only the one that counts")
	cmd.Flags().BoolVar(&o.Reports.Drops, "drops", false, "of a pktmon trace: also its drop events")
	return cmd
}
