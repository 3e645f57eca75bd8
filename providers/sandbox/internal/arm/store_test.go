package arm

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"flowctl/plan"
)

// everything is all resources of the world that clients can put, as (key, id).
func (c *cloud) everything() []plan.ID {
	var all []plan.ID
	for _, key := range slices.Sorted(maps.Keys(c.srv.origin.all)) {
		all = append(all, c.srv.origin.all[key].ID)
	}
	return all
}

// finish waits for what a write has begun, which must not fail.
func (c *cloud) finish(a answer) {
	c.Helper()
	switch {
	case a.h.Get("Azure-AsyncOperation") != "":
		if op := c.settle(a); op.at("status") != "Succeeded" {
			c.Errorf("operation: %s", op.text)
		}
	case a.code == 202:
		for at := a.h.Get("Location"); a.code == 202; a = c.do("GET", at, "") {
			_ = c.clock.Sleep(c.Context(), networkWriteTime)
		}
	}
}

// TestWhatTheWorldHasCanBePutBack: reading any resource of the world and
// writing it back changes nothing, neither in it nor in what traffic there is.
func TestWhatTheWorldHasCanBePutBack(t *testing.T) {
	c := newCloud(t)
	for _, id := range c.everything() {
		before := c.want(c.do("GET", string(id), ""), 200, string(id))
		a := c.do("PUT", string(id), before.text)
		if a.code != 200 {
			t.Errorf("PUT %s: %d %s", id, a.code, a.text)
			continue
		}
		c.finish(a)
		after := c.do("GET", string(id), "")
		if x, y := stripped(t, before.doc), stripped(t, after.doc); x != y {
			t.Errorf("%s changed: %s", id, differs(x, y))
		}
	}
	st, err := c.srv.State()
	if err != nil {
		t.Fatal(err)
	}
	now := c.srv.Live(st, c.clock.Now())
	for i, n := range c.w.NICs {
		var again string
		for _, m := range now.NICs {
			if m.ID.Is(n.ID) {
				again = fmt.Sprint(m.MAC, m.Private, m.Running(), m.OS(), m.Machine(), m.Subnet.ID, m.NSG != nil, m.Public != nil, m.Secondary)
			}
		}
		if want := fmt.Sprint(n.MAC, n.Private, n.Running(), n.OS(), n.Machine(), n.Subnet.ID, n.NSG != nil, n.Public != nil, n.Secondary); again != want {
			t.Errorf("interface %d %s became %s, want %s", i, n.ID, again, want)
		}
	}
}

// TestTagsOfAnything: every resource with tags can be patched, wherever it
// comes from, and patching does not lose anything.
func TestTagsOfAnything(t *testing.T) {
	c := newCloud(t)
	for _, id := range c.everything() {
		m := c.srv.origin.all[id.Key()]
		if !kindOf(m.Type).tagged {
			continue
		}
		before := c.do("GET", string(id), "")
		c.finish(c.want(c.do("PATCH", string(id), `{"tags":{"patched":"yes"}}`), 200, string(id)))
		after := c.do("GET", string(id), "")
		if after.at("tags.patched") != "yes" {
			t.Errorf("%s: %s", id, after.text)
		}
		delete(before.doc, "tags")
		delete(after.doc, "tags")
		if x, y := stripped(t, before.doc), stripped(t, after.doc); x != y {
			t.Errorf("%s changed: %s", id, differs(x, y))
		}
	}
	list := c.do("GET", c.sub+"/resources?api-version=2021-04-01&$filter=tagName+eq+'patched'&$top=1000", "")
	if n := len(list.doc["value"].([]any)); n == 0 {
		t.Errorf("no resource is listed by its new tag: %s", list.text)
	}
}

// TestTheWorldCanBeTakenApart deletes everything, again and again until nothing
// more can go: what stays would be a resource that nobody can delete.
func TestTheWorldCanBeTakenApart(t *testing.T) {
	c := newCloud(t)
	left := c.everything()
	for round := 0; len(left) > 0; round++ {
		var still []plan.ID
		for _, id := range left {
			if strings.EqualFold(id.Type(), "") || c.srv.origin.all[id.Key()].is(groupType) {
				continue
			}
			switch a := c.do("DELETE", string(id), ""); a.code {
			case 200, 202, 204:
				c.finish(a)
				c.want(c.do("GET", string(id), ""), 404, string(id))
			case 400, 409:
				still = append(still, id)
			default:
				t.Fatalf("DELETE %s: %d %s", id, a.code, a.text)
			}
		}
		if len(still) == len(left) || round > 9 {
			t.Fatalf("these cannot be deleted: %s", still)
		}
		left = still
	}
	st, err := c.srv.State()
	if err != nil {
		t.Fatal(err)
	}
	if w := c.srv.Live(st, c.clock.Now()); len(w.NICs)+len(w.VMs)+len(w.VNets)+len(w.NSGs)+len(w.Accounts) > 0 {
		t.Errorf("%d interfaces, %d machines, %d networks live on", len(w.NICs), len(w.VMs), len(w.VNets))
	}
}

// differs is where two texts begin to differ.
func differs(x, y string) string {
	i := 0
	for i < min(len(x), len(y)) && x[i] == y[i] {
		i++
	}
	from := max(0, i-60)
	return x[from:min(len(x), i+80)] + " | " + y[from:min(len(y), i+80)]
}
