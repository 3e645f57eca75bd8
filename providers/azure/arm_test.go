package azure

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"flowctl/plan"

	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

const (
	sub     = "00000000-0000-0000-0000-000000000001"
	group   = "/subscriptions/" + sub + "/resourceGroups/rg/providers/"
	watcher = "/subscriptions/" + sub + "/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/NetworkWatcher_westeurope"
	vnetID  = group + "Microsoft.Network/virtualNetworks/hub"
	vmID    = group + "Microsoft.Compute/virtualMachines/db"
	account = group + "Microsoft.Storage/storageAccounts/logs"
)

// stepClock passes time only while somebody sleeps.
type stepClock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func newStepClock() *stepClock {
	return &stepClock{now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
}

func (c *stepClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *stepClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.slept = append(c.slept, d)
	return ctx.Err()
}

// newTestProvider returns a provider whose every request ends in transport.
func newTestProvider(t *testing.T, transport policy.Transporter) (*Provider, *stepClock) {
	t.Helper()
	clock := newStepClock()
	p, err := New(Options{
		Subscription: sub, Credential: &azfake.TokenCredential{}, Transport: transport, InProcess: true, Clock: clock,
		jitter: func() float64 { return 0 },
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, clock
}

// fakeARM is a Network Watcher on the wire: it keeps flow logs and captures, runs
// operations that need a few polls, and fails as it is told. Its answers have
// the status codes, headers and bodies of recordings of the service.
type fakeARM struct {
	mu        sync.Mutex
	resources map[string]map[string]any // by lower-case path
	ops       map[string]*operation
	requests  []string // "PUT" or "GET operation"

	fail       func(method string, n int) *fault // n-th request of the method, from 1
	seen       map[string]int
	opPolls    int                  // answers InProgress before the end of an operation
	hideReads  int                  // reads that answer 404 though it is there
	onPut      func(map[string]any) // changes what is kept
	status     func(w *answer)      // answers queryStatus
	results    []string             // what operations of queryStatus come to; empty: not yet
	overlapped bool                 // a write came while another was running on the watcher
	running    map[string]bool      // by watcher
}

type operation struct {
	polls   int
	code    string // of failure
	watcher string
	end     func()
}

// fault is what goes wrong with one request.
type fault struct {
	status int
	code   string
	after  string // Retry-After
	effect bool   // the write happens nevertheless
	reset  bool   // there is no answer
	opCode string // the operation fails with it
	idle   bool   // a deletion succeeds and deletes nothing
}

type answer struct {
	status int
	header http.Header
	body   string
}

func newARM() *fakeARM {
	return &fakeARM{
		resources: map[string]map[string]any{}, ops: map[string]*operation{}, seen: map[string]int{}, running: map[string]bool{}, opPolls: 1,
	}
}

// Do answers one request.
func (a *fakeARM) Do(req *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w := &answer{status: http.StatusOK, header: http.Header{}}
	path := strings.ToLower(req.URL.Path)
	what := req.Method
	if strings.Contains(path, "/operation") {
		what += " operation"
	} else if i := strings.LastIndex(path, "/"); req.Method == http.MethodPost {
		what += " " + path[i+1:]
	}
	a.requests = append(a.requests, what)
	a.seen[what]++
	var f *fault
	if a.fail != nil {
		f = a.fail(what, a.seen[what])
	}
	if f != nil && f.status != 0 && !f.effect {
		return f.answer(req)
	}
	if f != nil && f.reset && !f.effect {
		return nil, errors.New("connection reset by peer")
	}
	body := ""
	if req.Body != nil {
		b, _ := io.ReadAll(req.Body)
		body = string(b)
	}
	a.serve(w, req, path, body, f)
	if f != nil && f.status != 0 {
		return f.answer(req)
	}
	if f != nil && f.reset {
		return nil, errors.New("connection reset by peer")
	}
	return w.response(req), nil
}

func (f *fault) answer(req *http.Request) (*http.Response, error) {
	w := &answer{status: f.status, header: http.Header{}}
	w.refuse(f.status, f.code, "It did not work. token=hidden")
	if f.after != "" {
		w.header.Set("Retry-After", f.after)
	}
	return w.response(req), nil
}

func (w *answer) refuse(status int, code, message string) {
	w.status = status
	w.body = fmt.Sprintf(`{"error":{"code":%q,"message":%q}}`, code, message)
}

func (w *answer) response(req *http.Request) *http.Response {
	w.header.Set("Content-Type", "application/json; charset=utf-8")
	return &http.Response{
		StatusCode: w.status, Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), Header: w.header,
		Body: io.NopCloser(strings.NewReader(w.body)), ContentLength: int64(len(w.body)), Request: req, ProtoMajor: 1, ProtoMinor: 1,
	}
}

var recordingPath = regexp.MustCompile(`^(.*/networkwatchers/[^/]+)/(flowlogs|packetcaptures)/[^/]+$`)

func (a *fakeARM) serve(w *answer, req *http.Request, path, body string, f *fault) {
	action := ""
	if req.Method == http.MethodPost {
		path, action = path[:strings.LastIndex(path, "/")], path[strings.LastIndex(path, "/")+1:]
	}
	m := recordingPath.FindStringSubmatch(path)
	switch {
	case strings.Contains(path, "/operations/"):
		a.poll(w, path)
	case strings.Contains(path, "/operationresults/"):
		a.result(w, path)
	case m == nil:
		w.refuse(404, "ResourceNotFound", "no "+path)
	case req.Method == http.MethodPut:
		a.put(w, req, path, m[1], body, f)
	case a.resources[path] == nil && req.Method == http.MethodDelete:
		w.status = http.StatusNoContent
	case a.resources[path] == nil || req.Method == http.MethodGet && a.hidden():
		w.refuse(404, "ResourceNotFound", "The Resource was not found.")
	case req.Method == http.MethodGet:
		b, _ := json.Marshal(a.resources[path])
		w.body = string(b)
	case req.Method == http.MethodDelete:
		a.begin(w, req, m[1], f, func() {
			if f == nil || !f.idle {
				delete(a.resources, path)
			}
		})
		w.status = http.StatusAccepted
	case action == "stop":
		a.begin(w, req, m[1], f, func() {})
		w.status = http.StatusAccepted
	case action == "querystatus":
		a.status(w)
	}
}

func (a *fakeARM) hidden() bool {
	a.hideReads--
	return a.hideReads >= 0
}

func (a *fakeARM) put(w *answer, req *http.Request, path, watcher, body string, f *fault) {
	var r map[string]any
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		w.refuse(400, "InvalidRequestContent", err.Error())
		return
	}
	r["id"], r["name"] = req.URL.Path, path[strings.LastIndex(path, "/")+1:]
	props := r["properties"].(map[string]any)
	props["provisioningState"] = "Updating"
	a.resources[path] = r
	a.begin(w, req, watcher, f, func() { props["provisioningState"] = "Succeeded" })
	if f != nil && f.opCode != "" {
		props["provisioningState"] = "Failed"
	}
	if a.onPut != nil {
		a.onPut(props)
	}
	b, _ := json.Marshal(r)
	if f != nil && f.opCode != "" { // on the wire the failure shows only later
		b = bytes.Replace(b, []byte(`"Failed"`), []byte(`"Updating"`), 1)
	}
	w.status, w.body = http.StatusCreated, string(b)
}

func (a *fakeARM) begin(w *answer, req *http.Request, watcher string, f *fault, end func()) {
	a.overlapped = a.overlapped || a.running[watcher]
	a.running[watcher] = true
	id := fmt.Sprint(len(a.ops) + 1)
	op := &operation{polls: a.opPolls, watcher: watcher, end: end}
	if f != nil {
		op.code = f.opCode
	}
	a.ops[id] = op
	if f != nil && (f.reset || f.status != 0) { // nobody will poll it
		end()
		a.running[watcher] = false
	}
	base := "https://management.azure.com/subscriptions/" + sub + "/providers/Microsoft.Network/locations/westeurope/"
	w.header.Set("Azure-AsyncOperation", base+"operations/"+id+"?api-version=2025-05-01&s=secret-signature")
	if req.Method != http.MethodPut {
		w.header.Set("Location", base+"operationResults/"+id+"?api-version=2025-05-01&s=secret-signature")
	}
}

func (a *fakeARM) poll(w *answer, path string) {
	op := a.ops[path[strings.LastIndex(path, "/")+1:]]
	op.polls--
	switch {
	case op.polls >= 0:
		w.body = `{"status":"InProgress"}`
	case op.code != "":
		a.running[op.watcher] = false
		w.body = fmt.Sprintf(`{"status":"Failed","error":{"code":%q,"message":"The operation did not work.","details":[]}}`, op.code)
	default:
		a.running[op.watcher] = false
		op.end()
		w.body = `{"status":"Succeeded"}`
	}
}

func (a *fakeARM) result(w *answer, path string) {
	w.body = "null"
	if !strings.HasSuffix(path, "/s") || len(a.results) == 0 {
		return
	}
	if w.body, a.results = a.results[0], a.results[1:]; w.body == "" {
		w.status = http.StatusAccepted
	}
}

// sequence is the requests without the polling.
func (a *fakeARM) sequence() string {
	polls := func(s string) bool { return strings.HasSuffix(s, " operation") }
	return strings.Join(slices.DeleteFunc(slices.Clone(a.requests), polls), " ")
}

// session is a flow log, or with a capture one of that.
func testSession(m plan.Mechanism) plan.Session {
	s := plan.Session{
		Name: "one", Mechanism: m, Watcher: watcher, Storage: account,
		Target: plan.Target{Kind: "vnet", ID: vnetID, Location: "westeurope"},
	}
	if m == plan.FlowLog {
		s.Tags = map[string]string{"flowctl": "egress", "owner": "netops"}
		s.FlowLog = &plan.FlowLogSpec{RecordTypes: "B,E", Filter: "dstPort=443"}
		return s
	}
	s.Target = plan.Target{Kind: "vm", ID: vmID, Location: "westeurope"}
	s.Capture = &plan.CaptureSpec{
		Duration: 10 * time.Minute, MaxBytes: 256 << 20, BytesPerPacket: 128,
		Filters: []plan.CaptureFilter{{Protocol: "TCP", RemotePort: "443"}, {LocalAddress: "10.0.0.4"}},
	}
	return s
}

// debugLog returns a logger that writes everything to the buffer.
func debugLog() (*slog.Logger, *bytes.Buffer) {
	var b bytes.Buffer
	return slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug})), &b
}

// teeBody is body with all that is read from it written to w.
func teeBody(body io.ReadCloser, w io.Writer) io.ReadCloser {
	return struct {
		io.Reader
		io.Closer
	}{io.TeeReader(body, w), body}
}
