package arm

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/storage/armstorage/v2"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

const accountType = "Microsoft.Storage/storageAccounts"

func (q *request) listAccounts() (reply, error) {
	return pagedWith(q, accountType, inGroup(q, q.world.Accounts, func(a *world.StorageAccount) plan.ID { return a.ID }), q.account)
}

func (q *request) getAccount() (reply, error) {
	a, err := byPath[*world.StorageAccount](q, accountType, q.path["name"])
	if err != nil {
		return reply{}, err
	}
	return ok(q.account(a))
}

func (q *request) account(a *world.StorageAccount) armstorage.Account {
	tier, _, _ := strings.Cut(a.SKU, "_")
	doc := armstorage.Account{
		ID: id(a.ID), Name: &a.Name, Type: to.Ptr(accountType), Location: &a.Location, Tags: pointers(a.Tags),
		Kind: to.Ptr(armstorage.Kind(a.Kind)),
		SKU:  &armstorage.SKU{Name: to.Ptr(armstorage.SKUName(a.SKU)), Tier: to.Ptr(armstorage.SKUTier(tier))},
		Properties: &armstorage.AccountProperties{
			ProvisioningState: to.Ptr(armstorage.ProvisioningStateSucceeded), CreationTime: to.Ptr(q.world.Epoch.AddDate(0, -6, 0)),
			PrimaryLocation: &a.Location, StatusOfPrimary: to.Ptr(armstorage.AccountStatusAvailable),
			PrimaryEndpoints:     &armstorage.Endpoints{Blob: to.Ptr(q.blobURL(a))},
			AllowSharedKeyAccess: &a.SharedKey, EnableHTTPSTrafficOnly: to.Ptr(true), AllowBlobPublicAccess: to.Ptr(false),
			MinimumTLSVersion: to.Ptr(armstorage.MinimumTLSVersionTLS12),
			NetworkRuleSet:    firewall(a), PublicNetworkAccess: to.Ptr(armstorage.PublicNetworkAccess(a.PublicNetwork)),
			ImmutableStorageWithVersioning: accountImmutability(a), PrivateEndpointConnections: q.connections(a),
		},
	}
	if a.Kind == "StorageV2" {
		doc.Properties.AccessTier = to.Ptr(armstorage.AccessTierHot)
	}
	return doc
}

// storageSuffixes are those of the clouds, by the host of their ARM.
var storageSuffixes = map[string]string{
	"management.azure.com":         "core.windows.net",
	"management.usgovcloudapi.net": "core.usgovcloudapi.net",
	"management.chinacloudapi.cn":  "core.chinacloudapi.cn",
}

// blobURL is the address of an account's Blob service in the cloud that the
// client asked: a name below the server's own host where that is none of
// Microsoft's, and a path where the host is an address or localhost, below
// which many machines find no names. Terraform's provider reads the account
// out of the host, and mostly asks nothing there: it is given the name always.
func (q *request) blobURL(a *world.StorageAccount) string {
	scheme, host, _ := strings.Cut(q.base(), "://")
	if suffix := storageSuffixes[strings.ToLower(host)]; suffix != "" {
		return scheme + "://" + a.Name + ".blob." + suffix + "/"
	}
	bare := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		bare = h
	}
	terraform := strings.Contains(q.r.UserAgent(), "terraform-provider-azurerm")
	if net.ParseIP(strings.Trim(bare, "[]")) != nil || strings.EqualFold(bare, "localhost") && !terraform {
		return q.base() + "/" + a.Name + "/"
	}
	return scheme + "://" + a.Name + ".blob." + host + "/"
}

// blobAt takes a blob's address apart: the account's name, container and blob.
func blobAt(address string) (account, container, name string, ok bool) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", "", "", false
	}
	path := strings.TrimPrefix(u.Path, "/")
	host, rest, _ := strings.Cut(u.Hostname(), ".")
	if strings.HasPrefix(strings.ToLower(rest), "blob.") {
		account = host
	} else {
		account, path, _ = strings.Cut(path, "/")
	}
	container, name, _ = strings.Cut(path, "/")
	return strings.ToLower(account), container, name, account != "" && container != "" && name != ""
}

// listKeys shows the keys with which requests to the account's services may be
// signed.
func (q *request) listKeys() (reply, error) {
	a, _, err := q.findAccount()
	if err != nil {
		return reply{}, err
	}
	var keys []*armstorage.AccountKey
	for i, value := range q.world.AccountKeys(a.ID) {
		keys = append(keys, &armstorage.AccountKey{KeyName: to.Ptr("key" + strconv.Itoa(i+1)), Value: &value,
			Permissions: to.Ptr(armstorage.KeyPermissionFull), CreationTime: to.Ptr(q.world.Epoch.AddDate(0, -6, 0))})
	}
	return ok(armstorage.AccountListKeysResult{Keys: keys})
}
