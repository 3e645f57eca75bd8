package azure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"golang.org/x/sync/errgroup"
)

// Inventory reads what the subscription holds, everything in the order of
// ids. The number of requests grows with the pages of the lists and the
// number of scale sets, not with the number of machines. If something cannot
// be read the error names every list that failed.
func (p *Provider) Inventory(ctx context.Context) (*plan.Inventory, error) {
	before := p.Calls()
	inv := &plan.Inventory{Subscription: p.subscription, Read: p.clock.Now().UTC()}
	var nics, setNICs []plan.NIC
	var vms []machine
	err := inParallel(
		func() (err error) { inv.VNets, err = p.vnets(ctx); return },
		func() (err error) { nics, err = p.nics(ctx); return },
		func() (err error) { inv.NSGs, err = p.nsgs(ctx); return },
		func() (err error) { vms, err = p.machines(ctx); return },
		func() (err error) { inv.ScaleSets, setNICs, err = p.scaleSets(ctx); return },
		func() (err error) { inv.Accounts, err = p.accounts(ctx); return },
		func() (err error) { inv.Watchers, err = p.watchers(ctx); return },
	)
	if err != nil {
		return nil, fmt.Errorf("read what subscription %s holds: %w", p.subscription, err)
	}
	inv.NICs = append(nics, setNICs...)
	for _, m := range vms {
		inv.VMs = append(inv.VMs, m.VM)
	}
	joinScaleSets(inv.ScaleSets, vms)
	sortInventory(inv)
	inv.Skew = p.service.skew()
	p.log.DebugContext(ctx, "inventory read", "calls", p.Calls()-before, "vnets", len(inv.VNets), "nics", len(inv.NICs),
		"vms", len(inv.VMs), "scale_sets", len(inv.ScaleSets), "accounts", len(inv.Accounts))
	return inv, nil
}

func sortInventory(inv *plan.Inventory) {
	byID(inv.VNets, func(v plan.VNet) plan.ID { return v.ID })
	byID(inv.NICs, func(n plan.NIC) plan.ID { return n.ID })
	byID(inv.NSGs, func(n plan.NSG) plan.ID { return n.ID })
	byID(inv.VMs, func(v plan.VM) plan.ID { return v.ID })
	byID(inv.ScaleSets, func(s plan.ScaleSet) plan.ID { return s.ID })
	byID(inv.Accounts, func(a plan.StorageAccount) plan.ID { return a.ID })
	byID(inv.Watchers, func(w plan.Watcher) plan.ID { return w.ID })
	for _, s := range inv.ScaleSets {
		byID(s.Instances, func(i plan.Instance) plan.ID { return i.ID })
	}
}

// joinScaleSets gives sets whose machines are virtual machines of their own
// (flexible orchestration) these as their instances. Such a set need not have
// a model, so it has the system and the agent that all its machines have.
func joinScaleSets(sets []plan.ScaleSet, vms []machine) {
	members := map[string][]machine{}
	for _, m := range vms {
		if m.set != "" {
			members[m.set.Key()] = append(members[m.set.Key()], m)
		}
	}
	for i := range sets {
		s := &sets[i]
		ms := members[s.ID.Key()]
		for _, m := range ms {
			s.Instances = append(s.Instances, plan.Instance{ID: m.ID, Number: m.ID.Name(), Power: m.Power, NICs: m.NICs})
			s.OS = firstOf(s.OS, m.OS)
		}
		without := func(m machine) bool { return !m.Agent }
		s.Agent = s.Agent || len(ms) > 0 && !slices.ContainsFunc(ms, without)
	}
}

// inParallel runs all tasks, a few at a time, and joins their errors.
func inParallel(tasks ...func() error) error {
	var g errgroup.Group
	g.SetLimit(parallel)
	var mu sync.Mutex
	var errs []error
	for _, task := range tasks {
		g.Go(func() error {
			if err := task(); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
			return nil
		})
	}
	g.Wait()
	for _, err := range errs {
		if id := (*identityError)(nil); errors.As(err, &id) {
			return id // which fails every list alike
		}
	}
	return errors.Join(sortedErrors(alike(errs))...)
}

// notListed says which list could not be read, and why.
type notListed struct {
	what string
	err  error
}

func (e *notListed) Error() string { return "list " + e.what + ": " + e.err.Error() }
func (e *notListed) Unwrap() error { return e.err }

// alike makes one error of those of lists that have the same cause.
func alike(errs []error) []error {
	var out, single []error
	for _, err := range errs {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			single = append(single, joined.Unwrap()...)
			continue
		}
		single = append(single, err)
	}
	causes := map[string]*notListed{}
	for _, err := range sortedErrors(single) {
		l, ok := err.(*notListed)
		if !ok {
			out = append(out, err)
			continue
		}
		if first := causes[l.err.Error()]; first != nil {
			first.what += ", " + l.what
			continue
		}
		first := *l
		causes[l.err.Error()] = &first
		out = append(out, &first)
	}
	return out
}

// sortedErrors makes the order of errors that came in parallel the same in
// every run.
func sortedErrors(errs []error) []error {
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errs
}

// list reads all pages and turns each element that is there into a T.
func list[T, P, A any](ctx context.Context, what string, pager *runtime.Pager[P], elements func(P) []*A, convert func(*A) T) ([]T, error) {
	var out []T
	for ctx := aList(ctx); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return out, &notListed{what, plain(err)}
		}
		for _, a := range elements(page) {
			if a != nil {
				out = append(out, convert(a))
			}
		}
	}
	return out, nil
}
