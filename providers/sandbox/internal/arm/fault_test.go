package arm

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/fault"
	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/world"
)

// amid is a cloud over the built-in world with more in it.
func amid(t *testing.T, more string) *cloud {
	t.Helper()
	w, err := world.Parse("test.hcl", append(world.BuiltinSource(), more...))
	if err != nil {
		t.Fatal(err)
	}
	c := &cloud{T: t, w: w, clock: &hands{now: w.Epoch}, sub: "/subscriptions/" + w.Subscription}
	faults, err := fault.Open(t.Context(), w, "", w.Epoch)
	if err != nil {
		t.Fatal(err)
	}
	c.srv, err = New(Options{World: w, Model: traffic.New(w), Clock: c.clock, PageSize: 5, Faults: faults})
	if err != nil {
		t.Fatal(err)
	}
	return c.pick()
}

// broken reports whether a request ends without an answer.
func (c *cloud) broken(method, path, body string) (broken bool) {
	c.Helper()
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler {
				panic(p)
			}
			broken = true
		}
	}()
	c.do(method, path, body)
	return false
}

func (c *cloud) refused(a answer, code int, name string) {
	c.Helper()
	c.want(a, code, name)
	if a.errorCode() != name {
		c.Errorf("code %q, want %q", a.errorCode(), name)
	}
}

func (c *cloud) pass(d time.Duration) {
	c.Helper()
	if err := c.clock.Sleep(c.Context(), d); err != nil {
		c.Fatal(err)
	}
}

// log is the path of the flow log that the tests of faults make, and its body.
func (c *cloud) log() (path, body string) {
	return c.watcher + "/flowLogs/l", c.flowLog(c.vnet.ID, "")
}

// record makes the tests' capture and returns its path.
func (c *cloud) record(more string) string {
	c.Helper()
	path := c.watcher + "/packetCaptures/p"
	c.settle(c.want(c.do("PUT", path, c.capture(c.vm.ID, more)), 201, "create"))
	return path
}

func (c *cloud) status(path string) answer {
	c.Helper()
	return c.statusOf(path)
}

