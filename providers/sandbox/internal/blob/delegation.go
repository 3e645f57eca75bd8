package blob

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"slices"
	"strings"
	"time"
)

// delegationKey is a key with which somebody who signed in makes signatures.
type delegationKey struct {
	XMLName                                    xml.Name `xml:"UserDelegationKey"`
	SignedOid, SignedTid, SignedStart          string
	SignedExpiry, SignedService, SignedVersion string
	Value                                      string
}

const maxDelegation = 7 * 24 * time.Hour

func (q *request) userDelegationKey() error {
	var doc struct {
		XMLName       xml.Name `xml:"KeyInfo"`
		Start, Expiry string
	}
	if err := q.readXML(&doc); err != nil {
		return err
	}
	if !q.bearer() {
		return errAuthentication
	}
	start, ok := sasTime(doc.Start)
	if doc.Start == "" {
		start, ok = q.now, true
	}
	expiry, okToo := sasTime(doc.Expiry)
	switch {
	case !ok || !okToo:
		return refusal(400, "InvalidXmlNodeValue", "The value for one of the XML nodes is not in the correct format.")
	case !expiry.After(start) || !slices.ContainsFunc([]time.Time{q.now, q.s.real()}, func(now time.Time) bool {
		return expiry.After(now) && expiry.Sub(now) <= maxDelegation // by one of the two clocks, as in good
	}):
		return refusal(400, "InvalidXmlNodeValue", "The value for one of the XML nodes is not in the correct format. Expiry must be after Start and at most 7 days ahead.")
	}
	key := delegationKey{SignedOid: q.caller(), SignedTid: q.held.Tenant, SignedStart: start.UTC().Format(time.RFC3339), SignedExpiry: expiry.UTC().Format(time.RFC3339),
		SignedService: "b", SignedVersion: q.w.Header().Get("X-Ms-Version")}
	key.Value = base64.StdEncoding.EncodeToString(key.secret(q.held))
	return q.writeXML(http.StatusOK, key)
}

// secret is the value of a key: made of what it says and a secret of the
// account, so that it need not be kept to be known again.
func (k delegationKey) secret(a Account) []byte {
	h := hmac.New(sha256.New, a.Secret)
	h.Write([]byte(strings.Join([]string{a.Name, k.SignedOid, k.SignedTid, k.SignedStart, k.SignedExpiry, k.SignedService, k.SignedVersion}, "\n")))
	return h.Sum(nil)
}
