package arm

import (
	"bytes"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/world"
)

// TestWrittenAnewIsTheSame writes each resource of the world as a client does
// that read it first: by its document alone the world is what it was, and so is
// the traffic of every interface, byte for byte.
func TestWrittenAnewIsTheSame(t *testing.T) {
	c := newCloud(t)
	from := c.w.Epoch.Add(30 * time.Minute)
	records := func(w *world.World) map[plan.ID][]byte {
		m, all := traffic.New(w), map[plan.ID][]byte{}
		for _, n := range w.NICs {
			log := traffic.Log{ID: "/subscriptions/s/x", GUID: "g", Target: n.ID, Since: c.w.Epoch.Add(-time.Hour)}
			for i := range 3 {
				all[n.ID] = append(all[n.ID], m.Block(log, n, from.Add(time.Duration(i)*time.Minute))...)
			}
		}
		return all
	}
	want := records(c.w)
	everything := map[string]*Resource{}
	for key, m := range c.srv.origin.all {
		if kindOf(m.Type).lives == nil && kindOf(m.Type).acts == byItself {
			continue
		}
		written := *m
		written.Body, written.Given, written.of = clone(m.body()), clone(m.given()), nil
		everything[key] = &written
	}
	if len(everything) < 50 {
		t.Fatalf("the world has %d resources that traffic follows from", len(everything))
	}
	differs := func(over map[string]*Resource) (first plan.ID) {
		got := records(c.srv.become(over))
		if len(got) != len(want) {
			return "number of interfaces"
		}
		for id, text := range want {
			if !bytes.Equal(text, got[id]) && (first == "" || id < first) {
				first = id
			}
		}
		return first
	}
	if vm := plan.ID(c.busiest().Machine()); differs(map[string]*Resource{vm.Key(): nil}) == "" {
		t.Fatalf("without %s the traffic is the same: the comparison sees nothing", vm)
	}
	if differs(everything) == "" {
		return
	}
	for key, m := range everything { // the smallest input that fails
		if nic := differs(map[string]*Resource{key: m}); nic != "" {
			t.Errorf("%s, written anew as it was, changes the traffic of %s", m.ID, nic)
		}
	}
	if !t.Failed() {
		t.Errorf("all written anew change the traffic of %s; none does so alone", differs(everything))
	}
}
