package azure

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const cloudDoc = `{"name":"AzureCloud","resourceManager":"https://arm.example/","authentication":{"loginEndpoint":"https://login.example",
	"audiences":["https://audience.example/","https://arm.example/"],"tenant":"common","identityProvider":"AAD"}}`

func TestMetadataHostSaysWhereTheCloudIs(t *testing.T) {
	var asked string
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.Method + " " + r.URL.String() + r.Header.Get("Authorization")
		_, _ = w.Write([]byte(cloudDoc))
	}))
	defer server.Close()
	o := Options{MetadataHost: strings.TrimPrefix(server.URL, "https://"), Transport: server.Client()}
	got, err := o.discover()
	if err != nil {
		t.Fatal(err)
	}
	want := [3]string{"https://arm.example/", "https://audience.example/", "https://login.example"}
	if diff := cmp.Diff(want, [3]string{got.Endpoint, got.Audience, got.Authority}); diff != "" {
		t.Errorf("endpoints (-want +got):\n%s", diff)
	}
	if asked != "GET /metadata/endpoints?api-version=2022-09-01" {
		t.Errorf("asked %s", asked)
	}
	o.Endpoint, o.Authority = "https://mine.example", "https://me.example"
	if got, err := o.discover(); err != nil || got.Endpoint != o.Endpoint || got.Authority != o.Authority {
		t.Errorf("what was given is %s, %s: %v", got.Endpoint, got.Authority, err)
	}
}

func TestMetadataHostIsRefused(t *testing.T) {
	tests := map[string]struct {
		status    int
		body, err string
	}{
		"status":  {404, "", "it answered 404 Not Found: metadata_host is the host of a cloud's Resource Manager"},
		"no JSON": {200, "<html>", "it did not answer with a cloud's endpoints"},
		"empty":   {200, "{}", ` is "", which is no https address`},
		"http":    {200, strings.ReplaceAll(cloudDoc, "https://arm", "http://arm"), `its resourceManager is "http://arm.example/"`},
		"AD FS":   {200, strings.Replace(cloudDoc, "AAD", "ADFS", 1), "its identity provider is ADFS"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			}))
			defer server.Close()
			_, err := New(Options{Subscription: sub, MetadataHost: strings.TrimPrefix(server.URL, "https://"), Transport: server.Client()})
			check(t, err, tt.err)
		})
	}
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	_, err := New(Options{Subscription: sub, MetadataHost: strings.TrimPrefix(server.URL, "https://")})
	check(t, err, "SSL_CERT_FILE names a file of authorities")
}
