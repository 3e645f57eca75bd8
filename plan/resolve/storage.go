package resolve

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
	"flowctl/plan/config"
	"flowctl/plan/region"
)

// storage chooses the account that s is written to: the one of the file's
// accounts, or else of the subscription's, that is in the target's region.
func (r *resolver) storage(w config.Watch, s plan.Session, at hcl.Range) (plan.StorageAccount, bool) {
	if len(r.inv.Storage) == 0 {
		return r.anyStorage(w, s, at)
	}
	var elsewhere []string
	var near []accountAt
	for _, st := range r.inv.Storage {
		a, ok := r.account(st.AccountID)
		switch {
		case !ok:
			r.noAccount(st)
			return a, false
		case region.Same(a.Location, s.Target.Location):
			near = append(near, accountAt{a, st.AccountRange})
			continue
		}
		elsewhere = append(elsewhere, a.ID.Name()+" in "+a.Location)
	}
	if len(near) > 0 {
		n := closest(near, s.Target.ID)
		return n.StorageAccount, r.fits(w, s, n.StorageAccount, n.at)
	}
	r.warn(w, s.Target.ID, at, plan.StorageRegion, "Storage in another region",
		fmt.Sprintf("Azure writes only to storage in the region of the target. %s is in %s; the file names %s. Add a storage block with an account in %s.",
			s.Target.ID.Name(), s.Target.Location, strings.Join(elsewhere, ", "), s.Target.Location))
	return plan.StorageAccount{}, false
}

// accountAt is an account with the place that names it.
type accountAt struct {
	plan.StorageAccount
	at hcl.Range
}

// closest is the first account in the target's own subscription, or the first.
func closest(all []accountAt, target plan.ID) accountAt {
	for _, n := range all {
		if strings.EqualFold(n.ID.Subscription(), target.Subscription()) {
			return n
		}
	}
	return all[0]
}

func (r *resolver) account(id plan.ID) (plan.StorageAccount, bool) {
	for _, inv := range r.inventories {
		for _, a := range inv.Accounts {
			if a.ID.Is(id) {
				return a, true
			}
		}
	}
	return plan.StorageAccount{}, false
}

// noAccount says once that an account of the file is not there.
func (r *resolver) noAccount(st config.Storage) {
	for _, d := range r.diags {
		if d.Summary == "No storage account" && *d.Subject == st.AccountRange {
			return
		}
	}
	r.fail("No storage account", fmt.Sprintf("There is no storage account %s in the subscriptions of the file's providers. Check the id, or add a provider for its subscription.",
		st.AccountID), st.AccountRange)
}

// fits says why an account cannot take what Azure would write there.
func (r *resolver) fits(w config.Watch, s plan.Session, a plan.StorageAccount, at hcl.Range) bool {
	switch {
	case strings.HasPrefix(a.SKU, "Premium"):
		r.warn(w, s.Target.ID, at, plan.StoragePremium, "Premium storage",
			fmt.Sprintf("Storage account %s is %s. Flow logs and captures need a Standard account: name another one in %s.", a.ID.Name(), a.SKU, a.Location))
		return false
	case s.Mechanism == plan.PacketCapture && !a.SharedKey:
		r.warn(w, s.Target.ID, at, plan.StorageSharedKey, "Shared keys are off",
			fmt.Sprintf("Packet captures are uploaded with a signature made from the account's key, and storage account %s does not allow shared keys. Allow them, or name another account in %s.", a.ID.Name(), a.Location))
		return false
	}
	return true
}

// anyStorage takes the only account of the target's region that fits.
func (r *resolver) anyStorage(w config.Watch, s plan.Session, at hcl.Range) (plan.StorageAccount, bool) {
	var fit []plan.StorageAccount
	for _, a := range r.inventories[s.Target.Provider].Accounts {
		if region.Same(a.Location, s.Target.Location) && !strings.HasPrefix(a.SKU, "Premium") && (a.SharedKey || s.Mechanism != plan.PacketCapture) {
			fit = append(fit, a)
		}
	}
	if len(fit) == 1 {
		return fit[0], true
	}
	r.warn(w, s.Target.ID, at, plan.StorageMissing, "No storage account chosen",
		fmt.Sprintf("Investigation %q names no storage. %s", r.inv.Name, choose(fit, s.Target.Location)))
	return plan.StorageAccount{}, false
}

// choose says which accounts could be named.
func choose(fit []plan.StorageAccount, region string) string {
	if len(fit) == 0 {
		return fmt.Sprintf("No standard account in %s is seen either: make one, and name it in a storage block.", region)
	}
	var names []string
	for _, a := range fit {
		names = append(names, a.ID.Name())
	}
	return fmt.Sprintf("Of the accounts in %s these would do: %s. Choose one, such as: storage { account_id = %q }", region, strings.Join(names, ", "), fit[0].ID)
}
