package blob

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	azcontainer "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	azservice "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"github.com/google/uuid"
)

// moving is a clock that the test moves.
type moving struct{ now time.Time }

func (m *moving) Now() time.Time                             { return m.now }
func (m *moving) Sleep(context.Context, time.Duration) error { return nil }

// served is a Blob service as the SDK sees it: the sandbox's or, where
// FLOWCTL_AZURITE_BLOB names its account, Azurite.
type served struct {
	t       *testing.T
	client  *azservice.Client
	clock   *moving // nil: real time passes
	azurite bool
}

// steps are the operations of the SDK, each with a container of its own.
type step struct {
	name string
	run  func(*served, *azcontainer.Client) error
}

func newServed(t *testing.T) *served {
	t.Helper()
	s := &served{t: t}
	url := os.Getenv("FLOWCTL_AZURITE_BLOB")
	o := &azservice.ClientOptions{ClientOptions: azcore.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}}}
	if url != "" {
		s.azurite = true
		o.Transport = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	} else {
		url = "https://acct.blob.core.windows.net/"
		s.clock = &moving{epoch}
		up, err := OpenUploads(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		o.Transport = within{New(Options{Source: fixed{"b": "0123456789", "c/d": "xyz"}, Uploads: up, Clock: s.clock})}
	}
	var err error
	if s.client, err = azservice.NewClient(url, signedIn{}, o); err != nil {
		t.Fatal(err)
	}
	return s
}

// within answers requests in the process, as a server does.
type within struct{ h http.Handler }

func (w within) Do(r *http.Request) (*http.Response, error) {
	in := httptest.NewRequest(r.Method, r.URL.String(), r.Body)
	in.ContentLength, in.RemoteAddr = r.ContentLength, "192.0.2.7:4711"
	for name, values := range r.Header {
		for _, v := range values {
			in.Header.Add(name, v)
		}
	}
	out := httptest.NewRecorder()
	w.h.ServeHTTP(out, in.WithContext(r.Context()))
	resp := out.Result()
	resp.Request = r
	return resp, nil
}

// signedIn signs in as a JSON Web Token that says enough.
type signedIn struct{}

func (signedIn) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: jwt(map[string]any{"aud": "https://storage.azure.com", "iss": "https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/",
		"exp": time.Now().Add(100 * 365 * 24 * time.Hour).Unix(), "nbf": 0, "iat": 0, "oid": "23657296-5cd5-45b0-a809-d972a7f4dfe1", "tid": "tenant"}),
		ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// pass lets time pass. Azurite has to be waited for.
func (s *served) pass(d time.Duration) {
	if s.clock != nil {
		s.clock.now = s.clock.now.Add(d)
		return
	}
	time.Sleep(d)
}

// TestSDK runs the operations of Azure's SDK against the service. What
// Azurite does otherwise is named beside the step.
func TestSDK(t *testing.T) {
	s := newServed(t)
	passed, tried := 0, 0
	for _, list := range [][]step{blockSteps, appendSteps, leaseSteps, conditionSteps, propertySteps, copySteps, containerSteps, accountSteps} {
		for _, st := range list {
			if s.azurite && azuriteDiffers[st.name] != "" {
				t.Logf("not tried on Azurite: %s: %s", st.name, azuriteDiffers[st.name])
				continue
			}
			c := s.client.NewContainerClient("c-" + strings.ToLower(uuid.NewString()[:13]))
			_, err := c.Create(t.Context(), nil)
			if err == nil {
				err = st.run(s, c)
			}
			tried++
			if err != nil {
				t.Errorf("%s: %v", st.name, err)
				continue
			}
			passed++
		}
	}
	t.Logf("azblob: %d of %d steps", passed, tried)
}

// refusedWith wants err to be a refusal of that status and code.
func refusedWith(err error, status int, code bloberror.Code) error {
	var e *azcore.ResponseError
	if !errors.As(err, &e) {
		return fmt.Errorf("error %v, want %d %s", err, status, code)
	}
	if e.StatusCode != status || e.ErrorCode != string(code) {
		return fmt.Errorf("%d %s, want %d %s", e.StatusCode, e.ErrorCode, status, code)
	}
	return nil
}

// equal wants two values that print alike.
func equal(what string, got, want any) error {
	if fmt.Sprint(got) != fmt.Sprint(want) {
		return fmt.Errorf("%s is %v, want %v", what, got, want)
	}
	return nil
}

func body(text string) io.ReadSeekCloser { return streaming.NopCloser(bytes.NewReader([]byte(text))) }

func val[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// words are values with blanks between them.
func words(values ...any) string { return strings.TrimSpace(fmt.Sprintln(values...)) }
