package operation

import (
	"context"
	"path/filepath"
	"strings"
	"sync"

	"flowctl/plan/apply"
	"flowctl/plan/ledger"
)

// counted are the steps of runs that the trail of a command counts.
var counted = map[apply.Kind]bool{apply.Started: true, apply.Ended: true, apply.Collected: true, apply.Removed: true, apply.Changed: true, apply.Failed: true}

// witness counts what a command does, on its way to whoever else listens.
type witness struct {
	mu  sync.Mutex
	did map[string]int
}

func (w *witness) listen(s *Settings) {
	next := s.Emit
	s.Emit = func(e Event) {
		if e.Run != nil && counted[e.Run.Kind] {
			w.mu.Lock()
			w.did[string(e.Run.Kind)]++
			w.mu.Unlock()
		}
		if next != nil {
			next(e)
		}
	}
}

// leave notes in the ledger what a command did, and for whom, if it did anything or failed.
func (w *witness) leave(ctx context.Context, op *Operation, name string, failed error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	acts := name == "stop" || name == "destroy" || name == "extend" || name == "import" // which say nothing on their way
	if len(w.did)+len(op.reported) == 0 && (!acts || failed != nil) {
		return nil
	}
	l, err := op.backend.Read(ctx)
	if err != nil {
		return err
	}
	act := ledger.Behalf(op.getenv)
	act.At, act.Operation, act.File, act.Did = op.now(), name, op.file(), w.did
	if failed != nil {
		act.Failed = failed.Error()
	}
	for _, path := range op.reported {
		act.Reported = append(act.Reported, filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path))
	}
	l.Note(act)
	_, err = op.backend.Write(ctx, l)
	return err
}

// getenv is a variable of the environment; empty if it is not set.
func (s Settings) getenv(name string) string {
	value := ""
	for _, kv := range s.Environ {
		if k, v, ok := strings.Cut(kv, "="); ok && k == name {
			value = v
		}
	}
	return value
}

// Log lists what commands did, the latest last, as the state of a file remembers.
func Log(ctx context.Context, s Settings, src Source) ([]ledger.Act, error) {
	src.empty = true
	backend, err := s.stateBackend(ctx, src)
	if err != nil {
		return nil, err
	}
	l, err := backend.Read(ctx)
	return l.Trail, err
}
