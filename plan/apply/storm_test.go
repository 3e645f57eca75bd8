package apply_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// stormARM is a Resource Manager for many resources at once, in which time
// passes: operations last, writes to one watcher or machine that overlap are
// refused, each kind of request has a bucket that empties and fills, and one
// request in seven or so fails. It lives in a synctest bubble.
type stormARM struct {
	mu      sync.Mutex
	rnd     *rand.Rand
	faults  bool
	things  map[string]*stormThing // by lower-case path
	busy    map[string]time.Time   // until when a parent has an operation
	ops     map[string]*stormOp
	buckets map[string]*stormBucket

	takes func(path string) time.Duration // of writing something

	requests  int
	refused   int                  // for a bucket that was empty
	overlaps  int                  // writes that came too early
	created   map[string]int       // by path
	doubled   []string             // targets that had two recordings of a kind at the same time
	startedAt map[string]time.Time // by path
}

type stormThing struct {
	body   map[string]any
	made   time.Time // when its creation ended
	gone   time.Time // when its deletion ends; zero: it is there
	failed bool
	ended  time.Time // of captures that were stopped
}

type stormOp struct {
	end  time.Time
	code string
}

func newStormARM(seed uint64) *stormARM {
	a := &stormARM{
		rnd: rand.New(rand.NewPCG(seed, 1)), things: map[string]*stormThing{}, busy: map[string]time.Time{}, ops: map[string]*stormOp{},
		buckets: map[string]*stormBucket{}, created: map[string]int{}, startedAt: map[string]time.Time{},
	}
	a.takes = func(path string) time.Duration {
		switch {
		case strings.Contains(path, "/extensions/"):
			return 90 * time.Second
		case strings.Contains(path, "/packetcaptures/"):
			return time.Second
		}
		return 3 * time.Second
	}
	a.buckets["reads"] = &stormBucket{250, 25, 250, time.Now()}
	a.buckets["writes"] = &stormBucket{200, 10, 200, time.Now()}
	a.buckets["deletes"] = &stormBucket{200, 10, 200, time.Now()}
	return a
}

// stormBucket is what a caller may still ask for.
type stormBucket struct {
	most, perSecond, left float64
	at                    time.Time
}

func (b *stormBucket) fill(now time.Time) {
	b.left, b.at = min(b.most, b.left+now.Sub(b.at).Seconds()*b.perSecond), now
}

func kindOf(method string) string {
	return map[string]string{"GET": "reads", "DELETE": "deletes"}[method] + map[bool]string{true: "writes"}[method != "GET" && method != "DELETE"]
}

// stormAnswer is what a request is answered with.
type stormAnswer struct {
	status int
	header http.Header
	body   string
}

func (w *stormAnswer) refuse(status int, code, message string) {
	w.status = status
	w.body = fmt.Sprintf(`{"error":{"code":%q,"message":%q}}`, code, message)
}

func (w *stormAnswer) response(req *http.Request) *http.Response {
	w.header.Set("Content-Type", "application/json; charset=utf-8")
	return &http.Response{
		StatusCode: w.status, Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), Header: w.header,
		Body: io.NopCloser(strings.NewReader(w.body)), ContentLength: int64(len(w.body)), Request: req, ProtoMajor: 1, ProtoMinor: 1,
	}
}

// Do answers one request.
func (a *stormARM) Do(req *http.Request) (*http.Response, error) {
	time.Sleep(20 * time.Millisecond)
	body := []byte(nil)
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests++
	w := &stormAnswer{status: http.StatusOK, header: http.Header{}}
	kind := kindOf(req.Method)
	b := a.buckets[kind]
	b.fill(time.Now())
	if b.left < 1 {
		a.refused++
		w.refuse(429, "SubscriptionRequestsThrottled", "Number of requests exceeded.")
		w.header.Set("Retry-After", "10")
	} else {
		b.left--
		if err := a.meet(w, req, body); err != nil {
			return nil, err
		}
	}
	w.header.Set("X-Ms-Ratelimit-Remaining-Subscription-"+kind, fmt.Sprint(int(b.left)))
	return w.response(req), nil
}

