package config

import (
	"fmt"
	"math"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"flowctl/plan/syntax"
)

// providerSchemas says what the types of provider take.
var providerSchemas = map[string]schema{
	Azure: {attrs: []string{
		"alias", "subscription_id", "tenant_id", "client_id", "environment", "metadata_host", "credential",
		"client_certificate_path", "service_connection_id",
	}, secrets: map[string]string{
		"client_secret":               "Set AZURE_CLIENT_SECRET, and write credential = \"client_secret\".",
		"client_certificate_password": "Set AZURE_CLIENT_CERTIFICATE_PASSWORD.",
	}},
	Sandbox: {attrs: []string{"alias", "world", "clock", "seed", "subscription_id"}},
}

var (
	providerTypes = []string{Azure, Sandbox}
	environments  = []string{"public", "usgovernment", "china"}
	credentials   = []string{
		"default", "cli", "developer_cli", "powershell", "environment", "client_secret", "client_certificate",
		"managed_identity", "workload_identity", "github_oidc", "azure_pipelines",
	}
)

// unseen are the attributes that flowctl shows nowhere. The subscription is
// part of every resource id that it shows.
var unseen = []string{"tenant_id", "client_id"}

// subscriptionEnv are the variables of the environment that stand in for
// subscription_id: Azure's SDKs' and Terraform's.
var subscriptionEnv = []string{"AZURE_SUBSCRIPTION_ID", "ARM_SUBSCRIPTION_ID"}

// maxClock keeps a sandbox from passing a week in less than a second.
const maxClock = 604800

// providerReader decodes provider blocks.
type providerReader struct {
	scope   *scope
	environ []string
	folder  string // that paths in the file start from
}

func (r providerReader) decode(hb *hclsyntax.Block) (Provider, bool) {
	p := Provider{Type: hb.Labels[0], Alias: hb.Labels[0], Range: header(hb)}
	known, ok := providerSchemas[p.Type]
	if !ok {
		r.scope.add("Unknown provider", hb.LabelRanges[0], "There is no provider %q. %s", p.Type, providerHint(p.Type))
		return p, false
	}
	known.check(hb.Body, title(hb), r.scope.problems)
	b := block{Block: hb, scope: r.scope, secret: unseen}
	if alias, ok := b.text("alias"); ok && r.scope.word(alias, "provider", b.at("alias")) {
		p.Alias = alias
	}
	if p.Type == Azure {
		r.azure(b, &p)
	} else {
		r.sandbox(b, &p)
	}
	return p, true
}

func (r providerReader) azure(b block, p *Provider) {
	p.SubscriptionID = r.subscription(b)
	p.TenantID, _ = b.text("tenant_id")
	p.ClientID = b.guid("client_id")
	p.Environment, p.Credential = "public", "default"
	if env, ok := b.one("environment", "Unknown environment", environments); ok {
		p.Environment = env
	}
	if cred, ok := b.one("credential", "Unknown credential", credentials); ok {
		p.Credential = cred
	}
	p.MetadataHost = b.host("metadata_host")
	if path, ok := b.only("client_certificate_path", "client_certificate", p.Credential); ok {
		p.CertificatePath = r.path(b, "client_certificate_path", path)
	}
	p.ServiceConnectionID, _ = b.only("service_connection_id", "azure_pipelines", p.Credential)
}

// only returns a text that one way to sign in takes, and the others do not.
func (b block) only(name, credential, chosen string) (string, bool) {
	s, ok := b.text(name)
	if ok && chosen != credential {
		b.scope.add("Unused attribute", b.at(name), "credential = %q does not use %s. Write credential = %q, or leave it out.", chosen, name, credential)
	}
	return s, ok
}

func (r providerReader) subscription(b block) string {
	if b.has("subscription_id") {
		return b.guid("subscription_id")
	}
	for _, name := range subscriptionEnv {
		for _, kv := range r.environ {
			if id, ok := strings.CutPrefix(kv, name+"="); ok && id != "" {
				return r.fromEnv(b, name, id)
			}
		}
	}
	r.scope.add("Missing subscription", header(b.Block), "This provider needs a subscription: write subscription_id = \"…\", or set %s.", subscriptionEnv[0])
	return ""
}

func (r providerReader) fromEnv(b block, name, id string) string {
	if _, err := uuid.Parse(id); err != nil || len(id) != guidLength {
		r.scope.add("Invalid ID", header(b.Block), "%s is %q, which is not the id of a subscription.", name, id)
	}
	return strings.ToLower(id)
}

// guidLength is how long a GUID is in Azure's form; the library reads others too.
const guidLength = 36

// guid returns an attribute that must be a GUID, in lower case.
func (b block) guid(name string) string {
	s, ok := b.text(name)
	if !ok {
		return ""
	}
	if _, err := uuid.Parse(s); err != nil || len(s) != guidLength {
		b.scope.add("Invalid ID", b.at(name), "%s must be a GUID such as 00000000-1111-2222-3333-444444444444%s.", name, b.quoted(name, s))
		return ""
	}
	return strings.ToLower(s)
}

