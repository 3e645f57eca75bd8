package operation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"flowctl/plan"
	"flowctl/plan/config"
	"flowctl/plan/ledger"
)

// StateList is what is remembered, in its stable JSON form.
type StateList struct {
	Format         string     `json:"format"`
	Where          string     `json:"where"`
	Lineage        string     `json:"lineage"`
	Serial         int        `json:"serial"`
	Investigations []StateRun `json:"investigations"`
}

// StateRun is what is remembered of one investigation.
type StateRun struct {
	Name     string         `json:"name"`
	Ends     time.Time      `json:"ends"`
	Finished *time.Time     `json:"finished"`
	Results  string         `json:"results,omitempty"`
	Sessions []StateSession `json:"sessions"`
	Left     []ledger.Left  `json:"left"` // what could not be taken back
}

// StateSession is what is remembered of one session.
type StateSession struct {
	Name   string       `json:"name"`
	Target plan.ID      `json:"target"`
	Stand  ledger.Stand `json:"stand"`
	Reason string       `json:"reason,omitempty"`
}

// stateBackend is where the file at src says that the state is kept; without a
// file it is on this machine.
func (s Settings) stateBackend(ctx context.Context, src Source) (ledger.Backend, error) {
	if found, _ := filepath.Glob(filepath.Join(src.Path, "*.hcl")); len(found) == 0 && !strings.HasSuffix(src.Path, ".hcl") {
		return s.backend(ctx, &config.Config{})
	}
	cfg, err := Load(s, src)
	if err != nil {
		return nil, err
	}
	return s.backend(ctx, cfg)
}

// ListState lists what is remembered.
func ListState(ctx context.Context, s Settings, src Source) (StateList, error) {
	backend, err := s.stateBackend(ctx, src)
	if err != nil {
		return StateList{}, err
	}
	l, err := backend.Read(ctx)
	if err != nil {
		return StateList{}, err
	}
	out := StateList{Format: "1", Where: backend.Where(), Lineage: l.Lineage, Serial: l.Serial, Investigations: []StateRun{}}
	for _, name := range slices.Sorted(maps.Keys(l.Runs)) {
		run := l.Runs[name]
		one := StateRun{Name: name, Ends: run.Ends, Results: run.Results, Sessions: []StateSession{}, Left: append([]ledger.Left{}, run.Left...)}
		if !run.Finished.IsZero() {
			one.Finished = &run.Finished
		}
		for _, key := range slices.Sorted(maps.Keys(run.Sessions)) {
			e := run.Sessions[key]
			one.Sessions = append(one.Sessions, StateSession{e.Session.Name, e.Session.Target.ID, e.Stand(), e.Reason()})
		}
		out.Investigations = append(out.Investigations, one)
	}
	return out, nil
}

// Only leaves the investigation of a name.
func (l StateList) Only(name string) (StateList, error) {
	i := slices.IndexFunc(l.Investigations, func(r StateRun) bool { return r.Name == name })
	if i < 0 {
		return l, fmt.Errorf("nothing is remembered of investigation %q in %s; flowctl state list shows what is", name, l.Where)
	}
	l.Investigations = l.Investigations[i : i+1]
	return l, nil
}

// PullState returns the state as it is kept.
func PullState(ctx context.Context, s Settings, src Source) ([]byte, error) {
	backend, err := s.stateBackend(ctx, src)
	if err != nil {
		return nil, err
	}
	l, err := backend.Read(ctx)
	if err != nil {
		return nil, err
	}
	return l.Encode()
}

// PushState puts a state that PullState gave in the place of the one that is
// there. One that does not follow from it is refused, unless force is set: what
// it does not know could be recorded twice.
func PushState(ctx context.Context, s Settings, src Source, name string, b []byte, force bool) error {
	next, err := ledger.Decode(name, b)
	if err != nil {
		return err
	}
	return s.changeState(ctx, src, "state push", func(l *ledger.Ledger) error {
		switch {
		case force || l.Lineage == "":
		case next.Lineage != l.Lineage:
			return fmt.Errorf("%s is of another state (lineage %s) than the one that is there (%s); --force puts it there all the same", name, next.Lineage, l.Lineage)
		case next.Serial < l.Serial:
			return fmt.Errorf("%s is older (serial %d) than the state that is there (%d); --force puts it there all the same", name, next.Serial, l.Serial)
		}
		l.Runs = next.Runs
		return nil
	})
}

// MoveState gives what is remembered of an investigation another name.
func MoveState(ctx context.Context, s Settings, src Source, from, to string) error {
	return s.changeState(ctx, src, "state move", func(l *ledger.Ledger) error {
		switch run := l.Runs[from]; {
		case run == nil:
			return fmt.Errorf("nothing is remembered of investigation %q; flowctl state list shows what is", from)
		case l.Runs[to] != nil:
			return fmt.Errorf("investigation %q is remembered already; nothing was changed", to)
		default:
			l.Runs[to] = run
			delete(l.Runs, from)
			return nil
		}
	})
}

// changeState changes what is remembered while nobody else does.
func (s Settings) changeState(ctx context.Context, src Source, what string, change func(*ledger.Ledger) error) error {
	backend, err := s.stateBackend(ctx, src)
	if err != nil {
		return err
	}
	lock, err := backend.Lock(ctx, what)
	if err != nil {
		return err
	}
	defer lock.Release()
	l, err := backend.Read(ctx)
	if err != nil {
		return err
	}
	if err := change(&l); err != nil {
		return err
	}
	_, err = backend.Write(ctx, l)
	return err
}

// errUnlocked says that there was no lock.
var errUnlocked = errors.New("nobody holds the lock of the state")

// UnlockState breaks the lock of whoever holds it and says who that was.
func UnlockState(ctx context.Context, s Settings, src Source) (ledger.Holder, error) {
	backend, err := s.stateBackend(ctx, src)
	if err != nil {
		return ledger.Holder{}, err
	}
	h, ok, err := backend.Unlock(ctx)
	if err == nil && !ok {
		err = errUnlocked
	}
	return h, err
}
