package command

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"flowctl/cmd/internal/env"
)

// TestInterrupted wants of Ctrl-C the status that shells know and no error.
func TestInterrupted(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	file := filepath.Join(t.TempDir(), "a.json")
	if err := os.WriteFile(file, []byte(`{"records":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	e := &env.Env{Stdout: &out, Stderr: &errs, Args: []string{"summarize", file}}
	if status := Main(ctx, e); status != 130 || errs.String() != "Interrupted.\n" || out.Len() > 0 {
		t.Errorf("status %d, %q, %q", status, out.String(), errs.String())
	}
}
