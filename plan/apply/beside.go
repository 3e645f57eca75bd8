package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"flowctl/plan"
	"flowctl/plan/ledger"
	"flowctl/plan/session"
)

// A run is kept beside its data as well, in the container that holds what is to be
// undone: a laptop may be lost with ledger and results, and then what was
// collected would be recorded a second time, and names of what is gone would be
// lost. With a ledger that lies in blobs nothing more is needed.
//
// Two machines that know nothing of each other may carry out one investigation:
// each keeps what it knows in a folder of its own, by the lineage of its ledger, so
// that neither overwrites the other. Whoever reads puts them together.

// Remembered is what is kept of a run beside its data.
type Remembered struct {
	Run       *ledger.Run
	Manifest  session.Manifest
	Inventory []*plan.Inventory

	lineage string // of the ledger whose machine kept it
}

// besideTime is how long one write may take: nothing waits for it for ever.
const besideTime = 30 * time.Second

// besideMany sessions or files are not stored with every save.
const besideMany = 100

// The blobs of a run.
const (
	runBlob       = "run.json"
	manifestBlob  = "manifest.json"
	inventoryBlob = "inventory.json"
)

func runStore(ctx context.Context, p plan.Provider, account plan.ID, inv plan.Investigation) (plan.Store, error) {
	return p.Store(ctx, account, undoContainer, "runs/"+inv.Name+"-"+inv.Mark())
}

// besideAccount is the account in which the run is kept: the first to which a
// session of ours writes; empty if all are somebody else's.
func (r *Run) besideAccount() plan.ID {
	var first plan.ID
	r.mu.Lock()
	tracked := r.tracked
	r.mu.Unlock()
	for _, t := range tracked {
		if a := t.session.Storage; !t.entry.Reused && a != "" && (first == "" || a.Key() < first.Key()) {
			first = a
		}
	}
	return first
}

// keepBeside stores the run as it is now, with its manifest. Where that is refused
// the ledger alone has it, and the results say so.
func (r *Run) keepBeside(run *ledger.Run, m session.Manifest) {
	account, now := r.besideAccount(), r.clock.Now()
	if !r.Beside || account == "" || r.alone {
		return
	}
	if many := r.many() > besideMany || len(m.Artifacts) > besideMany; many && run.Finished.IsZero() && now.Sub(r.besideAt) < time.Minute {
		return // the next save has it
	}
	r.besideAt = now
	folder := r.State.Lineage() + "/"
	ctx, cancel := context.WithTimeout(context.Background(), besideTime)
	defer cancel()
	one := ledger.New()
	one.Runs[r.Plan.Investigation.Name] = run
	b, err := one.Encode()
	if err == nil {
		err = r.putBeside(ctx, account, folder+runBlob, b)
	}
	if err == nil {
		if b, err = json.Marshal(m); err == nil {
			err = r.putBeside(ctx, account, folder+manifestBlob, b)
		}
	}
	r.refused(account, err)
}

// keepNames stores what the subscriptions held at this look, before anything is
// started.
func (r *Run) keepNames(inv []*plan.Inventory) {
	account := r.besideAccount()
	if !r.Beside || account == "" || r.alone {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), besideTime)
	defer cancel()
	b, err := json.Marshal(inv)
	if err == nil {
		err = r.putBeside(ctx, account, r.State.Lineage()+"/"+inventoryBlob, b)
	}
	r.refused(account, err)
}

func (r *Run) putBeside(ctx context.Context, account plan.ID, name string, b []byte) error {
	_, p := providerOf(r.Providers, account)
	if p == nil {
		return fmt.Errorf("no provider is there to write to storage account %s", account.Name())
	}
	if r.beside == nil {
		store, err := runStore(ctx, p, account, r.Plan.Investigation)
		if err != nil {
			return err
		}
		r.beside = store
	}
	_, err := r.beside.Put(ctx, name, b, plan.Condition{})
	return err
}

// refused says once that the run cannot be kept beside its data, and why.
func (r *Run) refused(account plan.ID, err error) {
	if err == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.alone = true
	r.Plan.Findings = append(r.Plan.Findings, plan.Finding{
		Code: plan.UndoLocalOnly, Severity: plan.Warning, Summary: "The run is remembered by the state alone", Target: account,
		Detail: fmt.Sprintf("What was started and collected cannot be stored beside the data in storage account %s: %v. Keep the state until the investigation is over, let flowctl write blobs in container %s, or keep the state in blobs.", account.Name(), err, undoContainer),
	})
}

