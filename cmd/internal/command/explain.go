package command

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/view"
	"flowctl/plan/rules"
)

type explainOptions struct {
	summarizeOptions
	from, to, protocol string
}

func newExplain(e *env.Env) *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:   "explain --from END --to END:PORT {FOLDER|PATH}…",
		Short: "Say which rule and route decide traffic, and what was seen of it",
		Long: `explain says, without asking Azure, which rules and which route of a kept inventory decide
traffic from one end to a port of the other: the security groups in the order in which it
meets them, what each decides and by which rule, and the route by which it leaves. Beside
that stands what the flows of the recording say, and where the two disagree. An end is a
machine, an interface or an address; an IPv6 address with a port is in brackets.`,
		Example: "  flowctl explain --from vm-app-1 --to vm-db-1:1433 .flowctl/results/web/20261112T100000Z\n  flowctl explain --from vm-app-1 --to 203.0.113.7:443 --inventory results/ logs/",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Paths = args
			return runExplain(cmd.Context(), e, o)
		},
	}
	cmd.Flags().StringVar(&o.from, "from", "", "the `end` that opens the traffic")
	cmd.Flags().StringVar(&o.to, "to", "", "the end and the `port` that it goes to, such as vm-db-1:1433")
	cmd.Flags().StringVar(&o.protocol, "protocol", "tcp", "tcp or udp")
	cmd.Flags().BoolVar(&o.json, "json", false, "print it as JSON")
	cmd.Flags().StringVar(&o.start, "start", "", "count only flows from this `time` on: RFC 3339, or a duration before now such as -6h")
	cmd.Flags().StringVar(&o.end, "end", "", "count only flows before this `time`")
	o.naming.flags(cmd)
	o.naming.inventoryFlag(cmd)
	return cmd
}

// ends reads what traffic is asked about.
func (o *explainOptions) ends() (to string, t rules.Tuple, err error) {
	t.Protocol = strings.ToUpper(o.protocol)
	i := strings.LastIndexByte(o.to, ':')
	switch {
	case o.from == "" || o.to == "":
		return "", t, errors.New("which traffic? Give --from and --to, such as --from vm-app-1 --to vm-db-1:1433")
	case t.Protocol != "TCP" && t.Protocol != "UDP":
		return "", t, fmt.Errorf("--protocol %q: want tcp or udp", o.protocol)
	case i < 0:
		return "", t, fmt.Errorf("--to %q: want an end with its port, such as %s:443", o.to, o.to)
	}
	port, err := strconv.ParseUint(o.to[i+1:], 10, 16)
	if err != nil || port == 0 {
		return "", t, fmt.Errorf("--to %q: %q is no port from 1 to 65535", o.to, o.to[i+1:])
	}
	t.Port = uint16(port)
	return strings.Trim(o.to[:i], "[]"), t, nil
}

func runExplain(ctx context.Context, e *env.Env, o explainOptions) error {
	to, t, err := o.ends()
	with, unready := o.ready(e)
	if err = errors.Join(err, unready); err != nil {
		return err
	}
	x, err := operation.Explain(ctx, with, o.SummarizeOptions, o.from, to, t)
	if err != nil {
		return err
	}
	defer x.Ruled.Answer.Close()
	view.Problems(e.Stderr, x.Ruled.Answer)
	if o.json {
		return view.JSON(e.Stdout, view.NewExplain(x))
	}
	view.Explain(e.Stdout, x)
	return nil
}
