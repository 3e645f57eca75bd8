package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"time"
)

// timing is what one run took.
type timing struct {
	Wall, CPU time.Duration
	Peak      int64 // bytes; 0 if the system does not say
	Floor     int64 // below which Peak says nothing
}

// Timed runs a program and says what it took. It is for a process of its own,
// which is small, because Linux counts what a process has in memory when it
// starts another as the other's.
func Timed(ctx context.Context, s Streams, args []string) error {
	p := exec.CommandContext(ctx, args[0], args[1:]...)
	p.Stderr = s.Err
	floor := ownMemory()
	start := time.Now()
	if err := p.Run(); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	t := timing{Wall: time.Since(start), Floor: floor}
	t.CPU = p.ProcessState.UserTime() + p.ProcessState.SystemTime()
	t.Peak = peakMemory(p.ProcessState)
	return json.NewEncoder(s.Out).Encode(t)
}
