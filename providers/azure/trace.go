package azure

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// calls counts requests as they leave: those to Resource Manager also by what
// they do.
type calls struct {
	arm, blob atomic.Int64

	mu   sync.Mutex
	kind map[string]int
}

// note counts a request to Resource Manager.
func (c *calls) note(req *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kind == nil {
		c.kind = map[string]int{}
	}
	c.kind[req.Method+" "+resourceType(req.URL.Path)]++
}

// resourceType is what a path of Resource Manager is about, such as
// Microsoft.Compute/virtualMachines/extensions, with the action if it has one.
func resourceType(path string) string {
	segs := strings.Split(strings.Trim(path, "/"), "/")
	for i := len(segs) - 2; i >= 0; i-- {
		if strings.EqualFold(segs[i], "providers") && strings.Contains(segs[i+1], ".") {
			return namespaced(segs[i+1:])
		}
	}
	if len(segs)%2 == 0 { // ends in a name
		segs = segs[:len(segs)-1]
	}
	return segs[len(segs)-1]
}

// namespaced is the type in the segments after providers.
func namespaced(segs []string) string {
	if len(segs) == 1 { // the resource provider itself
		return "providers"
	}
	ns := segs[0]
	if rest, ok := strings.CutPrefix(ns, "microsoft."); ok { // as some paths of the SDK have it
		ns = "Microsoft." + rest
	}
	out := []string{ns}
	for i := 1; i < len(segs); i += 2 {
		out = append(out, segs[i])
	}
	return strings.Join(out, "/")
}

// trace counts every request and writes it to the debug log, a refused one
// with the whole answer. Of the URL only the path is written, since a query
// may be signed, and of the headers only those that Azure's support asks for.
type trace struct {
	count *atomic.Int64
	note  func(*http.Request)
	log   *slog.Logger
}

// longestBody is how much of a refusal goes to the log.
const longestBody = 16 << 10

// Do sends one request.
func (t trace) Do(req *policy.Request) (*http.Response, error) {
	n := t.count.Add(1)
	if t.note != nil {
		t.note(req.Raw())
	}
	ctx, raw := req.Raw().Context(), req.Raw()
	began := time.Now()
	resp, err := req.Next()
	if !t.log.Enabled(ctx, slog.LevelDebug) {
		return resp, err
	}
	attrs := []any{"call", n, "method", raw.Method, "host", raw.URL.Host, "path", raw.URL.Path, "took", time.Since(began)}
	if err != nil {
		t.log.DebugContext(ctx, "request failed", append(attrs, "error", plain(err))...)
		return resp, err
	}
	attrs = append(attrs, "status", resp.StatusCode)
	attrs = append(attrs, headerAttrs(resp.Header)...)
	if resp.StatusCode < http.StatusBadRequest {
		t.log.DebugContext(ctx, "request answered", attrs...)
		return resp, nil
	}
	body, _ := runtime.Payload(resp)
	t.log.DebugContext(ctx, "request refused", append(attrs, "answer", string(body[:min(len(body), longestBody)]))...)
	return resp, nil
}

// headerAttrs are the headers by which Azure finds a request again, and those
// that say how much is left of the limits.
func headerAttrs(h http.Header) []any {
	var out []any
	for _, name := range []string{
		"X-Ms-Request-Id", "X-Ms-Correlation-Request-Id", "Retry-After",
		"X-Ms-Ratelimit-Remaining-Subscription-Reads", "X-Ms-Ratelimit-Remaining-Subscription-Writes",
		"X-Ms-Ratelimit-Remaining-Subscription-Deletes",
	} {
		if v := h.Get(name); v != "" {
			out = append(out, name, v)
		}
	}
	return out
}
