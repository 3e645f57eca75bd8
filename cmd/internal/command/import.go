package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/terminal"
	"flowctl/plan"
)

func newImport(e *env.Env) *cobra.Command {
	var o source
	auto := false
	cmd := &cobra.Command{
		Use:   "import WATCH ID [PATH]",
		Short: "Take over a recording that is in Azure already",
		Long: `import takes a flow log or packet capture that is in Azure, by its resource id, for
what a watch of the file asks for. From then on the recording is flowctl's: the next
apply follows it, and at the end of the window it is switched off, collected and
removed. It must be exactly what the file declares: the same target, storage account
and settings. What another investigation or owner has, by its name or tags, is
refused. In Azure nothing is changed, so only the state knows of the import: sweep,
and machines that do not have the state, leave the recording alone.

A flow log of somebody else's need not be imported to be read: apply reads it, and
leaves it as it is.`,
		Example: "  flowctl import vnet.hub /subscriptions/…/networkWatchers/NetworkWatcher_westeurope/flowLogs/hub-log investigation.hcl",
		Args:    cobra.RangeArgs(2, 3),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.at(args[2:])
			if !strings.HasPrefix(args[1], "/subscriptions/") {
				return fmt.Errorf("%q is no resource id: it begins with /subscriptions/", args[1])
			}
			return runImport(cmd.Context(), e, o, args[0], plan.ID(strings.TrimRight(args[1], "/")), auto)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&auto, "auto-approve", false, "do not ask")
	return cmd
}

func runImport(ctx context.Context, e *env.Env, o source, watch string, id plan.ID, auto bool) error {
	if !auto {
		question := fmt.Sprintf("From then on %s is flowctl's, and is removed at the end of the window. Take it over?", terminal.Escape(id.Name()))
		if err := confirm(e, question); err != nil {
			return err
		}
	}
	return operation.Locked(ctx, settings(e, nil), o.Source, "import", func(op *operation.Operation) error {
		got, err := op.Import(ctx, watch, id)
		if err == nil {
			fmt.Fprintf(e.Stdout, "%s: %s is followed for %s, until %s; flowctl apply goes on.\n", got.Name, terminal.Escape(got.Recording.ID.Name()), got.Session.Address(), got.Ends.UTC().Format(time.RFC3339))
		}
		return err
	})
}
