package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/terminal"
	"flowctl/plan/apply"
	"flowctl/plan/session"
	"flowctl/plan/state"
)

type destroyOptions struct {
	source
	auto bool
}

func newDestroy(env *Env) *cobra.Command {
	var o destroyOptions
	cmd := &cobra.Command{
		Use:   "destroy [PATH]",
		Short: "Remove what flowctl made, without collecting",
		Long: `destroy removes the flow logs, captures and agents that flowctl made for the
investigations of the file, running or not, and puts lifecycle rules back. Results on disk and what Azure wrote to storage stay.`,
		Example: "  flowctl destroy --auto-approve investigation.hcl",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.at(args)
			return runDestroy(cmd.Context(), env, o)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.auto, "auto-approve", false, "do not ask before acting")
	return cmd
}

func runDestroy(ctx context.Context, env *Env, o destroyOptions) error {
	return o.locked(ctx, env, "destroy", func(ws *workspace) error {
		return ws.each(func(name string) error { return ws.destroy(ctx, env, o, name) })
	})
}

func (ws *workspace) destroy(ctx context.Context, env *Env, o destroyOptions, name string) error {
	there, err := ws.ours(ctx, name)
	if err != nil {
		return fmt.Errorf("destroy %s: %w", name, err)
	}
	for _, r := range there {
		env.printf("  -   %-14s %s\n", r.Mechanism, terminal.Escape(r.Target.Name()))
	}
	if len(there) > 0 && !o.auto {
		if err := confirm(env, fmt.Sprintf("Remove these %d of %s?", len(there), name)); err != nil {
			return err
		}
	}
	var errs []error
	for _, r := range there {
		if err := ws.providerOf(r).Remove(ctx, r); err != nil {
			errs = append(errs, fmt.Errorf("remove %s: %w", r.ID.Name(), err))
		}
	}
	errs = append(errs, ws.tidy(ctx, env, name))
	if errors.Join(errs...) == nil {
		errs = append(errs, ws.forget(name))
		fmt.Fprintf(env.Stdout, "%s: %s removed, nothing of it is left in Azure; results on disk stay.\n", name, count(len(there), "recording"))
	}
	return errors.Join(errs...)
}

// tidy undoes what was made beside the recordings: agents that flowctl brought,
// lifecycle rules that a retention made Azure change.
func (ws *workspace) tidy(ctx context.Context, env *Env, name string) error {
	run := ws.snapshot.Runs[name]
	if run == nil {
		run = &state.Run{}
	}
	t := apply.Tidy{
		Investigation: name, Providers: ws.providers, Inventory: ws.allInventories(), Run: run,
		Last: state.NewKeeper(ws.state, ws.snapshot).LastFor(name),
		Emit: func(e apply.Event) {
			env.printf("  -   %-14s %s (%s)\n", e.Kind, terminal.Escape(e.Target.Name()), terminal.Escape(e.Text))
		},
	}
	var errs []error
	for _, f := range t.Do(ctx) {
		errs = append(errs, fmt.Errorf("%s: %s", f.Session, f.Reason))
	}
	return errors.Join(errs...)
}

// forget lets a run that was not finished start anew.
func (ws *workspace) forget(name string) error {
	run := ws.snapshot.Runs[name]
	if run == nil || !run.Finished.IsZero() {
		return nil
	}
	delete(ws.snapshot.Runs, name)
	folder := session.Folder{Path: run.Results}
	if !session.Is(folder.Path) {
		return nil
	}
	m, err := folder.Manifest()
	if err != nil {
		return err
	}
	m.Destroyed = true
	return folder.WriteManifest(m)
}
