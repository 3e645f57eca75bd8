package azure

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// How long the network may be silent: until an answer begins, and for each
// further slow bytes of it. A service that goes on in drips is silent too.
const (
	answerTime = time.Minute      // of Resource Manager
	blobTime   = 40 * time.Second // of storage
	silentTime = 2 * blobTime     // in all tries of one request
	idleTime   = 30 * time.Second
	slow       = 1 << 10
	mostAnswer = 64 << 20 // of a document or a page; a page of Resource Manager has some megabytes
)

// network is the way to all services: it ends what does not go on, follows no
// redirect, since a token is for one host, and says at once when a certificate
// is not trusted.
type network struct {
	inner        policy.Transporter
	answer, idle time.Duration
	blobs        bool                            // an answer may be the content of a blob, of any length
	heard        func(*http.Response, time.Time) // sees every answer, and when it was asked for; nil if nobody listens
}

// guarded are the options with a network around their transport; client makes
// one if there is none.
func (o Options) guarded(client func() *http.Client, blobs bool, heard func(*http.Response, time.Time)) Options {
	n := network{inner: o.Transport, answer: answerTime, idle: idleTime, blobs: blobs, heard: heard}
	if blobs {
		n.answer = blobTime
	}
	if o.Silence > 0 {
		n.answer, n.idle = o.Silence, o.Silence
	}
	if n.inner == nil {
		n.inner = client()
	}
	if o.InProcess { // nothing stalls there, and its time is not ours
		n.answer, n.idle = 0, 0
	}
	o.Transport = n
	return o
}

// newClient is made for many requests to few hosts.
func newClient() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost = 200, 200
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: 10 * time.Second, PingTimeout: 5 * time.Second}
	return &http.Client{Transport: t, CheckRedirect: stay}
}

// stay lets a redirect be an answer.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// Do sends one request.
func (n network) Do(req *http.Request) (*http.Response, error) {
	sent := time.Now()
	ctx, cancel := context.WithCancelCause(req.Context())
	silent := &silence{limit: n.answer, end: func(what error) { cancel(what) }}
	silent.begin(noAnswer)
	resp, err := n.inner.Do(req.WithContext(ctx))
	silent.pause()
	if err == nil && redirects(resp.StatusCode) {
		resp.Body.Close()
		err = &redirectError{req.URL.Host, resp.Header.Get("Location")}
	}
	if err != nil {
		err = why(ctx, err)
		cancel(nil)
		return nil, untrusted(req.URL.Host, err)
	}
	if n.heard != nil {
		n.heard(resp, sent)
	}
	silent.limit = n.idle
	body := &idleBody{body: resp.Body, ctx: ctx, cancel: cancel, silence: silent, left: -1}
	if !n.blobs || req.URL.Query().Has("comp") || resp.StatusCode >= http.StatusMultipleChoices {
		body.left = mostAnswer
	}
	resp.Body = body
	return resp, nil
}

func redirects(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// why is what ended a request: silence, if it was that.
func why(ctx context.Context, err error) error {
	var quiet *silenceError
	if cause := context.Cause(ctx); errors.As(cause, &quiet) {
		return quiet
	}
	return err
}

// silenceError says that a service did not go on. It is worth another try.
type silenceError struct {
	text  string
	after time.Duration
}

func (e *silenceError) Error() string { return e.text }

// Timeout makes it one of net.Error.
func (e *silenceError) Timeout() bool { return true }

// Temporary makes it one of net.Error.
func (e *silenceError) Temporary() bool { return true }

const (
	noAnswer = "the service took the request and did not answer"
	stalled  = "the answer stopped in its middle"
)

// silence ends a request that is waited for longer than limit in all. It
// counts only while somebody waits.
type silence struct {
	limit time.Duration // 0: for ever
	end   func(error)
	spent time.Duration
	since time.Time
	timer *time.Timer
}

func (s *silence) begin(what string) {
	if s.limit > 0 {
		s.since = time.Now()
		s.timer = time.AfterFunc(s.limit-s.spent, func() { s.end(&silenceError{what, s.limit}) })
	}
}

func (s *silence) pause() {
	if s.timer != nil {
		s.timer.Stop()
		s.spent += time.Since(s.since)
	}
}

// idleBody is the body of an answer that must go on, and must have an end.
type idleBody struct {
	body    io.ReadCloser
	ctx     context.Context
	cancel  context.CancelCauseFunc
	silence *silence
	got     int   // since spent was last set back
	left    int64 // that may come; negative: any number
}

// Read reads the next bytes.
func (b *idleBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errTooLong
	}
	if b.left > 0 && int64(len(p)) > b.left {
		p = p[:b.left]
	}
	b.silence.begin(stalled)
	n, err := b.body.Read(p)
	b.silence.pause()
	if b.got += n; b.got >= slow || b.silence.spent == 0 {
		b.got, b.silence.spent = 0, 0
	}
	if b.left > 0 {
		b.left -= int64(n)
	}
	if err != nil && err != io.EOF {
		err = why(b.ctx, err)
	}
	return n, err
}

// Close ends the request.
func (b *idleBody) Close() error {
	err := b.body.Close()
	b.cancel(nil)
	return err
}

// final is an error after which trying again does not help.
type final struct{ error }

// NonRetriable tells the SDK and flowctl's own retry so.
func (final) NonRetriable() {}

func (f final) Unwrap() error { return f.error }

var errTooLong = final{fmt.Errorf("the answer is longer than %d MiB, which no answer of Azure is", mostAnswer>>20)}

// redirectError says that a service wanted the request elsewhere.
type redirectError struct{ host, to string }

func (e *redirectError) Error() string {
	return fmt.Sprintf("%s redirects to %s: not followed, since the request carries a token for %s alone; a proxy that asks to sign in may be in the way",
		e.host, oneLine(withoutQuery(e.to)), e.host)
}

// NonRetriable tells the SDK and flowctl's own retry that trying again does
// not help.
func (e *redirectError) NonRetriable() {}

// untrusted says of a certificate that is not trusted what helps.
func untrusted(host string, err error) error {
	var bad *tls.CertificateVerificationError
	if !errors.As(err, &bad) {
		return err
	}
	return final{fmt.Errorf("the certificate of %s is not trusted: %w; if a proxy of yours signs in its place, name its authority with SSL_CERT_FILE", host, bad.Err)}
}
