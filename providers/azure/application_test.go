package azure

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"flowctl/plan"

	"github.com/google/go-cmp/cmp"
)

const (
	tenantID = "00000000-0000-0000-0000-00000000000a"
	clientID = "00000000-0000-0000-0000-00000000000b"
)

// identityService issues tokens on this machine, and stands for those of
// GitHub and of Azure Pipelines that give assertions to jobs.
type identityService struct {
	server *httptest.Server
	form   url.Values // of the last request for a token
	jobs   []string   // requests for assertions, with what they authenticate with
	refuse string     // what is wrong with every application
	closed bool       // jobs get no assertion
}

func newIdentityService(t *testing.T) *identityService {
	s := &identityService{}
	s.server = httptest.NewTLSServer(s)
	t.Cleanup(s.server.Close)
	return s
}

func (s *identityService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	base := s.server.URL + "/" + tenantID
	switch {
	case strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration"):
		fmt.Fprintf(w, `{"issuer":"%[1]s/v2.0","authorization_endpoint":"%[1]s/oauth2/v2.0/authorize","token_endpoint":"%[1]s/oauth2/v2.0/token"}`, base)
	case strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token"):
		_ = r.ParseForm()
		s.form = r.PostForm
		if s.refuse != "" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintf(w, `{"error":"invalid_client","error_description":%q}`, s.refuse)
			return
		}
		fmt.Fprint(w, `{"token_type":"Bearer","expires_in":3600,"access_token":"the-token"}`)
	case strings.HasPrefix(r.URL.Path, "/job"):
		s.jobs = append(s.jobs, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Authorization"))
		if s.closed {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		fmt.Fprint(w, `{"value":"github-assertion","oidcToken":"pipelines-assertion"}`)
	default: // Resource Manager
		if r.Header.Get("Authorization") != "Bearer the-token" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, `{"tenantId":%q}`, tenantID)
	}
}

// options are those of a provider whose cloud is s.
func (s *identityService) options(name string) Options {
	return Options{
		Subscription: sub, CredentialName: name, Transport: s.server.Client(), Clock: newStepClock(), Retries: -1,
		Endpoint: s.server.URL, Authority: s.server.URL,
	}
}

// tenantOf signs in and reads the tenant of the subscription.
func tenantOf(t *testing.T, o Options) (string, error) {
	t.Helper()
	p, err := New(o)
	if err != nil {
		return "", err
	}
	inv := &plan.Inventory{}
	err = p.readTenant(t.Context(), inv)
	return inv.Tenant, err
}

