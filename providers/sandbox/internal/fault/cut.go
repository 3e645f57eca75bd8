package fault

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
)

// connKey is under which a request's context has its connection.
type connKey struct{}

// WithConn is a context that knows the connection of its requests, as
// http.Server.ConnContext makes it.
func WithConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// Cut breaks the connection of a request, so that its client sees a reset. It
// does not return; a transport inside the process takes the panic for one.
func Cut(r *http.Request) {
	if c, ok := r.Context().Value(connKey{}).(net.Conn); ok {
		if secure, ok := c.(*tls.Conn); ok {
			c = secure.NetConn()
		}
		if tcp, ok := c.(*net.TCPConn); ok {
			// Without lingering, closing sends a reset. If that cannot be set,
			// the client sees the end of the stream.
			_ = tcp.SetLinger(0)
		}
		c.Close()
	}
	panic(http.ErrAbortHandler)
}
