package operation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"flowctl/collectors"
	"flowctl/collectors/engine"
	"flowctl/collectors/storage"
	"flowctl/collectors/summary"
)

// variable is the value of a variable of the environment.
func (s Settings) variable(name string) string {
	for i := len(s.Environ) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(s.Environ[i], name+"="); ok {
			return v
		}
	}
	return ""
}

// OpenEngine connects to the engine of a URL, with the credential of the environment.
func OpenEngine(ctx context.Context, s Settings, url string) (*engine.Engine, error) {
	a, err := engine.ParseURL(url)
	if err != nil {
		return nil, err
	}
	if user := s.variable(engine.UserVariable); user != "" {
		a.User = user
	}
	return engine.Open(ctx, a, s.variable(engine.PasswordVariable))
}

// Tables are what an engine has, and what is to be done to it.
type Tables struct {
	*engine.Engine
	Nodes   []engine.Node
	Changes []engine.Change
}

// The things that can be done to the tables of an engine.
const (
	EngineInit    = "init"
	EngineUpgrade = "upgrade"
	EngineDrop    = "drop"
)

// PlanTables says what it takes to make, upgrade or remove the tables of an engine.
// The caller closes it.
func PlanTables(ctx context.Context, s Settings, url, what string, keep int) (t Tables, err error) {
	if t, err = LookAtTables(ctx, s, url); err != nil {
		return t, err
	}
	switch what {
	case EngineInit:
		t.Changes, err = t.Init(t.Nodes, keep)
	case EngineUpgrade:
		t.Changes, err = t.Upgrade(t.Nodes)
	case EngineDrop:
		t.Changes, err = t.Drop(t.Nodes)
	}
	if err != nil {
		return t, errors.Join(err, t.Close())
	}
	return t, nil
}

// LookAtTables says what the nodes of an engine have. The caller closes it.
func LookAtTables(ctx context.Context, s Settings, url string) (t Tables, err error) {
	if t.Engine, err = OpenEngine(ctx, s, url); err != nil {
		return t, err
	}
	if t.Nodes, err = t.Engine.Nodes(ctx); err != nil {
		return t, errors.Join(err, t.Close())
	}
	return t, nil
}

// EngineUnits are what came into an engine. There are none without tables.
func EngineUnits(ctx context.Context, t Tables) ([]engine.Arrival, error) {
	for _, n := range t.Nodes {
		if n.Err == nil && n.Tables["ingest"].Schema == 0 {
			return nil, nil
		}
	}
	return t.Arrivals(ctx)
}

// EngineInFile is the URL of the engine that a file or folder has.
func EngineInFile(s Settings, src Source) (string, error) {
	src.Open = true
	cfg, err := Load(s, src)
	switch {
	case err != nil:
		return "", err
	case cfg.Engine == nil:
		return "", fmt.Errorf("%s has no engine: write engine \"clickhouse\" { addresses = [\"HOST\"] }, or give --engine clickhouse://HOST/DATABASE (flowctl docs engine)", src.Path)
	}
	return cfg.Engine.URL(), nil
}

// engage puts what a run fetched into the file's engine, if there is one.
func (op *Operation) engage(ctx context.Context, folder string) error {
	if op.Config.Engine == nil {
		return nil
	}
	var done collectors.Added
	problems, err := AddToEngine(ctx, op.Settings, op.Config.Engine.URL(), SummarizeOptions{Paths: []string{folder}}, &done)
	if err == nil && problems.Count > 0 {
		err = fmt.Errorf("%s: %w", problems.First[0].Path, problems.First[0].Err)
	}
	if err != nil {
		return fmt.Errorf("the flows of %s are not all in the engine: %w; flowctl engine add %s puts in the rest", folder, err, folder)
	}
	return nil
}

// AddToEngine puts files into an engine. What Summarize would do with names, it does.
func AddToEngine(ctx context.Context, s Settings, url string, o SummarizeOptions, done *collectors.Added) (collectors.Problems, error) {
	e, err := OpenEngine(ctx, s, url)
	if err != nil {
		return collectors.Problems{}, err
	}
	defer e.Close()
	var runs runs
	args := collectors.Args{List: o.Paths, Open: s.opener(o.MetadataHost), Start: o.Start, End: o.End, Run: runs.items}
	sum := collectors.Sum{Items: args.Walk(ctx), Late: runs.late, Memory: o.Memory, Progress: o.Progress, Options: summary.Options{Dictionary: s.Names, Inventories: s.Inventories}}
	return sum.AddTo(ctx, e, s.Version, done)
}

// EngineStatements are what an engine is asked for a question.
func EngineStatements(url string, start, end time.Time) ([]string, error) {
	a, err := engine.ParseURL(url)
	if err != nil {
		return nil, err
	}
	var s engine.Select
	if !end.IsZero() {
		s.Start, s.End = start.UnixNano(), end.UnixNano()
	}
	return []string{s.Contexts(a), s.Flows(a), s.Intervals(a), s.Records(a, true)}, nil
}

// engineOf returns the engine that is the one thing that is named; nil if none is. It
// is opened, and the caller closes it.
func (s Settings) engineOf(ctx context.Context, paths []string) (*engine.Engine, error) {
	for _, p := range paths {
		if strings.HasPrefix(p, "clickhouse://") {
			if len(paths) > 1 {
				return nil, fmt.Errorf("an engine is asked by itself: what is in it and in %s as well would count twice. Add files to it with flowctl engine add", storage.WithoutQuery(paths[len(paths)-1]))
			}
			return OpenEngine(ctx, s, p)
		}
	}
	return nil, nil
}

// ofEngine is what is to be summed up of an engine.
func ofEngine(e *engine.Engine) func(yield func(collectors.Item, error) bool) {
	return func(yield func(collectors.Item, error) bool) {
		yield(collectors.Item{Path: e.String(), Store: engine.Source{Engine: e}}, nil)
	}
}
