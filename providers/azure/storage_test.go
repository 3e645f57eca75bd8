package azure

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// noOne is a credential that cannot sign in.
type noOne struct{}

func (noOne) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{}, errors.New("there is nobody")
}

// anyToken signs in.
type anyToken struct{}

func (anyToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "t", ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// lost answers every request by an error.
type lost struct{ err error }

func (l lost) Do(*http.Request) (*http.Response, error) { return nil, l.err }

// TestStorageErrors wants errors of an account that is known by its URL alone
// to say what helps, and never the signature.
func TestStorageErrors(t *testing.T) {
	refuse := func(status int, code string) policy.Transporter {
		return served(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("restype") != "container" { // the list of containers
				io.WriteString(w, `<?xml version="1.0"?><EnumerationResults><Containers><Container><Name>captures</Name></Container>`+
					`<Container><Name>insights-logs-flowlogflowevent</Name></Container></Containers><NextMarker/></EnumerationResults>`)
				return
			}
			blobError(w, status, code)
		})
	}
	tests := map[string]struct {
		transport policy.Transporter
		sas       string
		nobody    bool
		want      string
	}{
		"no role":               {refuse(403, "AuthorizationPermissionMismatch"), "", false, "Storage Blob Data Reader on storage account logs or its container insights-logs-flow"},
		"firewall":              {refuse(403, "AuthorizationFailure"), "", false, "the network rules of storage account logs keep this machine out"},
		"wrong tenant":          {refuse(401, "InvalidAuthenticationInfo"), "", false, "az login --tenant"},
		"no container":          {refuse(404, "ContainerNotFound"), "", false, "no container insights-logs-flow in storage account logs, which has insights-logs-flowlogflowevent, captures"},
		"SAS, no container":     {refuse(404, "ContainerNotFound"), "sig=secret", false, "which has insights-logs-flowlogflowevent"},
		"SAS, expired":          {refuse(403, "AuthenticationFailed"), "se=2026-11-20T08%3A00%3A00Z&sig=secret", false, "expired at 2026-11-20T08:00:00Z"},
		"SAS, expired that day": {refuse(403, "AuthenticationFailed"), "se=2026-11-20&sig=secret", false, "expired at 2026-11-20T00:00:00Z"},
		"SAS, not yet":          {refuse(403, "AuthenticationFailed"), "st=2027-01-01T00%3A00Z&se=2027-01-02&sig=secret", false, "from 2027-01-01T00:00:00Z on"},
		"SAS, cut":              {refuse(403, "AuthenticationFailed"), "se=2027-11-20&sig=secret", false, "in quotes"},
		"SAS, without list":     {refuse(403, "AuthorizationPermissionMismatch"), "sp=r&sig=secret", false, "sp=rl"},
		"SAS, no keys":          {refuse(403, "KeyBasedAuthenticationNotPermitted"), "sig=secret", false, "--as-user"},
		"SAS, network":          {refuse(403, "AuthorizationFailure"), "sig=secret", false, "network rules"},
		"SAS, address":          {refuse(403, "AuthorizationSourceIPMismatch"), "sip=1.2.3.4&sig=secret", false, "(sip)"},
		"archived":              {refuse(409, "BlobArchived"), "sig=secret", false, "set-tier"},
		"nobody":                {refuse(500, "x"), "", true, "there is nobody: run az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or add a shared access signature"},
		"no host":               {lost{&net.DNSError{IsNotFound: true}}, "sig=secret", false, "check the name of the storage account"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			o := Options{Transport: tt.transport, Retries: -1, Clock: fixed(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)), Credential: anyToken{},
				Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
			if tt.nobody {
				o.Credential = noOne{}
			}
			b, err := OpenStorage(o, "https://logs.blob.core.windows.net", tt.sas)
			if err != nil {
				t.Fatal(err)
			}
			err = nil
			for _, e := range b.List(t.Context(), "insights-logs-flow", "") {
				err = e
			}
			check(t, err, tt.want)
			if strings.Contains(err.Error(), "secret") || strings.Contains(log.String(), "secret") {
				t.Errorf("the signature is shown: %v\n%s", err, log.String())
			}
			if strings.HasSuffix(name, "no container") != errors.Is(err, plan.ErrNotFound) {
				t.Errorf("%v is plan.ErrNotFound: %v", err, errors.Is(err, plan.ErrNotFound))
			}
			_, err = b.Stat(t.Context(), "insights-logs-flow", "x")
			_, err2 := b.Open(t.Context(), plan.Blob{Container: "insights-logs-flow", Name: "x"}, 0, -1)
			if name == "no host" {
				check(t, err, tt.want)
				check(t, err2, tt.want)
			}
		})
	}
}

// fixed is a clock that stands still.
type fixed time.Time

func (f fixed) Now() time.Time { return time.Time(f) }

func (f fixed) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// A signature goes with each request and a token does not; without one it is
// the other way round.
func TestStorageIsAskedAsTheURLSays(t *testing.T) {
	for sas, want := range map[string]string{"sv=1&sig=s%2Bx": "s+x ", "": " Bearer t"} {
		var got string
		transport := served(func(w http.ResponseWriter, r *http.Request) {
			got = r.URL.Query().Get("sig") + " " + r.Header.Get("Authorization")
			io.WriteString(w, "x")
		})
		b, err := OpenStorage(Options{Transport: transport, Credential: anyToken{}}, "https://logs.blob.core.windows.net", sas)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Open(t.Context(), plan.Blob{Container: "c", Name: "flowLogResourceID=/A/y=2026"}, 0, -1); err != nil || got != want {
			t.Errorf("SAS %q: asked with %q, %v; want %q", sas, got, err, want)
		}
	}
}

func TestEnvironmentOfAnAccount(t *testing.T) {
	for host, want := range map[string]string{
		"a.blob.core.windows.net": "public", "a.blob.core.usgovcloudapi.net": "usgovernment", "A.blob.core.ChinaCloudAPI.cn": "china",
		"a.z01.blob.storage.azure.net": "public", "127.0.0.1": "public",
	} {
		if got := environmentOf(host); got != want {
			t.Errorf("%s is in %s, want %s", host, got, want)
		}
	}
}