func TestEveryFaultIsSeen(t *testing.T) {
	tests := map[string]struct {
		fault string
		see   func(*cloud)
	}{
		"busy": {`operation = "flow_log.create"
			code = "AnotherOperationInProgress"
			nth  = [1]`, func(c *cloud) {
			path, body := c.log()
			c.refused(c.do("PUT", path, body), 409, "AnotherOperationInProgress")
			c.refused(c.do("GET", path, ""), 404, "ResourceNotFound")
			c.want(c.do("PUT", path, body), 201, "the second call")
		}},
		"dependent": {`operation = "flow_log.delete"
			code = "RetryableErrorDueToAnotherOperation"
			retry_after = "14s"`, func(c *cloud) {
			path, body := c.log()
			c.settle(c.do("PUT", path, body))
			a := c.do("DELETE", path, "")
			c.refused(a, 429, "RetryableErrorDueToAnotherOperation")
			if a.h.Get("Retry-After") != "14" {
				c.Errorf("Retry-After %q", a.h.Get("Retry-After"))
			}
			c.want(c.do("GET", path, ""), 200, "it is there")
		}},
		"server error": {`operation = "packet_capture.stop"
			code = "InternalServerError"`, func(c *cloud) {
			path := c.record("")
			c.refused(c.do("POST", path+"/stop", ""), 500, "InternalServerError")
			if s := c.status(path).at("packetCaptureStatus"); s != "Running" {
				c.Errorf("status %v", s)
			}
		}},
		"own words": {`operation = "*.list"
			status  = 503
			code    = "Maintenance"
			message = "Back at noon."`, func(c *cloud) {
			a := c.do("GET", c.sub+"/providers/Microsoft.Network/networkWatchers", "")
			c.refused(a, 503, "Maintenance")
			if a.at("error.message") != "Back at noon." {
				c.Errorf("message %v", a.at("error.message"))
			}
			c.want(c.do("GET", c.watcher, ""), 200, "a read")
		}},
		"by target": {`operation = "flow_log.create"
			target = "vnet-nowhere"
			code   = "InternalServerError"`, func(c *cloud) {
			path, body := c.log()
			c.want(c.do("PUT", path, body), 201, "another target")
		}},
		"creation fails": {`operation = "flow_log.create"
			effect  = "fail"
			code    = "OperationTimedOut"
			message = "Too slow."`, func(c *cloud) {
			path, body := c.log()
			op := c.settle(c.want(c.do("PUT", path, body), 201, "create"))
			if op.at("status") != "Failed" || op.at("error.code") != "OperationTimedOut" || op.at("error.message") != "Too slow." {
				c.Errorf("operation %s", op.text)
			}
			if s := c.do("GET", path, "").at("properties.provisioningState"); s != "Failed" {
				c.Errorf("state %v", s)
			}
			st, _ := c.srv.State()
			if l := st.flowLog(plan.ID(path), c.clock.Now()); len(l.Runs) != 0 {
				c.Errorf("it records: %v", l.Runs)
			}
		}},
		"update fails": {`operation = "flow_log.update"
			effect = "fail"`, func(c *cloud) {
			path, body := c.log()
			c.settle(c.do("PUT", path, body))
			op := c.settle(c.want(c.do("PUT", path, c.flowLog(c.vnet.ID, `,"recordTypes":"B"`)), 200, "update"))
			a := c.do("GET", path, "")
			if op.at("error.code") != "InternalServerError" || a.at("properties.provisioningState") != "Failed" || a.at("properties.recordTypes") != nil {
				c.Errorf("operation %s\n%s", op.text, a.text)
			}
			c.settle(c.do("DELETE", path, ""))
			c.refused(c.do("GET", path, ""), 404, "ResourceNotFound")
		}},
		"deletion fails": {`operation = "flow_log.delete"
			effect = "fail"
			times  = 1`, func(c *cloud) {
			path, body := c.log()
			c.settle(c.do("PUT", path, body))
			if op := c.settle(c.want(c.do("DELETE", path, ""), 202, "delete")); op.at("status") != "Failed" {
				c.Errorf("operation %s", op.text)
			}
			if a := c.do("GET", path, ""); a.at("properties.provisioningState") != "Succeeded" {
				c.Errorf("it is %s", a.text)
			}
			st, _ := c.srv.State()
			if r := st.flowLog(plan.ID(path), c.clock.Now()).Runs; len(r) != 1 || !r[0].Until.IsZero() {
				c.Errorf("it records %v", r)
			}
			c.settle(c.do("DELETE", path, ""))
			c.refused(c.do("GET", path, ""), 404, "ResourceNotFound")
		}},
		"stop fails": {`operation = "packet_capture.stop"
			effect = "fail"`, func(c *cloud) {
			path := c.record("")
			if op := c.settle(c.want(c.do("POST", path+"/stop", ""), 202, "stop")); op.at("status") != "Failed" {
				c.Errorf("operation %s", op.text)
			}
			if s := c.status(path).at("packetCaptureStatus"); s != "Running" {
				c.Errorf("status %v", s)
			}
		}},
		"capture fails": {`operation = "packet_capture.create"
			effect = "fail"`, func(c *cloud) {
			path := c.record("")
			if s := c.do("GET", path, "").at("properties.provisioningState"); s != "Failed" {
				c.Errorf("state %v", s)
			}
			if a := c.status(path); a.at("packetCaptureStatus") != "Error" || !strings.Contains(a.text, `["CaptureFailed"]`) {
				c.Errorf("status %s", a.text)
			}
			c.noFile()
			c.settle(c.do("DELETE", path, ""))
			c.refused(c.do("GET", path, ""), 404, "ResourceNotFound")
		}},
		"extension fails": {`operation = "extension.create"
			effect = "fail"`, func(c *cloud) {
			vm := c.vmWith(func(v *world.VM) bool { return !v.Agent && v.Power == "running" })
			path := string(vm.ID) + "/extensions/x"
			op := c.settle(c.want(c.do("PUT", path, `{"location":"`+vm.Location+`","properties":{"publisher":"Microsoft.Azure.NetworkWatcher",`+
				`"type":"NetworkWatcherAgent`+vm.OS+`","typeHandlerVersion":"1.4"}}`), 201, "create"))
			if op.at("status") != "Failed" {
				c.Errorf("operation %s", op.text)
			}
			c.refused(c.do("GET", path, ""), 404, "ResourceNotFound")
		}},
		"reset before": {`operation = "flow_log.create"
			effect = "reset"`, func(c *cloud) {
			path, body := c.log()
			if !c.broken("PUT", path, body) {
				c.Error("the connection holds")
			}
			c.refused(c.do("GET", path, ""), 404, "ResourceNotFound")
		}},
		"reset after": {`operation = "flow_log.create"
			effect = "reset_after"`, func(c *cloud) {
			path, body := c.log()
			if !c.broken("PUT", path, body) {
				c.Error("the connection holds")
			}
			c.want(c.do("GET", path, ""), 200, "it is there")
		}},
		"slow": {`operation = "flow_log.create"
			effect = "slow"
			delay  = "95s"`, func(c *cloud) {
			path, body := c.log()
			began := c.clock.Now()
			a := c.want(c.do("PUT", path, body), 201, "create")
			if took := c.clock.Now().Sub(began); took != 95*time.Second {
				c.Errorf("it took %v", took)
			}
			if date := a.h.Get("Date"); date != c.clock.Now().UTC().Format(http.TimeFormat) {
				c.Errorf("answered at %s", date)
			}
		}},
		"stale after creation": {`operation = "flow_log.create"
			effect = "stale"
			delay  = "30s"`, func(c *cloud) {
			path, body := c.log()
			c.settle(c.want(c.do("PUT", path, body), 201, "create"))
			c.refused(c.do("GET", path, ""), 404, "ResourceNotFound")
			if a := c.do("GET", c.watcher+"/flowLogs", ""); strings.Contains(a.text, `"name":"l"`) {
				c.Errorf("list %s", a.text)
			}
			c.want(c.do("PUT", path, body), 200, "writes see it")
			c.pass(30 * time.Second)
			c.want(c.do("GET", path, ""), 200, "after a while")
		}},
		"stale after deletion": {`operation = "flow_log.delete"
			effect = "stale"
			delay  = "1m"`, func(c *cloud) {
			path, body := c.log()
			c.settle(c.do("PUT", path, body))
			c.settle(c.do("DELETE", path, ""))
			if a := c.do("GET", path, ""); a.at("properties.provisioningState") != "Succeeded" {
				c.Errorf("it is %s", a.text)
			}
			c.pass(time.Minute)
			c.refused(c.do("GET", path, ""), 404, "ResourceNotFound")
		}},
		"another target": {`operation = "flow_log.create"
			effect = "other_target"
			other_target = "vnet-nic"`, func(c *cloud) {
			path, body := c.log()
			a := c.want(c.do("PUT", path, body), 201, "create")
			if got := a.at("properties.targetResourceId"); got != string(c.vnet.ID) {
				c.Errorf("the answer has the target %v", got)
			}
			c.settle(a)
			if got := c.do("GET", path, "").at("properties.targetResourceId"); got == string(c.vnet.ID) {
				c.Errorf("the target is the one asked for")
			}
		}},
		"agent stops": {`operation = "packet_capture.create"
			effect = "agent_stopped"
			delay  = "40s"`, func(c *cloud) {
			path := c.record(`,"timeLimitInSeconds":300`)
			if s := c.status(path).at("packetCaptureStatus"); s != "Running" {
				c.Errorf("at first %v", s)
			}
			c.pass(40 * time.Second)
			a := c.status(path)
			if a.at("packetCaptureStatus") != "Error" || !strings.Contains(a.text, `["AgentStopped"]`) || a.at("stopReason") != nil {
				c.Errorf("status %s", a.text)
			}
			if f := c.file(); f.To.Sub(f.From) != 40*time.Second {
				c.Errorf("the file has packets of %v", f.To.Sub(f.From))
			}
		}},
		"size reached": {`operation = "packet_capture.create"
			effect = "size_reached"
			delay  = "40s"`, func(c *cloud) {
			path := c.record(`,"timeLimitInSeconds":300`)
			c.pass(40 * time.Second)
			if a := c.status(path); a.at("packetCaptureStatus") != "Stopped" || a.at("stopReason") != "SizeExceeded" {
				c.Errorf("status %s", a.text)
			}
		}},
		"stopped before its agent is": {`operation = "packet_capture.create"
			effect = "agent_stopped"
			delay  = "10m"`, func(c *cloud) {
			path := c.record(`,"timeLimitInSeconds":300`)
			c.settle(c.do("POST", path+"/stop", ""))
			if a := c.status(path); a.at("packetCaptureStatus") != "Stopped" || a.at("stopReason") != "Manual" {
				c.Errorf("status %s", a.text)
			}
		}},
		"storage fails": {`operation = "packet_capture.create"
			effect = "storage_failed"`, func(c *cloud) {
			path := c.record(`,"timeLimitInSeconds":60`)
			c.pass(time.Minute)
			if a := c.status(path); a.at("packetCaptureStatus") != "Error" || !strings.Contains(a.text, `["StorageFailed"]`) {
				c.Errorf("status %s", a.text)
			}
			c.noFile()
		}},
		"polling": {`operation = "operation.read"
			target = "l"
			code   = "ServiceUnavailable"
			nth    = [1]`, func(c *cloud) {
			path, body := c.log()
			a := c.want(c.do("PUT", path, body), 201, "create")
			c.refused(c.do("GET", a.h.Get("Azure-AsyncOperation"), ""), 503, "ServiceUnavailable")
			if op := c.settle(a); op.at("status") != "Succeeded" {
				c.Errorf("operation %s", op.text)
			}
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			body := strings.ReplaceAll(tt.fault, "vnet-nic", builtinSpare(t))
			tt.see(amid(t, "\nfault \"f\" {\n"+body+"\n}\n"))
		})
	}
}

