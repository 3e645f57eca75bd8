package command

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"time"

	"github.com/spf13/cobra"
)

// timing is what one run took.
type timing struct {
	Wall, CPU time.Duration
	Peak      int64 // bytes; 0 if the system does not say
	Floor     int64 // below which Peak says nothing
}

// newBenchTimed runs a program and says what it took. It does so in a process
// of its own, which is small, because Linux counts what a process has in
// memory when it starts another as the other's.
func newBenchTimed(env *Env) *cobra.Command {
	return &cobra.Command{
		Use:   "timed -- PROGRAM ARGUMENT…",
		Short: "Run a program without its output and print what it took as JSON",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p := exec.CommandContext(cmd.Context(), args[0], args[1:]...)
			p.Stderr = env.Stderr
			floor := ownMemory()
			start := time.Now()
			if err := p.Run(); err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			t := timing{Wall: time.Since(start), Floor: floor}
			t.CPU = p.ProcessState.UserTime() + p.ProcessState.SystemTime()
			t.Peak = peakMemory(p.ProcessState)
			return json.NewEncoder(env.Stdout).Encode(t)
		},
	}
}
