package arm

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"

	"flowctl/plan"
	"flowctl/providers/sandbox/world"
)

// The extension that packet captures need, and the name it usually has.
const (
	agentPublisher = "Microsoft.Azure.NetworkWatcher"
	agentType      = "NetworkWatcherAgent" // and the operating system
	agentName      = "AzureNetworkWatcherExtension"
	agentVersion   = "1.4"
)

// ExtensionSettings are the properties of a VM extension.
type ExtensionSettings struct {
	Publisher   string          `json:"publisher"`
	Type        string          `json:"type"`
	Version     string          `json:"typeHandlerVersion"`
	AutoMinor   bool            `json:"autoUpgradeMinorVersion"`
	AutoUpgrade bool            `json:"enableAutomaticUpgrade,omitempty"`
	Settings    json.RawMessage `json:"settings,omitempty"`
}

// isAgent reports whether e is the Network Watcher agent for an operating system.
func (e *Extension) isAgent(os string) bool {
	return strings.EqualFold(e.Settings.Publisher, agentPublisher) && strings.EqualFold(e.Settings.Type, agentType+os)
}

func (e *Extension) state(now time.Time) string {
	switch {
	case !e.Gone.IsZero():
		return "Deleting"
	case now.Before(e.Ready):
		return "Creating"
	}
	return "Succeeded"
}

func (e *Extension) doc(now time.Time) armcompute.VirtualMachineExtension {
	doc := armcompute.VirtualMachineExtension{
		ID: id(e.ID), Name: to.Ptr(e.ID.Name()), Type: to.Ptr(vmType + "/extensions"), Location: to.Ptr(e.Location), Tags: pointers(e.Tags),
		Properties: &armcompute.VirtualMachineExtensionProperties{
			Publisher: to.Ptr(e.Settings.Publisher), Type: to.Ptr(e.Settings.Type), TypeHandlerVersion: to.Ptr(e.Settings.Version),
			AutoUpgradeMinorVersion: to.Ptr(e.Settings.AutoMinor), ProvisioningState: to.Ptr(e.state(now)),
		},
	}
	if e.Settings.AutoUpgrade {
		doc.Properties.EnableAutomaticUpgrade = to.Ptr(true)
	}
	if len(e.Settings.Settings) > 0 {
		doc.Properties.Settings = e.Settings.Settings
	}
	return doc
}

// extensionsOf lists a machine's extensions: those that clients installed, and
// the agent that the world gave it unless they touched it.
func (q *request) extensionsOf(st *State, v *world.VM) []*Extension {
	own := builtinAgent(v)
	var all []*Extension
	for _, e := range st.Extensions {
		if !e.ID.Parent().Is(v.ID) {
			continue
		}
		if own != nil && e.ID.Is(own.ID) {
			own = nil
		}
		if there(e.Gone, q.now) {
			all = append(all, e)
		}
	}
	if own != nil {
		all = append([]*Extension{own}, all...)
	}
	return all
}

func builtinAgent(v *world.VM) *Extension {
	if !v.Agent {
		return nil
	}
	return &Extension{ID: v.ID + "/extensions/" + agentName, Location: v.Location, Settings: ExtensionSettings{
		Publisher: agentPublisher, Type: agentType + v.OS, Version: agentVersion, AutoMinor: true, AutoUpgrade: true}}
}

func (q *request) extensionID(v *world.VM) plan.ID {
	return v.ID + "/extensions/" + plan.ID(q.path["extension"])
}

func (q *request) findExtension(st *State, v *world.VM) (*Extension, error) {
	for _, e := range q.extensionsOf(st, v) {
		if e.ID.Is(q.extensionID(v)) {
			return e, nil
		}
	}
	return nil, errNotFound(vmType+"/"+v.Name+"/extensions/"+q.path["extension"], q.path["group"])
}

func (q *request) listExtensions() (reply, error) {
	v, st, err := q.findVM()
	if err != nil {
		return reply{}, err
	}
	var docs []armcompute.VirtualMachineExtension
	for _, e := range q.extensionsOf(st, v) {
		docs = append(docs, e.doc(q.now))
	}
	return whole(docs)
}

func (q *request) getExtension() (reply, error) {
	v, st, err := q.findVM()
	if err != nil {
		return reply{}, err
	}
	e, err := q.findExtension(st, v)
	if err != nil {
		return reply{}, err
	}
	return ok(e.doc(q.now))
}

