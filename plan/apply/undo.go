package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"flowctl/plan"
	"flowctl/plan/ledger"
)

// Undo is how the lifecycle rules of a storage account were before a retention
// made Azure change them. It is kept in the account that is written to: a laptop
// may be lost, and the ledger with it.
type Undo struct {
	Before        plan.Lifecycle `json:"before"`
	Investigation string         `json:"investigation"`
	Owner         string         `json:"owner,omitempty"`
	Kept          time.Time      `json:"kept"`
	Expires       time.Time      `json:"expires"` // then its investigation should have put the rules back
}

// Undos lie in a container and folder of flowctl's own, in a folder for each
// investigation in its owner's hands.
const (
	undoContainer = "flowctl"
	undoFolder    = "undo"
	undoSuffix    = "-lifecycle.json"
)

func undoBlob(inv plan.Investigation, account plan.ID) string {
	return inv.Name + "-" + inv.Mark() + "/" + account.Name() + undoSuffix
}

func (u Undo) of() plan.Investigation {
	return plan.Investigation{Name: u.Investigation, Owner: u.Owner}
}

func (u Undo) blob() string { return undoBlob(u.of(), u.Before.Account) }

// Undos lists what is kept of an account, the oldest first.
func Undos(ctx context.Context, p plan.Provider, account plan.ID) ([]Undo, error) {
	store, err := p.Store(ctx, account, undoContainer, undoFolder)
	if err != nil {
		return nil, err
	}
	names, err := store.Names(ctx, "")
	if err != nil {
		return nil, err
	}
	var out []Undo
	for _, name := range names {
		if !strings.HasSuffix(name, "/"+account.Name()+undoSuffix) {
			continue
		}
		b, _, err := store.Get(ctx, name)
		if errors.Is(err, plan.ErrNotFound) {
			continue // undone meanwhile
		}
		if err != nil {
			return nil, err
		}
		var u Undo
		if json.Unmarshal(b, &u) == nil && u.Before.Account.Is(account) && u.blob() == name {
			out = append(out, u)
		}
	}
	slices.SortStableFunc(out, func(a, b Undo) int { return a.Kept.Compare(b.Kept) })
	return out, nil
}

// earliest is how the rules of an account were before any investigation that is
// under way changed them: an earlier run of this one, whose ledger may be lost,
// or another one, from another machine. Where none did, it is how they are.
func (r *Run) earliest(ctx context.Context, p plan.Provider, account plan.ID) (plan.Lifecycle, time.Time, error) {
	now := r.clock.Now()
	undos, _ := Undos(ctx, p, account) // where they cannot be read they cannot be written either, which is told
	for _, u := range undos {
		if u.of() == ownerOf(r.Plan.Investigation) || now.Before(u.Expires) {
			return u.Before, u.Kept, nil
		}
	}
	before, err := p.Lifecycle(ctx, account)
	return before, now, err
}

// ownerOf is what tells whose an investigation is.
func ownerOf(inv plan.Investigation) plan.Investigation {
	return plan.Investigation{Name: inv.Name, Owner: inv.Owner}
}

