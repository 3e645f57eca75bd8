package operation

import (
	"context"
	"fmt"

	"flowctl/plan/rules"
	"flowctl/plan/servicetag"
)

// Proposed are the tightest rules of a list for what a recording saw.
type Proposed struct {
	List *rules.List
	rules.Proposal
	Against []rules.Use // of other recordings: what was let pass there and the proposal refuses
	Judged  bool        // there are other recordings
}

// Propose makes the tightest rules of one list, with what they would have refused in
// other recordings.
func (r *Ruled) Propose(ctx context.Context, s Settings, name string, groups, prefixes bool, against []string) (*Proposed, error) {
	if r.Left > 0 {
		return nil, fmt.Errorf("%d tuples are more than the %d that proposals are made of: give a shorter time with --start and --end", uint64(mostTuples)+r.Left, mostTuples)
	}
	l, err := r.Find(name)
	if err != nil {
		return nil, err
	}
	by := l.GroupingOf(r.Inventories, r.Tags, groups, prefixes)
	p := &Proposed{List: l, Proposal: rules.Propose(l.Uses, by), Judged: len(against) > 0}
	if !p.Judged {
		return p, nil
	}
	other, err := Rules(ctx, s, SummarizeOptions{Paths: against})
	if err != nil {
		return nil, err
	}
	defer other.Answer.Close()
	for _, m := range other.Lists {
		for _, u := range m.Uses {
			if m.Name == l.Name && !u.Denied && u.Port != 0 && by.World.Decide(p.Rules, u.Tuple).Passes() != rules.Yes {
				p.Against = append(p.Against, u)
			}
		}
	}
	return p, nil
}

func tagsOf(s Settings) *servicetag.List {
	if s.Tags == nil {
		return nil
	}
	return s.Tags.List
}
