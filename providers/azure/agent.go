package azure

import (
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
)

// The extension that makes captures, which people install under many names;
// only publisher and type tell.
const agentPublisher = "Microsoft.Azure.NetworkWatcher"

var agentTypes = []string{"NetworkWatcherAgentLinux", "NetworkWatcherAgentWindows"}

func isAgent(publisher, kind *string) bool {
	for _, t := range agentTypes {
		if strings.EqualFold(val(publisher), agentPublisher) && strings.EqualFold(val(kind), t) {
			return true
		}
	}
	return false
}

// isAgentHandler is isAgent for the type as instance views write it, with the
// publisher before it.
func isAgentHandler(kind *string) bool {
	for _, t := range agentTypes {
		if strings.EqualFold(val(kind), agentPublisher+"."+t) {
			return true
		}
	}
	return false
}

// agentOf reports whether m has the agent, and whether that is known: lists
// may name extensions by id only or leave them out.
func agentOf(m *machine) (has, known bool) {
	has, known = agentAmong(m.model.Resources)
	if has || known && m.model.Resources != nil {
		return has, true
	}
	for _, e := range m.view.Extensions {
		if e != nil && isAgentHandler(e.Type) {
			return true, true
		}
	}
	if m.view.VMAgent == nil {
		return false, false
	}
	for _, h := range m.view.VMAgent.ExtensionHandlers {
		if h != nil && isAgentHandler(h.Type) {
			return true, true
		}
	}
	return false, m.view.VMAgent.ExtensionHandlers != nil
}

// agentAmong looks at extensions; known is false if one does not say what it
// is.
func agentAmong(extensions []*armcompute.VirtualMachineExtension) (has, known bool) {
	known = true
	for _, e := range extensions {
		if e == nil || e.Properties == nil || e.Properties.Type == nil {
			known = false
			continue
		}
		if isAgent(e.Properties.Publisher, e.Properties.Type) {
			return true, true
		}
	}
	return false, known
}
