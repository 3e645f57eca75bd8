package operation

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
// answers in the same process.
func BenchmarkPlan(b *testing.B) {
	for _, machines := range []int{20_000, 200_000} {
		b.Run(fmt.Sprint(machines), func(b *testing.B) {
			dir := b.TempDir()
			g := stage{dir: filepath.Join(dir, "run"), world: filepath.Join(dir, "world.hcl"), source: Source{Path: filepath.Join(dir, "fleet.hcl")}}
			for name, text := range map[string]string{g.world: hugeWorld(machines), g.source.Path: fmt.Sprintf(fleetFile, "1h", allVNets)} {
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				op, err := g.open(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				plans, err := op.Plan(b.Context(), false)
				if err != nil || plans[0].Count(plan.Create) == 0 {
					b.Fatalf("%v, %d plans", err, len(plans))
				}
			}
		})
	}
}
