// Package login is the sandbox's Entra ID: it signs in every application that
// names itself and says a secret, in every tenant of the world. It speaks the
// endpoints v1.0 and v2.0 of the Microsoft identity platform, the paths of an
// AD FS, OpenID Connect discovery and instance discovery, as far as the
// clients of ARM ask for them.
//
// Its tokens are JSON Web Tokens without a signature ("alg": "none", RFC 7519
// section 6): good enough for clients that look into them, and of no use
// anywhere else.
package login

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Options describe the tenants.
type Options struct {
	Tenants []string                   // GUIDs; the first is meant by who names none
	GUID    func(name string) string   // makes up ids that stay the same
	Home    func(client string) string // the tenant of an application; nil: the first
	Now     func() time.Time           // real time, by which clients judge tokens
	Logger  *slog.Logger
}

// Service is the identity service of some tenants.
type Service struct{ o Options }

// New returns the identity service of tenants.
func New(o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{o}
}

// paths are what is served. A login endpoint that ends in a slash makes
// clients write two of them.
var paths = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^/{1,2}([^/]+)/(oauth2/v2\.0/token|oauth2/token|(?:v2\.0/)?\.well-known/openid-configuration|discovery/(?:v2\.0/)?keys|discovery/instance)/?$`)
})

// Serves reports whether a request is for the identity service.
func Serves(r *http.Request) bool { return paths().MatchString(r.URL.Path) }

// ServeHTTP answers one request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m := paths().FindStringSubmatch(r.URL.Path)
	if m == nil {
		refuse(w, http.StatusNotFound, problem{"invalid_request", 90002, "The sandbox's identity service has no path " + r.URL.Path + "."})
		return
	}
	tenant, known := s.id(m[1])
	what := strings.ToLower(m[2])
	want := http.MethodGet
	if strings.HasSuffix(what, "token") {
		want = http.MethodPost
	}
	switch {
	case r.Method != want:
		s.o.Logger.Warn("the sandbox's identity service does not serve this method", "method", r.Method, "path", r.URL.Path)
		refuse(w, http.StatusMethodNotAllowed, problem{"invalid_request", 900561, "The endpoint only accepts " + want + " requests. Received a " + r.Method + " request."})
	case !known:
		refuse(w, http.StatusBadRequest, problem{"invalid_tenant", 90002, "Tenant '" + m[1] + "' not found. The sandbox has " + strings.Join(s.o.Tenants, ", ") + "."})
	case strings.HasSuffix(what, "token"):
		s.token(w, r, tenant, strings.Contains(what, "v2.0") || tenant == adfs)
	case strings.HasSuffix(what, "instance"):
		answer(w, http.StatusOK, s.instance(r, s.named(tenant)))
	case strings.HasSuffix(what, "keys"):
		answer(w, http.StatusOK, map[string]any{"keys": []any{}})
	default:
		answer(w, http.StatusOK, s.openID(r, s.named(tenant), strings.HasPrefix(what, "v2.0")))
	}
}

// adfs is the tenant that authorities of AD FS have in their path.
const adfs = "adfs"

// id is the tenant that a name stands for in addresses; adfs stands for any.
// It is false if there is no such tenant.
func (s *Service) id(name string) (string, bool) {
	name = strings.ToLower(name)
	switch name {
	case adfs, "common", "organizations":
		return name, true
	}
	return name, slices.ContainsFunc(s.o.Tenants, func(t string) bool { return strings.EqualFold(t, name) })
}

// named is the tenant that documents speak of where an address stands for any.
func (s *Service) named(tenant string) string {
	if tenant == "common" || tenant == "organizations" {
		return s.o.Tenants[0]
	}
	return tenant
}

func base(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host + "/"
	}
	return "http://" + r.Host + "/"
}

// configuration is the discovery document of OpenID Connect.
type configuration struct {
	TokenEndpoint string   `json:"token_endpoint"`
	AuthMethods   []string `json:"token_endpoint_auth_methods_supported"`
	Keys          string   `json:"jwks_uri"`
	ResponseTypes []string `json:"response_types_supported"`
	SubjectTypes  []string `json:"subject_types_supported"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
	Scopes        []string `json:"scopes_supported"`
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	DeviceCode    string   `json:"device_authorization_endpoint"`
	Region        *string  `json:"tenant_region_scope"`
	CloudInstance string   `json:"cloud_instance_name"`
}

func (s *Service) openID(r *http.Request, tenant string, v2 bool) configuration {
	at := base(r) + tenant
	version, issuer := "", at+"/"
	if v2 {
		version, issuer = "/v2.0", at+"/v2.0"
	}
	return configuration{
		TokenEndpoint: at + "/oauth2" + version + "/token", Authorization: at + "/oauth2" + version + "/authorize",
		DeviceCode: at + "/oauth2" + version + "/devicecode", Keys: at + "/discovery" + version + "/keys", Issuer: issuer,
		AuthMethods: []string{"client_secret_post", "private_key_jwt", "client_secret_basic"}, ResponseTypes: []string{"code", "token", "id_token"},
		SubjectTypes: []string{"pairwise"}, Algorithms: []string{"RS256"}, Scopes: []string{"openid", "profile", "email", "offline_access"},
		CloudInstance: r.Host,
	}
}

// instances tells clients that this host is an authority they may trust.
type instances struct {
	Discovery string     `json:"tenant_discovery_endpoint"`
	Version   string     `json:"api-version"`
	Metadata  []instance `json:"metadata"`
}

type instance struct {
	Network string   `json:"preferred_network"`
	Cache   string   `json:"preferred_cache"`
	Aliases []string `json:"aliases"`
}

func (s *Service) instance(r *http.Request, tenant string) instances {
	return instances{Discovery: base(r) + tenant + "/v2.0/.well-known/openid-configuration", Version: "1.1",
		Metadata: []instance{{Network: r.Host, Cache: r.Host, Aliases: []string{r.Host}}}}
}

func answer(w http.ResponseWriter, status int, doc any) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-cache")
	w.WriteHeader(status)
	// An error is a client that went away.
	_ = json.NewEncoder(w).Encode(doc)
}
