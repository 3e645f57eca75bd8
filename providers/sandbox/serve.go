package sandbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"flowctl/providers/sandbox/internal/certs"
	"flowctl/providers/sandbox/internal/fault"
)

// Served is a sandbox behind a TLS port of this machine.
type Served struct {
	Listener  net.Listener
	Authority string // path of the certificate that clients must trust
	server    *http.Server
}

// How long a client may take to say what it wants, and how long the end waits
// for answers that are on their way.
const (
	headerTimeout = 30 * time.Second
	endTimeout    = 5 * time.Second
)

// Listen opens a port of this machine, of which 0 is a free one. The
// certificate authority is kept in dir, in which it is made once.
func (s *Sandbox) Listen(ctx context.Context, dir string, port int) (*Served, error) {
	now := time.Now()
	authority, err := certs.Open(dir, now)
	if err != nil {
		return nil, err
	}
	config, err := authority.Config(now)
	if err != nil {
		return nil, err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, fmt.Errorf("open port %d for the sandbox: %w; choose another one, or 0 for any that is free", port, err)
	}
	config.NextProtos = []string{"h2", "http/1.1"}
	server := &http.Server{Handler: s.hurried(), ReadHeaderTimeout: headerTimeout, TLSConfig: config, ConnContext: fault.WithConn}
	if s.options.Logger != nil {
		server.ErrorLog = slog.NewLogLogger(s.options.Logger.Handler(), slog.LevelDebug)
	}
	return &Served{Listener: tls.NewListener(l, config), Authority: authority.Path, server: server}, nil
}

// hurried is the handler of a world whose clock is faster than its clients'.
// They would wait half a minute of their own time between two looks at an
// operation, as Azure does not say how long it takes; this world does.
func (s *Sandbox) hurried() http.Handler {
	h := s.Handler()
	if f := s.options.Clock; f != nil && *f <= 1 {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || strings.Contains(strings.ToLower(r.URL.Path), "operation") {
			w = hurry{w}
		}
		h.ServeHTTP(w, r)
	})
}

// unhurried is the handler for clients in this process, whose clock is the
// world's own: they look again as soon as they like.
func unhurried(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(patient{w}, r) })
}

// patient drops the Retry-After of what goes on.
type patient struct{ http.ResponseWriter }

// WriteHeader sends the header.
func (p patient) WriteHeader(status int) {
	if status < http.StatusBadRequest {
		p.Header().Del("Retry-After")
	}
	p.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController find what is inside.
func (p patient) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// hurry adds a Retry-After of a second to what tells of operations.
type hurry struct{ http.ResponseWriter }

// WriteHeader sends the header.
func (h hurry) WriteHeader(status int) {
	if status < http.StatusBadRequest && !strings.Contains(h.Header().Get("Server"), "Blob") {
		h.Header().Set("Retry-After", "1")
	}
	h.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController find what is inside.
func (h hurry) Unwrap() http.ResponseWriter { return h.ResponseWriter }

// Port is the one that is open.
func (s *Served) Port() int { return s.Listener.Addr().(*net.TCPAddr).Port }

// Run answers clients until ctx ends.
func (s *Served) Run(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- s.server.Serve(s.Listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve the sandbox: %w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	err := s.server.Shutdown(last)
	if errors.Is(err, context.DeadlineExceeded) { // somebody reads a long blob
		err = s.server.Close()
	}
	return err
}