// quoted repeats a wrong value in a message, unless it may be sensitive.
func (b block) quoted(name, s string) string {
	if usesSensitive(b.Body.Attributes[name].Expr, b.scope.ctx) {
		return ""
	}
	return fmt.Sprintf(", not %q", s)
}

// host returns an attribute that must be host or host:port.
func (b block) host(name string) string {
	s, ok := b.text(name)
	if !ok {
		return ""
	}
	if u, err := url.Parse("https://" + s); err != nil || u.Host != s || u.Hostname() == "" {
		b.scope.add("Invalid host", b.at(name), "%s must be host or host:port, without https:// and without a path%s.", name, b.quoted(name, s))
		return ""
	}
	return s
}

func (r providerReader) sandbox(b block, p *Provider) {
	p.SubscriptionID = b.guid("subscription_id")
	if world, ok := b.text("world"); ok {
		p.World = r.path(b, "world", world)
	}
	if f, ok := b.float("clock"); ok {
		if f < 0 || f > maxClock || math.IsNaN(f) {
			r.scope.add("Invalid number", b.at("clock"), "clock says how many times faster than real time the sandbox runs; write 0 (time passes only while flowctl waits) to %d.", maxClock)
		} else {
			p.Clock = &f
		}
	}
	if n, ok := b.whole("seed", math.MinInt64, math.MaxInt64); ok {
		p.Seed = &n
	}
}

// joinWorlds finds the sandboxes that are for further subscriptions of the world
// of one before them, and share its state, clock and seed.
func (l *loader) joinWorlds() {
	all := l.cfg.Providers
	for i := range all {
		p := &all[i]
		if p.Type != Sandbox || p.SubscriptionID == "" {
			continue
		}
		first := slices.IndexFunc(all[:i], func(f Provider) bool { return f.Type == Sandbox && f.SameWorld == "" && f.World == p.World })
		if first < 0 {
			continue
		}
		f := all[first]
		if p.Clock != nil && (f.Clock == nil || *f.Clock != *p.Clock) || p.Seed != nil && (f.Seed == nil || *f.Seed != *p.Seed) {
			l.add("Two clocks in one world", p.Range, "Providers %q and %q are for subscriptions of one world, which has one clock and one seed. Write clock and seed in %q only.",
				f.Alias, p.Alias, f.Alias)
		}
		p.SameWorld, p.Clock, p.Seed = f.Alias, f.Clock, f.Seed
	}
}

func (r providerReader) path(b block, name, path string) string {
	if path == "" {
		r.scope.add("Invalid path", b.at(name), "%s is empty. Name a file, or leave it out.", name)
		return ""
	}
	return within(r.folder, path)
}

// within is a path of a file, which is relative to the configuration's folder.
func within(folder, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(folder, filepath.FromSlash(path))
}

// choose returns the alias of the provider that a watch uses.
func choose(b block, providers []Provider) (string, bool) {
	aliases := make([]string, len(providers))
	for i, p := range providers {
		aliases[i] = p.Alias
	}
	if b.has("provider") {
		return b.reference(providers, aliases)
	}
	if len(aliases) > 1 {
		b.scope.add("No provider chosen", header(b.Block), "There are %d providers (%s), so each watch must choose one: write provider = %s.%s.",
			len(aliases), strings.Join(aliases, ", "), providers[0].Type, aliases[0])
		return "", false
	}
	return strings.Join(aliases, ""), len(aliases) == 1
}

// reference reads provider = azure.west or provider = "west".
func (b block) reference(providers []Provider, aliases []string) (string, bool) {
	typ, alias := "", ""
	if t, diags := hcl.AbsTraversalForExpr(b.Body.Attributes["provider"].Expr); !diags.HasErrors() && slices.Contains(providerTypes, t.RootName()) {
		typ = t.RootName()
		alias = typ
		if name, ok := second(t); ok {
			alias = name
		}
	} else if s, ok := b.text("provider"); ok {
		alias = s
	} else {
		return "", false
	}
	for _, p := range providers {
		if p.Alias == alias && (typ == "" || typ == p.Type) {
			return alias, true
		}
	}
	b.scope.add("Unknown provider", b.at("provider"), "No provider has the alias %q%s. %s", alias, ofType(typ), syntax.Hint(alias, aliases))
	return "", false
}

func ofType(typ string) string {
	if typ == "" {
		return ""
	}
	return " and the type " + typ
}

// providerHint says which provider was meant: those of Terraform for Azure have
// other names.
func providerHint(given string) string {
	if slices.Contains([]string{"azurerm", "azapi", "azuread", "microsoft", "arm"}, strings.ToLower(given)) {
		return `Did you mean "azure"?`
	}
	return syntax.Hint(given, providerTypes)
}
