package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/view"
)

type migrateOptions struct {
	operation.MigrateOptions
	source
	json    bool
	out     string
	owner   string
	compare bool
	start   string
	end     string
	remove  bool
	removal string
	auto    bool
}

func newMigrate(e *env.Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Move what Azure retires to what takes its place",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newMigrateNSG(e))
	return cmd
}

func newMigrateNSG(e *env.Env) *cobra.Command {
	var o migrateOptions
	cmd := &cobra.Command{
		Use:   "nsg [PATH]",
		Short: "From NSG flow logs to flow logs of virtual networks",
		Long: `migrate nsg lists the flow logs of network security groups, which Azure deletes on
30 September 2027, and says what records their traffic already and which flow logs of
virtual networks, subnets and interfaces would, with retention and Traffic Analytics
carried over, and what that changes in volume and price. It changes nothing.

With --out it writes that as a monitor, to be reviewed and applied like any other file.
Once both kinds record, --compare reads what they wrote in the last hour, or from
--start until --end, and says which flows only one of them has, or has otherwise, and why.

With --remove it says which NSG flow logs can go: those of which flow logs that write
record everything. Nothing is removed but by such a plan: --out keeps it in a file, and
--plan carries that file out, if all is still as it was reviewed.`,
		Example: "  flowctl migrate nsg --subscription 5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d\n  flowctl migrate nsg --out migrate.hcl --owner netops@example.com providers.hcl\n  flowctl migrate nsg --compare --start -24h providers.hcl\n  flowctl migrate nsg --remove --out removal.json providers.hcl\n  flowctl migrate nsg --remove --plan removal.json providers.hcl",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.at(args); len(args) > 0 || len(o.Subscriptions) == 0 {
				o.MigrateOptions.Source = &o.source.Source
			}
			return runMigrateNSG(cmd.Context(), e, o)
		},
	}
	o.flags(cmd)
	cmd.Flags().StringArrayVar(&o.Subscriptions, "subscription", nil, "`id` of a subscription to look through (repeatable; default those of the file's providers)")
	cmd.Flags().StringVar(&o.MetadataHost, "metadata-host", "", "`host` of the Resource Manager of another cloud, for --subscription without a file")
	cmd.Flags().BoolVar(&o.json, "json", false, "print what was found as JSON")
	cmd.Flags().StringVar(&o.out, "out", "", "write the monitor, or with --remove the plan of the removal, to a `file` that is not there yet")
	cmd.Flags().StringVar(&o.owner, "owner", "", "`who` owns the monitor that --out writes")
	cmd.Flags().BoolVar(&o.compare, "compare", false, "compare, flow by flow, what both kinds of flow logs wrote")
	cmd.Flags().StringVar(&o.start, "start", "", "with --compare: from this `time` on, RFC 3339, or a duration before now such as -6h; default an hour before the end")
	cmd.Flags().StringVar(&o.end, "end", "", "with --compare: until this `time`; default 10 minutes before now, when records have been written")
	cmd.Flags().BoolVar(&o.remove, "remove", false, "plan which NSG flow logs can be removed")
	cmd.Flags().StringVar(&o.removal, "plan", "", "with --remove: carry out a reviewed `file` of --out")
	cmd.Flags().BoolVar(&o.auto, "auto-approve", false, "with --plan: do not ask before acting")
	return cmd
}

func (o migrateOptions) check() error {
	switch {
	case o.compare && (o.remove || o.out != ""):
		return errors.New("--compare only reads: leave out --remove and --out")
	case !o.compare && (o.start != "" || o.end != ""):
		return errors.New("--start and --end are of --compare: give it too")
	case o.removal != "" && !o.remove:
		return errors.New("--plan carries out a removal: say --remove too")
	case o.auto && o.removal == "":
		return errors.New("--auto-approve is for a reviewed removal: give it with --remove --plan FILE")
	case o.removal != "" && (o.out != "" || o.json):
		return errors.New("--plan carries out a file: leave out --out and --json")
	case o.out != "" && !o.remove && o.owner == "":
		return errors.New("--out writes a monitor, which needs somebody to ask about it: give --owner, such as --owner netops@example.com")
	case o.owner != "" && (o.out == "" || o.remove):
		return errors.New("--owner is of the monitor that --out writes: give --out FILE, without --remove")
	}
	return nil
}

