package arm

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// power answers the POST that starts or stops a machine.
func power(state string) handler {
	return func(q *request) (rep reply, err error) {
		err = q.update(q.r.Context(), func(st *State) error {
			id := q.pathID(st, vmType)
			m := q.at(st, id)
			if m == nil {
				return q.missing(id, vmType)
			}
			m = q.own(st, m)
			m.Given = map[string]any{"power": state}
			m.Serial++
			at := q.now.Add(machineWriteTime) // a start is done at the end of it, a stop at its begin
			if state != "running" {
				at = q.now
			}
			st.note(m, at)
			op, err := q.begin(st, id, m.Location, machineWriteTime, http.StatusOK, nil)
			if err == nil {
				rep = q.accepted(op)
			}
			return err
		})
		return rep, err
	}
}

func (q *request) checkVM(st *State, m *Resource) error {
	nics := objects(object(m.properties(), "networkProfile"), "networkInterfaces")
	if len(nics) == 0 && m.Anew {
		return refuse(400, "InvalidParameter", "Required parameter 'networkProfile' is missing (null).")
	}
	for _, n := range nics {
		id := plan.ID(text(n, "id"))
		if err := q.near(st, id, m.ID, m.Location); err != nil {
			return err
		}
		nic := q.at(st, id)
		if other := q.machineOf(st, nic); other != nil && !other.ID.Is(m.ID) {
			return nicInUse(nic, other, "")
		}
	}
	return nil
}

func (q *request) fillVM(st *State, m *Resource, doc, props map[string]any) {
	v, _ := q.described(st, m.ID).(*world.VM)
	if v == nil {
		v = m.vm()
	}
	delete(props, "power")
	if len(object(props, "additionalCapabilities")) == 0 {
		delete(props, "additionalCapabilities")
	}
	props["vmId"], props["timeCreated"] = m.GUID, m.Created.Format(sevenDigits)
	login := object(props, "osProfile")
	if len(login) > 0 {
		orElse(login, map[string]any{"computerName": m.ID.Name(), "secrets": []any{}, "allowExtensionOperations": true, "requireGuestProvisionSignal": true})
	}
	storage := object(props, "storageProfile")
	props["storageProfile"] = storage
	orElse(storage, map[string]any{"dataDisks": []any{}})
	if q.param("api-version") < "2021" { // recording extension-agent-linux-connection-monitor
		delete(object(storage, "osDisk"), "deleteOption")
	}
	if image := object(storage, "imageReference"); text(image, "version") != "" {
		orElse(image, map[string]any{"exactVersion": exactVersion(text(image, "version"))})
	}
	var extensions []any
	for _, e := range q.extensionsOf(st, v) {
		extensions = append(extensions, e.doc(q.now))
	}
	if extensions != nil {
		doc["resources"] = extensions
	}
	if q.expandsInstanceView() {
		props["instanceView"] = q.instanceView(st, v)
	}
}

// sizes are some of those that machines can have: cores, GiB of memory.
var sizes = []struct {
	name          string
	cores, memory int32
}{
	{"Standard_B1s", 1, 1}, {"Standard_B1ms", 1, 2}, {"Standard_B2s", 2, 4}, {"Standard_B2ms", 2, 8}, {"Standard_B4ms", 4, 16},
	{"Standard_D2s_v3", 2, 8}, {"Standard_D2s_v5", 2, 8}, {"Standard_D4s_v5", 4, 16}, {"Standard_D8s_v5", 8, 32},
	{"Standard_DS1_v2", 1, 4}, {"Standard_DS2_v2", 2, 7}, {"Standard_E2s_v5", 2, 16}, {"Standard_E4s_v5", 4, 32},
	{"Standard_F2", 2, 4}, {"Standard_F2s_v2", 2, 4}, {"Standard_F4s_v2", 4, 8},
}

func (q *request) listSizes() (reply, error) {
	if q.path["name"] != "" {
		if _, _, err := q.findVM(); err != nil {
			return reply{}, err
		}
	}
	docs := []armcompute.VirtualMachineSize{}
	for _, s := range sizes {
		docs = append(docs, armcompute.VirtualMachineSize{Name: &s.name, NumberOfCores: &s.cores, MemoryInMB: to.Ptr(s.memory << 10),
			MaxDataDiskCount: to.Ptr(s.cores * 2), OSDiskSizeInMB: to.Ptr[int32](1047552), ResourceDiskSizeInMB: to.Ptr(s.memory << 11)})
	}
	return whole(docs)
}

// exactVersion is what "latest" is of an image: the sandbox's own choice.
func exactVersion(version string) string {
	if strings.EqualFold(version, "latest") {
		return "1.0.20260901"
	}
	return version
}

// listVMs lists machines; with statusOnly=true it tells how they run instead
// of how they are made.
func (q *request) listVMs() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	q.indexExtensions(st)
	if strings.EqualFold(q.param("statusOnly"), "true") {
		all := inPath(q, q.live(st).VMs, func(v *world.VM) plan.ID { return v.ID })
		return paged(q, all, func(v *world.VM) doc { return q.vmStatus(st, v) })
	}
	return listResource(vmType)(q)
}

