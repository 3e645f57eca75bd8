package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"flowctl/plan"
	"flowctl/plan/ledger"
	"flowctl/plan/session"
)

// A run is kept beside its data as well, in the container that holds what is to be
// undone: a laptop may be lost with ledger and results, and then what was
// collected would be recorded a second time, and names of what is gone would be
// lost. With a ledger that lies in blobs nothing more is needed.

// Remembered is what is kept of a run beside its data.
type Remembered struct {
	Run       *ledger.Run
	Manifest  session.Manifest
	Inventory []*plan.Inventory
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
	for _, t := range r.tracked {
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
	if many := len(r.tracked) > besideMany || len(m.Artifacts) > besideMany; many && run.Finished.IsZero() && now.Sub(r.besideAt) < time.Minute {
		return // the next save has it
	}
	r.besideAt = now
	ctx, cancel := context.WithTimeout(context.Background(), besideTime)
	defer cancel()
	one := ledger.New()
	one.Runs[r.Plan.Investigation.Name] = run
	b, err := one.Encode()
	if err == nil {
		err = r.putBeside(ctx, account, runBlob, b)
	}
	if err == nil {
		if b, err = json.Marshal(m); err == nil {
			err = r.putBeside(ctx, account, manifestBlob, b)
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
		err = r.putBeside(ctx, account, inventoryBlob, b)
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

// Recall reads what is kept of the latest run of an investigation beside its data;
// nil if nothing is.
func Recall(ctx context.Context, p plan.Provider, account plan.ID, inv plan.Investigation) (*Remembered, error) {
	store, err := runStore(ctx, p, account, inv)
	if err != nil {
		return nil, err
	}
	b, _, err := store.Get(ctx, runBlob)
	if errors.Is(err, plan.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l, err := ledger.Decode(account.Name()+"/"+undoContainer, b)
	if err != nil || l.Runs[inv.Name] == nil {
		return nil, err
	}
	out := &Remembered{Run: l.Runs[inv.Name]}
	err = errors.Join(part(ctx, store, manifestBlob, &out.Manifest), part(ctx, store, inventoryBlob, &out.Inventory))
	return out, err
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
	var errs []error
	for _, name := range []string{runBlob, manifestBlob, inventoryBlob} {
		errs = append(errs, store.Delete(ctx, name))
	}
	return errors.Join(errs...)
}