func (q *request) putExtension() (reply, error) {
	v, _, err := q.findVM()
	if err != nil {
		return reply{}, errParent("virtualMachines/extensions", plan.ID(vmType+"/"+q.path["name"]))
	}
	var body struct {
		Location   string            `json:"location"`
		Tags       map[string]string `json:"tags"`
		Properties ExtensionSettings `json:"properties"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	if err := checkExtension(v, body.Location, body.Properties); err != nil {
		return reply{}, err
	}
	return q.writeExtension(v, func(st *State, old *Extension) (reply, error) {
		e := &Extension{ID: q.extensionID(v), Location: v.Location, Settings: body.Properties, Tags: body.Tags, Ready: q.now.Add(extensionWriteTime)}
		st.Extensions = append(st.Extensions, e)
		code := http.StatusCreated
		if old != nil {
			code = http.StatusOK
		}
		op, err := q.begin(st, e.ID, v.Location, extensionWriteTime, http.StatusOK, nil)
		if err != nil {
			return reply{}, err
		}
		return q.started(op, code, e.doc(q.now)), nil
	})
}

func checkExtension(v *world.VM, location string, p ExtensionSettings) error {
	switch {
	case location != "" && !sameRegion(location, v.Location):
		return refuse(409, "PropertyChangeNotAllowed", "Location '%s' is not that of VM '%s', '%s'.", location, v.Name, v.Location)
	case p.Publisher == "" || p.Type == "" || p.Version == "":
		return refuse(400, "InvalidParameter", "Required parameter 'publisher', 'type' or 'typeHandlerVersion' is missing (null).")
	case v.Power != "running":
		return refuse(409, "OperationNotAllowed", "Cannot modify extensions in the VM when the VM is not running.")
	case strings.EqualFold(p.Publisher, agentPublisher) && !strings.EqualFold(p.Type, agentType+v.OS):
		return refuse(400, "VMExtensionIsNotSupported", "Extension '%s' of publisher '%s' is not for the operating system of VM '%s', %s.",
			p.Type, p.Publisher, v.Name, v.OS)
	}
	return nil
}

// writeExtension changes one extension; what was known of it is dropped first.
func (q *request) writeExtension(v *world.VM, change func(*State, *Extension) (reply, error)) (rep reply, err error) {
	err = q.update(q.r.Context(), func(st *State) error {
		if err := q.free(st, v.ID, q.extensionID(v)); err != nil {
			return err
		}
		old, _ := q.findExtension(st, v)
		st.Extensions = slices.DeleteFunc(st.Extensions, func(e *Extension) bool { return e.ID.Is(q.extensionID(v)) })
		var err error
		rep, err = change(st, old)
		return err
	})
	return rep, err
}

func (q *request) deleteExtension() (reply, error) {
	v, st, err := q.findVM()
	if err != nil {
		return reply{}, err
	}
	if _, err := q.findExtension(st, v); err != nil {
		return reply{status: http.StatusNoContent}, nil
	}
	if v.Power != "running" {
		return reply{}, refuse(409, "OperationNotAllowed", "Cannot modify extensions in the VM when the VM is not running.")
	}
	return q.writeExtension(v, func(st *State, old *Extension) (reply, error) {
		if old == nil {
			return reply{status: http.StatusNoContent}, nil
		}
		gone := *old
		gone.Gone = q.now.Add(extensionGoneTime)
		st.Extensions = append(st.Extensions, &gone)
		op, err := q.begin(st, gone.ID, v.Location, extensionGoneTime, http.StatusNoContent, nil)
		if err != nil {
			return reply{}, err
		}
		return q.accepted(op), nil
	})
}

// hasAgent reports whether a machine can capture packets.
func (q *request) hasAgent(st *State, v *world.VM) bool {
	for _, e := range q.extensionsOf(st, v) {
		if e.isAgent(v.OS) && e.state(q.now) == "Succeeded" {
			return true
		}
	}
	return false
}

// sameRegion compares regions as ARM does: West Europe is westeurope.
func sameRegion(a, b string) bool { return region(a) == region(b) }

func region(name string) string { return strings.ToLower(strings.ReplaceAll(name, " ", "")) }
