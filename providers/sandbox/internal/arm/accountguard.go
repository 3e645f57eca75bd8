package arm

import (
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage/v2"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

func containerID(a *world.StorageAccount, c world.Container) plan.ID {
	return a.ID + "/blobServices/default/containers/" + plan.ID(c.Name)
}

func (q *request) containerProperties(a *world.StorageAccount, c world.Container) *armstorage.ContainerProperties {
	p := &armstorage.ContainerProperties{
		PublicAccess: to.Ptr(armstorage.PublicAccessNone), HasImmutabilityPolicy: to.Ptr(c.Immutability != nil), HasLegalHold: to.Ptr(len(c.LegalHold) > 0),
		LastModifiedTime: to.Ptr(q.world.Epoch.AddDate(0, -6, 0)), LeaseState: to.Ptr(armstorage.LeaseStateAvailable), LeaseStatus: to.Ptr(armstorage.LeaseStatusUnlocked),
	}
	if c.Immutability != nil {
		p.ImmutabilityPolicy = &armstorage.ImmutabilityPolicyProperties{Properties: immutability(c.Immutability),
			Etag: to.Ptr(`"` + q.world.GUID(string(containerID(a, c))+"/policy") + `"`), UpdateHistory: []*armstorage.UpdateHistoryProperty{}}
	}
	if len(c.LegalHold) > 0 {
		p.LegalHold = &armstorage.LegalHoldProperties{HasLegalHold: to.Ptr(true)}
		for _, tag := range c.LegalHold {
			p.LegalHold.Tags = append(p.LegalHold.Tags, &armstorage.TagProperty{Tag: &tag})
		}
	}
	return p
}

func immutability(i *world.Immutability) *armstorage.ImmutabilityPolicyProperty {
	return &armstorage.ImmutabilityPolicyProperty{AllowProtectedAppendWrites: &i.AppendAllowed,
		ImmutabilityPeriodSinceCreationInDays: to.Ptr(int32(i.Days)), State: to.Ptr(armstorage.ImmutabilityPolicyState(i.State))}
}

func (q *request) findContainer() (*world.StorageAccount, world.Container, error) {
	a, _, err := q.findAccount()
	if err != nil {
		return nil, world.Container{}, err
	}
	for _, c := range a.Containers {
		if strings.EqualFold(c.Name, q.path["container"]) {
			return a, c, nil
		}
	}
	return nil, world.Container{}, refuse(404, "ContainerNotFound", "The specified container does not exist.")
}

func (q *request) getContainer() (reply, error) {
	a, c, err := q.findContainer()
	if err != nil {
		return reply{}, err
	}
	return ok(armstorage.BlobContainer{ID: id(containerID(a, c)), Name: &c.Name, Type: to.Ptr(containerType),
		Etag: to.Ptr(`"` + q.world.GUID(string(containerID(a, c))) + `"`), ContainerProperties: q.containerProperties(a, c)})
}

// getContainerPolicy answers for a container without a policy with one of no
// days, as the service does.
func (q *request) getContainerPolicy() (reply, error) {
	a, c, err := q.findContainer()
	if err != nil {
		return reply{}, err
	}
	doc := armstorage.ImmutabilityPolicy{ID: id(containerID(a, c) + "/immutabilityPolicies/default"), Name: to.Ptr("default"),
		Type: to.Ptr(containerType + "/immutabilityPolicies"), Etag: to.Ptr(""), Properties: immutability(&world.Immutability{State: "Unlocked"})}
	if c.Immutability != nil {
		doc.Properties = immutability(c.Immutability)
		doc.Etag = to.Ptr(`"` + q.world.GUID(string(containerID(a, c))+"/policy") + `"`)
	}
	return ok(doc)
}
