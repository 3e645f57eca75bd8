package login

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	tenant = "0f1e2d3c-4b5a-4968-8778-695a4b3c2d1e"
	other  = "1f1e2d3c-4b5a-4968-8778-695a4b3c2d1e"
)

var now = time.Date(2026, 11, 12, 8, 0, 0, 0, time.UTC)

func ask(t *testing.T, method, path string, form url.Values) (int, map[string]any) {
	t.Helper()
	s := New(Options{Tenants: []string{tenant, other}, GUID: func(name string) string { return "guid of " + name }, Now: func() time.Time { return now }})
	r := httptest.NewRequest(method, "https://localhost:8443"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if !Serves(r) {
		t.Fatalf("%s is not served", path)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var doc map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatalf("%s: %v\n%s", path, err, w.Body)
	}
	return w.Code, doc
}

func secret(more ...string) url.Values {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"app"}, "client_secret": {"x"}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return form
}

func TestTokens(t *testing.T) {
	const scope = "https://localhost:8443//.default"
	tests := map[string]struct {
		path, param, value, audience string
		text                         bool // numbers are text
	}{
		"v2.0":          {"/" + tenant + "/oauth2/v2.0/token", "scope", scope, "https://localhost:8443/", false},
		"two slashes":   {"//" + tenant + "/oauth2/v2.0/token", "scope", "https://storage.azure.com/.default", "https://storage.azure.com", false},
		"v1.0":          {"/" + tenant + "/oauth2/token", "resource", "https://localhost:8443/", "https://localhost:8443/", true},
		"AD FS":         {"/adfs/oauth2/token", "scope", scope, "https://localhost:8443/", false},
		"several":       {"/common/oauth2/v2.0/token", "scope", "openid offline_access " + scope, "https://localhost:8443/", false},
		"case":          {"/" + strings.ToUpper(tenant) + "/OAuth2/v2.0/Token", "scope", scope, "https://localhost:8443/", false},
		"another scope": {"/common/oauth2/v2.0/token", "scope", "https://localhost/user_impersonation", "https://localhost", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			code, doc := ask(t, "POST", tt.path, secret(tt.param, tt.value))
			if code != 200 || doc["token_type"] != "Bearer" {
				t.Fatalf("%d %v", code, doc)
			}
			if _, text := doc["expires_in"].(string); text != tt.text {
				t.Errorf("expires_in %v", doc["expires_in"])
			}
			parts := strings.Split(doc["access_token"].(string), ".")
			if len(parts) != 3 {
				t.Fatalf("%d parts", len(parts))
			}
			raw, err := base64.RawURLEncoding.DecodeString(parts[1])
			var claims map[string]any
			if err != nil || json.Unmarshal(raw, &claims) != nil {
				t.Fatalf("claims %s: %v", raw, err)
			}
			if claims["aud"] != tt.audience || claims["tid"] != tenant || claims["appid"] != "app" || claims["oid"] != "guid of servicePrincipals/app" ||
				claims["exp"] != float64(now.Add(time.Hour).Unix()) || claims["scp"] == nil {
				t.Errorf("claims %s", raw)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	token := "/" + tenant + "/oauth2/v2.0/token"
	tests := map[string]struct {
		method, path string
		form         url.Values
		status       int
		kind         string
	}{
		"tenant":   {"POST", "/nobody/oauth2/v2.0/token", secret("scope", "a/.default"), 400, "invalid_tenant"},
		"method":   {"GET", token, nil, 405, "invalid_request"},
		"grant":    {"POST", token, secret("scope", "a/.default", "grant_type", "password"), 400, "unsupported_grant_type"},
		"client":   {"POST", token, secret("scope", "a/.default", "client_id", ""), 400, "invalid_request"},
		"secret":   {"POST", token, secret("scope", "a/.default", "client_secret", ""), 401, "invalid_client"},
		"no scope": {"POST", token, secret(), 400, "invalid_request"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			code, doc := ask(t, tt.method, tt.path, tt.form)
			if code != tt.status || doc["error"] != tt.kind || !strings.HasPrefix(doc["error_description"].(string), "AADSTS") {
				t.Errorf("%d %v", code, doc)
			}
		})
	}
}

func TestDiscovery(t *testing.T) {
	const at = "https://localhost:8443/"
	tests := map[string]struct{ path, key, want string }{
		"v2.0":     {"/" + tenant + "/v2.0/.well-known/openid-configuration", "token_endpoint", at + tenant + "/oauth2/v2.0/token"},
		"issuer":   {"/" + tenant + "/v2.0/.well-known/openid-configuration", "issuer", at + tenant + "/v2.0"},
		"v1.0":     {"/" + tenant + "/.well-known/openid-configuration", "token_endpoint", at + tenant + "/oauth2/token"},
		"AD FS":    {"/adfs/.well-known/openid-configuration", "token_endpoint", at + "adfs/oauth2/token"},
		"instance": {"/common/discovery/instance", "tenant_discovery_endpoint", at + tenant + "/v2.0/.well-known/openid-configuration"},
	}
	for name, tt := range tests {
		if code, doc := ask(t, "GET", tt.path, nil); code != 200 || doc[tt.key] != tt.want {
			t.Errorf("%s: %d %v, want %s", name, code, doc[tt.key], tt.want)
		}
	}
	for _, path := range []string{"/subscriptions", "/common", "/a/b/c", "/" + tenant + "/oauth2/v2.0/token/more"} {
		if Serves(httptest.NewRequest(http.MethodGet, "https://localhost"+path, nil)) {
			t.Errorf("%s is taken for the identity service", path)
		}
	}
}
