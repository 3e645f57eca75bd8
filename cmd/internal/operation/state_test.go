package operation

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const twoRuns = `{"format":2,"lineage":"a","serial":3,"runs":{"spike":{"sessions":{}},"old":{"finished":"2026-11-12T08:00:00Z","sessions":{}}}}`

// nowhere is a folder without a file, so that the state is on this machine.
var nowhere = Source{Path: "testdata/none"}

// stateOf has a state in a folder of its own.
func stateOf(t *testing.T, text string) Settings {
	t.Helper()
	s := Settings{Dir: t.TempDir()}
	if err := os.WriteFile(filepath.Join(s.Dir, "state.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

func remembered(t *testing.T, s Settings) string {
	t.Helper()
	l, err := ListState(t.Context(), s, nowhere)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, i := range l.Investigations {
		out = append(out, i.Name)
	}
	return strings.Join(out, " ")
}

// What is pulled and pushed back is the same state; what does not follow from
// the one that is there is refused.
func TestPullAndPush(t *testing.T) {
	s := stateOf(t, twoRuns)
	pulled, err := PullState(t.Context(), s, nowhere)
	if err != nil {
		t.Fatal(err)
	}
	if err := MoveState(t.Context(), s, nowhere, "old", "older"); err != nil {
		t.Fatal(err)
	}
	if got := remembered(t, s); got != "older spike" {
		t.Errorf("after a move: %s", got)
	}
	if err := PushState(t.Context(), s, nowhere, "pulled.json", pulled, false); err == nil || !strings.Contains(err.Error(), "is older") {
		t.Errorf("an older state: %v", err)
	}
	if err := PushState(t.Context(), s, nowhere, "pulled.json", pulled, true); err != nil || remembered(t, s) != "old spike" {
		t.Errorf("with force: %v, %s", err, remembered(t, s))
	}
	other := strings.Replace(twoRuns, `"lineage":"a"`, `"lineage":"b"`, 1)
	if err := PushState(t.Context(), s, nowhere, "other.json", []byte(other), false); err == nil || !strings.Contains(err.Error(), "of another state") {
		t.Errorf("another lineage: %v", err)
	}
}

func TestMoveRefuses(t *testing.T) {
	s := stateOf(t, twoRuns)
	for _, move := range [][3]string{{"none", "x", "nothing is remembered"}, {"old", "spike", "is remembered already"}} {
		if err := MoveState(t.Context(), s, nowhere, move[0], move[1]); err == nil || !strings.Contains(err.Error(), move[2]) {
			t.Errorf("%s to %s: %v", move[0], move[1], err)
		}
	}
	if got := remembered(t, s); got != "old spike" {
		t.Errorf("after what was refused: %s", got)
	}
}

// A file that is damaged in any part is said to be, and ends no process.
func TestDamagedState(t *testing.T) {
	for _, text := range []string{
		`{"format":2,`, `null`, `[]`, `{"format":"2"}`,
		`{"format":2,"runs":{"sig":null}}`, `{"format":2,"runs":{"sig":{"sessions":{"p":null}}}}`, `{"format":2,"runs":[]}`,
		`{"format":2,"runs":{"sig":{"sessions":{"p":{"session":{"target":7}}}}}}`,
	} {
		_, err := ListState(t.Context(), stateOf(t, text), nowhere)
		if err == nil || !strings.Contains(err.Error(), "state.json") {
			t.Errorf("%s: %v", text, err)
		}
	}
}
