package wire

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
)

// Handler sends the answers of h in Azure's form.
func Handler(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := &answer{to: w, bare: bare(r.URL.Path)}
		h.ServeHTTP(a, r)
		a.send()
	})
}

// answer keeps an answer until it is whole. What is no JSON is passed on as it
// comes.
type answer struct {
	to      http.ResponseWriter
	status  int
	direct  bool
	bare    bool // its provider names no character set
	inOrder bool
	body    bytes.Buffer
}

// Header returns the header that is sent.
func (a *answer) Header() http.Header { return a.to.Header() }

// Unwrap lets others reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.to }

// InOrder says that Encode made the body, so that it has its order.
func (a *answer) InOrder() { a.inOrder = true }

// WriteHeader keeps the status.
func (a *answer) WriteHeader(status int) {
	if a.status != 0 {
		return
	}
	a.status = status
	if !strings.HasPrefix(a.Header().Get("Content-Type"), "application/json") {
		a.direct = true
		a.to.WriteHeader(status)
	}
}

// Write keeps or passes on a part of the body.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if a.direct {
		return a.to.Write(p)
	}
	return a.body.Write(p)
}

func (a *answer) send() {
	if a.direct || a.status == 0 {
		return
	}
	text := a.body.Bytes()
	if a.body.Len() > 0 && !a.inOrder {
		text = Order(text)
	}
	if a.bare && a.status < http.StatusBadRequest {
		a.Header().Set("Content-Type", "application/json")
	}
	if a.Header().Get("Content-Length") != "" && a.body.Len() > 0 {
		a.Header().Set("Content-Length", strconv.Itoa(len(text)))
	}
	a.to.WriteHeader(a.status)
	// An error is a client that went away.
	_, _ = a.to.Write(text)
}

// bare reports whether the provider of a path says application/json without a
// character set: recorded in management-policy and logs-workspace-and-query.
func bare(path string) bool {
	_, provider, _ := strings.Cut(strings.ToLower(path), "/providers/")
	return strings.HasPrefix(provider, "microsoft.storage/") || strings.HasPrefix(provider, "microsoft.operationalinsights/")
}