func (q *request) findVM() (*world.VM, *State, error) {
	st, err := q.State()
	if err != nil {
		return nil, nil, err
	}
	id := q.pathID(st, vmType)
	if v, ok := q.described(st, id).(*world.VM); ok {
		return v, st, nil
	}
	return nil, st, q.missing(id, vmType)
}

func (q *request) getInstanceView() (reply, error) {
	v, st, err := q.findVM()
	if err != nil {
		return reply{}, err
	}
	return ok(q.instanceView(st, v))
}

// vmStatus is a machine in a listing with statusOnly=true.
func (q *request) vmStatus(st *State, v *world.VM) doc {
	return doc{"id": v.ID, "name": v.Name, "type": vmType, "location": v.Location,
		"properties": doc{"vmId": v.GUID, "provisioningState": "Succeeded", "instanceView": q.instanceView(st, v)}}
}

func (q *request) expandsInstanceView() bool {
	return strings.Contains(strings.ToLower(q.param("$expand")), "instanceview")
}

func (q *request) instanceView(st *State, v *world.VM) doc {
	view := doc{"statuses": powerStatuses(v.Power, q.world.Epoch), "disks": q.diskViews(st, v), "hyperVGeneration": q.generation(st, v)}
	if v.Power == "deallocated" || v.NeverStarted { // a machine that is only stopped shows its last state: recording vm-states
		return view
	}
	view["computerName"], view["osName"], view["vmAgent"] = v.Name, v.OS, vmAgent(q.world.Epoch)
	if name, version := system(object(q.storageOf(st, v), "imageReference")); name != "" {
		view["osName"], view["osVersion"] = name, version
	}
	var extensions []any
	for _, e := range q.extensionsOf(st, v) {
		state := e.state(q.now)
		extensions = append(extensions, doc{"name": e.ID.Name(), "type": e.Settings.Publisher + "." + e.Settings.Type, "typeHandlerVersion": e.Settings.Version,
			"statuses": []any{status("ProvisioningState/"+strings.ToLower(state), "Provisioning "+strings.ToLower(state), e.Ready)}})
	}
	if extensions != nil {
		view["extensions"] = extensions
	}
	return view
}

// storageOf is a machine's storage profile as it was put.
func (q *request) storageOf(st *State, v *world.VM) map[string]any {
	if m := q.at(st, v.ID); m != nil {
		return object(m.properties(), "storageProfile")
	}
	return map[string]any{}
}

// diskViews tell how a machine's disks are, that of its system first.
func (q *request) diskViews(st *State, v *world.VM) []any {
	storage := q.storageOf(st, v)
	names := []string{cmp.Or(text(storage, "osDisk", "name"), diskOf{v}.id().Name())}
	for _, d := range objects(storage, "dataDisks") {
		names = append(names, text(d, "name"))
	}
	var all []any
	for _, name := range names {
		all = append(all, doc{"name": name, "statuses": []any{status("ProvisioningState/succeeded", "Provisioning succeeded", q.world.Epoch)}})
	}
	return all
}

// windows are the versions of Windows Server by the year in the name of its
// image; 2016 is recorded (vm-put-patch-python), the others are Microsoft's.
var windows = map[string]string{"2012": "6.3.9600.0", "2016": "10.0.14393.0", "2019": "10.0.17763.0", "2022": "10.0.20348.0", "2025": "10.0.26100.0"}

// system is what the agent of a machine says of its system, as far as the image
// tells (recordings vm-put-patch-python, nw-diagnostics); empty for other images.
func system(image map[string]any) (name, version string) {
	sku, _, _ := strings.Cut(text(image, "sku"), "-")
	switch strings.ToLower(text(image, "publisher")) {
	case "canonical":
		return "ubuntu", strings.ReplaceAll(sku, "_", ".")
	case "microsoftwindowsserver":
		if nt := windows[sku]; nt != "" {
			return "Windows Server " + strings.ReplaceAll(text(image, "sku"), "-", " "), "Microsoft Windows NT " + nt
		}
	}
	return "", ""
}

// generation is that of a machine's firmware, as far as the name of its image
// tells: those of the second generation say so (recordings vm-states,
// run-command-action-vm).
func (q *request) generation(st *State, v *world.VM) string {
	m := q.at(st, v.ID)
	if m == nil {
		return "V2"
	}
	sku := strings.ToLower(text(m.properties(), "storageProfile", "imageReference", "sku"))
	for _, second := range []string{"gen2", "-g2", "azure-edition"} {
		if strings.Contains(sku, second) {
			return "V2"
		}
	}
	return "V1"
}

func status(code, display string, at time.Time) doc {
	s := doc{"code": code, "level": "Info", "displayStatus": display}
	if !at.IsZero() {
		s["time"] = at.Format(time.RFC3339Nano)
	}
	return s
}

func powerStatuses(power string, at time.Time) []any {
	return []any{status("ProvisioningState/succeeded", "Provisioning succeeded", at), status("PowerState/"+power, "VM "+power, time.Time{})}
}

func vmAgent(at time.Time) doc {
	ready := status("ProvisioningState/succeeded", "Ready", at)
	ready["message"] = "Guest Agent is running"
	return doc{"vmAgentVersion": "2.9.1.1", "statuses": []any{ready}, "extensionHandlers": []any{}}
}
