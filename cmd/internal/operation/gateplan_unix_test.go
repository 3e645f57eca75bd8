//go:build unix

package operation

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"flowctl/plan"
)

// hugeWorld is a subscription of so many machines in a thousand networks. One
// fleet has a hundred thousand at most.
func hugeWorld(machines int) string {
	fleets := max(1, machines/100_000)
	text := fmt.Sprintf(fleetWorld, 1000/fleets, machines/fleets)
	if fleets == 1 {
		return text
	}
	head, one, _ := strings.Cut(text, "fleet \"f\" {")
	for i := range fleets {
		head += fmt.Sprintf("fleet \"f%d\" {", i) + strings.Replace(one, "10.0.0.0/8", fmt.Sprintf("%d.0.0.0/8", 10+i), 1)
	}
	return head
}

// BenchmarkPlan plans over 20,000 and 200,000 machines, with the sandbox that
// answers in the same process, and with the same answers from a tape: that is
// what flowctl itself takes. The issue of it is processor time, so that is told.
func BenchmarkPlan(b *testing.B) {
	for _, machines := range []int{20_000, 200_000} {
		dir := b.TempDir()
		g := stage{dir: filepath.Join(dir, "run"), world: filepath.Join(dir, "world.hcl"), source: Source{Path: filepath.Join(dir, "fleet.hcl")}}
		for name, text := range map[string]string{g.world: hugeWorld(machines), g.source.Path: fmt.Sprintf(fleetFile, "1h", allVNets)} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(fmt.Sprintf("%d/sandbox", machines), func(b *testing.B) {
			measured(b, func() { planned(b, g.settings(), g.source) })
		})
		b.Run(fmt.Sprintf("%d/flowctl", machines), func(b *testing.B) {
			t := &tape{dir: b.TempDir(), answers: map[string]taped{}}
			g.around = t.record
			want := planned(b, g.settings(), g.source)
			s := t.settings(g, want.subscription, want.read)
			measured(b, func() {
				if got := planned(b, s, g.source); got != want {
					b.Errorf("got %+v from the tape, and %+v from the sandbox", got, want)
				}
			})
		})
	}
}

// outline is what is looked at of a plan.
type outline struct {
	changes, findings int
	subscription      string
	read              time.Time
}

func planned(b *testing.B, s Settings, src Source) outline {
	op, err := Open(b.Context(), s, src)
	if err != nil {
		b.Fatal(err)
	}
	plans, err := op.Plan(b.Context(), false)
	if err != nil || plans[0].Count(plan.Create) == 0 {
		b.Fatalf("%v, %d plans", err, len(plans))
	}
	inv := op.inventories[op.aliases()[0]]
	return outline{plans[0].Count(plan.Create), len(plans[0].Findings), inv.Subscription, inv.Read}
}

// measured tells the processor time as well, garbage collection included.
func measured(b *testing.B, do func()) {
	began := processorTime(b)
	for b.Loop() {
		do()
	}
	b.ReportMetric((processorTime(b)-began)/float64(b.N), "cpu-s/op")
}

// processorTime is what this process took so far, in seconds.
func processorTime(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}
