package arm

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"

	"flowctl/plan"
	"flowctl/plan/region"
	"flowctl/providers/sandbox/internal/world"
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

// isAgent reports whether e is the Network Watcher agent for an operating
// system. Its makers publish early versions as well, of which captures run just
// so (recording net-packet-capture-2017).
func (e *Extension) isAgent(os string) bool {
	publisher := strings.TrimSuffix(strings.ToLower(e.Settings.Publisher), ".edp")
	return strings.EqualFold(publisher, agentPublisher) && strings.EqualFold(e.Settings.Type, agentType+os)
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

func (e *Extension) doc(now time.Time) doc {
	props := doc{"publisher": e.Settings.Publisher, "type": e.Settings.Type, "typeHandlerVersion": e.Settings.Version,
		"autoUpgradeMinorVersion": e.Settings.AutoMinor, "provisioningState": e.state(now)}
	if e.Settings.AutoUpgrade {
		props["enableAutomaticUpgrade"] = true
	}
	if len(e.Settings.Settings) > 0 {
		props["settings"] = e.Settings.Settings
	}
	return withTags(doc{"id": e.ID, "name": e.ID.Name(), "type": vmType + "/extensions", "location": e.Location, "properties": props}, e.Tags)
}

// carrier is what extensions are installed on: a machine, or a scale set, whose
// instances have them by its model.
type carrier struct {
	kind string // resource type
	world.Resource
	os      string
	agent   bool // of the world's
	running bool
}

func machineCarrier(v *world.VM) carrier {
	return carrier{vmType, v.Resource, v.OS, v.Agent, v.Power == "running"}
}

func setCarrier(s *world.ScaleSet) carrier {
	return carrier{scaleSetType, s.Resource, s.OS, s.Agent, true}
}

// findCarrier is the machine or scale set in the path.
func (q *request) findCarrier() (carrier, *State, error) {
	if _, ok := q.path["set"]; ok {
		s, err := q.findScaleSet()
		if err != nil {
			return carrier{}, nil, err
		}
		st, err := q.State()
		return setCarrier(s), st, err
	}
	v, st, err := q.findVM()
	if err != nil {
		return carrier{}, nil, err
	}
	return machineCarrier(v), st, nil
}

// extensionsOf lists a machine's extensions.
func (q *request) extensionsOf(st *State, v *world.VM) []*Extension {
	return q.carriedBy(st, machineCarrier(v))
}

// carriedBy lists the extensions that clients installed, and the agent that the
// world gave unless they touched it.
func (q *request) carriedBy(st *State, c carrier) []*Extension {
	touched := q.extensions[c.ID.Key()]
	if q.extensions == nil {
		for _, e := range st.Extensions {
			if e.ID.Parent().Is(c.ID) {
				touched = append(touched, e)
			}
		}
	}
	own := builtinAgent(c)
	var all []*Extension
	for _, e := range touched {
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

// indexExtensions makes a listing of all machines quick. It must not be used
// by what changes the state.
func (q *request) indexExtensions(st *State) {
	q.extensions = map[string][]*Extension{}
	for _, e := range st.Extensions {
		k := e.ID.Parent().Key()
		q.extensions[k] = append(q.extensions[k], e)
	}
}

func builtinAgent(c carrier) *Extension {
	if !c.agent {
		return nil
	}
	return &Extension{ID: c.ID + "/extensions/" + agentName, Location: c.Location, Settings: ExtensionSettings{
		Publisher: agentPublisher, Type: agentType + c.os, Version: agentVersion, AutoMinor: true, AutoUpgrade: true}}
}

func (q *request) extensionID(c carrier) plan.ID {
	return c.ID + "/extensions/" + plan.ID(q.path["extension"])
}

func (q *request) findExtension(st *State, c carrier) (*Extension, error) {
	for _, e := range q.carriedBy(st, c) {
		if e.ID.Is(q.extensionID(c)) {
			return e, nil
		}
	}
	return nil, errNotFound(c.kind+"/"+c.Name+"/extensions/"+q.path["extension"], q.path["group"])
}

// show draws an extension as that of a machine or of a scale set.
func (c carrier) show(e *Extension, now time.Time) any {
	if c.kind == scaleSetType {
		return e.setDoc(now)
	}
	return e.doc(now)
}

func (q *request) listExtensions() (reply, error) {
	c, st, err := q.findCarrier()
	if err != nil {
		return reply{}, err
	}
	var docs []any
	for _, e := range q.carriedBy(st, c) {
		docs = append(docs, c.show(e, q.now))
	}
	return whole(docs)
}

func (q *request) getExtension() (reply, error) {
	c, st, err := q.findCarrier()
	if err != nil {
		return reply{}, err
	}
	e, err := q.findExtension(st, c)
	if err != nil {
		return reply{}, err
	}
	return ok(c.show(e, q.now))
}

func (q *request) putExtension() (reply, error) {
	c, _, err := q.findCarrier()
	if err != nil {
		_, segment, _ := strings.Cut(vmType, "/")
		name := q.path["name"]
		if set, ok := q.path["set"]; ok {
			_, segment, _ = strings.Cut(scaleSetType, "/")
			name = set
		}
		return reply{}, errParent(segment+"/extensions", plan.ID("Microsoft.Compute/"+segment+"/"+name))
	}
	var body struct {
		Location   string            `json:"location"`
		Tags       map[string]string `json:"tags"`
		Properties ExtensionSettings `json:"properties"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	if err := checkExtension(c, body.Location, body.Properties); err != nil {
		return reply{}, err
	}
	return q.writeExtension(c, func(st *State, old *Extension) (reply, error) {
		e := &Extension{ID: q.extensionID(c), Location: c.Location, Settings: body.Properties, Tags: body.Tags, Ready: q.now.Add(extensionWriteTime)}
		st.Extensions = append(st.Extensions, e)
		code := http.StatusCreated
		if old != nil {
			code = http.StatusOK
		}
		op, err := q.begin(st, e.ID, c.Location, extensionWriteTime, http.StatusOK, nil)
		if err != nil {
			return reply{}, err
		}
		return q.started(op, code, c.show(e, q.now)), nil
	})
}

func checkExtension(c carrier, location string, p ExtensionSettings) error {
	switch {
	case location != "" && !region.Same(location, c.Location):
		return refuse(409, "PropertyChangeNotAllowed", "Location '%s' is not that of VM '%s', '%s'.", location, c.Name, c.Location)
	case p.Publisher == "" || p.Type == "" || p.Version == "":
		return refuse(400, "InvalidParameter", "Required parameter 'publisher', 'type' or 'typeHandlerVersion' is missing (null).")
	case !c.running:
		return errOff
	case strings.EqualFold(p.Publisher, agentPublisher) && !strings.EqualFold(p.Type, agentType+c.os):
		return refuse(400, "VMExtensionIsNotSupported", "Extension '%s' of publisher '%s' is not for the operating system of VM '%s', %s.",
			p.Type, p.Publisher, c.Name, c.os)
	}
	return nil
}

var errOff = refuse(409, "OperationNotAllowed", "Cannot modify extensions in the VM when the VM is not running.")

// writeExtension changes one extension; what was known of it is dropped first.
func (q *request) writeExtension(c carrier, change func(*State, *Extension) (reply, error)) (rep reply, err error) {
	err = q.update(q.r.Context(), func(st *State) error {
		if err := q.free(st, c.ID, q.extensionID(c)); err != nil {
			return err
		}
		old, _ := q.findExtension(st, c)
		st.Extensions = slices.DeleteFunc(st.Extensions, func(e *Extension) bool { return e.ID.Is(q.extensionID(c)) })
		var err error
		rep, err = change(st, old)
		return err
	})
	return rep, err
}

func (q *request) deleteExtension() (reply, error) {
	c, st, err := q.findCarrier()
	if err != nil {
		return reply{}, err
	}
	if _, err := q.findExtension(st, c); err != nil {
		return reply{status: http.StatusNoContent}, nil
	}
	if !c.running {
		return reply{}, errOff
	}
	return q.writeExtension(c, func(st *State, old *Extension) (reply, error) {
		if old == nil {
			return reply{status: http.StatusNoContent}, nil
		}
		gone := *old
		gone.Gone = q.now.Add(extensionGoneTime)
		st.Extensions = append(st.Extensions, &gone)
		op, err := q.begin(st, gone.ID, c.Location, extensionGoneTime, http.StatusNoContent, nil)
		if err != nil {
			return reply{}, err
		}
		return q.accepted(op), nil
	})
}

// hasAgent reports whether a machine can capture packets.
func (q *request) hasAgent(st *State, v *world.VM) bool { return q.agentOf(st, machineCarrier(v)) }

func (q *request) agentOf(st *State, c carrier) bool {
	for _, e := range q.carriedBy(st, c) {
		if e.isAgent(c.os) && e.state(q.now) == "Succeeded" {
			return true
		}
	}
	return false
}

func id(id plan.ID) *string { return to.Ptr(string(id)) }
