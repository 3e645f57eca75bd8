package operation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"flowctl/collectors/fetch"
	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/ledger"
	"flowctl/plan/session"
)

// What of results is kept with a ledger that any machine reads: all but the raw
// files, which stay where Azure wrote them, and what is made of those.
var keptKinds = []string{".json", ".md", ".html", ".csv"}

// isLocal reports whether the ledger is of this machine.
func (op *Operation) isLocal() bool {
	_, local := op.backend.(*ledger.Local)
	return local
}

// recall takes what is kept beside the data of investigations of which the ledger
// knows nothing: it may have been lost, or this is another machine. Results tell
// less of a run than what is kept, unless they are of a later one.
func (op *Operation) recall(ctx context.Context) error {
	if !op.isLocal() {
		return nil
	}
	for _, inv := range op.Config.Investigations {
		known := op.ledger.Runs[inv.Name]
		if known != nil && !op.recovered[inv.Name] || op.destroyed[inv.Name] {
			continue
		}
		var latest *apply.Remembered
		for _, st := range inv.Storage {
			p := op.providerOfAccount(st.AccountID)
			if p == nil {
				continue
			}
			got, err := apply.Recall(ctx, p, st.AccountID, header(inv))
			if err != nil {
				op.unrecalled[inv.Name] = fmt.Errorf("storage account %s: %w", st.AccountID.Name(), err)
				continue
			}
			if got != nil && (latest == nil || got.Run.Started.After(latest.Run.Started)) {
				latest = got
			}
		}
		if latest == nil || known != nil && known.Started.After(latest.Run.Started) {
			continue
		}
		if err := op.take(inv.Name, latest); err != nil {
			return err
		}
	}
	return nil
}

// take makes what was kept beside the data the ledger's and the results'.
func (op *Operation) take(name string, kept *apply.Remembered) error {
	run := kept.Run
	folder := session.Folder{Path: filepath.Join(op.resultsOf(name), run.Ends.UTC().Format(resultsTime))}
	if base := filepath.Base(run.Results); run.Results != "" {
		folder.Path = filepath.Join(op.resultsOf(name), base)
	}
	run.Results = folder.Path
	op.ledger.Runs[name] = run
	if session.Is(folder.Path) {
		return nil
	}
	if kept.Manifest.Investigation.Name != "" {
		if err := folder.WriteManifest(kept.Manifest); err != nil {
			return err
		}
	}
	if kept.Inventory == nil {
		return nil
	}
	return folder.WriteInventory(kept.Inventory)
}

// resultsTime is how folders of results are named, by the end of their window.
const resultsTime = "20060102T150405Z"

// providerOfAccount is the provider of the subscription that holds an account.
func (op *Operation) providerOfAccount(account plan.ID) plan.Provider {
	for _, alias := range op.aliases() {
		if strings.EqualFold(op.providers[alias].Subscription(), account.Subscription()) {
			return op.providers[alias]
		}
	}
	return nil
}

// bring takes the results that lie with the ledger to this machine, where they
// are missing.
func (op *Operation) bring(ctx context.Context) error {
	if op.isLocal() {
		return nil
	}
	for name, run := range op.ledger.Runs {
		run.Results = filepath.Join(op.resultsOf(name), filepath.Base(run.Results)) // another machine has them elsewhere
		if err := op.bringFolder(ctx, name, filepath.Base(run.Results)); err != nil {
			return err
		}
	}
	return nil
}

// bringFolder takes one folder of results to this machine, if it is kept with the ledger and
// knows more than what is here.
func (op *Operation) bringFolder(ctx context.Context, name, base string) error {
	folder, prefix := session.Folder{Path: filepath.Join(op.resultsOf(name), base)}, name+"/"+base+"/"
	if op.isLocal() {
		return nil
	}
	if further, err := op.keptIsFurther(ctx, folder, prefix); err != nil || !further && base != standingName {
		return err
	}
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
	return nil
}

// dropFolder removes a folder of results here and with the ledger.
func (op *Operation) dropFolder(ctx context.Context, name string, folder session.Folder) error {
	prefix := name + "/" + filepath.Base(folder.Path) + "/"
	files, err := op.backend.KeptNames(ctx, prefix)
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := op.backend.Drop(ctx, file); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(folder.Path); err != nil {
		return fmt.Errorf("remove results: %w", err)
	}
	return nil
}

// keptIsFurther reports whether the results that lie with the ledger know more than
// those of this machine: another one went on meanwhile.
func (op *Operation) keptIsFurther(ctx context.Context, local session.Folder, prefix string) (bool, error) {
	if !session.Is(local.Path) {
		return true, nil
	}
	here, err := local.Manifest()
	if err != nil {
		return false, err
	}
	b, err := op.backend.Kept(ctx, prefix+"manifest.json")
	if errors.Is(err, plan.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	dir, err := os.MkdirTemp("", "flowctl-manifest-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	folder := session.Folder{Path: dir}
	if err := folder.Write("manifest.json", b); err != nil {
		return false, err
	}
	kept, err := folder.Manifest()
	if err != nil {
		return false, err
	}
	return len(kept.Artifacts) > len(here.Artifacts) || sizeOf(kept) > sizeOf(here) || !kept.Finished.IsZero() && here.Finished.IsZero(), nil
}

// sizeOf is how many bytes the raw files of a run have.
func sizeOf(m session.Manifest) (n int64) {
	for _, a := range m.Artifacts {
		n += a.Size
	}
	return n
}

// keep stores the results of this machine with the ledger.
func (op *Operation) keep(ctx context.Context) error {
	if op.isLocal() {
		return nil
	}
	now, err := op.backend.Read(ctx)
	if err != nil {
		return err
	}
	folders := map[string]string{} // by path: the investigation's name
	for name, run := range now.Runs {
		folders[filepath.Join(op.resultsOf(name), filepath.Base(run.Results))] = name
	}
	for _, path := range op.reported {
		folders[path] = filepath.Base(filepath.Dir(path))
	}
	var errs []error
	for _, dir := range slices.Sorted(maps.Keys(folders)) {
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
				err = op.backend.Keep(ctx, folders[dir]+"/"+filepath.Base(dir)+"/"+e.Name(), b)
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
	here, missing := map[string]int{}, map[string]bool{} // by name of the session
	for _, a := range m.Artifacts {
		path, err := folder.Join(a.Path)
		if err != nil {
			return err
		}
		here[a.Session]++
		if f, err := os.Stat(path); err != nil || f.Size() != a.Size { // another machine may have collected more since
			missing[a.Session] = true
		}
	}
	collector := fetch.Collector{Folder: folder, Providers: op.providers, Inventories: op.allInventories(), Transfer: fetch.NewTransfer()}
	var errs []error
	unknown := false
	for _, e := range run.Sessions {
		name := e.Session.Name
		// The manifest may be older than the run: they are kept one after the other.
		fewer := e.Fetched != nil && here[name] < e.Fetched.Files
		if rec := e.Recording(); rec != nil && (missing[name] || fewer) {
			got, err := collector.Collect(ctx, apply.Want{Session: e.Session, Recording: *rec, Start: run.Started, End: run.Ends})
			errs = append(errs, err)
			if fewer {
				m.Artifacts = slices.DeleteFunc(m.Artifacts, func(a session.Artifact) bool { return a.Session == name })
				m.Artifacts, unknown = append(m.Artifacts, got...), true
			}
		}
	}
	if unknown {
		errs = append(errs, folder.WriteManifest(m))
	}
	return errors.Join(errs...)
}