// keepUndo stores the rules beside the data. Where that is refused the ledger
// alone has them, and the results say so.
func (r *Run) keepUndo(ctx context.Context, p plan.Provider, before plan.Lifecycle, kept time.Time) {
	inv := r.Plan.Investigation
	b, err := json.Marshal(Undo{Before: before, Investigation: inv.Name, Owner: inv.Owner, Kept: kept.UTC(), Expires: r.run.Ends.UTC()})
	if err == nil {
		var store plan.Store
		if store, err = p.Store(ctx, before.Account, undoContainer, undoFolder); err == nil {
			_, err = store.Put(ctx, undoBlob(inv, before.Account), b, plan.Condition{})
		}
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Plan.Findings = append(r.Plan.Findings, plan.Finding{
		Code: plan.UndoLocalOnly, Severity: plan.Warning, Summary: "Undo is kept by the state alone", Target: before.Account,
		Detail: fmt.Sprintf("How the lifecycle rules of storage account %s were cannot be stored beside the data: %v. Keep the state until the investigation is over, or let flowctl write blobs in container %s.", before.Account.Name(), err, undoContainer),
	})
}

// recall takes what is kept beside the data of the accounts of the file, and of
// those whose rules a session made Azure change, and the ledger does not know
// any more.
func (t Tidy) recall(ctx context.Context) {
	accounts := slices.Clone(t.Accounts)
	for _, e := range t.Run.Sessions {
		if !e.Reused && undoes(e) {
			accounts = append(accounts, e.Session.Storage)
		}
	}
	for _, account := range accounts {
		if _, known := t.Run.Lifecycles[account.Key()]; known || account == "" {
			continue
		}
		p := t.ruleProvider(account)
		if p == nil {
			continue
		}
		undos, err := Undos(ctx, p, account)
		if err != nil {
			continue // where they may not be read none were written
		}
		for _, u := range undos {
			if u.of() != ownerOf(t.Investigation) {
				continue
			}
			if t.Run.Lifecycles == nil {
				t.Run.Lifecycles = map[string]plan.Lifecycle{}
			}
			t.Run.Lifecycles[account.Key()] = u.Before
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

// forgotten tells of the accounts whose rules Azure changed for a session, and
// of which nobody knows any more how they were: the ledger is lost, and beside
// the data nothing could be kept.
func (t Tidy) forgotten(ctx context.Context) []Failure {
	accounts := map[plan.ID]bool{}
	for _, e := range t.Run.Sessions {
		if !e.Reused && undoes(e) && (e.Intended.By == "" || e.Intended.By == foundInAzure) {
			accounts[e.Session.Storage] = true
		}
	}
	for _, r := range t.Removed {
		accounts[r.Storage] = accounts[r.Storage] || r.Tags[plan.TagUndo] != ""
	}
	var out []Failure
	for _, account := range slices.Sorted(maps.Keys(accounts)) {
		p := t.ruleProvider(account)
		if _, known := t.Run.Lifecycles[account.Key()]; known || !accounts[account] || account == "" || p == nil {
			continue
		}
		now, err := p.Lifecycle(ctx, account)
		if err != nil {
			continue
		}
		var names []string
		for _, rule := range now.Rules {
			if ofFlowLogs(rule, true) {
				names = append(names, rule.Name)
			}
		}
		if len(names) > 0 {
			out = append(out, Failure{Session: account.Name(), Reason: fmt.Sprintf(
				"how the lifecycle rules of storage account %s were before is not known any more: the state is lost, and nothing was kept beside the data. %s deletes flow logs; remove what you do not want with az storage account management-policy",
				account.Name(), strings.Join(names, ", "))})
		}
	}
	return out
}

// needed reports whether an investigation of another ledger still needs the
// rules of an account as they are. It puts them back, as they were before both.
func (t Tidy) needed(ctx context.Context, account plan.ID) bool {
	p := t.ruleProvider(account)
	if p == nil || t.Now.IsZero() {
		return false
	}
	undos, _ := Undos(ctx, p, account)
	return slices.ContainsFunc(undos, func(u Undo) bool {
		return u.of() != ownerOf(t.Investigation) && !t.knows(u.Investigation) && t.Now.Before(u.Expires)
	})
}

// knows reports whether the ledger has another investigation.
func (t Tidy) knows(name string) bool {
	return name != t.Investigation.Name && t.Knows != nil && t.Knows(name)
}

// PutBack undoes what is kept beside the data of an investigation that nobody
// else sees to.
func (t Tidy) PutBack(ctx context.Context, u Undo) []Failure {
	t.Investigation, t.Run = u.of(), &ledger.Run{Lifecycles: map[string]plan.Lifecycle{u.Before.Account.Key(): u.Before}}
	return t.rules(ctx)
}

// forgetUndo removes what is kept, once it was undone or others see to it.
func (t Tidy) forgetUndo(ctx context.Context, account plan.ID) {
	if p := t.ruleProvider(account); p != nil {
		if store, err := p.Store(ctx, account, undoContainer, undoFolder); err == nil {
			_ = store.Delete(ctx, undoBlob(t.Investigation, account)) // the next run of the name finds the rules as they were then
		}
	}
}
