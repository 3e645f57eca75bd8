package plan

import "context"

type throttledKey struct{}

// WithThrottled returns a context of requests that call f each time a service
// asks for fewer of them. A provider waits and sends such a request again; who
// has many under way learns of it at once and not only when one is given up.
// f may be called by several goroutines, also after the request has ended.
func WithThrottled(ctx context.Context, f func()) context.Context {
	return context.WithValue(ctx, throttledKey{}, f)
}

// Throttled calls what WithThrottled put into ctx, if that was done.
func Throttled(ctx context.Context) {
	if f, ok := ctx.Value(throttledKey{}).(func()); ok {
		f()
	}
}
