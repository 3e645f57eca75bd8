package blob

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
)

// request is one request, taken apart.
type request struct {
	s   *Service
	w   http.ResponseWriter
	r   *http.Request
	now time.Time

	query url.Values
	comp  string

	endpoint  string // URL of the account, with a trailing slash
	account   string
	container string
	blob      string
}

// Host reports whether a request to host is for one storage account's Blob
// service by its name, such as account.blob.core.windows.net.
func Host(host string) bool {
	_, rest, ok := strings.Cut(host, ".")
	return ok && strings.HasPrefix(strings.ToLower(rest), "blob.")
}

// parse splits host and path into account, container and blob. A host that
// is not an account's has the account in its path, as emulators do.
func (s *Service) parse(w http.ResponseWriter, r *http.Request) *request {
	q := &request{s: s, w: w, r: r, now: s.clock.Now(), query: r.URL.Query()}
	q.comp = q.query.Get("comp")
	q.endpoint = scheme(r) + "://" + r.Host + "/"
	path := strings.TrimPrefix(r.URL.Path, "/")
	if Host(r.Host) {
		q.account, _, _ = strings.Cut(r.Host, ".")
	} else {
		q.account, path, _ = strings.Cut(path, "/")
		q.endpoint += q.account + "/"
	}
	q.account = strings.ToLower(q.account)
	q.container, q.blob, _ = strings.Cut(path, "/")
	return q
}

func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// commonHeaders sets what every answer carries.
func (q *request) commonHeaders() {
	h := q.w.Header()
	h.Set("Server", "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0")
	h.Set("Date", q.now.UTC().Format(http.TimeFormat))
	h.Set("X-Ms-Request-Id", uuid.NewString())
	version := q.r.Header.Get("X-Ms-Version")
	if version == "" {
		version = "2009-09-19" // of requests that state none
	}
	h.Set("X-Ms-Version", version)
	if id := q.r.Header.Get("X-Ms-Client-Request-Id"); id != "" && len(id) <= 1024 {
		h.Set("X-Ms-Client-Request-Id", id)
	}
}

// authorize refuses requests that nobody signed. Any token is taken, and any
// signature where the account takes signatures; what they permit is another
// question.
func (q *request) authorize() error {
	a, ok := q.s.source.Account(q.account)
	if !ok {
		return errAccount
	}
	auth := q.r.Header.Get("Authorization")
	switch {
	case auth == "" && !q.signed():
		q.w.Header().Set("WWW-Authenticate", fmt.Sprintf(
			"Bearer authorization_uri=https://login.microsoftonline.com/%s/oauth2/authorize resource_id=https://storage.azure.com", a.Tenant))
		return errNoAuthentication
	case q.signed() && !a.SharedKey:
		return errSharedKey
	}
	return q.admit(a)
}
