//go:build unix

package operation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"flowctl/plan"
	"flowctl/plan/config"
	"flowctl/providers"
	"flowctl/providers/azure"
)

// tape keeps what a sandbox answered in files and gives it again, so that what
// flowctl itself costs can be told from what its sandbox costs.
type tape struct {
	dir     string
	mu      sync.Mutex
	answers map[string]taped
}

type taped struct {
	status int
	header http.Header
}

// keyOf is the name of the file of a request's answer. The body can be read
// again.
func keyOf(req *http.Request) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, req.Method, req.URL)
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return "", err
		}
		h.Write(body)
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// record stands before a sandbox.
func (t *tape) record(inner policy.Transporter) policy.Transporter {
	return transportFunc(func(req *http.Request) (*http.Response, error) {
		key, err := keyOf(req)
		if err != nil {
			return nil, err
		}
		resp, err := inner.Do(req)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		f, err := os.Create(filepath.Join(t.dir, key))
		if err != nil {
			return nil, err
		}
		if _, err := io.Copy(f, resp.Body); err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
		t.mu.Lock()
		t.answers[key] = taped{resp.StatusCode, resp.Header}
		t.mu.Unlock()
		return t.answer(key, req)
	})
}

// Do gives what was recorded.
func (t *tape) Do(req *http.Request) (*http.Response, error) {
	key, err := keyOf(req)
	if err != nil {
		return nil, err
	}
	return t.answer(key, req)
}

func (t *tape) answer(key string, req *http.Request) (*http.Response, error) {
	t.mu.Lock()
	a, ok := t.answers[key]
	t.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("%s %s is not on the tape", req.Method, req.URL)
	}
	body, err := os.Open(filepath.Join(t.dir, key))
	return &http.Response{StatusCode: a.status, Header: a.header.Clone(), Body: body, ContentLength: -1, Request: req}, err
}

// settings are those of a stage whose Azure is the tape, at a time at which it
// was recorded.
func (t *tape) settings(g stage, subscription string, at time.Time) Settings {
	s := g.settings()
	s.Open = func(config.Provider, providers.Env) (plan.Provider, error) {
		return azure.New(azure.Options{Subscription: subscription, Credential: unsigned{}, Transport: t, InProcess: true, Clock: standing(at), Logger: s.Log})
	}
	return s
}

// unsigned is a credential that says nothing.
type unsigned struct{}

func (unsigned) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "tape", ExpiresOn: time.Now().Add(24 * time.Hour)}, nil
}

// standing is a clock whose waits are over at once.
type standing time.Time

func (c standing) Now() time.Time { return time.Time(c) }

func (standing) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }
