package operation

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"flowctl/collectors/fetch"
	"flowctl/plan/apply"
	"flowctl/plan/ledger"
	"flowctl/plan/session"
)

// What of results is kept with a ledger that any machine reads: all but the raw
// files, which stay where Azure wrote them, and what is made of those.
var keptKinds = []string{".json", ".md", ".html", ".csv"}

// bring takes the results that lie with the ledger to this machine, where they
// are missing.
func (op *Operation) bring(ctx context.Context) error {
	if _, local := op.backend.(*ledger.Local); local {
		return nil
	}
	for name, run := range op.ledger.Runs {
		folder := session.Folder{Path: filepath.Join(op.resultsOf(name), filepath.Base(run.Results))}
		run.Results = folder.Path // another machine has them elsewhere
		if session.Is(folder.Path) {
			continue
		}
		prefix := name + "/" + filepath.Base(run.Results) + "/"
		files, err := op.backend.KeptNames(ctx, prefix)
		if err != nil {
			return err
		}
		for _, file := range files {
			b, err := op.backend.Kept(ctx, file)
			if err == nil {
				err = folder.Write(file[len(prefix):], b)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// keep stores the results of this machine with the ledger.
func (op *Operation) keep(ctx context.Context) error {
	if _, local := op.backend.(*ledger.Local); local {
		return nil
	}
	now, err := op.backend.Read(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for name, run := range now.Runs {
		base := filepath.Base(run.Results)
		dir := filepath.Join(op.resultsOf(name), base)
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // of another machine
		}
		for _, e := range entries {
			if e.IsDir() || !slices.Contains(keptKinds, filepath.Ext(e.Name())) {
				continue
			}
			b, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err == nil {
				err = op.backend.Keep(ctx, name+"/"+base+"/"+e.Name(), b)
			}
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// refetch brings the raw files of a finished run that another machine fetched:
// Azure's own copy is still in storage unless somebody deleted it.
func (op *Operation) refetch(ctx context.Context, run *ledger.Run) error {
	folder := session.Folder{Path: run.Results}
	m, err := folder.Manifest()
	if err != nil {
		return err
	}
	missing := map[string]bool{} // by name of the session
	for _, a := range m.Artifacts {
		path, err := folder.Join(a.Path)
		if err != nil {
			return err
		}
		if _, err := os.Stat(path); err != nil {
			missing[a.Session] = true
		}
	}
	collector := fetch.Collector{Folder: folder, Providers: op.providers, Inventories: op.allInventories(), Transfer: fetch.NewTransfer()}
	var errs []error
	for _, e := range run.Sessions {
		if rec := e.Recording(); rec != nil && missing[e.Session.Name] {
			_, err := collector.Collect(ctx, apply.Want{Session: e.Session, Recording: *rec, Start: run.Started, End: run.Ends})
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
