package fault

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"flowctl/providers/sandbox/internal/world"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func open(t *testing.T, dir string, seed uint64, faults ...*world.Fault) *Set {
	t.Helper()
	for i, f := range faults {
		if f.Name == "" {
			f.Name = fmt.Sprint("fault ", i)
		}
		if f.Effect == "" {
			f.Effect = world.Refuse
		}
		if f.Probability == 0 {
			f.Probability = 1
		}
	}
	s, err := Open(t.Context(), &world.World{Seed: seed, Faults: faults}, dir, epoch)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *Set) strike(t *testing.T, c Call, at time.Time) bool {
	t.Helper()
	struck, err := s.Strike(t.Context(), c, at)
	if err != nil {
		t.Fatal(err)
	}
	return len(struck) > 0
}

func TestStrike(t *testing.T) {
	get := Call{Operation: "flow_log.read", Thing: "/subscriptions/s/a", Names: []string{"a", "vnet-hub"}, Region: "westeurope"}
	other := Call{Operation: "flow_log.read", Thing: "/subscriptions/s/b"}
	tests := map[string]struct {
		fault world.Fault
		calls []Call
		at    time.Duration
		want  []bool
	}{
		"always":        {world.Fault{Operation: "flow_log.*"}, []Call{get, get}, 0, []bool{true, true}},
		"another":       {world.Fault{Operation: "flow_log.create"}, []Call{get}, 0, []bool{false}},
		"nth":           {world.Fault{Operation: "*", Nth: []int{1, 3}}, []Call{get, get, get, get}, 0, []bool{true, false, true, false}},
		"nth of each":   {world.Fault{Operation: "*", Nth: []int{1}}, []Call{get, other, get}, 0, []bool{true, true, false}},
		"times":         {world.Fault{Operation: "*", Times: 2}, []Call{get, other, get}, 0, []bool{true, true, false}},
		"target":        {world.Fault{Operation: "*", Target: "vnet-*"}, []Call{get, other}, 0, []bool{true, false}},
		"by id":         {world.Fault{Operation: "*", Target: "/Subscriptions/s/a"}, []Call{get, other}, 0, []bool{true, false}},
		"region":        {world.Fault{Operation: "*", Region: "westeurope"}, []Call{get, other}, 0, []bool{true, false}},
		"before":        {world.Fault{Operation: "*", After: world.Moment{Since: time.Hour}}, []Call{get}, time.Minute, []bool{false}},
		"after":         {world.Fault{Operation: "*", After: world.Moment{Since: time.Hour}}, []Call{get}, time.Hour, []bool{true}},
		"until":         {world.Fault{Operation: "*", Until: world.Moment{At: epoch.Add(time.Hour)}}, []Call{get}, time.Hour, []bool{false}},
		"until not yet": {world.Fault{Operation: "*", Until: world.Moment{At: epoch.Add(time.Hour)}}, []Call{get}, time.Minute, []bool{true}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := open(t, "", 1, &tt.fault)
			var got []bool
			for _, c := range tt.calls {
				got = append(got, s.strike(t, c, epoch.Add(tt.at)))
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("struck %v, want %v", got, tt.want)
			}
		})
	}
}

// draws is what 4 calls of each of 500 things meet.
func draws(t *testing.T, s *Set, order []int) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for n := range 4 {
		for _, i := range order {
			thing := fmt.Sprint("/subscriptions/s/", i)
			all[fmt.Sprint(thing, " ", n)] = s.strike(t, Call{Operation: "flow_log.create", Thing: thing}, epoch)
		}
	}
	return all
}

func TestProbabilityIsDrawnFromTheSeed(t *testing.T) {
	order := make([]int, 500)
	for i := range order {
		order[i] = i
	}
	faults := func() *world.Fault { return &world.Fault{Operation: "*", Probability: 0.05} }
	first := draws(t, open(t, "", 7, faults()), order)
	hit := 0
	for _, struck := range first {
		if struck {
			hit++
		}
	}
	if hit < 60 || hit > 140 {
		t.Errorf("%d of 2000 calls were struck with a probability of 5%%", hit)
	}
	slices.Reverse(order)
	for call, struck := range draws(t, open(t, "", 7, faults()), order) {
		if struck != first[call] {
			t.Fatalf("call %s depends on the order of the calls", call)
		}
	}
	differ := 0
	for call, struck := range draws(t, open(t, "", 8, faults()), order) {
		if struck != first[call] {
			differ++
		}
	}
	if differ < 60 {
		t.Errorf("another seed changes %d of 2000 calls", differ)
	}
}

func TestProcessesShareTheCount(t *testing.T) {
	dir := t.TempDir()
	f := &world.Fault{Operation: "*", Nth: []int{2}, After: world.Moment{Since: time.Hour}}
	c := Call{Operation: "flow_log.read", Thing: "a"}
	if open(t, dir, 1, f).strike(t, c, epoch.Add(time.Hour)) {
		t.Error("the first call is struck")
	}
	// A process that comes later would count its own beginning from then.
	s, err := Open(t.Context(), &world.World{Seed: 1, Faults: []*world.Fault{f}}, dir, epoch.Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if !s.strike(t, c, epoch.Add(2*time.Hour)) {
		t.Error("the second call, of another process, is not struck")
	}
}

func TestWriting(t *testing.T) {
	s := open(t, "", 1, &world.Fault{Operation: "flow_log.record", Effect: world.Late, Probability: 0.5, Delay: time.Minute},
		&world.Fault{Operation: "*", Effect: world.Refuse})
	hit := 0
	for i := range 100 {
		c := Call{Operation: world.Record, Thing: fmt.Sprint("blob ", i)}
		one, two := s.Writing(c, epoch), s.Writing(c, epoch.Add(time.Hour))
		if !slices.Equal(one, two) {
			t.Errorf("%s is late at one time only", c.Thing)
		}
		hit += len(one)
	}
	if hit < 30 || hit > 70 {
		t.Errorf("%d of 100 blobs are late", hit)
	}
}
