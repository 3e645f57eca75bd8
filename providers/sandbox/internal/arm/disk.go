package arm

import (
	"fmt"
	"net/http"
	"strings"

	"flowctl/plan"
)

// systemDiskSize is in GiB, that of most images of Linux.
const systemDiskSize = 30

// wroteVM gives a machine the disk of its operating system, as Azure does when
// it makes one from an image, and forgets what Azure never shows again.
func (q *request) wroteVM(st *State, m *Resource) error {
	props := m.properties()
	if login := object(props, "osProfile"); len(login) > 0 {
		delete(login, "adminPassword")
		delete(login, "customData")
	}
	storage := object(props, "storageProfile")
	props["storageProfile"] = storage
	disk := object(storage, "osDisk")
	storage["osDisk"] = disk
	orElse(disk, map[string]any{"name": fmt.Sprintf("%s_OsDisk_1_%s", m.ID.Name(), strings.ReplaceAll(m.GUID, "-", "")),
		"osType": m.vm().OS, "createOption": "FromImage", "caching": "ReadWrite", "diskSizeGB": systemDiskSize, "deleteOption": "Detach"})
	if disk["vhd"] != nil { // in an account of its owner's: recording nw-effective-2017
		return nil
	}
	managed := object(disk, "managedDisk")
	disk["managedDisk"] = managed
	orElse(managed, map[string]any{"storageAccountType": "Standard_LRS"})
	if text(managed, "id") == "" {
		managed["id"] = string(m.ID[:strings.Index(string(m.ID), "/providers/")]) + "/providers/" + diskType + "/" + text(disk, "name")
	}
	if plan.ID(text(managed, "id")).ResourceGroup() == "" || q.exists(st, plan.ID(text(managed, "id"))) {
		return nil
	}
	_, err := q.store(st, kindOf(diskType), plan.ID(text(managed, "id")), map[string]any{
		"location": m.Location, "sku": map[string]any{"name": managed["storageAccountType"]},
		"properties": map[string]any{"osType": disk["osType"], "diskSizeGB": disk["diskSizeGB"],
			"creationData": map[string]any{"createOption": "FromImage"}},
	})
	return err
}

func (q *request) fillDisk(st *State, m *Resource, doc, props map[string]any) {
	orElse(doc, map[string]any{"sku": map[string]any{"name": "Standard_LRS"}})
	tier, _, _ := strings.Cut(text(doc, "sku", "name"), "_")
	object(doc, "sku")["tier"] = tier
	orElse(props, map[string]any{"diskSizeGB": systemDiskSize, "networkAccessPolicy": "AllowAll", "publicNetworkAccess": "Enabled",
		"encryption": map[string]any{"type": "EncryptionAtRestWithPlatformKey"}})
	props["uniqueId"], props["timeCreated"], props["diskState"] = m.GUID, m.Created.Format(sevenDigits), "Unattached"
	if vm := q.diskUser(st, m); vm != nil {
		doc["managedBy"], props["diskState"] = vm.ID, "Attached"
	}
}

// diskUser is the machine that a disk is attached to, or nil.
func (q *request) diskUser(st *State, disk *Resource) *Resource {
	for _, vm := range q.users(st, disk.ID, vmType) {
		return vm
	}
	return nil
}

func diskInUse(m, user *Resource, _ string) *Error {
	return refuse(http.StatusConflict, "OperationNotAllowed", "Disk %s is attached to VM %s.", m.ID.Name(), user.ID)
}

// dropDisks removes, with a machine, those of its disks that are to go with it.
func (q *request) dropDisks(st *State, m *Resource) {
	storage := object(m.properties(), "storageProfile")
	for _, d := range append(objects(storage, "dataDisks"), object(storage, "osDisk")) {
		if !strings.EqualFold(text(d, "deleteOption"), "Delete") {
			continue
		}
		if disk := q.at(st, plan.ID(text(d, "managedDisk", "id"))); disk != nil {
			q.remove(st, disk, machineWriteTime)
		}
	}
}
