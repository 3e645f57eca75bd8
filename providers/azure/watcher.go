package azure

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"
)

// watcherGroup is the resource group in which Azure itself makes watchers; the
// name is NetworkWatcher_ and the region.
const watcherGroup = "NetworkWatcherRG"

// CreateWatcher makes the Network Watcher of a region, as Azure would make it
// itself, with its resource group. A region has one: if it is there by now, it
// is returned as it is.
func (p *Provider) CreateWatcher(ctx context.Context, location string) (plan.Watcher, error) {
	w := plan.Watcher{Location: region(&location)}
	unlock, err := p.writes.lock(ctx, "watcher "+w.Location)
	if err != nil {
		return w, err
	}
	defer unlock.end()
	if there, ok, err := p.watcherIn(ctx, w.Location); ok || err != nil {
		return there, err
	}
	name := "NetworkWatcher_" + w.Location
	w.ID = plan.ID(p.inSubscription("/resourceGroups/" + watcherGroup + "/providers/Microsoft.Network/networkWatchers/" + name))
	if err := p.ensureGroup(ctx, w.Location); err != nil {
		return w, fmt.Errorf("create the Network Watcher of %s: resource group %s: %w", w.Location, watcherGroup, err)
	}
	put := func(ctx context.Context) error {
		_, err := p.network.NewWatchersClient().CreateOrUpdate(ctx, watcherGroup, name, armnetwork.Watcher{Location: to.Ptr(w.Location)}, nil)
		return err
	}
	look := func(ctx context.Context) (bool, error) {
		_, ok, err := p.watcherIn(ctx, w.Location)
		return ok, err
	}
	err = p.retry.write(ctx, put, look)
	if there, ok, _ := p.watcherIn(ctx, w.Location); ok {
		return there, nil // that of somebody faster, if err says that there is one
	}
	if err != nil {
		return w, fmt.Errorf("create the Network Watcher of %s: %w", w.Location, err)
	}
	return w, nil // Azure said so, though its list lags behind
}

func (p *Provider) watcherIn(ctx context.Context, location string) (plan.Watcher, bool, error) {
	pager := p.network.NewWatchersClient().NewListAllPager(nil)
	for ctx := aList(ctx); pager.More(); {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return plan.Watcher{}, false, fmt.Errorf("list network watchers: %w", plain(err))
		}
		for _, w := range page.Value {
			if w != nil && region(w.Location) == location {
				return plan.Watcher{ID: plan.ID(val(w.ID)), Location: location}, true, nil
			}
		}
	}
	return plan.Watcher{}, false, nil
}

const groupVersion = "2021-04-01"

// ensureGroup makes the watchers' resource group if it is not there.
func (p *Provider) ensureGroup(ctx context.Context, location string) error {
	path := p.inSubscription("/resourcegroups/" + watcherGroup)
	there := func(ctx context.Context) (bool, error) {
		var group idOf
		err := p.getInto(ctx, path, groupVersion, &group)
		if isNotFound(err) {
			return false, nil
		}
		return err == nil, err
	}
	ok, err := there(ctx)
	var no *refusal
	if ok || errors.As(err, &no) && no.status == http.StatusForbidden { // who may not read it may still write into it
		return nil
	}
	if err != nil {
		return err
	}
	return p.retry.write(ctx, func(ctx context.Context) error {
		return p.send(ctx, http.MethodPut, p.address(path, groupVersion), map[string]string{"location": location})
	}, there)
}
