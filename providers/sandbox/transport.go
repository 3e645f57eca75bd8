package sandbox

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
)

// transport answers requests by calling a handler in this process. Bodies are
// streamed: what the handler writes goes through a pipe of fixed size, so a
// blob of any length needs no more memory than a short one.
type transport struct {
	handler http.Handler
}

// pipeBuffer is how much the handler writes before the reader is woken.
const pipeBuffer = 64 << 10

// RoundTrip sends one request. The response arrives as soon as the handler
// has written its header; the request's context ends the body as well.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		closeBody(req)
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	in, err := serverRequest(ctx, req)
	if err != nil {
		cancel(err)
		closeBody(req)
		return nil, err
	}
	pr, pw := io.Pipe()
	a := &answer{req: req, header: http.Header{}, pipe: pw, ready: make(chan *http.Response, 1)}
	a.buf = bufio.NewWriterSize(pw, pipeBuffer)
	a.body = &streamedBody{PipeReader: pr, cancel: cancel}
	context.AfterFunc(ctx, func() { pw.CloseWithError(context.Cause(ctx)) })
	done := make(chan error, 1)
	go func() {
		defer closeBody(req)
		done <- a.serve(t.handler, in)
	}()
	return a.wait(ctx, done, cancel)
}

// serverRequest is req as a server on the other side of a connection sees it.
func serverRequest(ctx context.Context, req *http.Request) (*http.Request, error) {
	in := req.Clone(ctx)
	u, err := url.ParseRequestURI(req.URL.RequestURI())
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", req.Method, req.URL.Redacted(), err)
	}
	in.URL, in.RequestURI = u, req.URL.RequestURI()
	in.Header = canonical(req.Header)
	if in.Host == "" {
		in.Host = req.URL.Host
	}
	if in.Method == "" {
		in.Method = http.MethodGet
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	if req.URL.Scheme == "https" {
		in.TLS = &tls.ConnectionState{HandshakeComplete: true, ServerName: req.URL.Hostname()}
	}
	in.Proto, in.ProtoMajor, in.ProtoMinor = "HTTP/1.1", 1, 1
	in.RemoteAddr = "127.0.0.1:0"
	return in, nil
}

// canonical spells the names of h as a server that parses them does: the SDK
// for storage writes some of them, such as x-ms-range, in lower case.
func canonical(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		name = http.CanonicalHeaderKey(name)
		out[name] = append(out[name], values...)
	}
	return out
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

// answer is the handler's http.ResponseWriter.
type answer struct {
	req    *http.Request
	header http.Header
	pipe   *io.PipeWriter
	buf    *bufio.Writer
	body   *streamedBody
	ready  chan *http.Response
	once   sync.Once
	bodied bool // the status and method allow a body
}

// wait returns the response once its header is there.
func (a *answer) wait(ctx context.Context, done <-chan error, cancel context.CancelCauseFunc) (*http.Response, error) {
	select {
	case resp := <-a.ready:
		return resp, nil
	case err := <-done:
		if err == nil {
			return <-a.ready, nil
		}
		cancel(err)
		return nil, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// serve runs the handler. A handler that panics is a connection that breaks.
func (a *answer) serve(h http.Handler, in *http.Request) (err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		err = errors.New("connection reset by the sandbox")
		if p != http.ErrAbortHandler {
			err = fmt.Errorf("the sandbox could not answer %s %s: %v", in.Method, in.URL.Path, p)
		}
		a.pipe.CloseWithError(err)
	}()
	h.ServeHTTP(a, in)
	a.WriteHeader(http.StatusOK)
	if err := a.buf.Flush(); err != nil {
		a.pipe.CloseWithError(err)
		return nil
	}
	a.pipe.Close()
	return nil
}

// Header returns the header that WriteHeader will send.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader sends the header; only its first call has an effect.
func (a *answer) WriteHeader(status int) {
	a.once.Do(func() {
		a.bodied = a.req.Method != http.MethodHead && status != http.StatusNoContent && status != http.StatusNotModified
		resp := &http.Response{
			Status:     strconv.Itoa(status) + " " + http.StatusText(status),
			StatusCode: status,
			Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header:        a.header.Clone(),
			Request:       a.req,
			ContentLength: -1,
			Body:          a.body,
		}
		if n, err := strconv.ParseInt(a.header.Get("Content-Length"), 10, 64); err == nil {
			resp.ContentLength = n
		}
		if !a.bodied {
			a.pipe.Close()
		}
		a.ready <- resp
	})
}

// Write sends a part of the body.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if !a.bodied {
		if a.req.Method == http.MethodHead {
			return len(p), nil
		}
		return 0, http.ErrBodyNotAllowed
	}
	return a.buf.Write(p)
}

// Flush passes on what was written so far.
func (a *answer) Flush() {
	a.WriteHeader(http.StatusOK)
	a.buf.Flush()
}

// streamedBody is the reader's end; closing it ends the handler's request.
type streamedBody struct {
	*io.PipeReader
	cancel context.CancelCauseFunc
}

// errBodyClosed is what a handler sees whose reader went away.
var errBodyClosed = errors.New("the client closed the response")

func (b *streamedBody) Close() error {
	b.cancel(errBodyClosed)
	return b.PipeReader.Close()
}
