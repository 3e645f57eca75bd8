package azure

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

const (
	firstDelay   = time.Second
	longestDelay = 30 * time.Second
	longestAfter = 5 * time.Minute // no Retry-After is trusted beyond
	busyFactor   = 4               // how many times more often a read is sent again that Azure throttles
)

// retry does again what may succeed later. All waiting goes through the
// clock, and every attempt has its end: again times after failures. Being busy
// is no failure: a write waits it out as long as an operation may take, and a
// read is sent busyFactor times as often.
type retry struct {
	clock  plan.Clock
	log    *slog.Logger
	again  int
	jitter func() float64 // in [0, 1), so that clients that failed together come back apart
	silent time.Duration  // in which a service may say nothing to a read in all, in real time
}

func (o Options) retry() retry {
	silent := silentTime
	if o.Silence > 0 {
		silent = 2 * o.Silence
	}
	return retry{clock: o.Clock, log: o.Logger, again: max(o.Retries, 0), jitter: o.jitter, silent: silent}
}

// delay is how long to wait after the attempt number n, from 0. What Azure
// asks for is never undercut.
func (r retry) delay(n int, after time.Duration) time.Duration {
	if after > 0 {
		return min(after, longestAfter) + time.Duration(r.jitter()*float64(firstDelay))
	}
	d := min(firstDelay<<min(n, 10), longestDelay)
	return d/2 + time.Duration(r.jitter()*float64(d/2))
}

// write does one change until it is done or refused. After a failure that
// leaves open whether it was done, and after an operation that failed, look
// says whether it was; only if not it is done again. So it is after a refusal
// that may be of what such an attempt did.
func (r retry) write(ctx context.Context, do func(context.Context) error, look func(context.Context) (bool, error)) error {
	began, failures, waits := r.clock.Now(), 0, 0
	for {
		err := plain(do(ctx))
		kind := outcomeOf(err)
		n := failures
		switch {
		case kind == done || ctx.Err() != nil || kind == refused && failures == 0:
			return err
		case kind == refused:
			return r.after(ctx, err, look)
		case kind == unclear && failures == r.again:
			return r.last(ctx, err, look)
		case kind == busy && (r.again == 0 || r.clock.Now().Sub(began) > patience):
			return r.last(ctx, err, look)
		case kind == busy:
			n = waits
			waits++
		default:
			failures++
		}
		if err := r.pause(ctx, n, err); err != nil {
			return err
		}
		if ok, err := r.look(ctx, kind, err, look); ok || err != nil {
			return err
		}
	}
}

func (r retry) pause(ctx context.Context, n int, err error) error {
	var no *refusal
	var after time.Duration
	if errors.As(err, &no) {
		after = no.after
	}
	d := r.delay(n, after)
	r.log.Debug("write will be tried again", "error", err, "in", d)
	return r.clock.Sleep(ctx, d)
}

// look asks only where something may have happened: a request that was turned
// away as busy did nothing.
func (r retry) look(ctx context.Context, kind outcome, cause error, look func(context.Context) (bool, error)) (bool, error) {
	var no *refusal
	if kind == busy && errors.As(cause, &no) && !no.operation() {
		return false, nil
	}
	ok, err := look(ctx)
	if err != nil {
		return false, fmt.Errorf("%w, and what came of it cannot be read: %w", cause, err)
	}
	return ok, nil
}

// last looks a last time when there will be no further attempt.
func (r retry) last(ctx context.Context, cause error, look func(context.Context) (bool, error)) error {
	if ok, err := r.look(ctx, unclear, cause, look); ok || err != nil {
		return err
	}
	return cause
}

// caught is how long a read may lag behind a write.
const caught = 15 * time.Second

// after looks whether a change was refused because an earlier attempt has come
// to its effect already, as it may be seen only after a while.
func (r retry) after(ctx context.Context, cause error, look func(context.Context) (bool, error)) error {
	began := r.clock.Now()
	for n := 0; ; n++ {
		if ok, err := r.look(ctx, unclear, cause, look); ok || err != nil {
			return err
		}
		if r.clock.Now().Sub(began) > caught {
			return cause
		}
		if err := r.clock.Sleep(ctx, pollDelay(n, 0)); err != nil {
			return err
		}
	}
}

// readPolicy sends a request that changes nothing again. It stands before the
// SDK's own retry policy, which is off.
type readPolicy struct{ retry retry }

// Do sends one request.
func (p readPolicy) Do(req *policy.Request) (*http.Response, error) {
	ctx := req.Raw().Context()
	var silent time.Duration
	for n := 0; ; n++ {
		if err := req.RewindBody(); err != nil {
			return nil, err
		}
		resp, err := req.Clone(ctx).Next()
		if quiet := (*silenceError)(nil); errors.As(err, &quiet) {
			if silent += quiet.after; silent >= p.retry.silent {
				return nil, fmt.Errorf("%w; given up after it was silent for %s in %d tries", err, plan.Duration(silent), n+1)
			}
		}
		if !isRead(req.Raw()) || n >= p.limit(resp) || ctx.Err() != nil || !failedOnTheWay(resp, err) {
			return resp, err
		}
		var after time.Duration
		if asksForLess(resp) {
			plan.Throttled(ctx)
		}
		if resp != nil {
			after = retryAfter(resp)
			runtime.Drain(resp)
		}
		d := p.retry.delay(n, after)
		p.retry.log.Debug("read will be tried again", "method", req.Raw().Method, "path", req.Raw().URL.Path, "in", d)
		if err := p.retry.clock.Sleep(ctx, d); err != nil {
			return nil, err
		}
	}
}

// limit is how many times a request is sent again after resp.
func (p readPolicy) limit(resp *http.Response) int {
	if asksForLess(resp) {
		return p.retry.again * busyFactor
	}
	return p.retry.again
}

// asksForLess reports whether a service turned a request away because there
// are too many: Resource Manager by 429, the blob service by 503 ServerBusy.
func asksForLess(resp *http.Response) bool {
	if resp == nil {
		return false
	}
	return resp.StatusCode == http.StatusTooManyRequests ||
		resp.StatusCode == http.StatusServiceUnavailable && resp.Header.Get("x-ms-error-code") == "ServerBusy"
}

func failedOnTheWay(resp *http.Response, err error) bool {
	if err != nil {
		return outcomeOf(err) == unclear
	}
	s := resp.StatusCode
	return s == http.StatusRequestTimeout || s == http.StatusTooManyRequests || s >= 500 && s != http.StatusNotImplemented
}

// readKey marks requests that read although their method is POST.
type readKey struct{}

func asRead(ctx context.Context) context.Context { return context.WithValue(ctx, readKey{}, true) }

func isRead(req *http.Request) bool {
	return req.Method == http.MethodGet || req.Method == http.MethodHead || req.Context().Value(readKey{}) != nil
}

// retryAfter is how long a response asks to wait, 0 if it does not. A date is
// taken relative to the response's own, so that no clock of ours matters.
func retryAfter(resp *http.Response) time.Duration {
	for _, h := range []string{"Retry-After-Ms", "X-Ms-Retry-After-Ms"} {
		if ms, err := strconv.Atoi(resp.Header.Get(h)); err == nil && ms > 0 {
			return time.Duration(ms) * time.Millisecond
		}
	}
	v := resp.Header.Get("Retry-After")
	if s, err := strconv.Atoi(v); err == nil && s > 0 {
		return time.Duration(s) * time.Second
	}
	at, err := http.ParseTime(v)
	now, err2 := http.ParseTime(resp.Header.Get("Date"))
	if err == nil && err2 == nil && at.After(now) {
		return at.Sub(now)
	}
	return 0
}
