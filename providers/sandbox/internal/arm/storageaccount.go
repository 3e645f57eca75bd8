package arm

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

var accountName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]{3,24}$`) })

func (q *request) checkAccount(st *State, m *Resource) error {
	name := m.ID.Name()
	switch {
	case !accountName().MatchString(name):
		return refuse(400, "AccountNameInvalid", "%s is not a valid storage account name. Storage account name must be between 3 and 24 characters in length "+
			"and use numbers and lower-case letters only.", name)
	case text(m.Body, "sku", "name") == "":
		return refuse(400, "InvalidRequestPropertyValue", "The value of the property 'sku.name' is missing.")
	}
	if other := q.accountNamed(st, name); other != nil && !other.ID.Is(m.ID) {
		return refuse(http.StatusConflict, "StorageAccountAlreadyTaken", "The storage account named %s is already taken.", name)
	}
	orElse(m.Body, map[string]any{"kind": "StorageV2"})
	return nil
}

// accountNamed is the account of that name, or nil.
func (q *request) accountNamed(st *State, name string) *world.StorageAccount {
	return q.Account(st, name, q.now)
}

// Account is the storage account of that name, or nil.
func (s *Server) Account(st *State, name string, now time.Time) *world.StorageAccount {
	for _, a := range s.liveAt(st, now).Accounts {
		if strings.EqualFold(a.Name, name) {
			return a
		}
	}
	return nil
}

func (q *request) checkAccountName() (reply, error) {
	var body struct {
		Name string `json:"name"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	doc := map[string]any{"nameAvailable": true}
	switch {
	case !accountName().MatchString(body.Name):
		doc = map[string]any{"nameAvailable": false, "reason": "AccountNameInvalid", "message": body.Name + " is not a valid storage account name."}
	case q.accountNamed(st, body.Name) != nil:
		doc = map[string]any{"nameAvailable": false, "reason": "AlreadyExists", "message": "The storage account named " + body.Name + " is already taken."}
	}
	return ok(doc)
}

func (q *request) fillAccount(st *State, m *Resource, doc, props map[string]any) {
	a := m.account()
	tier, _, _ := strings.Cut(a.SKU, "_")
	object(doc, "sku")["tier"] = tier
	made := m.Created.Format(sevenDigits)
	service := map[string]any{"enabled": true, "lastEnabledTime": made, "keyType": "Account"}
	orElse(props, map[string]any{
		"allowBlobPublicAccess": false, "minimumTlsVersion": "TLS1_0", "supportsHttpsTrafficOnly": true, "networkAcls": map[string]any{},
		"encryption": map[string]any{"services": map[string]any{"blob": service, "file": service}, "keySource": "Microsoft.Storage"},
	})
	for _, s := range object(props, "encryption", "services") {
		if given, ok := s.(map[string]any); ok {
			orElse(given, service)
		}
	}
	rules := object(props, "networkAcls")
	orElse(rules, map[string]any{"bypass": "AzureServices", "virtualNetworkRules": []any{}, "ipRules": []any{}, "defaultAction": "Allow"})
	props["networkAcls"] = rules
	for _, r := range objects(rules, "virtualNetworkRules") { // recording storage-account-network-rules
		orElse(r, map[string]any{"action": "Allow", "state": "Succeeded"})
	}
	for _, r := range objects(rules, "ipRules") {
		orElse(r, map[string]any{"action": "Allow"})
	}
	if a.Kind == "StorageV2" || a.Kind == "BlobStorage" {
		orElse(props, map[string]any{"accessTier": "Hot"})
	}
	props["creationTime"], props["primaryLocation"], props["statusOfPrimary"] = made, m.Location, "available"
	props["keyCreationTime"] = map[string]any{"key1": made, "key2": made}
	props["privateEndpointConnections"] = q.connections(st, m)
	props["primaryEndpoints"] = q.endpoints(a)
	if pair := pairs[m.Location]; pair != "" && strings.Contains(a.SKU, "GRS") || strings.Contains(a.SKU, "GZRS") {
		props["secondaryLocation"], props["statusOfSecondary"] = pair, "available"
		if strings.Contains(a.SKU, "_RA") {
			all := map[string]any{}
			for service, address := range q.endpoints(a) {
				all[service] = strings.Replace(fmt.Sprint(address), a.Name, a.Name+"-secondary", 1)
			}
			delete(all, "file") // files have no copy that can be read
			props["secondaryEndpoints"] = all
		}
	}
}

// pairs are where accounts with a second location have their copies ("List of
// Azure regions", Microsoft Learn).
var pairs = func() map[string]string {
	all := map[string]string{"brazilsouth": "southcentralus", "westus3": "eastus", "germanywestcentral": "germanynorth", "switzerlandnorth": "switzerlandwest",
		"norwayeast": "norwaywest", "swedencentral": "swedensouth", "francecentral": "francesouth", "southafricanorth": "southafricawest", "uaenorth": "uaecentral"}
	for _, two := range [][2]string{{"eastus", "westus"}, {"eastus2", "centralus"}, {"northcentralus", "southcentralus"}, {"westus2", "westcentralus"},
		{"canadacentral", "canadaeast"}, {"northeurope", "westeurope"}, {"uksouth", "ukwest"}, {"eastasia", "southeastasia"}, {"japaneast", "japanwest"},
		{"koreacentral", "koreasouth"}, {"centralindia", "southindia"}, {"australiaeast", "australiasoutheast"}} {
		all[two[0]], all[two[1]] = two[1], two[0]
	}
	return all
}()

