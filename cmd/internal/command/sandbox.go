package command

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/terminal"
	"flowctl/cmd/internal/view"
	"flowctl/providers/sandbox"
)

func newSandbox(e *env.Env) *cobra.Command {
	cmd := &cobra.Command{Use: "sandbox", Short: "Serve the sandbox to other programs, or show its world"}
	cmd.AddCommand(newSandboxServe(e), newSandboxWorld(e), newSandboxLay(e), newSandboxLift(e), newSandboxLaid(e), newSandboxPass(e), newSandboxRequest(e))
	return cmd
}

func newSandboxWorld(e *env.Env) *cobra.Command {
	return &cobra.Command{
		Use:     "world",
		Short:   "Print the world that is built in, to be changed and given to --world",
		Example: "  flowctl sandbox world > world.hcl",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := e.Stdout.Write(sandbox.WorldSource())
			return err
		},
	}
}

type sandboxServe struct {
	world, state string
	clock        float64
	port         int
	seed         int64
	seeded, json bool
}

func newSandboxServe(e *env.Env) *cobra.Command {
	var o sandboxServe
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the sandbox over TLS to az, Terraform and the Azure SDKs",
		Long: `Serve the sandbox over TLS, on this machine only, to az, Terraform, the Azure
SDKs and flowctl itself.

It prints the lines that point each of them at it, and ends at Ctrl-C. What
clients make is kept in the folder of --state. Requests that it does not serve
are answered 404 or 405 and logged by name.`,
		Example: `  flowctl sandbox serve
  flowctl sandbox serve --port 0 --clock 600 --state /tmp/contoso --world contoso.hcl`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.seeded = cmd.Flags().Changed("seed")
			return runSandboxServe(cmd.Context(), e, o)
		},
	}
	cmd.Flags().StringVar(&o.world, "world", "", "`file` that describes a world (default the one built in)")
	cmd.Flags().StringVar(&o.state, "state", "", "keep what clients make, and the certificates, in this `folder` (default .flowctl/serve)")
	cmd.Flags().Float64Var(&o.clock, "clock", 1, "how many times faster than real time the world runs")
	cmd.Flags().IntVar(&o.port, "port", 8443, "of this machine; 0 takes a free one")
	cmd.Flags().Int64Var(&o.seed, "seed", 0, "of the traffic (default the world's own)")
	cmd.Flags().BoolVar(&o.json, "json", false, "print the addresses and names as JSON")
	return cmd
}

// runSandboxServe serves until ctx ends. The world begins at the real time,
// which is that of the clients.
func runSandboxServe(ctx context.Context, e *env.Env, o sandboxServe) error {
	switch {
	case !(o.clock > 0): // nobody here can wait for a world that stands still
		return fmt.Errorf("--clock %v: the world of a served sandbox must move; use 1 for real time", o.clock)
	case o.port < 0 || o.port > 65535:
		return fmt.Errorf("--port %d: want a port up to 65535, or 0 for a free one", o.port)
	case o.state == "":
		o.state = filepath.Join(e.Root(), "serve")
	}
	options := sandbox.Options{Dir: o.state, WorldPath: o.world, Clock: &o.clock, Epoch: time.Now(), Logger: e.Log}
	if o.seeded {
		options.Seed = &o.seed
	}
	s, err := sandbox.Open(options)
	if err != nil {
		return err
	}
	served, err := s.Listen(ctx, o.state, o.port)
	if err != nil {
		return err
	}
	doc := view.NewServed(s, served)
	if o.json {
		err = view.JSON(e.Stdout, doc)
	} else {
		err = doc.Text(e.Stdout)
	}
	if err != nil {
		return err
	}
	e.Log.Info("the sandbox is open", "url", doc.URL)
	err = served.Run(ctx)
	for _, v := range s.InVain() {
		e.Printf("Not served: %s (%d times)\n", terminal.Escape(v.Request), v.Times)
	}
	return err
}
