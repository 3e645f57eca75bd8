package azure

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"flowctl/plan"
)

// guard is a part of an inventory that only a plan needs, and how it is read.
type guard struct {
	name string // of the part in plan.Inventory's JSON
	read func(context.Context, *plan.Inventory) error
}

// Guards fills in what stands guard over what inv holds, everything at the
// same time. A part that Azure does not let the caller read is left empty and
// named in inv.Unread; the error is of a caller who may read nothing at all.
func (p *Provider) Guards(ctx context.Context, inv *plan.Inventory) error {
	guards := []guard{
		{"tenant", p.readTenant}, {"registered", p.readRegistered}, {"locks", p.readLocks},
		{"policies", p.readPolicies}, {"quotas", p.readQuotas}, {"private_endpoints", p.readPrivateEndpoints},
		{"route_tables", p.readRouteTables},
	}
	var mu sync.Mutex
	unread := maps.Clone(inv.Unread)
	var tasks []func() error
	for _, g := range guards {
		tasks = append(tasks, func() error {
			err := g.read(ctx, inv)
			if err == nil || ctx.Err() != nil || errors.As(err, new(*identityError)) {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			if unread == nil {
				unread = map[string]string{}
			}
			unread[g.name] = err.Error()
			return nil
		})
	}
	if err := inParallel(tasks...); err != nil {
		return fmt.Errorf("read what guards subscription %s: %w", p.subscription, err)
	}
	inv.Unread = unread
	return nil
}

// readTenant reads whose the subscription is
// (Microsoft.Resources/subscriptions, API version 2022-12-01).
func (p *Provider) readTenant(ctx context.Context, inv *plan.Inventory) error {
	var sub struct {
		Tenant string `json:"tenantId"`
	}
	err := p.getInto(ctx, p.inSubscription(""), "2022-12-01", &sub)
	if err != nil {
		return fmt.Errorf("read the subscription: %w", err)
	}
	inv.Tenant = strings.ToLower(sub.Tenant)
	return nil
}

// resourceProviders are those that flow logs and captures need.
var resourceProviders = []string{
	"Microsoft.Compute", "Microsoft.Insights", "Microsoft.Network", "Microsoft.OperationalInsights", "Microsoft.Storage",
}

// readRegistered asks for the providers one by one: a list of all of them has
// megabytes (API version 2021-04-01).
func (p *Provider) readRegistered(ctx context.Context, inv *plan.Inventory) error {
	states := make([]string, len(resourceProviders))
	var tasks []func() error
	for i, ns := range resourceProviders {
		tasks = append(tasks, func() error {
			var doc struct {
				State string `json:"registrationState"`
			}
			err := p.getInto(ctx, p.inSubscription("/providers/"+ns), "2021-04-01", &doc)
			if err != nil {
				return fmt.Errorf("read whether %s is registered: %w", ns, err)
			}
			states[i] = doc.State
			return nil
		})
	}
	err := inParallel(tasks...)
	inv.Registered = map[string]string{}
	for i, ns := range resourceProviders {
		if states[i] != "" {
			inv.Registered[ns] = states[i]
		}
	}
	return err
}

// managementLock is a Microsoft.Authorization/locks (API version 2020-05-01).
type managementLock struct {
	ID         plan.ID `json:"id"`
	Properties struct {
		Level string `json:"level"`
	} `json:"properties"`
}

// readLocks lists the locks on the subscription and on all that it holds.
func (p *Provider) readLocks(ctx context.Context, inv *plan.Inventory) (err error) {
	at := p.address(p.inSubscription("/providers/Microsoft.Authorization/locks"), "2020-05-01")
	inv.Locks, err = listOf(ctx, p, "locks", at, func(l *managementLock) plan.Lock {
		return plan.Lock{ID: l.ID, Scope: scopeOf(l.ID), Level: l.Properties.Level}
	})
	byID(inv.Locks, func(l plan.Lock) plan.ID { return l.ID })
	return err
}

// scopeOf is what a lock or a policy assignment is on: the part of its id
// before the last provider.
func scopeOf(id plan.ID) plan.ID {
	if i := plan.LastIndexFold(string(id), "/providers/Microsoft.Authorization/"); i >= 0 {
		return id[:i]
	}
	return ""
}

// usage is how much of a limit is used
// (Microsoft.Network/locations/usages, API version 2024-05-01).
type usage struct {
	Name struct {
		Value string `json:"value"`
	} `json:"name"`
	Used  int64 `json:"currentValue"`
	Limit int64 `json:"limit"`
}

// quotas are the limits that sessions use up, in lower case.
var quotas = []string{"packetcaptures", "flowlogs", "networkwatchers"}

// readQuotas reads the limits of the regions in which there are machines.
func (p *Provider) readQuotas(ctx context.Context, inv *plan.Inventory) error {
	var mu sync.Mutex
	var tasks []func() error
	for _, location := range machineRegions(inv) {
		tasks = append(tasks, func() error {
			at := p.address(p.inSubscription("/providers/Microsoft.Network/locations/"+location+"/usages"), "2024-05-01")
			all, err := listOf(ctx, p, "limits of "+location, at, func(u *usage) plan.Quota {
				return plan.Quota{Name: u.Name.Value, Location: location, Used: u.Used, Limit: u.Limit}
			})
			mu.Lock()
			defer mu.Unlock()
			for _, q := range all {
				if slices.Contains(quotas, strings.ToLower(q.Name)) {
					inv.Quotas = append(inv.Quotas, q)
				}
			}
			return err
		})
	}
	err := inParallel(tasks...)
	slices.SortFunc(inv.Quotas, func(a, b plan.Quota) int {
		return strings.Compare(a.Location+" "+a.Name, b.Location+" "+b.Name)
	})
	return err
}

func machineRegions(inv *plan.Inventory) []string {
	at := map[string]bool{}
	for _, v := range inv.VMs {
		at[v.Location] = true
	}
	for _, s := range inv.ScaleSets {
		at[s.Location] = true
	}
	delete(at, "")
	return slices.Sorted(maps.Keys(at))
}

// privateEndpoint is a Microsoft.Network/privateEndpoints (API version
// 2024-05-01).
type privateEndpoint struct {
	ID         plan.ID `json:"id"`
	Location   string  `json:"location"`
	Properties struct {
		Subnet idOf   `json:"subnet"`
		NICs   []idOf `json:"networkInterfaces"`
	} `json:"properties"`
}

func (p *Provider) readPrivateEndpoints(ctx context.Context, inv *plan.Inventory) (err error) {
	at := p.address(p.inSubscription("/providers/Microsoft.Network/privateEndpoints"), "2024-05-01")
	inv.PrivateEndpoints, err = listOf(ctx, p, "private endpoints", at, func(e *privateEndpoint) plan.PrivateEndpoint {
		out := plan.PrivateEndpoint{ID: e.ID, Location: region(&e.Location), Subnet: e.Properties.Subnet.ID, NICs: []plan.ID{}}
		for _, n := range e.Properties.NICs {
			out.NICs = append(out.NICs, n.ID)
		}
		return out
	})
	byID(inv.PrivateEndpoints, func(e plan.PrivateEndpoint) plan.ID { return e.ID })
	return err
}
