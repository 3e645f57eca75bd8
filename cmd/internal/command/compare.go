package command

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/view"
	"flowctl/collectors/summary"
)

// mostCompared is how many rows of each side are compared.
const mostCompared = 50_000

type compareOptions struct {
	a, b     summarizeOptions // of each side: its window
	question operation.Question
	naming   naming
	json     bool
	check    bool
}

func newCompare(e *env.Env) *cobra.Command {
	var o compareOptions
	cmd := &cobra.Command{
		Use:   "compare A B",
		Short: "Say what differs between two recordings",
		Long: `compare asks two sources one question and shows the rows that differ: new, gone, grown,
shrunk, or flipped from allowed to denied or back. A and B are what summarize reads; for two
times of one source, name it twice and give each its time.

What a side has less of counts as a change only if that side measured all: where it has gaps,
unreadable files or flows of which it cannot be said whether they are meant, the change is
unclear. With --check, the exit status is 3 if anything differs, and 4 if nothing does but
some of it is unclear.`,
		Example: "  flowctl compare monday/ tuesday/\n  flowctl compare --by rule,acl --where 'verdict == \"denied\"' before.json after.json\n  flowctl compare logs/ logs/ --start-a -48h --end-a -24h --start-b -24h",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.a.Paths, o.b.Paths = args[:1], args[1:]
			return runCompare(cmd.Context(), e, o)
		},
	}
	cmd.Flags().BoolVar(&o.json, "json", false, "print the comparison as JSON (flowctl docs summary)")
	cmd.Flags().StringSliceVar(&o.question.By, "by", []string{"source.address", "destination.address", "protocol", "port"}, "compare by the values of these `fields`")
	cmd.Flags().StringVar(&o.question.Where, "where", "", "those flows alone for which this `condition` holds (flowctl docs language)")
	cmd.Flags().StringVar(&o.a.start, "start-a", "", "of A, count only what happened from this `time` on: RFC 3339, or a duration before now")
	cmd.Flags().StringVar(&o.a.end, "end-a", "", "of A, count only what happened before this `time`")
	cmd.Flags().StringVar(&o.b.start, "start-b", "", "of B, count only what happened from this `time` on")
	cmd.Flags().StringVar(&o.b.end, "end-b", "", "of B, count only what happened before this `time`")
	o.naming.flags(cmd)
	o.naming.inventoryFlag(cmd)
	cmd.Flags().BoolVar(&o.check, "check", false, "exit with status 3 if anything differs, and with 4 if that cannot be said")
	return cmd
}

func runCompare(ctx context.Context, e *env.Env, o compareOptions) error {
	var docs []*summary.Document
	var lost error
	now := time.Now()
	o.question.Top = mostCompared
	with, err := o.naming.named(settings(e, nil))
	if err != nil {
		return err
	}
	for _, side := range []*summarizeOptions{&o.a, &o.b} {
		side.asked, side.question = true, o.question
		if err := side.read(now); err != nil {
			return err
		}
		a, err := operation.Summarize(ctx, with, side.SummarizeOptions)
		if err != nil {
			return err
		}
		defer a.Close()
		view.Problems(e.Stderr, a)
		docs, lost = append(docs, a.Doc), errors.Join(lost, a.Err())
	}
	if lost != nil {
		return lost
	}
	c := summary.Compare(docs[0], docs[1])
	if o.json {
		err = view.JSON(e.Stdout, c)
	} else {
		err = view.Comparison(e.Stdout, c)
	}
	if err != nil || !o.check {
		return err
	}
	return differs(c)
}

// differs is the exit status of a comparison that is a check.
func differs(c *summary.Comparison) error {
	unclear := len(c.A.Lacks)+len(c.B.Lacks) > 0
	for _, r := range c.Changes {
		if r.Change != summary.Unclear {
			return env.NotMet
		}
	}
	if unclear {
		return env.Unanswered
	}
	return nil
}
