// Package fetch brings what sessions recorded from storage to a results
// folder: many files side by side, large ones in pieces, of flow logs that
// grow only what is new, and each with its SHA-256.
package fetch

import (
	"context"
	"fmt"
	"slices"
	"time"

	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/session"
)

// Collector brings what sessions recorded into a results folder.
type Collector struct {
	Folder      session.Folder
	Providers   map[string]plan.Provider // by alias
	Inventories []*plan.Inventory
	Transfer    *Transfer // shared by all sessions of the run; nil: each has its own
}

var _ apply.Collector = Collector{}

// Collect brings what is in storage and not yet in the folder.
func (c Collector) Collect(ctx context.Context, w apply.Want) ([]session.Artifact, error) {
	if w.Recording.InWorkspace() {
		j, err := c.rowsJob(w)
		if err != nil {
			return nil, err
		}
		return j.run(ctx)
	}
	j, err := c.job(ctx, w)
	if err != nil {
		return nil, err
	}
	return j.run(ctx)
}

// Measure returns how many bytes of a session are in storage.
func (c Collector) Measure(ctx context.Context, w apply.Want) (int64, error) {
	if w.Recording.InWorkspace() { // it is counted when it is read
		return 0, nil
	}
	j, err := c.job(ctx, w)
	if err != nil {
		return 0, err
	}
	return j.size(ctx)
}

// Newest returns the time of the newest record of a flow log in storage, and when
// it was written.
func (c Collector) Newest(ctx context.Context, w apply.Want) (record, written time.Time, err error) {
	if w.Recording.InWorkspace() {
		return time.Time{}, time.Time{}, nil
	}
	j, err := c.job(ctx, w)
	if err != nil {
		return time.Time{}, time.Time{}, err
	}
	return j.newest(ctx)
}

func (c Collector) job(ctx context.Context, w apply.Want) (job, error) {
	account, alias, err := c.account(w.Recording.Storage)
	if err != nil {
		return job{}, err
	}
	if c.Providers[alias] == nil {
		alias = w.Session.Target.Provider
	}
	blobs, err := c.Providers[alias].Blobs(ctx, account.BlobURL)
	if err != nil {
		return job{}, fmt.Errorf("open storage account %s: %w", account.ID.Name(), err)
	}
	return job{
		session: w.Session, recording: w.Recording, start: w.Start, end: w.End, have: w.Have,
		blobs: blobs, folder: c.Folder, macs: c.macs(w), machines: c.machines(w), transfer: c.Transfer,
	}, nil
}

// account returns an account and the alias of the provider that sees it.
func (c Collector) account(id plan.ID) (plan.StorageAccount, string, error) {
	for _, inv := range c.Inventories {
		for _, a := range inv.Accounts {
			if a.ID.Is(id) {
				return a, inv.Provider, nil
			}
		}
	}
	return plan.StorageAccount{}, "", fmt.Errorf("storage account %s is in no subscription that the file's providers see; add a provider for subscription %s", id.Name(), id.Subscription())
}

// macs are the interfaces to read of a flow log that covers more than the
// session's target; nil if it covers just that.
func (c Collector) macs(w apply.Want) map[string]bool {
	if w.Recording.Target.Is(w.Session.Target.ID) {
		return nil
	}
	out := map[string]bool{}
	for _, inv := range c.Inventories {
		for _, n := range inv.NICs {
			if within(n, w.Session.Target.ID) && n.MAC != "" {
				out[n.MAC] = true
			}
		}
	}
	return out
}

// within reports whether n is the target or on it.
func within(n plan.NIC, target plan.ID) bool {
	if n.ID.Is(target) {
		return true
	}
	for _, s := range n.Subnets {
		if s.Is(target) || s.Parent().Is(target) {
			return true
		}
	}
	return false
}

// machines is how many machines write a file for a capture: one, or the
// running instances of a scale set that it takes in.
func (c Collector) machines(w apply.Want) int {
	spec := w.Session.Capture
	if spec == nil {
		return 0
	}
	for _, inv := range c.Inventories {
		for _, set := range inv.ScaleSets {
			if set.ID.Is(w.Session.Target.ID) {
				return takenIn(set, *spec)
			}
		}
	}
	return 1
}

func takenIn(set plan.ScaleSet, spec plan.CaptureSpec) int {
	n := 0
	for _, i := range set.Instances {
		in := len(spec.Include) == 0 || slices.Contains(spec.Include, i.Number)
		if in && !slices.Contains(spec.Exclude, i.Number) && (i.Power == "running" || i.Power == "") {
			n++
		}
	}
	return n
}
