package blob

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// authorize refuses requests that nobody signed, or that their sender may not
// make.
func (q *request) authorize(a Account) error {
	q.held = a
	signed := q.signed()
	switch {
	case !signed && !q.bearer():
		q.w.Header().Set("WWW-Authenticate", fmt.Sprintf(
			"Bearer authorization_uri=https://login.microsoftonline.com/%s/oauth2/authorize resource_id=https://storage.azure.com", a.Tenant))
		return errNoAuthentication
	case signed && !a.SharedKey:
		return errSharedKey
	}
	return q.admit(a)
}

// bearer reports whether the request carries a token.
func (q *request) bearer() bool { return strings.HasPrefix(q.r.Header.Get("Authorization"), "Bearer ") }

// signed reports whether the request carries a signature made with a key.
func (q *request) signed() bool {
	return q.query.Has("sig") || strings.HasPrefix(q.r.Header.Get("Authorization"), "SharedKey")
}

// caller is the object ID of who asks, as the token tells.
func (q *request) caller() string {
	var claims struct {
		ObjectID string `json:"oid"`
	}
	parts := strings.Split(strings.TrimPrefix(q.r.Header.Get("Authorization"), "Bearer "), ".")
	if len(parts) == 3 {
		text, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err == nil && json.Unmarshal(text, &claims) == nil {
			return claims.ObjectID
		}
	}
	return ""
}