func runMigrateNSG(ctx context.Context, e *env.Env, o migrateOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if o.out != "" { // before Azure is asked
		if _, err := os.Lstat(o.out); err == nil {
			return fmt.Errorf("%s is there already: give another name, or remove it first", o.out)
		}
	}
	m, err := operation.NewMigrator(ctx, settings(e, nil), o.MigrateOptions)
	if err != nil {
		return err
	}
	defer m.Count(ctx)
	switch {
	case o.compare:
		return compareNSG(ctx, e, m, o)
	case o.removal != "":
		return removeNSG(ctx, e, m, o)
	case o.remove:
		return planRemoval(ctx, e, m, o)
	}
	found, err := m.Propose(ctx)
	if err != nil {
		return err
	}
	if o.json {
		err = view.JSON(e.Stdout, found)
	} else {
		err = view.Migration(e.Stdout, found)
	}
	if err != nil || o.out == "" {
		return err
	}
	if len(found.Proposals) == 0 {
		return fmt.Errorf("%s was not written: there is nothing to propose", o.out)
	}
	return created(e, o.out, found.File(o.owner), "Review it, and carry it out with: flowctl apply "+o.out)
}

// compareNSG shows how what both kinds of flow logs wrote differs.
func compareNSG(ctx context.Context, e *env.Env, m *operation.Migrator, o migrateOptions) error {
	now := m.Now()
	start, end, err := window(o.start, o.end, now)
	if err != nil {
		return err
	}
	if end.IsZero() {
		end = now.Add(-10 * time.Minute).Truncate(time.Minute)
	}
	if start.IsZero() {
		start = end.Add(-time.Hour)
	}
	if !start.Before(end) {
		return fmt.Errorf("--start %s is not before --end %s", start.UTC().Format(time.RFC3339), end.UTC().Format(time.RFC3339))
	}
	c, err := m.Compare(ctx, start, end)
	if err != nil {
		return err
	}
	if o.json {
		return view.JSON(e.Stdout, c)
	}
	view.MigrationCompared(e.Stdout, c)
	return nil
}

// created writes a file that is not there yet.
func created(e *env.Env, name string, b []byte, then string) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	e.Printf("Written to %s. %s\n", name, then)
	return nil
}

func planRemoval(ctx context.Context, e *env.Env, m *operation.Migrator, o migrateOptions) error {
	r, err := m.Removal(ctx)
	if err != nil {
		return err
	}
	if o.json {
		err = view.JSON(e.Stdout, r)
	} else {
		view.Removals(e.Stdout, r)
	}
	if err != nil || o.out == "" {
		return err
	}
	if len(r.Remove) == 0 {
		return fmt.Errorf("%s was not written: no NSG flow log can be removed", o.out)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return err
	}
	return created(e, o.out, b.Bytes(), "Review it, and carry it out with: flowctl migrate nsg --remove --plan "+o.out)
}

func removeNSG(ctx context.Context, e *env.Env, m *operation.Migrator, o migrateOptions) error {
	b, err := os.ReadFile(o.removal)
	if err != nil {
		return fmt.Errorf("read the plan of a removal: %w", err)
	}
	r, err := operation.ParseRemovals(b)
	if err != nil {
		return fmt.Errorf("%s: %w", o.removal, err)
	}
	view.Removals(e.Stderr, r)
	if !o.auto {
		if err := confirm(e, "Remove them?"); err != nil {
			return err
		}
	}
	removed, err := m.Remove(ctx, r)
	for _, id := range removed {
		e.Printf("removed %s\n", id.Name())
	}
	if err == nil {
		e.Printf("%s removed.\n", view.Count(len(removed), "NSG flow log"))
	}
	return err
}
