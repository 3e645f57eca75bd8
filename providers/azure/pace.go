package azure

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Resource Manager counts reads, writes and deletes of each caller in each
// subscription in buckets that fill up again steadily, and says in every
// answer what is left (request limits of Azure Resource Manager, 2025).
var bucketSizes = map[string]bucketSize{
	"reads":   {most: 250, perSecond: 25, reserve: 25},
	"writes":  {most: 200, perSecond: 10, reserve: 20},
	"deletes": {most: 200, perSecond: 10, reserve: 20},
}

type bucketSize struct {
	most, perSecond float64
	reserve         float64 // is left for others who act as the same caller
}

// pace slows requests down before Azure has to refuse them: once a bucket is
// down to its reserve, requests leave as fast as it fills up. When it was
// emptied all the same, none leaves before the time that Azure states. That
// concerns one kind of request of one subscription; a resource provider's own
// 429, which leaves the bucket as it is, delays only the request that met it.
type pace struct {
	clock plan.Clock
	log   *slog.Logger

	mu      sync.Mutex
	buckets map[string]*bucket
}

func newPace(clock plan.Clock, log *slog.Logger) *pace {
	return &pace{clock: clock, log: log, buckets: map[string]*bucket{}}
}

// bucket is what is known of one.
type bucket struct {
	size bucketSize
	left float64   // at the time at; below the reserve: how much has to come before the next may leave
	at   time.Time // zero: nothing is known yet
	out  float64   // requests that may leave and are not yet answered
}

// Do sends one request when its time has come.
func (p *pace) Do(req *policy.Request) (*http.Response, error) {
	kind := kindOf(req.Raw().Method)
	if err := p.wait(req.Raw().Context(), kind); err != nil {
		return nil, err
	}
	resp, err := req.Next()
	p.learn(kind, resp)
	return resp, err
}

// kindOf is how Resource Manager counts a method.
func kindOf(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead:
		return "reads"
	case http.MethodDelete:
		return "deletes"
	}
	return "writes"
}

func (p *pace) wait(ctx context.Context, kind string) error {
	d := p.take(kind)
	if d <= 0 {
		return nil
	}
	p.log.Debug("slowed down: Azure's limit is near", "kind", kind, "for", d)
	err := p.clock.Sleep(ctx, d)
	if err != nil {
		p.learn(kind, nil)
	}
	return err
}

// take takes a request out of its bucket and returns how long it has to wait.
func (p *pace) take(kind string) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.bucket(kind)
	b.out++
	if b.at.IsZero() {
		return 0
	}
	now := p.clock.Now()
	b.fill(now)
	b.left--
	missing := b.size.reserve - b.left
	if missing <= 0 {
		return max(0, b.at.Sub(now))
	}
	return b.at.Sub(now) + time.Duration(missing/b.size.perSecond*float64(time.Second))
}

func (p *pace) bucket(kind string) *bucket {
	if p.buckets[kind] == nil {
		p.buckets[kind] = &bucket{size: bucketSizes[kind]}
	}
	return p.buckets[kind]
}

// fill adds what has come since.
func (b *bucket) fill(now time.Time) {
	if d := now.Sub(b.at); d > 0 {
		b.left = min(b.size.most, b.left+d.Seconds()*b.size.perSecond)
		b.at = now
	}
}

// learn takes what an answer says about the bucket. Requests that are under
// way may or may not be counted in it; they are taken as not.
func (p *pace) learn(kind string, resp *http.Response) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.bucket(kind)
	b.out--
	if resp == nil {
		return
	}
	left, ok := remaining(resp.Header, kind)
	if !ok {
		return
	}
	now := p.clock.Now()
	if resp.StatusCode == http.StatusTooManyRequests && left < 1 {
		now = now.Add(min(retryAfter(resp), longestAfter))
	}
	if !now.Before(b.at) {
		b.left, b.at = left-b.out, now
	}
}

// remaining is the least that an answer says is left.
func remaining(h http.Header, kind string) (left float64, ok bool) {
	for _, scope := range []string{"subscription", "subscription-global"} {
		n, err := strconv.Atoi(h.Get("x-ms-ratelimit-remaining-" + scope + "-" + kind))
		if err == nil && (!ok || float64(n) < left) {
			left, ok = float64(n), true
		}
	}
	return left, ok
}