// meet answers with or without an accident.
func (a *stormARM) meet(w *stormAnswer, req *http.Request, body []byte) error {
	write := req.Method != http.MethodGet
	n, after := 100, false
	if a.faults {
		n, after = a.rnd.IntN(100), write && a.rnd.IntN(2) == 0
	}
	opCode := ""
	switch {
	case n >= 5 && n < 10:
		w.refuse(429, "TooManyRequests", "The network resource provider is busy.")
		w.header.Set("Retry-After", "7")
		return nil
	case n == 10 && write:
		w.refuse(429, "RetryableErrorDueToAnotherOperation", "Later.")
		return nil
	case n < 5 && !after:
		w.refuse(500, "InternalServerError", "An error occurred.")
		return nil
	case (n == 11 || n == 12) && !after:
		return errors.New("connection reset by peer")
	case n == 13 && write:
		opCode = "InternalServerError"
	}
	a.serve(w, req, strings.ToLower(req.URL.Path), body, opCode)
	switch {
	case n < 5:
		*w = stormAnswer{header: http.Header{}}
		w.refuse(500, "InternalServerError", "An error occurred.")
	case n == 11 || n == 12:
		return errors.New("connection reset by peer")
	}
	return nil
}

func (a *stormARM) serve(w *stormAnswer, req *http.Request, path string, body []byte, opCode string) {
	parent, last := path[:strings.LastIndex(path, "/")], path[strings.LastIndex(path, "/")+1:]
	switch {
	case strings.Contains(path, "/operations/"), strings.Contains(path, "/operationresults/"):
		a.poll(w, path, last)
	case req.Method == http.MethodPost:
		a.act(w, parent, last)
	case last == "resources":
		a.list(w, func(path string) bool { return strings.Contains(path, "/extensions/") })
	case last == "networkwatchers":
		a.list(w, func(p string) bool { return strings.Contains(p, "/networkwatchers/") && strings.Count(p, "/") == 8 })
	case last == "extensions", last == "flowlogs", last == "packetcaptures", last == "virtualmachinescalesets":
		a.list(w, func(p string) bool { return strings.HasPrefix(p, path+"/") })
	case strings.HasSuffix(parent, "/resourcegroups"):
		w.body = `{"id":"x"}`
	case req.Method == http.MethodPut:
		a.put(w, req.URL.Path, body, opCode)
	case a.there(path) == nil && req.Method == http.MethodDelete:
		w.status = http.StatusNoContent
	case a.there(path) == nil:
		w.refuse(404, "ResourceNotFound", "It was not found.")
	case req.Method == http.MethodDelete:
		if a.begin(w, path, 5*time.Second, opCode, http.StatusAccepted) && opCode == "" {
			a.things[path].gone = time.Now().Add(5 * time.Second)
		}
	default:
		w.body = a.show(path)
	}
}

// there is what is there at a path, or nil.
func (a *stormARM) there(path string) *stormThing {
	t := a.things[path]
	if t == nil || !t.gone.IsZero() && !time.Now().Before(t.gone) {
		return nil
	}
	return t
}

func (a *stormARM) show(path string) string {
	t := a.things[path]
	props := t.body["properties"].(map[string]any)
	props["provisioningState"] = "Succeeded"
	switch {
	case !t.gone.IsZero():
		props["provisioningState"] = "Deleting"
	case time.Now().Before(t.made):
		props["provisioningState"] = "Updating"
	case t.failed:
		props["provisioningState"] = "Failed"
	}
	b, _ := json.Marshal(t.body)
	return string(b)
}

func (a *stormARM) list(w *stormAnswer, keep func(string) bool) {
	var all []string
	for path := range a.things {
		if keep(path) && a.there(path) != nil {
			all = append(all, a.show(path))
		}
	}
	w.body = `{"value":[` + strings.Join(all, ",") + `]}`
}

// parentOf is what takes one write at a time.
func parentOf(path string) string {
	segs := strings.Split(path, "/")
	return strings.Join(segs[:len(segs)-2], "/")
}

