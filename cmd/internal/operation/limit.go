package operation

import (
	"fmt"
	"slices"
	"time"

	"flowctl/plan"
	"flowctl/plan/config"
	"flowctl/plan/preflight"
)

// exceeded is what says whether a run has reached a limit of its file:
// max_total_bytes, or the budget. Nil: the file has none, or there is no file,
// as for a sweep.
func (op *Operation) exceeded(p plan.Plan) func(recorded map[string]int64, elapsed time.Duration) string {
	i := slices.IndexFunc(op.Config.Investigations, func(i *config.Investigation) bool { return i.Name == p.Investigation.Name })
	if i < 0 {
		return nil
	}
	inv := op.Config.Investigations[i]
	if inv.MaxTotalBytes == 0 && (inv.Budget == nil || inv.Budget.Limit == 0) {
		return nil
	}
	in := op.input(inv, p)
	return func(recorded map[string]int64, elapsed time.Duration) string {
		var total int64
		for _, n := range recorded {
			total += n
		}
		if most := inv.MaxTotalBytes; most > 0 && total >= most {
			return fmt.Sprintf("max_total_bytes of %d bytes is reached: %d were recorded", most, total)
		}
		if b := inv.Budget; b != nil && b.Limit > 0 {
			if e := preflight.Spent(in, recorded, elapsed); e.Total >= b.Limit {
				return fmt.Sprintf("the budget of %g %s is reached: what was recorded costs %.4g %s", b.Limit, b.Currency, e.Total, e.Currency)
			}
		}
		return ""
	}
}
