package login

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// tokenLife is how long a token is good for, as Entra ID's.
const tokenLife = time.Hour

// maxForm is the most that is read of a request for a token.
const maxForm = 1 << 20

// problem is a refusal.
type problem struct {
	kind   string // of RFC 6749 section 5.2
	number int    // of AADSTS
	text   string
}

func refuse(w http.ResponseWriter, status int, p problem) {
	trace := uuid.NewString()
	answer(w, status, map[string]any{
		"error": p.kind, "error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s", p.number, p.text, trace),
		"error_codes": []int{p.number}, "trace_id": trace, "correlation_id": trace,
	})
}

// token signs an application in. v1.0 writes numbers as text and says the
// resource; both are as Entra ID has them.
func (s *Service) token(w http.ResponseWriter, r *http.Request, tenant string, v2 bool) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, problem{"invalid_request", 900144, "The request body is not a form."})
		return
	}
	client, p := application(r)
	if p != nil {
		status := http.StatusBadRequest
		if p.kind == "invalid_client" {
			status = http.StatusUnauthorized
		}
		refuse(w, status, *p)
		return
	}
	resource := audience(r.PostForm)
	if resource == "" {
		refuse(w, http.StatusBadRequest, problem{"invalid_request", 900144, "The request body must contain the following parameter: 'scope'."})
		return
	}
	now := s.o.Now()
	doc := map[string]any{"token_type": "Bearer", "expires_in": int(tokenLife.Seconds()), "ext_expires_in": int(tokenLife.Seconds()),
		"access_token": s.jwt(base(r), tenant, client, resource, now.Add(tokenLife))}
	if !v2 {
		seconds := strconv.Itoa(int(tokenLife.Seconds()))
		doc["expires_in"], doc["ext_expires_in"], doc["resource"] = seconds, seconds, resource
		doc["expires_on"], doc["not_before"] = strconv.FormatInt(now.Add(tokenLife).Unix(), 10), strconv.FormatInt(now.Unix(), 10)
	}
	s.o.Logger.Debug("the sandbox signed an application in", "client", client, "tenant", tenant, "audience", resource)
	answer(w, http.StatusOK, doc)
}

// application is the one that asks. What it says as a secret is not looked at.
func application(r *http.Request) (string, *problem) {
	form := r.PostForm
	client, secret := form.Get("client_id"), form.Get("client_secret")
	if id, password, ok := r.BasicAuth(); ok {
		client, secret = id, password
	}
	switch {
	case form.Get("grant_type") != "client_credentials":
		return "", &problem{"unsupported_grant_type", 70003, "The sandbox signs in applications only (grant_type client_credentials), not '" + form.Get("grant_type") + "'."}
	case client == "":
		return "", &problem{"invalid_request", 900144, "The request body must contain the following parameter: 'client_id'."}
	case secret == "" && form.Get("client_assertion") == "":
		return "", &problem{"invalid_client", 7000218, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'. Any will do for the sandbox."}
	}
	return client, nil
}

// audience is what a token is for: the resource of v1.0, or the scope of v2.0
// without /.default. A resource may end in a slash itself.
func audience(form url.Values) string {
	if resource := form.Get("resource"); resource != "" {
		return resource
	}
	for scope := range strings.FieldsSeq(form.Get("scope")) {
		if resource, ok := strings.CutSuffix(scope, "/.default"); ok {
			return resource
		}
		if strings.Contains(scope, "://") {
			return scope[:max(strings.LastIndexByte(scope, '/'), 0)]
		}
	}
	return ""
}

// Token is a token of an application of a tenant for a resource, as flowctl
// itself uses it in the process.
func (s *Service) Token(tenant, client, resource string, life time.Duration) string {
	return s.jwt("https://login.microsoftonline.com/", tenant, client, resource, s.o.Now().Add(life))
}

// jwt is a token for an application, with the claims that Entra ID writes and
// clients read.
func (s *Service) jwt(issuer, tenant, client, resource string, expires time.Time) string {
	if !slices.ContainsFunc(s.o.Tenants, func(t string) bool { return strings.EqualFold(t, tenant) }) {
		if tenant = s.o.Tenants[0]; s.o.Home != nil {
			tenant = s.o.Home(client)
		}
	}
	object, now := s.o.GUID("servicePrincipals/"+strings.ToLower(client)), s.o.Now()
	claims := map[string]any{
		"aud": resource, "iss": issuer + tenant + "/", "iat": now.Unix(), "nbf": now.Unix(), "exp": expires.Unix(),
		"appid": client, "appidacr": "1", "idp": issuer + tenant + "/", "idtyp": "app",
		"oid": object, "sub": object, "tid": tenant, "scp": "user_impersonation", "uti": uuid.NewString(), "ver": "1.0",
	}
	return segment(map[string]any{"typ": "JWT", "alg": "none"}) + "." + segment(claims) + "."
}

func segment(doc map[string]any) string {
	text, err := json.Marshal(doc)
	if err != nil {
		panic(err) // texts and numbers only
	}
	return base64.RawURLEncoding.EncodeToString(text)
}
