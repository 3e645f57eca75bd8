package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/terminal"
	"flowctl/plan/config"
	"flowctl/providers/sandbox"
)

// meddled opens the sandbox that files are carried out in, unless another is named.
func (o *sandboxPlace) meddled(e *env.Env) (*sandbox.Sandbox, error) {
	if o.state == "" {
		o.state = filepath.Join(e.Root(), "sandbox")
	}
	return o.open(e)
}

func newSandboxPass(e *env.Env) *cobra.Command {
	var o sandboxPlace
	cmd := &cobra.Command{
		Use:   "pass <duration>",
		Short: "Let time pass in a sandbox at once",
		Long: `Let time pass in the sandbox that files of this folder are carried out in, as 24h or 7d.
What records goes on recording, and what is due then is due.`,
		Example: "  flowctl sandbox pass 24h",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := config.ParseDuration(args[0])
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			s, err := o.meddled(e)
			if err != nil {
				return err
			}
			now, err := s.Pass(cmd.Context(), d)
			if err == nil {
				fmt.Fprintf(e.Stdout, "It is %s in the sandbox.\n", now.UTC().Format(time.RFC3339))
			}
			return err
		},
	}
	o.flags(cmd)
	cmd.Flags().Lookup("state").Usage = "the sandbox's `folder` (default .flowctl/sandbox)"
	return cmd
}

func newSandboxRequest(e *env.Env) *cobra.Command {
	var o sandboxPlace
	cmd := &cobra.Command{
		Use:   "request <method> <id> [file]",
		Short: "Send a request to a sandbox's Resource Manager, as somebody else would",
		Long: `Send a request to Resource Manager of the sandbox that files of this folder are carried
out in, as somebody else would with another tool, and print what it answers. The id is a
resource's, with ?api-version=… where it matters; the file has the body, - is standard input.`,
		Example: "  flowctl sandbox request DELETE /subscriptions/…/networkWatchers/nw/flowLogs/log",
		Args:    cobra.RangeArgs(2, 3),
		RunE:    func(cmd *cobra.Command, args []string) error { return runSandboxRequest(cmd.Context(), e, o, args) },
	}
	o.flags(cmd)
	cmd.Flags().Lookup("state").Usage = "the sandbox's `folder` (default .flowctl/sandbox)"
	return cmd
}

func runSandboxRequest(ctx context.Context, e *env.Env, o sandboxPlace, args []string) error {
	var body []byte
	var err error
	if len(args) > 2 && args[2] == "-" {
		body, err = io.ReadAll(e.Stdin)
	} else if len(args) > 2 {
		body, err = os.ReadFile(args[2])
	}
	if err != nil {
		return fmt.Errorf("read the body: %w", err)
	}
	s, err := o.meddled(e)
	if err != nil {
		return err
	}
	status, answer, err := s.Request(ctx, args[0], args[1], body)
	if err != nil {
		return err
	}
	if len(answer) > 0 {
		fmt.Fprintf(e.Stdout, "%s\n", answer)
	}
	if status >= 400 {
		return fmt.Errorf("the sandbox answered %d to %s %s", status, args[0], terminal.Escape(args[1]))
	}
	return nil
}
