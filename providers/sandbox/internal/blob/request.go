package blob

import (
	"cmp"
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
	op    *operation // nil: none that is served
	held  Account    // whose blobs are asked for

	mayNotOverwrite bool        // a signature permits to create only
	overrides       [][2]string // headers that a signature asks for

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
	if !q.query.Has("restype") && q.comp == "" && q.blob == "" && q.container != "" {
		q.container, q.blob = "$root", q.container
	}
	q.findOperation()
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
	// The last is of requests that state none.
	h.Set("X-Ms-Version", cmp.Or(q.r.Header.Get("X-Ms-Version"), q.query.Get("api-version"), q.query.Get("sv"), "2009-09-19"))
	if id := q.r.Header.Get("X-Ms-Client-Request-Id"); id != "" && len(id) <= 1024 {
		h.Set("X-Ms-Client-Request-Id", id)
	}
}

// stamp tells a version and its time.
func (q *request) stamp(etag string, modified time.Time) {
	h := q.w.Header()
	h.Set("Etag", `"`+etag+`"`)
	h.Set("Last-Modified", httpTime(modified))
}

// empty answers without a body.
func (q *request) empty(status int) error {
	if status != http.StatusNoContent {
		q.w.Header().Set("Content-Length", "0")
	}
	q.w.WriteHeader(status)
	return nil
}
