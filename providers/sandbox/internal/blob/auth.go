package blob

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"flowctl/providers/sandbox/internal/token"
)

// authorize refuses requests that nobody signed, that are signed wrongly, or
// that their sender may not make.
func (q *request) authorize(a Account) error {
	q.held = a
	switch {
	case q.query.Has("sig"):
		if err := q.checkSignature(a); err != nil {
			return err
		}
	case q.bearer():
		if err := q.checkToken(a); err != nil {
			return err
		}
	case strings.HasPrefix(q.r.Header.Get("Authorization"), "SharedKey"):
		if !a.SharedKey {
			return errSharedKey
		}
		if err := q.checkSharedKey(a); err != nil {
			return err
		}
	case q.w.Header().Get("X-Ms-Version") < challengeVersion:
		return errHidden
	default:
		q.challenge(a)
		return errNoAuthentication
	}
	return q.admit(a)
}

// challengeVersion is the first version of the service that tells who says
// nothing of himself where tokens come from. Before it, and without a version,
// what is private is not there: recorded in blob-no-sas-private-blob.
const challengeVersion = "2019-12-12"

// challenge tells where tokens come from.
func (q *request) challenge(a Account) {
	q.w.Header().Set("WWW-Authenticate", fmt.Sprintf(
		"Bearer authorization_uri=https://login.microsoftonline.com/%s/oauth2/authorize resource_id=https://storage.azure.com", a.Tenant))
}

// bearer reports whether the request carries a token.
func (q *request) bearer() bool { return strings.HasPrefix(q.r.Header.Get("Authorization"), "Bearer ") }

// signed reports whether the request carries a signature of its own.
func (q *request) signed() bool {
	return q.query.Has("sig") || strings.HasPrefix(q.r.Header.Get("Authorization"), "SharedKey")
}

func (q *request) checkToken(a Account) error {
	c, ok := token.Of(q.r)
	if !ok {
		return nil
	}
	own := "https://" + a.Name + ".blob.core.windows.net"
	if flaw := c.Check(q.s.real(), a.Tenant, "https://storage.azure.com", own, strings.TrimSuffix(q.endpoint, "/")); flaw != token.Good {
		q.challenge(a)
		return errTokenInfo.with("AuthenticationErrorDetail", string(flaw))
	}
	return nil
}

// caller is the object ID of who asks, as the token tells.
func (q *request) caller() string {
	if c, ok := token.Of(q.r); ok {
		return c.Object
	}
	if w := q.s.guard.World; w != nil {
		return w.GUID("servicePrincipals/flowctl")
	}
	return ""
}

// good reports whether a time frame holds now. Times in signatures are those
// of whoever made them: flowctl has the world's, all others real time. It is
// enough if one of the two lies within: the sandbox's choice.
func (q *request) good(start, expiry time.Time) bool {
	return slices.ContainsFunc([]time.Time{q.now, q.s.real()}, func(now time.Time) bool { return !now.Before(start) && now.Before(expiry) })
}

// mac is the signature of a text with a key.
func mac(key []byte, text string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// signedBy reports whether one of the keys made a signature of one of the
// texts. Without keys every signature is taken.
func signedBy(keys [][]byte, signature string, texts ...string) bool {
	for _, key := range keys {
		for _, text := range texts {
			if hmac.Equal([]byte(mac(key, text)), []byte(signature)) {
				return true
			}
		}
	}
	return len(keys) == 0
}