// begin starts an operation, unless one is under way.
func (a *stormARM) begin(w *stormAnswer, path string, takes time.Duration, opCode string, status int) bool {
	now := time.Now()
	if now.Before(a.busy[parentOf(path)]) {
		a.overlaps++
		w.refuse(409, "AnotherOperationInProgress", "Another operation is in progress.")
		return false
	}
	a.busy[parentOf(path)] = now.Add(takes)
	id := fmt.Sprint(len(a.ops) + 1)
	a.ops[id] = &stormOp{now.Add(takes), opCode}
	base := "https://management.azure.com/subscriptions/" + stormSub + "/providers/Microsoft.Network/locations/x/"
	w.header.Set("Azure-AsyncOperation", base+"operations/"+id+"?api-version=1")
	if status == http.StatusAccepted {
		w.header.Set("Location", base+"operationResults/"+id+"?api-version=1")
	}
	w.status = status
	return true
}

func (a *stormARM) poll(w *stormAnswer, path, id string) {
	op := a.ops[id]
	switch {
	case strings.Contains(path, "/operationresults/"):
		w.body = "null"
	case time.Now().Before(op.end):
		w.body = `{"status":"InProgress"}`
	case op.code != "":
		w.body = fmt.Sprintf(`{"status":"Failed","error":{"code":%q,"message":"It did not work."}}`, op.code)
	default:
		w.body = `{"status":"Succeeded"}`
	}
}

func (a *stormARM) put(w *stormAnswer, path string, body []byte, opCode string) {
	var b map[string]any
	if json.Unmarshal(body, &b) != nil {
		w.refuse(400, "InvalidRequestContent", "No JSON.")
		return
	}
	if b["properties"] == nil {
		b["properties"] = map[string]any{}
	}
	key := strings.ToLower(path)
	b["id"], b["name"], b["type"] = path, path[strings.LastIndex(path, "/")+1:], "Microsoft.Compute/virtualMachines/extensions"
	if strings.Count(key, "/") == 8 { // a watcher
		a.things[key] = &stormThing{body: b, made: time.Now()}
		a.created[key]++
		w.status, w.body = http.StatusCreated, a.show(key)
		return
	}
	takes := a.takes(key)
	if !a.begin(w, key, takes, opCode, http.StatusCreated) {
		return
	}
	a.watchDoubles(key, b)
	a.things[key] = &stormThing{body: b, made: time.Now().Add(takes), failed: opCode != ""}
	if opCode == "" {
		a.created[key]++
		a.startedAt[key] = time.Now()
	}
	w.body = a.show(key)
}

// watchDoubles finds out whether the target is recorded already.
func (a *stormARM) watchDoubles(key string, b map[string]any) {
	target := stormTarget(b)
	for other, t := range a.things {
		if other != key && target != "" && a.there(other) != nil && stormTarget(t.body) == target && t.gone.IsZero() {
			a.doubled = append(a.doubled, target)
		}
	}
}

func stormTarget(b map[string]any) string {
	props := b["properties"].(map[string]any)
	for _, k := range []string{"target", "targetResourceId"} {
		if s, ok := props[k].(string); ok {
			return k + " " + s
		}
	}
	return ""
}

// act stops a capture or tells its state.
func (a *stormARM) act(w *stormAnswer, path, action string) {
	t := a.there(path)
	if t == nil {
		w.refuse(404, "ResourceNotFound", "It was not found.")
		return
	}
	if action == "stop" {
		if a.begin(w, path, 5*time.Second, "", http.StatusAccepted) {
			t.ended = time.Now()
		}
		return
	}
	limit, _ := t.body["properties"].(map[string]any)["timeLimitInSeconds"].(float64)
	state, reason := "Running", ""
	switch {
	case !t.ended.IsZero():
		state, reason = "Stopped", "Manual"
	case time.Since(t.made) >= time.Duration(limit)*time.Second:
		state, reason = "Stopped", "TimeExceeded"
	}
	w.body = fmt.Sprintf(`{"packetCaptureStatus":%q,"stopReason":%q,"captureStartTime":%q}`, state, reason, t.made.Format(time.RFC3339Nano))
}

// left are the paths of what is there and flowctl made, but for watchers.
func (a *stormARM) left() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []string
	for path := range a.things {
		if a.there(path) != nil && strings.Count(path, "/") > 8 {
			out = append(out, path)
		}
	}
	return out
}