// unsetAll hides the identity that the tests run as.
func unsetAll(t *testing.T) {
	for _, names := range [][]string{
		tenantVariables, clientVariables, secretVariables, certificateVariables, passwordVariables, connectionVariables,
		{"SYSTEM_ACCESSTOKEN", "SYSTEM_OIDCREQUESTURI", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"},
	} {
		for _, n := range names {
			t.Setenv(n, "")
		}
	}
}

func TestApplicationsSignIn(t *testing.T) {
	service := newIdentityService(t)
	tests := map[string]struct {
		credential string
		env        map[string]string
		change     func(*Options)
		form       map[string]string // what the token is asked for with
		job        string
	}{
		"secret": {"client_secret", map[string]string{"AZURE_TENANT_ID": tenantID, "AZURE_CLIENT_ID": clientID, "AZURE_CLIENT_SECRET": "hidden"}, nil,
			map[string]string{"client_id": clientID, "client_secret": "hidden", "grant_type": "client_credentials"}, ""},
		"secret by Terraform's variables, client in the file": {"client_secret", map[string]string{"ARM_TENANT_ID": tenantID, "ARM_CLIENT_ID": "other", "ARM_CLIENT_SECRET": "hidden"},
			func(o *Options) { o.ClientID = clientID }, map[string]string{"client_id": clientID, "client_secret": "hidden"}, ""},
		"certificate": {"client_certificate", map[string]string{"AZURE_TENANT_ID": tenantID, "AZURE_CLIENT_ID": clientID},
			func(o *Options) { o.CertificatePath = certificate(t, true) },
			map[string]string{"client_id": clientID, "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, ""},
		"certificate of the environment": {"client_certificate",
			map[string]string{"AZURE_TENANT_ID": tenantID, "AZURE_CLIENT_ID": clientID, "AZURE_CLIENT_CERTIFICATE_PATH": certificate(t, true)}, nil,
			map[string]string{"client_id": clientID}, ""},
		"github": {"github_oidc", map[string]string{"AZURE_TENANT_ID": tenantID, "AZURE_CLIENT_ID": clientID,
			"ACTIONS_ID_TOKEN_REQUEST_URL": service.server.URL + "/job?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job-token"}, nil,
			map[string]string{"client_assertion": "github-assertion", "client_id": clientID},
			"GET /job?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange Bearer job-token"},
		"github in another cloud": {"github_oidc", map[string]string{"AZURE_TENANT_ID": tenantID, "AZURE_CLIENT_ID": clientID,
			"ACTIONS_ID_TOKEN_REQUEST_URL": service.server.URL + "/job", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job-token"},
			func(o *Options) { o.Environment = "usgovernment" }, map[string]string{"client_assertion": "github-assertion"},
			"GET /job?audience=api%3A%2F%2FAzureADTokenExchangeUSGov Bearer job-token"},
		"pipelines": {"azure_pipelines", map[string]string{"AZURESUBSCRIPTION_TENANT_ID": tenantID, "AZURESUBSCRIPTION_CLIENT_ID": clientID,
			"AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": "connection", "SYSTEM_ACCESSTOKEN": "job-token", "SYSTEM_OIDCREQUESTURI": service.server.URL + "/job"}, nil,
			map[string]string{"client_assertion": "pipelines-assertion", "client_id": clientID},
			"POST /job?api-version=7.1&serviceConnectionId=connection Bearer job-token"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			unsetAll(t)
			for k, v := range tt.env {
				t.Setenv(k, v)
			}
			service.jobs = nil
			o := service.options(tt.credential)
			if tt.change != nil {
				tt.change(&o)
			}
			got, err := tenantOf(t, o)
			if err != nil || got != tenantID {
				t.Fatalf("tenant %q: %v", got, err)
			}
			for _, k := range slices.Sorted(maps.Keys(tt.form)) {
				if got := service.form.Get(k); got != tt.form[k] {
					t.Errorf("%s is %q, want %q", k, got, tt.form[k])
				}
			}
			if diff := cmp.Diff(tt.job, strings.Join(service.jobs, "\n")); diff != "" {
				t.Errorf("requests for the job's token (-want +got):\n%s", diff)
			}
		})
	}
}

func TestApplicationsThatCannotSignIn(t *testing.T) {
	service := newIdentityService(t)
	known := map[string]string{"AZURE_TENANT_ID": tenantID, "AZURE_CLIENT_ID": clientID}
	with := func(more ...string) map[string]string {
		out := maps.Clone(known)
		for i := 0; i < len(more); i += 2 {
			out[more[i]] = more[i+1]
		}
		return out
	}
	job := []string{"ACTIONS_ID_TOKEN_REQUEST_URL", service.server.URL + "/job", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "job-token"}
	const noSecret = "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the value.\r\nTrace ID: 1"
	tests := map[string]struct {
		credential, refuse string
		closed             bool
		env                map[string]string
		certificate        string
		err                string
	}{
		"nothing is set": {"client_secret", "", false, nil, "",
			"sign in with credential client_secret: not set: tenant_id or AZURE_TENANT_ID, client_id or AZURE_CLIENT_ID, AZURE_CLIENT_SECRET: check that the secret"},
		"wrong secret": {"client_secret", noSecret, false, with("AZURE_CLIENT_SECRET", "hidden"), "",
			"sign in with credential client_secret: AADSTS7000215: Invalid client secret provided.: check that the secret in AZURE_CLIENT_SECRET"},
		"no certificate": {"client_certificate", "", false, known, "", "not set: client_certificate_path or AZURE_CLIENT_CERTIFICATE_PATH"},
		"no such file":   {"client_certificate", "", false, known, "none.pem", "read the certificate: open none.pem: "},
		"no key":         {"client_certificate", "", false, known, certificate(t, false), "in PEM or PKCS #12, with the password in AZURE_CLIENT_CERTIFICATE_PASSWORD if it has one: "},
		"no job":         {"github_oidc", "", false, known, "", "not set: ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN: give the job the permission id-token: write"},
		"job refused":    {"github_oidc", "", true, with(job...), "", "ask GitHub for the job's token: it answered 403 Forbidden"},
		"job unknown to the client": {"github_oidc", "AADSTS700213: No matching federated identity record found for presented assertion subject 'repo:a/b'. Check it.", false, with(job...), "",
			"sign in with credential github_oidc: AADSTS700213: No matching federated identity record found for presented assertion subject 'repo:a/b'.: give the job"},
		"no connection": {"azure_pipelines", "", false, with("SYSTEM_OIDCREQUESTURI", "https://x"), "",
			"not set: service_connection_id or AZURESUBSCRIPTION_SERVICE_CONNECTION_ID, SYSTEM_ACCESSTOKEN; a step gets SYSTEM_ACCESSTOKEN by env"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			unsetAll(t)
			for k, v := range tt.env {
				t.Setenv(k, v)
			}
			service.refuse, service.closed = tt.refuse, tt.closed
			o := service.options(tt.credential)
			o.CertificatePath = tt.certificate
			_, err := tenantOf(t, o)
			check(t, err, tt.err)
			if err != nil && (strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "\n")) {
				t.Errorf("error %q has a secret or more than a line", err)
			}
		})
	}
}

// certificate writes one that signs itself, in PEM, and returns its path.
func certificate(t *testing.T, withKey bool) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "flowctl"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	_ = pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	if withKey {
		pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		_ = pem.Encode(&b, &pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	}
	path := filepath.Join(t.TempDir(), "client.pem")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestWhatAChainTriedIsSaid(t *testing.T) {
	const chain = "DefaultAzureCredential: failed to acquire a token.\nAttempted credentials:\n\tEnvironmentCredential: missing environment variable AZURE_TENANT_ID\n" +
		"\tManagedIdentityCredential authentication failed. The requested identity isn't assigned to this resource.\n\t\tGET http://169.254.169.254/x\n" +
		"\tAzureCLICredential: ERROR: Please run 'az login'. To troubleshoot, visit https://aka.ms/x"
	want := "tried EnvironmentCredential: missing environment variable AZURE_TENANT_ID; ManagedIdentityCredential authentication failed; AzureCLICredential: ERROR: Please run 'az login'"
	if got := attempts(chain); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	remedy := credentials["cli"].remedyFor(Options{Tenant: "contoso.example"})
	if remedy != "run az login --tenant contoso.example, in the tenant of the subscription" {
		t.Errorf("remedy %q", remedy)
	}
}
