package arm

import (
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// power answers the POST that starts or stops a machine of a client's.
func power(state string) handler {
	return func(q *request) (rep reply, err error) {
		err = q.update(q.r.Context(), func(st *State) error {
			id := q.madeID(st, vmType)
			if q.inWorld(id, vmType) {
				return errLocked(id, "write")
			}
			m := st.made(id, q.now)
			if m == nil {
				return q.missing(id, vmType)
			}
			m.Given = map[string]any{"power": state}
			m.Serial++
			op, err := q.begin(st, id, m.Location, machineWriteTime, http.StatusOK, nil)
			if err == nil {
				rep = q.accepted(op)
			}
			return err
		})
		return rep, err
	}
}

// vm is a made machine as the world describes its own: it runs unless it was
// stopped, and has no agent until a client installs it.
func (m *Made) vm() *world.VM {
	os := "Linux"
	if object(m.properties(), "osProfile")["windowsConfiguration"] != nil {
		os = "Windows"
	}
	if set := text(m.properties(), "storageProfile", "osDisk", "osType"); set != "" {
		os = set
	}
	state := "running"
	if set, ok := m.Given["power"].(string); ok {
		state = set
	}
	return &world.VM{Resource: m.resource(), OS: os, Size: text(m.properties(), "hardwareProfile", "vmSize"), Power: state}
}

func (q *request) checkMadeVM(st *State, m *Made) error {
	nics := objects(object(m.properties(), "networkProfile"), "networkInterfaces")
	if len(nics) == 0 {
		return refuse(400, "InvalidParameter", "Required parameter 'networkProfile' is missing (null).")
	}
	for _, n := range nics {
		id := plan.ID(text(n, "id"))
		nic := st.made(id, q.now)
		if nic == nil && q.byID[id.Key()] != nil {
			return refuse(409, "NicInUse", "Network Interface %s is one of the sandbox's world, whose machines keep theirs.", id)
		}
		if nic == nil || !sameRegion(nic.Location, m.Location) {
			return errReference(id, m.ID)
		}
		if other := q.machineOf(st, nic); other != nil && !other.ID.Is(m.ID) {
			return q.nicInUse(st, nic)
		}
	}
	return nil
}

func (q *request) fillVM(st *State, m *Made, doc, props map[string]any) {
	v := m.vm()
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
	orElse(storage, map[string]any{"dataDisks": []any{}, "diskControllerType": "SCSI"})
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
