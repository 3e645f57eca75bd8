package arm

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

var accountName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]{3,24}$`) })

func (q *request) checkAccount(st *State, m *Made) error {
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

// accountNamed is the account of that name, the world's or a made one, or nil.
func (q *request) accountNamed(st *State, name string) *world.StorageAccount {
	for _, a := range q.world.Accounts {
		if strings.EqualFold(a.Name, name) {
			return a
		}
	}
	return st.Account(name, q.now)
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

func (q *request) fillAccount(_ *State, m *Made, doc, props map[string]any) {
	a := m.account()
	tier, _, _ := strings.Cut(a.SKU, "_")
	object(doc, "sku")["tier"] = tier
	made := m.Created.Format(sevenDigits)
	service := map[string]any{"enabled": true, "lastEnabledTime": made, "keyType": "Account"}
	orElse(props, map[string]any{
		"allowBlobPublicAccess": false, "minimumTlsVersion": "TLS1_2", "supportsHttpsTrafficOnly": true,
		"networkAcls": map[string]any{"bypass": "AzureServices", "virtualNetworkRules": []any{}, "ipRules": []any{}, "defaultAction": "Allow"},
		"encryption":  map[string]any{"services": map[string]any{"blob": service, "file": service}, "keySource": "Microsoft.Storage"},
	})
	if a.Kind == "StorageV2" || a.Kind == "BlobStorage" {
		orElse(props, map[string]any{"accessTier": "Hot"})
	}
	props["creationTime"], props["primaryLocation"], props["statusOfPrimary"] = made, m.Location, "available"
	props["keyCreationTime"] = map[string]any{"key1": made, "key2": made}
	props["privateEndpointConnections"] = []any{}
	props["primaryEndpoints"] = map[string]any{"blob": q.blobURL(a)}
}

// findAccount is the account in the path.
func (q *request) findAccount() (*world.StorageAccount, *State, error) {
	st, err := q.State()
	if err != nil {
		return nil, nil, err
	}
	if m := st.made(q.madeID(st, accountType), q.now); m != nil {
		return m.account(), st, nil
	}
	a, err := byPath[*world.StorageAccount](q, accountType, q.path["name"])
	return a, st, err
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
		m := st.made(id, q.now)
		if m == nil {
			m = &Made{ID: id, Type: name, Body: map[string]any{"properties": map[string]any{}}}
		}
		return ok(q.madeDoc(st, m))
	}
}

func (q *request) fillService(_ *State, m *Made, doc, props map[string]any) {
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

func (q *request) fillWorkspace(_ *State, m *Made, _, props map[string]any) {
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
	id := q.madeID(st, workspaceType)
	if st.made(id, q.now) == nil {
		return reply{}, q.missing(id, workspaceType)
	}
	key := func(name string) string {
		return base64.StdEncoding.EncodeToString([]byte(q.world.GUID(id.Key()+name) + "-sandbox"))
	}
	return ok(map[string]string{"primarySharedKey": key("primary"), "secondarySharedKey": key("secondary")})
}
