//go:build !lake

package command

import (
	"errors"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/env"
)

// lakeVerbs say that this build has none.
func lakeVerbs(*env.Env) []*cobra.Command {
	return []*cobra.Command{{
		Use: "lake", Hidden: true, DisableFlagParsing: true, Short: "Keep flows as an Iceberg table, in a build of its own",
		RunE: func(*cobra.Command, []string) error {
			return errors.New("this flowctl has no lake: build one that has, with go build -tags lake ./cmd/flowctl (flowctl docs lake)")
		},
	}}
}
