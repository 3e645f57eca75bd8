//go:build lake

package command

import (
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/view"
)

// lakeVerbs are those of a build with the tag lake.
func lakeVerbs(e *env.Env) []*cobra.Command {
	cmd := &cobra.Command{Use: "lake", Short: "Keep flows as an Iceberg table, for Fabric, Databricks, Trino, Spark, DuckDB"}
	cmd.AddCommand(newLakeAdd(e))
	return []*cobra.Command{cmd}
}

func newLakeAdd(e *env.Env) *cobra.Command {
	var o summarizeOptions
	to := ""
	cmd := &cobra.Command{
		Use: "add {PATH|URL}… --to DIR", Short: "Put the flows of files into a lake, each file once",
		Long: `add reads what summarize reads and keeps the flows of files that are new as Parquet (flowctl
docs parquet), registered in the Iceberg table flowctl.flows below a folder. Files that are in are left out; one that
has changed since is refused. Plain sums of the table count what several interfaces saw as often.`,
		Example: "  flowctl lake add --to /data/lake logs/",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Paths = args
			if err := o.read(time.Now()); err != nil {
				return err
			}
			with, err := o.naming.named(settings(e, nil))
			if err != nil {
				return err
			}
			in, err := operation.AddToLake(cmd.Context(), with, to, o.SummarizeOptions)
			view.Problems(e.Stderr, &operation.Answer{Problems: in.Problems})
			switch {
			case err != nil:
				return err
			case in.File == "":
				e.Printf("Nothing new: %s in already.\n", view.Count(in.Known, "file"))
			default:
				e.Printf("%s came in as %s (%s); %d in already.\n", view.Count(in.Files, "file"), in.File, humanize.Bytes(uint64(in.Size)), in.Known)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "`folder` of the lake, which is made if it is missing")
	_ = cmd.MarkFlagRequired("to")
	cmd.Flags().StringVar(&o.start, "start", "", "of storage, only the hours of flow logs from this `time` on: RFC 3339, or a duration before now such as -6h")
	cmd.Flags().StringVar(&o.end, "end", "", "of storage, only the hours before this `time`")
	cmd.Flags().StringVar(&o.MetadataHost, "metadata-host", "", "`host` of a cloud's Resource Manager, to sign in to a cloud that the URL does not tell")
	o.naming.flags(cmd)
	o.naming.inventoryFlag(cmd)
	return cmd
}
