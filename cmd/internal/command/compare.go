package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/report"
	"flowctl/cmd/internal/view"
	"flowctl/collectors/summary"
	"flowctl/plan/session"
)

type compareOptions struct {
	a, b     summarizeOptions // of each side: its window
	question operation.Question
	naming   naming
	json     bool
	beside   bool // single flows, as both sides saw them
	rows     int  // of them
	check    bool
	checks   checks
}

func newCompare(e *env.Env) *cobra.Command {
	var o compareOptions
	cmd := &cobra.Command{
		Use:   "compare A B",
		Short: "Say what differs between two recordings",
		Long: `compare asks two sources one question and shows the rows that differ: new, gone, grown,
shrunk, or flipped from allowed to denied or back. A and B are what summarize reads; for two
times of one source, name it twice and give each its time.

A may also be the word previous, which is the run before that of the results folder B.
Rows by steps of time, such as --by 'time(5m)', are told apart by how long after the begin of
their side they were, if the two sides are of different times.

What a side has less of counts as a change only if that side measured it: where an interface
that saw the row has a gap on that side, or files cannot be read, or it cannot be said
whether flows are meant, the change is unclear. With --check, the exit status is 3 if anything differs, and 4 if nothing does but
some of it is unclear.`,
		Example: "  flowctl compare monday/ tuesday/\n  flowctl compare --by rule,acl --where 'verdict == \"denied\"' before.json after.json\n  flowctl compare --side-by-side results/flowlogs results/captures\n  flowctl compare previous .flowctl/results/web/20261112T100000Z\n  flowctl compare logs/ logs/ --start-a -48h --end-a -24h --start-b -24h",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, name := range []string{"by", "check", "junit", "sarif"} {
				if o.beside && cmd.Flags().Changed(name) {
					return fmt.Errorf("--side-by-side and --%s: single flows are shown as they are, and nothing is checked; leave out one of the two", name)
				}
			}
			if !o.beside && cmd.Flags().Changed("top") {
				return errors.New("--top is of --side-by-side; of a comparison all rows that differ are shown")
			}
			o.a.Paths, o.b.Paths = args[:1], args[1:]
			return runCompare(cmd.Context(), e, o)
		},
	}
	cmd.Flags().BoolVar(&o.beside, "side-by-side", false, "show single flows as each side saw them, such as a flow log and a capture: who saw what, when, and why figures differ")
	cmd.Flags().IntVar(&o.rows, "top", 20, "with --side-by-side, how many `flows`")
	cmd.Flags().BoolVar(&o.json, "json", false, "print the comparison as JSON (flowctl docs summary)")
	cmd.Flags().StringSliceVar(&o.question.By, "by", []string{"source.address", "destination.address", "protocol", "port"}, "compare by the values of these `fields`")
	cmd.Flags().StringVar(&o.question.Where, "where", "", "those flows alone for which this `condition` holds (flowctl docs language)")
	cmd.Flags().StringVar(&o.a.start, "start-a", "", "of A, count only what happened from this `time` on: RFC 3339, or a duration before now")
	cmd.Flags().StringVar(&o.a.end, "end-a", "", "of A, count only what happened before this `time`")
	cmd.Flags().StringVar(&o.b.start, "start-b", "", "of B, count only what happened from this `time` on")
	cmd.Flags().StringVar(&o.b.end, "end-b", "", "of B, count only what happened before this `time`")
	cmd.Flags().StringVar(&o.checks.junit, "junit", "", "also write what differs to this `file` as JUnit's XML (flowctl docs summary)")
	cmd.Flags().StringVar(&o.checks.sarif, "sarif", "", "also write what differs to this `file` as SARIF 2.1.0")
	o.naming.flags(cmd)
	o.naming.inventoryFlag(cmd)
	cmd.Flags().BoolVar(&o.check, "check", false, "exit with status 3 if anything differs, and with 4 if that cannot be said")
	return cmd
}

func runCompare(ctx context.Context, e *env.Env, o compareOptions) error {
	if err := o.previous(); err != nil {
		return err
	}
	var sides [2]*operation.Answer
	var origins [2]time.Time
	var lost error
	now := time.Now()
	o.question.Top = operation.MostCompared
	if o.beside {
		o.question.By = summary.FlowFields
	}
	with, err := o.naming.named(settings(e, nil))
	if err != nil {
		return err
	}
	for i, side := range []*summarizeOptions{&o.a, &o.b} {
		side.asked, side.question, side.Compared = true, o.question, !o.beside
		if err := side.read(now); err != nil {
			return err
		}
		a, err := operation.Summarize(ctx, with, side.SummarizeOptions)
		if err != nil {
			return err
		}
		defer a.Close()
		view.Problems(e.Stderr, a)
		sides[i], lost = a, errors.Join(lost, a.Err())
		if origins[i] = a.Meta.Start; side.start != "" {
			origins[i] = side.Start
		}
	}
	if lost != nil {
		return lost
	}
	if o.beside {
		both := summary.FlowsBeside(sides[0].Doc, sides[1].Doc)
		if o.json {
			return view.JSON(e.Stdout, both)
		}
		return view.SideBySide(e.Stdout, both, max(1, o.rows))
	}
	c := summary.Compare(sides[0].Doc, sides[1].Doc, origins[0], origins[1])
	if o.json {
		err = view.JSON(e.Stdout, c)
	} else {
		err = view.Comparison(e.Stdout, c)
	}
	err = errors.Join(err, o.checks.write(e, []report.Checked{{Compared: c, Doc: sides[1].Doc, Meta: sides[1].Meta}}))
	if err != nil || !o.check {
		return err
	}
	return differs(c)
}

// previous puts the run before B in the place of the word.
func (o *compareOptions) previous() error {
	if o.a.Paths[0] != "previous" || session.Is("previous") {
		return nil
	}
	if !session.Is(o.b.Paths[0]) {
		return fmt.Errorf("previous is the run before B, and %s is no results folder of a run", o.b.Paths[0])
	}
	before, ok := session.Previous(o.b.Paths[0])
	if !ok {
		return fmt.Errorf("there is no run before %s: name another folder to compare it with", o.b.Paths[0])
	}
	o.a.Paths = []string{before.Path}
	return nil
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
