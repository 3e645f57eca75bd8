package azure

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

const (
	firstPoll   = 500 * time.Millisecond // most operations of Network Watcher end within seconds
	longestPoll = 10 * time.Second
	patience    = 30 * time.Minute // with an operation that neither ends nor fails
)

// pollDelay is how long to wait before poll number n, from 0.
func pollDelay(n int, after time.Duration) time.Duration {
	if after > 0 {
		return min(after, longestAfter)
	}
	return min(firstPoll<<min(n, 10), longestPoll)
}

// operate begins a long-running operation and waits for its end. The error of
// begin is returned as it is; accepted says whether Azure took the operation
// on, so that the error is of its course or its result.
func operate[T any](ctx context.Context, p *Provider, begin func(context.Context) (*runtime.Poller[T], error)) (result T, accepted bool, err error) {
	var first *http.Response
	op, err := begin(policy.WithCaptureResponse(ctx, &first))
	if err != nil {
		return result, false, plain(err)
	}
	result, err = await(ctx, p, op, first)
	return result, true, plain(err)
}

// await polls until op is done. It stands for the SDK's PollUntilDone, which
// sleeps in real time.
func await[T any](ctx context.Context, p *Provider, op *runtime.Poller[T], last *http.Response) (result T, err error) {
	began := p.clock.Now()
	for n := 0; !op.Done(); n++ {
		now := p.clock.Now()
		if now.Sub(began) > patience {
			return result, fmt.Errorf("operation not done after %s", patience)
		}
		yield(ctx, began, now)
		var after time.Duration
		if last != nil {
			after = retryAfter(last)
		}
		if err := p.clock.Sleep(ctx, pollDelay(n, after)); err != nil {
			return result, err
		}
		if last, err = op.Poll(ctx); err != nil {
			return result, err
		}
	}
	return op.Result(ctx)
}