// Recall reads what is kept of the latest run of an investigation beside its data,
// by all machines that carried it out; nil if nothing is.
func Recall(ctx context.Context, p plan.Provider, account plan.ID, inv plan.Investigation) (*Remembered, error) {
	store, err := runStore(ctx, p, account, inv)
	if err != nil {
		return nil, err
	}
	all, err := recallAll(ctx, store, account.Name(), inv.Name)
	if err != nil {
		return nil, err
	}
	return together(all), nil
}

// recallAll reads what each machine kept, in the order of their lineages.
func recallAll(ctx context.Context, store plan.Store, account, name string) ([]*Remembered, error) {
	names, err := store.Names(ctx, "")
	if err != nil {
		return nil, err
	}
	var all []*Remembered
	for _, blob := range names {
		lineage, ok := strings.CutSuffix(blob, "/"+runBlob)
		if !ok {
			continue
		}
		one, err := recallOne(ctx, store, account, lineage, name)
		if err != nil {
			return nil, err
		}
		if one != nil {
			all = append(all, one)
		}
	}
	return all, nil
}

func recallOne(ctx context.Context, store plan.Store, account, lineage, name string) (*Remembered, error) {
	b, _, err := store.Get(ctx, lineage+"/"+runBlob)
	if errors.Is(err, plan.ErrNotFound) {
		return nil, nil // forgotten meanwhile
	}
	if err != nil {
		return nil, err
	}
	l, err := ledger.Decode(account+"/"+undoContainer, b)
	if err != nil || l.Runs[name] == nil {
		return nil, err
	}
	out := &Remembered{Run: l.Runs[name], lineage: lineage}
	err = errors.Join(part(ctx, store, lineage+"/"+manifestBlob, &out.Manifest), part(ctx, store, lineage+"/"+inventoryBlob, &out.Inventory))
	return out, err
}

// together is what several machines know of the latest run: of each session the
// facts of the one that came further with it, and the files of all.
func together(all []*Remembered) *Remembered {
	var latest *Remembered
	for _, one := range all {
		if latest == nil || one.Run.Started.After(latest.Run.Started) {
			latest = one
		}
	}
	for _, one := range all {
		if one != latest && one.Run.Ends.Equal(latest.Run.Ends) {
			latest.add(one)
		}
	}
	return latest
}

func (k *Remembered) add(other *Remembered) {
	open := k.Run.Finished.IsZero() && other.Run.Finished.IsZero()
	k.Run.Merge(other.Run)
	k.Manifest.Merge(other.Manifest)
	if k.Run.Finished.IsZero() && !open && k.Run.Done() {
		k.Run.Finished = later(k.Run.Finished, other.Run.Finished)
	}
	k.Manifest.Finished = k.Run.Finished
	if len(k.Inventory) == 0 {
		k.Inventory = other.Inventory
	}
}

// elsewhere is what another machine noted of a recording of this run: it may have
// collected and removed it. Nil if none did, or that cannot be read.
func (r *Run) elsewhere(ctx context.Context, t *tracked) *ledger.Entry {
	account := r.besideAccount()
	_, p := providerOf(r.Providers, account)
	if !r.Beside || account == "" || p == nil {
		return nil
	}
	store, err := runStore(ctx, p, account, r.Plan.Investigation)
	if err != nil {
		return nil
	}
	all, err := recallAll(ctx, store, account.Name(), r.Plan.Investigation.Name)
	if err != nil {
		return nil
	}
	for _, one := range all {
		if one.lineage == r.State.Lineage() {
			continue
		}
		for _, e := range one.Run.Sessions {
			if e.Session.Name == t.session.Name && e.Ended != nil && e.Fetched != nil {
				return e
			}
		}
	}
	return nil
}

func part(ctx context.Context, store plan.Store, name string, v any) error {
	b, _, err := store.Get(ctx, name)
	if errors.Is(err, plan.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(b, v)
}

// Forget removes what is kept of a run that was given up.
func Forget(ctx context.Context, p plan.Provider, account plan.ID, inv plan.Investigation) error {
	store, err := runStore(ctx, p, account, inv)
	if err != nil {
		return err
	}
	names, err := store.Names(ctx, "")
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		errs = append(errs, store.Delete(ctx, name))
	}
	return errors.Join(errs...)
}
