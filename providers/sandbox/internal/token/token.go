// Package token reads the tokens that clients of the sandbox send, as far as
// Azure's services judge them: JSON Web Tokens (RFC 7519), by audience, tenant
// and time. Their signatures are not looked at, since the sandbox's own have
// none; and a token that is no JSON Web Token is taken as it is, so that a
// script may send any word. Both are the sandbox's choice.
package token

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Claims are what a token says.
type Claims struct {
	Audience  string  `json:"aud"`
	Tenant    string  `json:"tid"`
	Object    string  `json:"oid"`
	NotBefore float64 `json:"nbf"` // seconds since 1970
	Expires   float64 `json:"exp"`
}

// Of returns the token of a request; false if it has none, or one that says
// nothing about itself.
func Of(r *http.Request) (c Claims, ok bool) {
	parts := strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ".")
	if len(parts) != 3 {
		return c, false
	}
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	return c, err == nil && json.Unmarshal(text, &c) == nil
}

// Flaw is why a token is refused.
type Flaw string

// The flaws, in the words of the Azure services.
const (
	Good     Flaw = ""
	Audience Flaw = "Audience validation failed. Audience did not match."
	Tenant   Flaw = "Issuer validation failed. Issuer did not match."
	Early    Flaw = "Lifetime validation failed. The token is not yet valid."
	Expired  Flaw = "Lifetime validation failed. The token is expired."
)

// skew is how far clocks may be apart.
const skew = 5 * time.Minute

// Check judges a token at a real time. Audiences are compared without a slash
// at their end; an empty tenant is any.
func (c Claims) Check(now time.Time, tenant string, audiences ...string) Flaw {
	same := func(a string) bool {
		return strings.EqualFold(strings.TrimRight(a, "/"), strings.TrimRight(c.Audience, "/"))
	}
	switch {
	case c.Expires != 0 && now.After(c.ExpiryTime().Add(skew)):
		return Expired
	case now.Before(instant(c.NotBefore).Add(-skew)):
		return Early
	case c.Tenant != "" && tenant != "" && !strings.EqualFold(c.Tenant, tenant):
		return Tenant
	case !slices.ContainsFunc(audiences, same):
		return Audience
	}
	return Good
}

// ExpiryTime is when the token ends.
func (c Claims) ExpiryTime() time.Time { return instant(c.Expires) }

func instant(seconds float64) time.Time { return time.Unix(int64(seconds), 0).UTC() }
