package arm

import (
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

const scaleSetType = "Microsoft.Compute/virtualMachineScaleSets"

func (q *request) listScaleSets() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	all := inGroup(q, q.world.ScaleSets, func(s *world.ScaleSet) plan.ID { return s.ID })
	return paged(q, all, func(s *world.ScaleSet) armcompute.VirtualMachineScaleSet { return q.scaleSet(st, s) })
}

func (q *request) findScaleSet() (*world.ScaleSet, error) {
	return byPath[*world.ScaleSet](q, scaleSetType, q.path["set"])
}

func (q *request) getScaleSet() (reply, error) {
	s, err := q.findScaleSet()
	if err != nil {
		return reply{}, err
	}
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	return ok(q.scaleSet(st, s))
}

func (q *request) scaleSet(st *State, s *world.ScaleSet) armcompute.VirtualMachineScaleSet {
	disk := &armcompute.VirtualMachineScaleSetOSDisk{OSType: to.Ptr(armcompute.OperatingSystemTypes(s.OS)),
		CreateOption: to.Ptr(armcompute.DiskCreateOptionTypesFromImage), Caching: to.Ptr(armcompute.CachingTypesReadWrite)}
	mode := armcompute.OrchestrationModeUniform
	if s.Flexible {
		mode = armcompute.OrchestrationModeFlexible
	}
	return armcompute.VirtualMachineScaleSet{
		ID: id(s.ID), Name: &s.Name, Type: to.Ptr(scaleSetType), Location: &s.Location, Tags: pointers(s.Tags),
		SKU: &armcompute.SKU{Name: &s.Size, Tier: to.Ptr("Standard"), Capacity: to.Ptr(int64(len(s.Instances) + len(s.Machines)))},
		Properties: &armcompute.VirtualMachineScaleSetProperties{
			OrchestrationMode: &mode, ProvisioningState: to.Ptr("Succeeded"), UniqueID: &s.GUID,
			Overprovision: to.Ptr(false), SinglePlacementGroup: to.Ptr(false), PlatformFaultDomainCount: to.Ptr[int32](5),
			UpgradePolicy: &armcompute.UpgradePolicy{Mode: to.Ptr(armcompute.UpgradeMode(s.Upgrade))},
			VirtualMachineProfile: &armcompute.VirtualMachineScaleSetVMProfile{
				StorageProfile:   &armcompute.VirtualMachineScaleSetStorageProfile{OSDisk: disk},
				ExtensionProfile: &armcompute.VirtualMachineScaleSetExtensionProfile{Extensions: q.setExtensions(st, s)},
			},
		},
	}
}

func (q *request) listInstances() (reply, error) {
	s, err := q.findScaleSet()
	if err != nil {
		return reply{}, err
	}
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	return paged(q, s.Instances, func(i *world.Instance) armcompute.VirtualMachineScaleSetVM { return q.instance(st, i) })
}

func (q *request) findInstance() (*world.Instance, error) {
	return byPath[*world.Instance](q, scaleSetType, q.path["set"], "virtualMachines", q.path["instance"])
}

func (q *request) getInstance() (reply, error) {
	i, err := q.findInstance()
	if err != nil {
		return reply{}, err
	}
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	return ok(q.instance(st, i))
}

func (q *request) getInstanceStatus() (reply, error) {
	i, err := q.findInstance()
	if err != nil {
		return reply{}, err
	}
	return ok(q.instanceStatus(i))
}

func (q *request) instance(st *State, i *world.Instance) armcompute.VirtualMachineScaleSetVM {
	doc := armcompute.VirtualMachineScaleSetVM{
		ID: id(i.ID), Name: &i.Name, Type: to.Ptr(scaleSetType + "/virtualMachines"), Location: &i.Set.Location, Tags: pointers(i.Tags),
		InstanceID: &i.Number, SKU: &armcompute.SKU{Name: &i.Set.Size, Tier: to.Ptr("Standard")},
		Properties: &armcompute.VirtualMachineScaleSetVMProperties{
			VMID: &i.GUID, ProvisioningState: to.Ptr("Succeeded"), LatestModelApplied: to.Ptr(q.latest(st, i)),
			StorageProfile: &armcompute.StorageProfile{OSDisk: osDisk(i.Name, i.Set.OS), DataDisks: []*armcompute.DataDisk{}},
			OSProfile:      osProfile(i.Name, i.Set.OS),
			NetworkProfile: &armcompute.NetworkProfile{NetworkInterfaces: []*armcompute.NetworkInterfaceReference{
				{ID: id(i.NIC.ID), Properties: &armcompute.NetworkInterfaceReferenceProperties{Primary: to.Ptr(true)}}}},
		},
	}
	if q.instanceAgent(st, i) {
		e := builtinAgent(carrier{scaleSetType, i.Resource, i.Set.OS, true, true})
		doc.Resources = []*armcompute.VirtualMachineExtension{to.Ptr(e.doc(q.now))}
	}
	if q.expandsInstanceView() {
		doc.Properties.InstanceView = to.Ptr(q.instanceStatus(i))
	}
	return doc
}

func (q *request) instanceStatus(i *world.Instance) armcompute.VirtualMachineScaleSetVMInstanceView {
	doc := armcompute.VirtualMachineScaleSetVMInstanceView{Statuses: powerStatuses(i.Power, q.world.Epoch)}
	if i.Power == "running" {
		doc.VMAgent = vmAgent(q.world.Epoch)
	}
	return doc
}

// listScaleSetNICs lists the interfaces of a scale set, or of one instance.
func (q *request) listScaleSetNICs() (reply, error) {
	s, err := q.findScaleSet()
	if err != nil {
		return reply{}, err
	}
	if q.path["instance"] != "" {
		if _, err := q.findInstance(); err != nil {
			return reply{}, err
		}
	}
	var nics []*world.NIC
	for _, i := range s.Instances {
		if q.path["instance"] == "" || strings.EqualFold(i.Number, q.path["instance"]) {
			nics = append(nics, i.NIC)
		}
	}
	return paged(q, nics, q.nic)
}

func (q *request) getScaleSetNIC() (reply, error) {
	i, err := q.findInstance()
	if err != nil {
		return reply{}, err
	}
	if !strings.EqualFold(i.NIC.ID.Name(), q.path["name"]) {
		return reply{}, errNotFound(scaleSetType+"/"+i.Set.Name+"/virtualMachines/"+i.Number+"/networkInterfaces/"+q.path["name"], q.path["group"])
	}
	return ok(q.nic(i.NIC))
}