// builtinSpare is a network interface of the built-in world, as a target.
func builtinSpare(t *testing.T) string {
	w, _ := builtin(t)
	for _, n := range w.NICs {
		if n.VM != nil && n.Location == w.Regions[0] {
			return n.Name
		}
	}
	t.Fatal("the world has no network interface")
	return ""
}

// file is the only one that captures have left.
func (c *cloud) file() File {
	c.Helper()
	st, err := c.srv.State()
	if err != nil || len(st.Captures) != 1 {
		c.Fatalf("%d captures: %v", len(st.Captures), err)
	}
	files := c.srv.Files(mustState(c.srv), st.Captures[0])
	if len(files) != 1 {
		c.Fatalf("%d files", len(files))
	}
	return files[0]
}

func (c *cloud) noFile() {
	c.Helper()
	st, err := c.srv.State()
	if err != nil {
		c.Fatal(err)
	}
	for _, p := range st.Captures {
		if files := c.srv.Files(mustState(c.srv), p); len(files) > 0 {
			c.Errorf("there are files: %v", files)
		}
	}
}

// Every path that is served has an operation by which faults can name it.
func TestEveryRouteIsAnOperation(t *testing.T) {
	c := newCloud(t)
	for _, r := range c.srv.routes {
		for method := range r.methods {
			var segments []string
			for _, s := range r.segments {
				segments = append(segments, strings.Trim(s, "{}"))
			}
			req := httptest.NewRequest(method, "https://x/"+strings.Join(segments, "/"), nil)
			q := &request{Server: c.srv, r: req}
			asked := q.call(segments)
			verbs := []string{asked.verb}
			if asked.verb == "write" {
				verbs = []string{"create", "update"}
			}
			for _, verb := range verbs {
				op := asked.thing + "." + verb
				if !strings.HasPrefix(op, "other.") && verb != "update" && !slices.Contains(c.srv.operations, op) {
					t.Errorf("%s %s is %s, which is none of Operations", method, req.URL.Path, op)
				}
			}
			if asked.action == "" && asked.thing != "operation" && asked.thing != "subscription" && asked.thing != "resource" {
				t.Errorf("%s %s needs no permission", method, req.URL.Path)
			}
		}
	}
}
