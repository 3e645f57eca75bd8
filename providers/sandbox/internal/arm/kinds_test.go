package arm

import (
	"strings"
	"testing"

	"flowctl/providers/sandbox/internal/world"
)

// TestRows wants one row for each type, and in the row of each that the world
// makes what a client would have put for it.
func TestRows(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range kinds() {
		if key := strings.ToLower(k.name); seen[key] {
			t.Errorf("%s has two rows", k.name)
		} else {
			seen[key] = true
		}
	}
	w, err := world.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for _, m := range compile(w).all {
		made++
		if m.of != nil && kindOf(m.Type).put == nil {
			t.Errorf("the row of %s does not say what makes one", m.Type)
		}
	}
	if made < 50 {
		t.Errorf("the world has %d resources", made)
	}
}