// endpoints are the addresses of an account's services, of which the sandbox
// serves that of blobs only.
func (q *request) endpoints(a *world.StorageAccount) map[string]any {
	blob := q.blobURL(a)
	all := map[string]any{"blob": blob}
	if !strings.Contains(blob, "."+"blob.") {
		return all // a path of this server has no room for others
	}
	for _, service := range []string{"dfs", "file", "queue", "table"} {
		all[service] = strings.Replace(blob, ".blob.", "."+service+".", 1)
	}
	all["web"] = strings.Replace(blob, ".blob.", ".z6.web.", 1)
	return all
}

// connections are the private endpoints that lead to an account.
func (q *request) connections(st *State, m *Resource) []any {
	all := []any{}
	for _, e := range q.live(st).Endpoints {
		if !e.Target.Is(m.ID) {
			continue
		}
		name := m.ID.Name() + "." + e.GUID
		all = append(all, map[string]any{"id": string(m.ID) + "/privateEndpointConnections/" + name, "name": name,
			"type": accountType + "/privateEndpointConnections", "properties": map[string]any{
				"privateEndpoint": ref(e.ID), "provisioningState": "Succeeded",
				"privateLinkServiceConnectionState": map[string]any{"status": "Approved", "description": "Auto-Approved", "actionRequired": "None"}}})
	}
	return all
}

// findAccount is the account in the path.
func (q *request) findAccount() (*world.StorageAccount, *State, error) {
	st, err := q.State()
	if err != nil {
		return nil, nil, err
	}
	id := q.pathID(st, accountType)
	if a, ok := q.described(st, id).(*world.StorageAccount); ok {
		return a, st, nil
	}
	return nil, st, q.missing(id, accountType)
}

// getService answers with the settings of an account's blobs or files, which
// every account has.
func getService(name string) handler {
	return func(q *request) (reply, error) {
		a, st, err := q.findAccount()
		if err != nil {
			return reply{}, err
		}
		id := a.ID + plan.ID(name[len(accountType):]+"/default")
		m := q.at(st, id)
		if m == nil {
			m = &Resource{ID: id, Type: name, Body: map[string]any{"properties": map[string]any{}}}
		}
		return ok(q.draw(st, m))
	}
}

func (q *request) fillService(_ *State, m *Resource, doc, props map[string]any) {
	delete(props, "provisioningState")
	doc["name"] = "default"
	orElse(doc, map[string]any{"sku": map[string]any{"name": "Standard_LRS", "tier": "Standard"}})
	orElse(props, map[string]any{"cors": map[string]any{"corsRules": []any{}}})
	if m.Type == blobServices {
		orElse(props, map[string]any{"deleteRetentionPolicy": map[string]any{"enabled": false, "allowPermanentDelete": false}})
		return
	}
	orElse(props, map[string]any{"shareDeleteRetentionPolicy": map[string]any{"enabled": true, "days": 7},
		"protocolSettings": map[string]any{"smb": map[string]any{}}})
}

func (q *request) fillWorkspace(_ *State, m *Resource, _, props map[string]any) {
	orElse(props, map[string]any{"retentionInDays": 30, "sku": map[string]any{"name": "pergb2018"},
		"publicNetworkAccessForIngestion": "Enabled", "publicNetworkAccessForQuery": "Enabled",
		"workspaceCapping": map[string]any{"dailyQuotaGb": -1}, "features": map[string]any{"enableLogAccessUsingOnlyResourcePermissions": true}})
	props["customerId"] = m.GUID
	props["createdDate"], props["modifiedDate"] = m.Created.Format(sevenDigits), m.Created.Format(sevenDigits)
}

// listNothing answers with an empty list.
func (q *request) listNothing() (reply, error) { return whole([]any{}) }

// workspaceKeys shows keys that open nothing.
func (q *request) workspaceKeys() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	id := q.pathID(st, workspaceType)
	if q.at(st, id) == nil {
		return reply{}, q.missing(id, workspaceType)
	}
	key := func(name string) string {
		return base64.StdEncoding.EncodeToString([]byte(q.world.GUID(id.Key()+name) + "-sandbox"))
	}
	return ok(map[string]string{"primarySharedKey": key("primary"), "secondarySharedKey": key("secondary")})
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
	type key struct { // as in recording blob-auth-failed
		Created     time.Time `json:"creationTime"`
		Name        string    `json:"keyName"`
		Value       string    `json:"value"`
		Permissions string    `json:"permissions"`
	}
	var keys []key
	for i, value := range q.world.AccountKeys(a.ID) {
		keys = append(keys, key{q.world.Epoch.AddDate(0, -6, 0), "key" + strconv.Itoa(i+1), value, "FULL"})
	}
	return ok(map[string]any{"keys": keys})
}
