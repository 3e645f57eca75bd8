package sandbox

import (
	"path/filepath"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage/v2"
)

// TestSDKOnGuards reads and writes with the SDK what stands guard over storage
// accounts, and installs an agent in a scale set.
func TestSDKOnGuards(t *testing.T) {
	s := virtual(t, Options{WorldPath: filepath.Join("internal", "arm", "testdata", "guarded.hcl")})
	ctx := t.Context()
	options := &arm.ClientOptions{ClientOptions: policy.ClientOptions{Transport: s.Transport(), Retry: policy.RetryOptions{MaxRetries: -1}}}
	storage, err := armstorage.NewClientFactory(s.World.Subscription, credential{}, options)
	if err != nil {
		t.Fatal(err)
	}
	policies := storage.NewManagementPoliciesClient()
	p, err := policies.Get(ctx, "rg-free", "stguarded", armstorage.ManagementPolicyNameDefault, nil)
	if err != nil || len(p.Properties.Policy.Rules) != 1 || *p.Properties.Policy.Rules[0].Definition.Actions.BaseBlob.Delete.DaysAfterModificationGreaterThan != 30 || p.Properties.LastModifiedTime == nil {
		t.Fatalf("policy %+v, %v", p.Properties, err)
	}
	p.Properties.Policy.Rules[0].Name = to.Ptr("other")
	if _, err := policies.CreateOrUpdate(ctx, "rg-free", "stguarded", armstorage.ManagementPolicyNameDefault, p.ManagementPolicy, nil); err != nil {
		t.Error(err)
	}
	if p, err = policies.Get(ctx, "rg-free", "stguarded", armstorage.ManagementPolicyNameDefault, nil); err != nil || *p.Properties.Policy.Rules[0].Name != "other" {
		t.Errorf("policy %+v, %v", p.Properties, err)
	}
	a, err := storage.NewAccountsClient().GetProperties(ctx, "rg-free", "stguarded", nil)
	if err != nil || *a.Properties.NetworkRuleSet.DefaultAction != armstorage.DefaultActionDeny || len(a.Properties.NetworkRuleSet.IPRules) != 1 {
		t.Errorf("firewall %+v, %v", a.Properties, err)
	}
	c, err := storage.NewBlobContainersClient().Get(ctx, "rg-free", "stguarded", "evidence", nil)
	if err != nil || !*c.ContainerProperties.HasLegalHold || *c.ContainerProperties.ImmutabilityPolicy.Properties.State != armstorage.ImmutabilityPolicyStateLocked {
		t.Errorf("container %+v, %v", c.ContainerProperties, err)
	}
}

func TestSDKOnScaleSetExtensions(t *testing.T) {
	s := virtual(t, Options{WorldPath: filepath.Join("internal", "arm", "testdata", "guests.hcl")})
	ctx := t.Context()
	options := &arm.ClientOptions{ClientOptions: policy.ClientOptions{Transport: s.Transport(), Retry: policy.RetryOptions{MaxRetries: -1}}}
	compute, err := armcompute.NewClientFactory(s.World.Subscription, credential{}, options)
	if err != nil {
		t.Fatal(err)
	}
	begun, err := compute.NewVirtualMachineScaleSetExtensionsClient().BeginCreateOrUpdate(ctx, "rg", "vmss-manual", "agent", armcompute.VirtualMachineScaleSetExtension{
		Properties: &armcompute.VirtualMachineScaleSetExtensionProperties{Publisher: to.Ptr("Microsoft.Azure.NetworkWatcher"),
			Type: to.Ptr("NetworkWatcherAgentLinux"), TypeHandlerVersion: to.Ptr("1.4"), AutoUpgradeMinorVersion: to.Ptr(true)}}, nil)
	if e := finish(t, s, begun, err); *e.Properties.ProvisioningState != "Succeeded" {
		t.Errorf("extension %+v", e.Properties)
	}
	upgraded, err := compute.NewVirtualMachineScaleSetsClient().BeginUpdateInstances(ctx, "rg", "vmss-manual",
		armcompute.VirtualMachineScaleSetVMInstanceRequiredIDs{InstanceIDs: to.SliceOfPtrs("*")}, nil)
	finish(t, s, upgraded, err)
	i, err := compute.NewVirtualMachineScaleSetVMsClient().Get(ctx, "rg", "vmss-manual", "1", nil)
	if err != nil || !*i.Properties.LatestModelApplied || len(i.Resources) != 1 {
		t.Errorf("instance %+v, %v", i.Properties, err)
	}
}
