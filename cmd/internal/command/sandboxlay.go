package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/terminal"
	"flowctl/cmd/internal/view"
	"flowctl/providers/sandbox"
)

// sandboxPlace names a sandbox that may be served by another process.
type sandboxPlace struct{ world, state string }

func (o *sandboxPlace) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.world, "world", "", "`file` that describes the sandbox's world (default the one built in)")
	cmd.Flags().StringVar(&o.state, "state", "", "the sandbox's `folder` (default .flowctl/serve)")
}

// open returns the sandbox, whose clock goes on as it was.
func (o *sandboxPlace) open(e *env.Env) (*sandbox.Sandbox, error) {
	if o.state == "" {
		o.state = filepath.Join(e.Root(), "serve")
	}
	if _, err := os.Stat(o.state); err != nil {
		return nil, fmt.Errorf("open the sandbox: %w; --state names the folder that `flowctl sandbox serve` uses", err)
	}
	return sandbox.Open(sandbox.Options{Dir: o.state, WorldPath: o.world, Epoch: time.Now(), Logger: e.Log, Join: true})
}

func newSandboxLay(e *env.Env) *cobra.Command {
	var o sandboxPlace
	cmd := &cobra.Command{
		Use:   "lay <file>",
		Short: "Let locks, policies, roles and faults act in a sandbox while it runs",
		Long: `Let the lock, policy, role and fault blocks of a file act in a sandbox from now
on, also while another process serves it. They are written as in the file of a
world; - reads standard input. What has a name that there is already takes its
place.`,
		Example: `  flowctl sandbox lay outage.hcl
  echo 'fault "down" { operation = "flow_log.*" }' | flowctl sandbox lay -`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runSandboxLay(cmd.Context(), e, o, args[0]) },
	}
	o.flags(cmd)
	return cmd
}

func runSandboxLay(ctx context.Context, e *env.Env, o sandboxPlace, path string) error {
	src, err := os.ReadFile(path)
	if path == "-" {
		src, err = io.ReadAll(e.Stdin)
	}
	if err != nil {
		return fmt.Errorf("read what is to be laid: %w", err)
	}
	s, err := o.open(e)
	if err != nil {
		return err
	}
	return s.Lay(ctx, path, src)
}

// laidKinds are what `lift` can take away.
var laidKinds = [...]string{"lock", "policy", "role", "fault"}

func newSandboxLift(e *env.Env) *cobra.Command {
	var o sandboxPlace
	cmd := &cobra.Command{
		Use:     "lift lock|policy|role|fault <name>",
		Short:   "Take a lock, policy, role or fault away from a sandbox while it runs",
		Example: "  flowctl sandbox lift fault down",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(laidKinds[:], args[0]) {
				return fmt.Errorf("%q is no kind of what can be lifted: want lock, policy, role or fault", args[0])
			}
			s, err := o.open(e)
			if err != nil {
				return err
			}
			return s.Lift(cmd.Context(), args[0], args[1])
		},
	}
	o.flags(cmd)
	return cmd
}

func newSandboxLaid(e *env.Env) *cobra.Command {
	var o sandboxPlace
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "laid",
		Short: "List the locks, policies, roles and faults that act in a sandbox",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			s, err := o.open(e)
			if err != nil {
				return err
			}
			all, err := s.Laid()
			if err != nil || asJSON {
				if err == nil {
					err = view.JSON(e.Stdout, all)
				}
				return err
			}
			for _, l := range all {
				if _, err := fmt.Fprintf(e.Stdout, "%-6s  %s  %s\n", l.Kind, terminal.Escape(l.Name), terminal.Escape(string(l.Scope))); err != nil {
					return err
				}
			}
			return nil
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print them as JSON")
	return cmd
}
