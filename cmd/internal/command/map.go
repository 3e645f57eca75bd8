package command

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/report"
	"flowctl/cmd/internal/view"
)

type mapOptions struct {
	summarizeOptions
	level string
}

func newMap(e *env.Env) *cobra.Command {
	var o mapOptions
	cmd := &cobra.Command{
		Use:   "map {PATH|URL}…",
		Short: "Draw who talks to whom, by machine, subnet or network",
		Long: `map shows who talks to whom as a matrix, and with --html as a picture: machines, subnets or
VNets, Azure's services and the internet, with lines that are wider by bytes, red where all
was refused and broken where it was not encrypted. The page has all three levels, begins with
the nearest at which everything has room, and loads nothing. Names are those of a results
folder, or of --inventory.`,
		Example: "  flowctl map .flowctl/results/web/20261112T100000Z\n  flowctl map --html map.html --inventory results/ logs/\n  flowctl map --level vnet --where 'verdict == \"denied\"' logs/",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Paths = args
			return runMap(cmd.Context(), e, o)
		},
	}
	cmd.Flags().StringVar(&o.html, "html", "", "also draw the map to this `file` as a page")
	cmd.Flags().StringVar(&o.level, "level", "", "`level` of the matrix: machine, subnet or vnet (default the nearest that has room)")
	cmd.Flags().StringVar(&o.question.Where, "where", "", "of the flows alone for which this `condition` holds")
	cmd.Flags().StringVar(&o.start, "start", "", "count only what happened from this `time` on: RFC 3339, or a duration before now such as -6h")
	cmd.Flags().StringVar(&o.end, "end", "", "count only what happened before this `time`")
	o.naming.flags(cmd)
	o.naming.inventoryFlag(cmd)
	return cmd
}

// mostDrawn is how many rows a map is made of.
const mostDrawn = 1_000_000

func runMap(ctx context.Context, e *env.Env, o mapOptions) error {
	if o.level != "" && !slices.Contains(report.Levels, o.level) {
		return fmt.Errorf("--level %q: want %s", o.level, strings.Join(report.Levels, ", "))
	}
	o.asked, o.question.By, o.question.Top = true, report.MapFields, mostDrawn
	with, err := o.ready(e)
	if err != nil {
		return err
	}
	a, err := operation.Summarize(ctx, with, o.SummarizeOptions)
	if err != nil {
		return err
	}
	defer a.Close()
	view.Problems(e.Stderr, a)
	if err := a.Err(); err != nil {
		return err
	}
	if o.level == "" {
		o.level = report.BestLevel(&a.Doc.Asks[0])
	}
	err = written(o.html, func(w io.Writer) error { return report.MapHTML(w, a.Doc, cmp.Or(a.Meta.Name, "Traffic")) })
	view.Matrix(e.Stdout, report.NewMap(&a.Doc.Asks[0], o.level), a.Doc.Simulated) // last, as in summarize
	return err
}
