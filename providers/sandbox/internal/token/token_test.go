package token

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"testing"
	"time"
)

func TestTokens(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	const storage = "https://storage.azure.com"
	at := func(d time.Duration) int64 { return now.Add(d).Unix() }
	tests := map[string]struct {
		claims map[string]any
		want   Flaw
	}{
		"good":                  {map[string]any{"aud": storage, "tid": "T", "nbf": at(0), "exp": at(time.Hour)}, Good},
		"a slash, other case":   {map[string]any{"aud": "https://Storage.azure.com/", "tid": "t", "exp": at(time.Hour)}, Good},
		"of Resource Manager":   {map[string]any{"aud": "https://management.azure.com", "tid": "t", "exp": at(time.Hour)}, Audience},
		"for nobody":            {map[string]any{"tid": "t", "exp": at(time.Hour)}, Audience},
		"of another tenant":     {map[string]any{"aud": storage, "tid": "u", "exp": at(time.Hour)}, Tenant},
		"expired":               {map[string]any{"aud": storage, "tid": "t", "exp": at(-6 * time.Minute)}, Expired},
		"just expired":          {map[string]any{"aud": storage, "tid": "t", "exp": at(-4 * time.Minute)}, Good},
		"later":                 {map[string]any{"aud": storage, "tid": "t", "nbf": at(time.Hour), "exp": at(2 * time.Hour)}, Early},
		"expired and elsewhere": {map[string]any{"aud": "x", "tid": "u", "exp": at(-time.Hour)}, Expired},
	}
	for name, tt := range tests {
		text, err := json.Marshal(tt.claims)
		if err != nil {
			t.Fatal(err)
		}
		r := &http.Request{Header: http.Header{"Authorization": {"Bearer e30." + base64.RawURLEncoding.EncodeToString(text) + "."}}}
		c, ok := Of(r)
		if got := c.Check(now, "t", storage); !ok || got != tt.want {
			t.Errorf("%s: %q (read: %v), want %q", name, got, ok, tt.want)
		}
	}
	for _, text := range []string{"", "Bearer x", "Bearer a.b.c", "SharedKey a:b"} {
		if _, ok := Of(&http.Request{Header: http.Header{"Authorization": {text}}}); ok {
			t.Errorf("%q says something about itself", text)
		}
	}
}
