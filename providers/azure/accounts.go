package azure

import (
	"context"
	"strings"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage/v2"
)

func (p *Provider) accounts(ctx context.Context) ([]plan.StorageAccount, error) {
	return list(ctx, "storage accounts", p.storage.NewAccountsClient().NewListPager(nil),
		func(r armstorage.AccountsClientListResponse) []*armstorage.Account { return r.Value }, accountOf)
}

func accountOf(a *armstorage.Account) plan.StorageAccount {
	out := plan.StorageAccount{ID: plan.ID(val(a.ID)), Location: region(a.Location), Kind: string(val(a.Kind))}
	if a.SKU != nil {
		out.SKU = string(val(a.SKU.Name))
	}
	out.SharedKey = true // what Azure means when it says nothing
	props := a.Properties
	if props == nil {
		return out
	}
	if props.PrimaryEndpoints != nil {
		out.BlobURL = val(props.PrimaryEndpoints.Blob)
	}
	if props.AllowSharedKeyAccess != nil {
		out.SharedKey = *props.AllowSharedKeyAccess
	}
	out.Firewall, out.Immutable = firewallOf(props), immutable(props.ImmutableStorageWithVersioning)
	return out
}

// immutable reports whether a policy of the account itself keeps its blobs;
// that an account could have one is not enough.
func immutable(i *armstorage.ImmutableStorageAccount) bool {
	return i != nil && val(i.Enabled) && i.ImmutabilityPolicy != nil &&
		val(i.ImmutabilityPolicy.State) != armstorage.AccountImmutabilityPolicyStateDisabled
}

func firewallOf(props *armstorage.AccountProperties) plan.Firewall {
	out := plan.Firewall{Public: string(val(props.PublicNetworkAccess))}
	rules := props.NetworkRuleSet
	if rules == nil {
		return out
	}
	out.Default = string(val(rules.DefaultAction))
	for b := range strings.SplitSeq(string(val(rules.Bypass)), ",") {
		if b = strings.TrimSpace(b); b != "" {
			out.Bypass = append(out.Bypass, b)
		}
	}
	for _, r := range rules.IPRules {
		if r != nil && val(r.IPAddressOrRange) != "" {
			out.IPs = append(out.IPs, *r.IPAddressOrRange)
		}
	}
	for _, r := range rules.VirtualNetworkRules {
		if r != nil && val(r.VirtualNetworkResourceID) != "" {
			out.Subnets = append(out.Subnets, plan.ID(*r.VirtualNetworkResourceID))
		}
	}
	return out
}
