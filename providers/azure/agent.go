package azure

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"flowctl/plan"
)

// The extension that makes captures, which people install under many names;
// only publisher and type tell.
const agentPublisher = "Microsoft.Azure.NetworkWatcher"

var agentTypes = []string{"NetworkWatcherAgentLinux", "NetworkWatcherAgentWindows"}

// listedExtension is what flowctl needs of a Microsoft.Compute/virtualMachines/extensions.
type listedExtension struct {
	ID         plan.ID `json:"id"`
	Properties struct {
		Publisher string `json:"publisher"`
		Type      string `json:"type"`
		State     string `json:"provisioningState"`
	} `json:"properties"`
}

// handler is an extension as instance views show it, with the publisher
// before the type.
type handler struct {
	Type string `json:"type"`
}

// knowledge is what is known of a machine's agent.
type knowledge int

const (
	open knowledge = iota
	without
	with
)

// or is what two sources know together.
func (k knowledge) or(other knowledge) knowledge { return max(k, other) }

func isAgent(publisher, kind *string) bool {
	return strings.EqualFold(val(publisher), agentPublisher) &&
		slices.ContainsFunc(agentTypes, func(t string) bool { return strings.EqualFold(t, val(kind)) })
}

// agentAmong looks for the agent among extensions. Lists may leave them out or
// name them by id only.
func agentAmong(extensions []listedExtension) knowledge {
	known := without
	if extensions == nil {
		known = open
	}
	for _, e := range extensions {
		switch {
		case isAgent(&e.Properties.Publisher, &e.Properties.Type):
			return with
		case e.Properties.Type == "":
			known = open
		}
	}
	return known
}

// agentSystem is the system, Linux or Windows, that the agent among extensions
// is for; empty if there is none that says.
func agentSystem(extensions []listedExtension) string {
	for _, e := range extensions {
		if isAgent(&e.Properties.Publisher, &e.Properties.Type) {
			return osName(strings.TrimPrefix(strings.ToLower(e.Properties.Type), "networkwatcheragent"))
		}
	}
	return ""
}

// agentIs is the provisioning state of the agent among extensions; empty if
// there is none that says.
func agentIs(extensions []listedExtension) string {
	for _, e := range extensions {
		if isAgent(&e.Properties.Publisher, &e.Properties.Type) {
			return e.Properties.State
		}
	}
	return ""
}

// agent is what a view tells of the agent. Only the machine's own agent tells
// of all extensions, and only if it does at all.
func (v *instanceView) agent() knowledge {
	for _, h := range append(slices.Clone(v.Extensions), v.Agent.Handlers...) {
		for _, t := range agentTypes {
			if strings.EqualFold(h.Type, agentPublisher+"."+t) {
				return with
			}
		}
	}
	if v.Agent.Handlers != nil {
		return without
	}
	return open
}

// completeAgents finds out which machines have the agent where the lists left
// it open: a few are asked one by one, for more there is one query.
func (p *Provider) completeAgents(ctx context.Context, vms []machine) error {
	if slices.ContainsFunc(vms, func(m machine) bool { return !m.bare && m.agent != open }) {
		for i := range vms { // a list that shows extensions shows all
			if vms[i].bare {
				vms[i].agent = vms[i].agent.or(without)
			}
		}
	}
	var left []*machine
	for i := range vms {
		if vms[i].agent == open {
			left = append(left, &vms[i])
		}
	}
	if len(left) <= few || p.queryAgents(ctx, left) != nil {
		if err := p.askAgents(ctx, left); err != nil {
			return err
		}
	}
	for i := range vms {
		vms[i].VM.Agent = vms[i].agent == with
	}
	return nil
}

// agentQuery selects the agents of all machines.
const agentQuery = `Resources | where type =~ 'microsoft.compute/virtualmachines/extensions' | where properties.publisher =~ '` + agentPublisher + `' | project id, properties`

// queryAgents asks Resource Graph for the agents of all machines.
func (p *Provider) queryAgents(ctx context.Context, vms []*machine) error {
	has := map[string]bool{}
	err := graph(ctx, p, agentQuery, []string{p.subscription}, func(e listedExtension) error {
		if isAgent(&e.Properties.Publisher, &e.Properties.Type) {
			has[e.ID.Parent().Key()] = true
		}
		return nil
	})
	if err != nil {
		p.log.DebugContext(ctx, "each machine is asked for its agent", "machines", len(vms), "error", err)
		return err
	}
	for _, m := range vms {
		m.agent = without
		if has[m.ID.Key()] {
			m.agent = with
		}
	}
	return nil
}

// askAgents asks each machine for its extensions.
func (p *Provider) askAgents(ctx context.Context, vms []*machine) error {
	var tasks []func() error
	for _, m := range vms {
		tasks = append(tasks, func() error {
			var page struct {
				Value []listedExtension `json:"value"`
			}
			err := p.getInto(ctx, string(m.ID)+"/extensions", computeVersion, &page)
			if err != nil && !isNotFound(err) { // a VM may go while the lists are read
				return fmt.Errorf("list the extensions of virtual machine %s: %w", m.ID.Name(), err)
			}
			m.agent = agentAmong(page.Value)
			return nil
		})
	}
	return inParallel(tasks...)
}
