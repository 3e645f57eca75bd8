package view

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"text/template"

	"flowctl/providers/sandbox"
)

// servedFormat is the format number of Served's JSON form.
const servedFormat = "1"

// Served is what clients must know of a sandbox that is served.
type Served struct {
	Format       string   `json:"format"`
	URL          string   `json:"url"` // without a slash at its end
	Host         string   `json:"metadata_host"`
	CA           string   `json:"ca"` // path of the certificate to trust
	Tenant       string   `json:"tenant_id"`
	Subscription string   `json:"subscription_id"`
	ClientID     string   `json:"client_id"`
	ClientSecret string   `json:"client_secret"` // any is good
	World        string   `json:"world"`
	Regions      []string `json:"regions"`
	Accounts     []string `json:"storage_accounts"`

	Subscriptions []ServedSubscription `json:"subscriptions"` // the first is that of subscription_id

	keys map[string]string // of accounts; not in the JSON form: clients list them
}

// ServedSubscription is one of the world's subscriptions.
type ServedSubscription struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Tenant string `json:"tenant_id"`
	Client string `json:"client_id"` // of an application of the tenant
}

// anySecret signs in anywhere: the sandbox does not look at secrets.
const anySecret = "sandbox"

// NewServed describes a sandbox behind its port.
func NewServed(s *sandbox.Sandbox, at *sandbox.Served) Served {
	host := fmt.Sprintf("localhost:%d", at.Port())
	doc := Served{Format: servedFormat, URL: "https://" + host, Host: host, CA: at.Authority,
		Tenant: s.World.Tenant, Subscription: s.World.Subscription, ClientID: s.World.Application(s.World.Tenant), ClientSecret: anySecret,
		World: s.World.Name, Regions: s.World.Regions, keys: map[string]string{}}
	for _, sub := range s.World.Subscriptions {
		doc.Subscriptions = append(doc.Subscriptions, ServedSubscription{sub.ID, sub.Name, sub.Tenant, s.World.Application(sub.Tenant)})
	}
	for _, a := range s.World.Accounts {
		doc.Accounts = append(doc.Accounts, a.Name)
		if keys := s.AccountKeys(a.Name); len(keys) > 0 {
			doc.keys[a.Name] = keys[0]
		}
	}
	return doc
}

// ConnectionString opens an account's blobs with its first key.
func (s Served) ConnectionString(account string) string {
	return "DefaultEndpointsProtocol=https;AccountName=" + account + ";AccountKey=" + s.keys[account] + ";BlobEndpoint=" + s.URL + "/" + account + ";"
}

// Text prints lines for a shell, a group for each client.
func (s Served) Text(w io.Writer) error { return servedText().Execute(w, s) }

// quote makes a word of any text for a POSIX shell.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

var servedText = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("served").Funcs(template.FuncMap{"quote": quote}).Parse(servedForm))
})

const servedForm = `# flowctl sandbox: {{.World}} at {{.URL}}, until Ctrl-C. Any client id and secret will do.
{{- if gt (len .Subscriptions) 1}}
# Subscriptions:
{{- range .Subscriptions}}
#   {{.ID}} {{.Name}}, tenant {{.Tenant}}, client id {{.Client}}
{{- end}}
{{- end}}

# Azure SDKs, and flowctl with
#   provider "azure" { metadata_host = "{{.Host}}" }
export SSL_CERT_FILE={{quote .CA}}
export AZURE_AUTHORITY_HOST={{.URL}}/
export AZURE_TENANT_ID={{.Tenant}}
export AZURE_SUBSCRIPTION_ID={{.Subscription}}
export AZURE_CLIENT_ID={{.ClientID}}
export AZURE_CLIENT_SECRET={{.ClientSecret}}

# Terraform, with provider "azurerm" { features {} }
export ARM_METADATA_HOSTNAME={{.Host}}
export ARM_TENANT_ID={{.Tenant}}
export ARM_SUBSCRIPTION_ID={{.Subscription}}
export ARM_CLIENT_ID={{.ClientID}}
export ARM_CLIENT_SECRET={{.ClientSecret}}
export ARM_RESOURCE_PROVIDER_REGISTRATIONS=none

# az, in a configuration of its own
export AZURE_CONFIG_DIR="${TMPDIR:-/tmp}/flowctl-sandbox-az"
export REQUESTS_CA_BUNDLE={{quote .CA}}
az cloud register -n flowctl-sandbox --endpoint-resource-manager {{.URL}}/ --endpoint-active-directory {{.URL}}/adfs --endpoint-active-directory-resource-id {{.URL}}/ --endpoint-management {{.URL}}/ --suffix-storage-endpoint localhost
az cloud set -n flowctl-sandbox
az login --service-principal -u {{.ClientID}} -p {{.ClientSecret}} --tenant {{.Tenant}}

# blobs: one of {{range $i, $a := .Accounts}}{{if $i}}, {{end}}{{$a}}{{end}}
{{- range $i, $a := .Accounts}}{{if not $i}}
export AZURE_STORAGE_CONNECTION_STRING={{quote ($.ConnectionString $a)}}{{end}}{{end}}
`
