package arm

import (
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

const vmType = "Microsoft.Compute/virtualMachines"

// listVMs lists machines; with statusOnly=true it tells how they run instead
// of how they are made.
func (q *request) listVMs() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	q.indexExtensions(st)
	all := inGroup(q, q.world.VMs, func(v *world.VM) plan.ID { return v.ID })
	if strings.EqualFold(q.param("statusOnly"), "true") {
		return paged(q, all, func(v *world.VM) armcompute.VirtualMachine { return q.vmStatus(st, v) })
	}
	return pagedWith(q, vmType, all, func(v *world.VM) armcompute.VirtualMachine { return q.vm(st, v) })
}

func (q *request) findVM() (*world.VM, *State, error) {
	st, err := q.State()
	if err != nil {
		return nil, nil, err
	}
	if m := st.made(q.madeID(st, vmType), q.now); m != nil {
		return m.vm(), st, nil
	}
	v, err := byPath[*world.VM](q, vmType, q.path["name"])
	return v, st, err
}

func (q *request) getVM() (reply, error) {
	v, st, err := q.findVM()
	if err != nil {
		return reply{}, err
	}
	return ok(q.vm(st, v))
}

func (q *request) getInstanceView() (reply, error) {
	v, st, err := q.findVM()
	if err != nil {
		return reply{}, err
	}
	return ok(q.instanceView(st, v))
}

func (q *request) vm(st *State, v *world.VM) armcompute.VirtualMachine {
	doc := armcompute.VirtualMachine{
		ID: id(v.ID), Name: &v.Name, Type: to.Ptr(vmType), Location: &v.Location, Tags: pointers(v.Tags),
		Properties: &armcompute.VirtualMachineProperties{
			VMID: &v.GUID, ProvisioningState: to.Ptr("Succeeded"), TimeCreated: to.Ptr(q.world.Epoch.AddDate(0, -6, 0)),
			HardwareProfile: &armcompute.HardwareProfile{VMSize: to.Ptr(armcompute.VirtualMachineSizeTypes(v.Size))},
			StorageProfile:  &armcompute.StorageProfile{OSDisk: osDisk(v.Name, v.OS), DataDisks: []*armcompute.DataDisk{}},
			OSProfile:       osProfile(v.Name, v.OS),
			NetworkProfile:  &armcompute.NetworkProfile{},
		},
	}
	if v.Set != nil {
		doc.Properties.VirtualMachineScaleSet = &armcompute.SubResource{ID: id(v.Set.ID)}
	}
	for _, n := range v.NICs {
		doc.Properties.NetworkProfile.NetworkInterfaces = append(doc.Properties.NetworkProfile.NetworkInterfaces,
			&armcompute.NetworkInterfaceReference{ID: id(n.ID), Properties: &armcompute.NetworkInterfaceReferenceProperties{Primary: to.Ptr(!n.Secondary)}})
	}
	for _, e := range q.extensionsOf(st, v) {
		doc.Resources = append(doc.Resources, to.Ptr(e.doc(q.now)))
	}
	if q.expandsInstanceView() {
		doc.Properties.InstanceView = to.Ptr(q.instanceView(st, v))
	}
	return doc
}

// vmStatus is a machine in a listing with statusOnly=true.
func (q *request) vmStatus(st *State, v *world.VM) armcompute.VirtualMachine {
	return armcompute.VirtualMachine{
		ID: id(v.ID), Name: &v.Name, Type: to.Ptr(vmType), Location: &v.Location,
		Properties: &armcompute.VirtualMachineProperties{
			VMID: &v.GUID, ProvisioningState: to.Ptr("Succeeded"), InstanceView: to.Ptr(q.instanceView(st, v)),
		},
	}
}

func (q *request) expandsInstanceView() bool {
	return strings.Contains(strings.ToLower(q.param("$expand")), "instanceview")
}

func (q *request) instanceView(st *State, v *world.VM) armcompute.VirtualMachineInstanceView {
	doc := armcompute.VirtualMachineInstanceView{
		Statuses: powerStatuses(v.Power, q.world.Epoch), Disks: []*armcompute.DiskInstanceView{},
		HyperVGeneration: to.Ptr(armcompute.HyperVGenerationTypeV2),
	}
	if v.Power != "running" {
		return doc
	}
	doc.ComputerName, doc.OSName = &v.Name, &v.OS
	doc.VMAgent = vmAgent(q.world.Epoch)
	for _, e := range q.extensionsOf(st, v) {
		doc.Extensions = append(doc.Extensions, &armcompute.VirtualMachineExtensionInstanceView{
			Name: to.Ptr(e.ID.Name()), Type: to.Ptr(e.Settings.Publisher + "." + e.Settings.Type), TypeHandlerVersion: to.Ptr(e.Settings.Version),
			Statuses: []*armcompute.InstanceViewStatus{status("ProvisioningState/"+strings.ToLower(e.state(q.now)), "Provisioning "+strings.ToLower(e.state(q.now)), e.Ready)},
		})
	}
	return doc
}

func status(code, display string, at time.Time) *armcompute.InstanceViewStatus {
	s := &armcompute.InstanceViewStatus{Code: &code, Level: to.Ptr(armcompute.StatusLevelTypesInfo), DisplayStatus: &display}
	if !at.IsZero() {
		s.Time = &at
	}
	return s
}

func powerStatuses(power string, at time.Time) []*armcompute.InstanceViewStatus {
	return []*armcompute.InstanceViewStatus{
		status("ProvisioningState/succeeded", "Provisioning succeeded", at),
		status("PowerState/"+power, "VM "+power, time.Time{}),
	}
}

func vmAgent(at time.Time) *armcompute.VirtualMachineAgentInstanceView {
	return &armcompute.VirtualMachineAgentInstanceView{VMAgentVersion: to.Ptr("2.9.1.1"),
		Statuses: []*armcompute.InstanceViewStatus{status("ProvisioningState/succeeded", "Ready", at)}}
}

func osDisk(name, os string) *armcompute.OSDisk {
	return &armcompute.OSDisk{
		Name: to.Ptr(name + "_OsDisk_1"), OSType: to.Ptr(armcompute.OperatingSystemTypes(os)),
		CreateOption: to.Ptr(armcompute.DiskCreateOptionTypesFromImage), Caching: to.Ptr(armcompute.CachingTypesReadWrite),
	}
}

func osProfile(name, os string) *armcompute.OSProfile {
	p := &armcompute.OSProfile{ComputerName: &name, AdminUsername: to.Ptr("azureuser"), AllowExtensionOperations: to.Ptr(true)}
	if os == "Windows" {
		p.WindowsConfiguration = &armcompute.WindowsConfiguration{ProvisionVMAgent: to.Ptr(true)}
	} else {
		p.LinuxConfiguration = &armcompute.LinuxConfiguration{ProvisionVMAgent: to.Ptr(true), DisablePasswordAuthentication: to.Ptr(true)}
	}
	return p
}
