package arm

import (
	"maps"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// rates are the buckets of tokens of which every request takes one, as the
// page "Understand how Azure Resource Manager throttles requests" describes
// them. A world that says nothing about a limit shows it and does not enforce
// it. The buckets are of this process.
type rates struct {
	limits   map[string]world.Throttle
	enforced map[string]bool

	mu      sync.Mutex
	buckets map[string]*bucket
}

// bucket is what is left at a moment.
type bucket struct {
	left float64
	at   time.Time
}

func newRates(w *world.World) *rates {
	r := &rates{limits: map[string]world.Throttle{}, enforced: map[string]bool{}, buckets: map[string]*bucket{}}
	for _, t := range world.DefaultThrottles() {
		r.limits[t.Kind] = t
	}
	for _, t := range w.Throttles {
		r.limits[t.Kind], r.enforced[t.Kind] = t, true
	}
	return r
}

// take takes a token of a kind out of the bucket of that name, which is as
// many times as large as others of its kind. It returns how many are left, and
// how long it is until there is one if there is none.
func (r *rates) take(kind, name string, times int, now time.Time) (left int, wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	size, refill := float64(r.limits[kind].Bucket*times), r.limits[kind].Refill*float64(times)
	b := r.buckets[name]
	if b == nil {
		b = &bucket{left: size, at: now}
		r.buckets[name] = b
	}
	if passed := now.Sub(b.at); passed > 0 {
		b.left, b.at = min(size, b.left+passed.Seconds()*refill), now
	}
	if b.left < 1 {
		return 0, time.Duration((1 - b.left) / refill * float64(time.Second))
	}
	b.left--
	return int(math.Floor(b.left)), 0
}

// globalTimes is how much more all callers of a subscription may do together.
const globalTimes = 15

// throttle counts the request, and refuses it if there were too many. What is
// left goes into the answer's header.
func (q *request) throttle() error {
	kind := world.Writes
	switch q.r.Method {
	case http.MethodGet, http.MethodHead:
		kind = world.Reads
	case http.MethodDelete:
		kind = world.Deletes
	}
	scope := "tenant"
	if len(strings.Split(strings.Trim(q.r.URL.Path, "/"), "/")) > 1 && strings.HasPrefix(strings.ToLower(q.r.URL.Path), "/subscriptions/") {
		scope = "subscription"
	}
	header := "X-Ms-Ratelimit-Remaining-" + scope + "-"
	whose := scope + "-"
	if id := plan.ID(q.r.URL.Path); scope == "subscription" {
		whose = strings.ToLower(id.Subscription()) + "-"
	}
	left, wait := q.rates.take(kind, whose+kind, 1, q.now)
	all, _ := q.rates.take(kind, whose+"global-"+kind, globalTimes, q.now)
	q.left = http.Header{}
	q.left.Set(header+kind, strconv.Itoa(left))
	if scope == "subscription" {
		q.left.Set(header+"Global-"+kind, strconv.Itoa(all))
	}
	if wait > 0 && q.rates.enforced[kind] {
		return tooMany(wait, "SubscriptionRequestsThrottled", "Number of '%s' requests for subscription '%s' actor '%s' exceeded. "+
			"Please try again after '%s' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information.",
			strings.TrimSuffix(kind, "s"), plan.ID(q.r.URL.Path).Subscription(), q.caller(), retryAfter(wait))
	}
	return nil
}

// throttleNetwork counts the request where the network resource provider has
// a limit of its own, for each region. Its code for that no source states.
func (q *request) throttleNetwork(c call) error {
	kind := world.NetworkReads
	if q.r.Method != http.MethodGet && q.r.Method != http.MethodHead {
		kind = world.NetworkWrites
	}
	if !q.rates.enforced[kind] || !strings.HasPrefix(strings.ToLower(c.action), "microsoft.network/") {
		return nil
	}
	st, err := q.Server.State()
	if err != nil {
		return err
	}
	at := q.whereIs(st, c.id)
	if _, wait := q.rates.take(kind, q.sub()+" "+kind+" "+at, 1, q.now); wait > 0 {
		return tooMany(wait, "TooManyRequests", "The subscription's limit of %s in region '%s' is reached. Try again after '%s' seconds.",
			strings.ReplaceAll(kind, "_", " "), at, retryAfter(wait))
	}
	return nil
}

func tooMany(wait time.Duration, code, format string, args ...any) *Error {
	e := gatewayError(http.StatusTooManyRequests, code, format, args...)
	e.header = http.Header{"Retry-After": {retryAfter(wait)}}
	return e
}

// rateHeaders tell what is left.
func (q *request) rateHeaders(h http.Header) { maps.Copy(h, q.left) }
