package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"flowctl/plan"
	"flowctl/plan/ledger"
)

// undoContainer holds, in the account that is written to, how things were
// before: a laptop may be lost, and the ledger with it.
const undoContainer = "flowctl"

func undoStore(ctx context.Context, p plan.Provider, account plan.ID, inv plan.Investigation) (plan.Store, error) {
	return p.Store(ctx, account, undoContainer, "undo/"+inv.Name+"-"+inv.Mark())
}

func undoBlob(account plan.ID) string { return account.Name() + "-lifecycle.json" }

// keepUndo stores the rules beside the data. Where that is refused the ledger
// alone has them, and the results say so. What an earlier run stored stays: its
// rules are older.
func (r *Run) keepUndo(ctx context.Context, p plan.Provider, before plan.Lifecycle) {
	b, err := json.Marshal(before)
	if err == nil {
		var store plan.Store
		if store, err = undoStore(ctx, p, before.Account, r.Plan.Investigation); err == nil {
			_, err = store.Put(ctx, undoBlob(before.Account), b, plan.Condition{New: true})
		}
	}
	if err == nil || errors.Is(err, plan.ErrChanged) || ctx.Err() != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Plan.Findings = append(r.Plan.Findings, plan.Finding{
		Code: plan.UndoLocalOnly, Severity: plan.Warning, Summary: "Undo is kept by the state alone", Target: before.Account,
		Detail: fmt.Sprintf("How the lifecycle rules of storage account %s were cannot be stored beside the data: %v. Keep the state until the investigation is over, or let flowctl write blobs in container %s.", before.Account.Name(), err, undoContainer),
	})
}

// recall takes what is kept beside the data of accounts whose rules a session
// made Azure change and the ledger does not know any more.
func (t Tidy) recall(ctx context.Context) {
	for _, e := range t.Run.Sessions {
		account := e.Session.Storage
		if account == "" || e.Reused || e.Session.FlowLog == nil && e.Session.Tags[plan.TagUndo] == "" {
			continue
		}
		if _, known := t.Run.Lifecycles[account.Key()]; known || !undoes(e) {
			continue
		}
		p := t.ruleProvider(account)
		if p == nil {
			continue
		}
		store, err := undoStore(ctx, p, account, t.Investigation)
		if err != nil {
			continue
		}
		var before plan.Lifecycle
		if b, _, err := store.Get(ctx, undoBlob(account)); err == nil && json.Unmarshal(b, &before) == nil {
			if t.Run.Lifecycles == nil {
				t.Run.Lifecycles = map[string]plan.Lifecycle{}
			}
			t.Run.Lifecycles[account.Key()] = before
		}
	}
}

// undoes reports whether a session has rules to be put back: its retention or
// its tag says so.
func undoes(e *ledger.Entry) bool {
	if e.Session.Tags[plan.TagUndo] != "" || e.Session.FlowLog != nil && e.Session.FlowLog.RetentionDays > 0 {
		return true
	}
	rec := e.Recording()
	return rec != nil && rec.Tags[plan.TagUndo] != ""
}

// forgetUndo removes what is kept, once it was undone.
func (t Tidy) forgetUndo(ctx context.Context, account plan.ID) {
	if p := t.ruleProvider(account); p != nil {
		if store, err := undoStore(ctx, p, account, t.Investigation); err == nil {
			_ = store.Delete(ctx, undoBlob(account)) // the next run of the name finds the rules as they were then
		}
	}
}
