package azure

import (
	"context"
	"errors"
	"strings"
	"testing"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// noToken is a credential that does not work.
type noToken struct{ calls *int }

func (n noToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	*n.calls++
	return azcore.AccessToken{}, errors.New("DefaultAzureCredential: no token.\nAttempted:\n\tAzureCLI: not signed in")
}

func TestASignInThatFailsIsSaidOnce(t *testing.T) {
	calls := 0
	p, err := New(Options{Subscription: sub, Credential: noToken{&calls}, Transport: newARM(), Clock: newStepClock()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Status(context.Background(), plan.Recording{ID: watcher + "/flowLogs/one", Mechanism: plan.FlowLog})
	check(t, err, "sign in with the given credential: DefaultAzureCredential: no token.; Attempted:; AzureCLI: not signed in")
	if calls != 1 || p.Calls() != 0 {
		t.Errorf("%d attempts to sign in and %d calls, want 1 and 0", calls, p.Calls())
	}
}

func TestIdentityErrorsSayWhatHelps(t *testing.T) {
	for name, c := range credentials {
		remedy := c.remedyFor(Options{})
		err := (&identityError{name, remedy, errors.New("no")}).Error()
		if !strings.Contains(err, name) || !strings.HasSuffix(err, remedy) || remedy == "" || strings.Contains(err, "{") {
			t.Errorf("%s: %s", name, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	tests := map[string]struct {
		o   Options
		err string
	}{
		"no subscription": {Options{}, "no subscription: set subscription_id"},
		"environment":     {Options{Subscription: sub, Environment: "moon"}, `no environment "moon": there are public, usgovernment, china`},
		"credential":      {Options{Subscription: sub, CredentialName: "password"}, `no credential "password": there are azure_pipelines, cli, client_certificate,`},
		"endpoint":        {Options{Subscription: sub, Endpoint: "management"}, `endpoint "management" is no URL`},
		"incomplete":      {Options{Subscription: sub, CredentialName: "workload_identity"}, "sign in with credential workload_identity: "},
	}
	t.Setenv("AZURE_CLIENT_ID", "")
	t.Setenv("AZURE_TENANT_ID", "")
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", "")
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := New(tt.o)
			check(t, err, tt.err)
		})
	}
}

func TestTokensGoOverHTTPOnlyAtHome(t *testing.T) {
	tests := map[string]struct {
		url       string
		inProcess bool
		want      bool
	}{
		"https":      {"https://logs.blob.core.windows.net/", false, false},
		"http":       {"http://logs.blob.core.windows.net/", false, false},
		"name":       {"http://localhost.example/", false, false},
		"localhost":  {"http://localhost:10000/devstoreaccount1", false, true},
		"loopback":   {"http://127.0.0.1:10000/devstoreaccount1", false, true},
		"loopback 6": {"http://[::1]:10000/", false, true},
		"in process": {"http://logs.blob.core.windows.net/", true, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := Options{}.cloud()
			if err != nil {
				t.Fatal(err)
			}
			o := Options{InProcess: tt.inProcess}
			if got := o.clientOptions(c, tt.url).InsecureAllowCredentialWithHTTP; got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestNewOpensCredentialsByName(t *testing.T) {
	for _, name := range []string{"", "default", "cli", "developer_cli", "powershell", "managed_identity"} {
		p, err := New(Options{Subscription: sub, CredentialName: name, Environment: "usgovernment", ClientID: "00000000-0000-0000-0000-000000000009"})
		if err != nil {
			t.Errorf("%q: %v", name, err)
		} else if c, ok := p.Clock().(*serviceClock); p.Subscription() != sub || !ok || c.inner != (Real{}) {
			t.Errorf("%q: subscription %s, clock %T", name, p.Subscription(), p.Clock())
		}
	}
}
