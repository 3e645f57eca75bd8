package operation

import (
	"context"
	"os"
	"testing"
	"time"

	"flowctl/plan/apply"
	"flowctl/plan/session"
)

// TestPreliminaryIsBounded wants nothing to be read, nor any folder made, where an answer
// would take more reading than is stated.
func TestPreliminaryIsBounded(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	p := preliminary{folder: func() session.Folder { t.Error("looked into the run"); return session.Folder{} }}
	if text := p.answer(context.Background(), []apply.Want{{}}, mostPreliminary+1, time.Now()); text != "" {
		t.Errorf("%q", text)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 || p.close() != nil {
		t.Errorf("left %v, %v", left, err)
	}
}
