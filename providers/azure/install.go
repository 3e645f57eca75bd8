package azure

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"flowctl/plan"
)

// agentVersion is all that is pinned: builds come and go.
const agentVersion = "1.4"

// InstallAgent adds an agent to its machine or scale set, and waits until
// Azure says that it works. An agent that is being deleted is awaited, and
// then there is none. It fails with plan.ErrExists if the machine has an
// agent, under whatever name, that is not of the same investigation. What came
// of a failed installation is removed again.
func (p *Provider) InstallAgent(ctx context.Context, a plan.Agent) error {
	rec, at, err := p.extension(a)
	if err == nil {
		err = p.install(ctx, rec, at, a)
	}
	if err != nil {
		return fmt.Errorf("install the Network Watcher agent on %s: %w", a.Machine.ID.Name(), err)
	}
	return nil
}

// install does it again if somebody removes the agent meanwhile.
func (p *Provider) install(ctx context.Context, rec agentExtension, at place, a plan.Agent) error {
	for n := 0; ; n++ {
		ours, err := p.installed(ctx, rec, at, a)
		if err != nil {
			return err
		}
		if !ours {
			put := p.writes.under(at.id.Parent().Key(), func(ctx context.Context) error { return rec.put(ctx, at, a) })
			look := func(ctx context.Context) (bool, error) { return p.arrived(ctx, rec, at) }
			if err := p.retry.write(ctx, put, look); err != nil {
				return p.abandon(ctx, rec, at, err)
			}
		}
		r, err := p.settled(ctx, rec, at)
		switch {
		case isNotFound(err) && n < p.retry.again:
			continue
		case err != nil:
			return p.abandon(ctx, rec, at, err)
		case r.Provisioning == failed:
			return p.abandon(ctx, rec, at, fmt.Errorf("it came to state %s", failed))
		}
		return nil
	}
}

// installed looks for an agent on the machine: one of the same investigation,
// which an earlier run brought, or somebody else's. A failed one of ours is
// removed, and so is awaited what is being deleted, whoever's it was.
func (p *Provider) installed(ctx context.Context, rec agentExtension, at place, a plan.Agent) (ours bool, err error) {
	all, err := rec.list(ctx, at)
	if err != nil {
		return false, err
	}
	for _, e := range all {
		if !e.agent {
			continue
		}
		if strings.EqualFold(e.Provisioning, deleting) {
			there, err := p.outlived(ctx, rec, e)
			if err != nil {
				return false, err
			}
			if !there {
				continue
			}
		}
		found, ok := plan.ParseAgent(e.ID, e.Tags)
		if !ok || found.Investigation != a.Investigation || !e.ID.Is(a.ID) {
			return false, fmt.Errorf("%s has extension %s: it %w", a.Machine.ID.Name(), e.ID.Name(), plan.ErrExists)
		}
		if e.Provisioning == failed {
			return false, p.delete(ctx, rec, at)
		}
		ours = !found.Expires.Before(a.Expires) // else its tags have to say that this run needs it
	}
	return ours, nil
}

// outlived waits for the end of a deletion, and reports whether the extension is
// there all the same.
func (p *Provider) outlived(ctx context.Context, rec agentExtension, e installedExtension) (bool, error) {
	at, err := p.place(e.ID)
	if err != nil {
		return false, err
	}
	left, err := p.gone(ctx, rec, at)
	return left != "", err
}

// RemoveAgent deletes an agent that flowctl installed, and waits until it is
// gone. An extension of its name that is not of the same investigation, or of
// a later run of it, is left alone, with plan.ErrChanged.
func (p *Provider) RemoveAgent(ctx context.Context, a plan.Agent) error {
	rec, at, err := p.extension(a)
	if err == nil {
		err = p.uninstall(ctx, rec, at, a)
	}
	if err != nil {
		return fmt.Errorf("remove the Network Watcher agent of %s: %w", a.Machine.ID.Name(), err)
	}
	return nil
}

func (p *Provider) uninstall(ctx context.Context, rec agentExtension, at place, a plan.Agent) error {
	r, there, err := exists(ctx, rec, at)
	if err != nil || !there {
		return err
	}
	now, ok := plan.ParseAgent(a.ID, r.Tags)
	switch {
	case !ok || now.Investigation != a.Investigation:
		return fmt.Errorf("it is somebody else's: it was %w", plan.ErrChanged)
	case now.Expires.After(a.Expires):
		return fmt.Errorf("a later run brought it: it was %w", plan.ErrChanged)
	}
	return p.delete(ctx, rec, at)
}

// Agents lists the agents that flowctl installed in the subscription: those of
// machines by their tags, those of scale sets by their names.
func (p *Provider) Agents(ctx context.Context) ([]plan.Agent, error) {
	of, err := p.agentsOfMachines(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the agents that flowctl installed: %w", err)
	}
	sets, err := p.agentsOfScaleSets(ctx)
	if err != nil {
		return of, fmt.Errorf("list the agents that flowctl installed: %w", err)
	}
	out := append(of, sets...)
	byID(out, func(a plan.Agent) plan.ID { return a.ID })
	return out, nil
}

func (p *Provider) agentsOfMachines(ctx context.Context) ([]plan.Agent, error) {
	type tagged struct {
		ID   plan.ID           `json:"id"`
		Type string            `json:"type"`
		Tags map[string]string `json:"tags"`
	}
	address := p.address(p.inSubscription("/resources"), "2021-04-01") + "&$filter=" + queryEscape("tagName eq '"+plan.TagExpires+"'")
	all, err := listOf(ctx, p, "resources", address, same[tagged])
	var out []plan.Agent
	for _, r := range all {
		if a, ok := plan.ParseAgent(r.ID, r.Tags); ok && strings.EqualFold(r.Type, "Microsoft.Compute/virtualMachines/extensions") {
			out = append(out, a)
		}
	}
	return out, err
}

func (p *Provider) agentsOfScaleSets(ctx context.Context) ([]plan.Agent, error) {
	type set struct {
		ID         plan.ID `json:"id"`
		Properties struct {
			Profile struct {
				Extensions struct {
					List []struct {
						Name string `json:"name"`
					} `json:"extensions"`
				} `json:"extensionProfile"`
			} `json:"virtualMachineProfile"`
		} `json:"properties"`
	}
	all, err := listOf(ctx, p, "scale sets", p.address(p.inSubscription("/providers/Microsoft.Compute/virtualMachineScaleSets"), "2024-07-01"), same[set])
	var out []plan.Agent
	for _, s := range all {
		for _, e := range s.Properties.Profile.Extensions.List {
			if a, ok := plan.ParseAgent(s.ID+plan.ID("/extensions/"+e.Name), nil); ok {
				out = append(out, a)
			}
		}
	}
	return slices.Clip(out), err
}
