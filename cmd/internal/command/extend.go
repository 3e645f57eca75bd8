package command

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
)

func newExtend(e *env.Env) *cobra.Command {
	var o source
	var by time.Duration
	var to string
	cmd := &cobra.Command{
		Use:   "extend [PATH] --by DURATION | --to TIME",
		Short: "Move the end of the time box",
		Long: `extend moves the end of a running investigation, by a time or to a time. Flow logs
go on until then, and say so in their tags; a packet capture ends when it was to,
since Azure cannot move that. The file stays as it is: once it says another end,
that one holds.`,
		Example: "  flowctl extend --by 1h investigation.hcl\n  flowctl extend --to 2026-11-12T18:00:00Z investigation.hcl",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.at(args)
			end, err := movedTo(by, to)
			if err != nil {
				return err
			}
			return runExtend(cmd.Context(), e, o, by, end)
		},
	}
	o.flags(cmd)
	cmd.Flags().DurationVar(&by, "by", 0, "how much later it ends; a negative `duration` ends it earlier")
	cmd.Flags().StringVar(&to, "to", "", "the `time` at which it ends, as in RFC 3339")
	return cmd
}

func movedTo(by time.Duration, to string) (time.Time, error) {
	if (by == 0) == (to == "") {
		return time.Time{}, errors.New("say --by or --to: how much later, or when the investigation ends, such as --by 1h")
	}
	if to == "" {
		return time.Time{}, nil
	}
	end, err := time.Parse(time.RFC3339, to)
	if err != nil {
		return end, fmt.Errorf("--to %s is no time: write it as 2026-11-12T18:00:00Z", to)
	}
	return end, nil
}

func runExtend(ctx context.Context, e *env.Env, o source, by time.Duration, to time.Time) error {
	return operation.Locked(ctx, settings(e, nil), o.Source, "extend", func(op *operation.Operation) error {
		outcomes, err := op.Extend(ctx, by, to)
		for _, s := range outcomes {
			switch {
			case s.Idle:
				fmt.Fprintf(e.Stdout, "%s: nothing is recording.\n", s.Name)
			case s.Complete:
				fmt.Fprintf(e.Stdout, "%s: ends at %s; flowctl apply goes on until then.\n", s.Name, s.Ends.Format(time.RFC3339))
			}
			if len(s.Fixed) > 0 {
				fmt.Fprintf(e.Stdout, "%s: captures end when they were to: %s.\n", s.Name, strings.Join(s.Fixed, ", "))
			}
		}
		return err
	})
}
