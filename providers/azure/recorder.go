package azure

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"flowctl/plan"
)

// resource is something in Azure that is made and removed again, a child of a
// watcher or machine. Its methods make one attempt each; remove waits for the
// operation's end.
type resource interface {
	noun() string
	get(ctx context.Context, at place) (plan.Recording, error)
	remove(ctx context.Context, at place) error
}

// recorder is one mechanism's resource. Its put waits for the operation's end.
type recorder interface {
	resource
	collection() string
	put(ctx context.Context, at place, s plan.Session) error
	stop(ctx context.Context, at place) error
	ended(ctx context.Context, at place) (bool, error)
}

// place is where a recording or extension stands; watcher is its parent's name.
type place struct {
	id                   plan.ID
	group, watcher, name string
}

func (p *Provider) place(id plan.ID) (place, error) {
	at := place{id: id, group: id.ResourceGroup(), watcher: id.Parent().Name(), name: id.Name()}
	if at.group == "" || at.watcher == "" || at.name == "" {
		return at, fmt.Errorf("%q is not the id of a child of a Network Watcher or machine", id)
	}
	if !strings.EqualFold(id.Subscription(), p.subscription) {
		return at, fmt.Errorf("%s is in subscription %s, this provider is for %s", at.name, id.Subscription(), p.subscription)
	}
	return at, nil
}

func (p *Provider) recorder(m plan.Mechanism) (recorder, error) {
	switch m {
	case plan.FlowLog:
		return flowLogs{p}, nil
	case plan.PacketCapture:
		return captures{p}, nil
	}
	return nil, fmt.Errorf("no mechanism %q", m)
}

// find returns how and where the recording r is kept.
func (p *Provider) find(r plan.Recording) (recorder, place, error) {
	rec, err := p.recorder(r.Mechanism)
	if err != nil {
		return nil, place{}, err
	}
	at, err := p.place(r.ID)
	return rec, at, err
}

// exists reads the resource, and whether it is there at all.
func exists(ctx context.Context, rec resource, at place) (plan.Recording, bool, error) {
	r, err := rec.get(ctx, at)
	if errors.Is(err, plan.ErrNotFound) {
		return r, false, nil
	}
	return r, err == nil, err
}

// The provisioning states in which Azure is still at work; in any other it
// has come to an end.
var unsettled = []string{"Accepted", "Creating", "Updating", "Deleting"}

const (
	failed   = "Failed"
	deleting = "Deleting"
)
