package blob

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/fault"
	"flowctl/providers/sandbox/internal/world"
)

const accountID plan.ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/acct"

// known is a source whose account Resource Manager knows.
type known struct {
	fixed
	closed bool
}

func (k known) Account(name string) (Account, bool) {
	a, ok := k.fixed.Account(name)
	a.ID, a.Region, a.Closed = accountID, "westeurope", k.closed
	return a, ok
}

// slept is a clock that counts what it sleeps.
type slept struct{ passed time.Duration }

func (s *slept) Now() time.Time                                 { return epoch.Add(s.passed) }
func (s *slept) Sleep(_ context.Context, d time.Duration) error { s.passed += d; return nil }

func guarded(t *testing.T, clock plan.Clock, closed bool, w *world.World) *Service {
	t.Helper()
	up, err := OpenUploads("")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range w.Faults {
		f.Name, f.Probability = "f", 1
	}
	faults, err := fault.Open(t.Context(), w, "", epoch)
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{Source: known{fixed{"b": "0123456789"}, closed}, Uploads: up, Clock: clock, Guard: Guard{World: w, Faults: faults,
		Permits: func(_ *http.Request, scope plan.ID, action string, data bool) bool {
			return len(w.Roles) == 0 || slices.ContainsFunc(w.Roles, func(r *world.Role) bool { return r.Covers(scope) && r.Allows(action, data) })
		}}})
}

func TestRolesOfBlobs(t *testing.T) {
	builtin := world.BuiltinRoles()
	at := func(name string, scope plan.ID) *world.Role {
		return &world.Role{Name: name, Scope: scope, Permission: builtin[name]}
	}
	reader := []*world.Role{at("Storage Blob Data Reader", accountID)}
	tests := map[string]struct {
		roles       []*world.Role
		method, url string
		headers     []string
		status      int
	}{
		"no roles":             {nil, "GET", "/made/b", nil, 200},
		"read":                 {reader, "GET", "/made/b", nil, 200},
		"list":                 {reader, "GET", "/made?restype=container&comp=list", nil, 200},
		"containers":           {reader, "GET", "/?comp=list", nil, 200},
		"block list":           {reader, "GET", "/made/b?comp=blocklist", nil, 200},
		"delete":               {reader, "DELETE", "/made/b", nil, 403},
		"create a container":   {reader, "PUT", "/new?restype=container", nil, 403},
		"of the container":     {[]*world.Role{at("Storage Blob Data Reader", accountID+"/blobServices/default/containers/made")}, "GET", "/made/b", nil, 200},
		"of another container": {[]*world.Role{at("Storage Blob Data Reader", accountID+"/blobServices/default/containers/x")}, "GET", "/made/b", nil, 403},
		"of another account":   {[]*world.Role{at("Storage Blob Data Reader", accountID+"2")}, "GET", "/made/b", nil, 403},
		"an owner of ARM":      {[]*world.Role{at("Owner", "/subscriptions/s")}, "GET", "/made/b", nil, 403},
		"an owner's key":       {[]*world.Role{at("Owner", "/subscriptions/s")}, "GET", "/made/b", []string{"Authorization: SharedKey acct:x"}, 200},
		"a signature":          {[]*world.Role{at("Reader", "/subscriptions/s")}, "GET", "/made/b?sv=2026-02-06&sr=b&sp=r&se=2026-11-13&sig=x", []string{"Authorization: "}, 200},
		"a contributor writes": {[]*world.Role{at("Storage Blob Data Contributor", "/subscriptions/s")}, "PUT", "/made/n", []string{"x-ms-blob-type: BlockBlob"}, 201},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := ask(guarded(t, still(epoch), false, &world.World{Roles: tt.roles}), tt.method, tt.url, "", tt.headers...)
			if w.Code != tt.status {
				t.Fatalf("status %d, want %d\n%s", w.Code, tt.status, w.Body)
			}
			if code := w.Header().Get("X-Ms-Error-Code"); tt.status == 403 && code != "AuthorizationPermissionMismatch" {
				t.Errorf("code %q", code)
			}
		})
	}
}

func TestClosedAccount(t *testing.T) {
	for _, auth := range []string{"Bearer x", "SharedKey acct:x"} {
		w := ask(guarded(t, still(epoch), true, &world.World{}), "GET", "/made/b", "", "Authorization: "+auth)
		if w.Code != 403 || w.Header().Get("X-Ms-Error-Code") != "AuthorizationFailure" {
			t.Errorf("%s: %d %s", auth, w.Code, w.Body)
		}
	}
}

func TestFaultsOfBlobs(t *testing.T) {
	refuse := &world.Fault{Operation: "blob.list", Effect: world.Refuse, Status: 503, Code: "ServerBusy", Message: "Busy.", RetryAfter: 3 * time.Second, Nth: []int{1}}
	s := guarded(t, still(epoch), false, &world.World{Faults: []*world.Fault{refuse}})
	const list = "/made?restype=container&comp=list"
	if w := ask(s, "GET", list, ""); w.Code != 503 || w.Header().Get("X-Ms-Error-Code") != "ServerBusy" || w.Header().Get("Retry-After") != "3" {
		t.Errorf("first list: %d %v", w.Code, w.Header())
	}
	if w := ask(s, "GET", list, ""); w.Code != 200 {
		t.Errorf("second list: %d", w.Code)
	}
	if w := ask(s, "GET", "/made/b", ""); w.Code != 200 {
		t.Errorf("a read: %d", w.Code)
	}
}

func TestTargetsOfBlobs(t *testing.T) {
	tests := map[string]bool{"acct": true, "a*t": true, "made": true, "made/b": true, "b": true, "acct/made/b": true, string(accountID): true, "other": false, "x*": false}
	for target, want := range tests {
		f := &world.Fault{Operation: "blob.get", Effect: world.Refuse, Status: 500, Code: "InternalError", Target: target, Region: "westeurope"}
		w := ask(guarded(t, still(epoch), false, &world.World{Faults: []*world.Fault{f}}), "GET", "/made/b", "")
		if (w.Code == 500) != want {
			t.Errorf("target %s: %d", target, w.Code)
		}
	}
}

func TestSlowBlobs(t *testing.T) {
	clock := &slept{}
	f := &world.Fault{Operation: "blob.get", Effect: world.Slow, Delay: time.Minute}
	if w := ask(guarded(t, clock, false, &world.World{Faults: []*world.Fault{f}}), "GET", "/made/b", ""); w.Code != 200 || clock.passed != time.Minute {
		t.Errorf("%d after %v", w.Code, clock.passed)
	}
}

func TestBrokenConnections(t *testing.T) {
	tests := map[string]struct {
		effect      string
		bytes       int64
		method, url string
		body        string // that comes through
		done        bool   // what was written is there
	}{
		"before a read":     {world.Reset, 0, "GET", "/made/b", "", false},
		"in the middle":     {world.ResetAfter, 0, "GET", "/made/b", "01234", false},
		"after some bytes":  {world.ResetAfter, 7, "GET", "/made/b", "0123456", false},
		"before a head":     {world.ResetAfter, 0, "HEAD", "/made/b", "", false},
		"before a deletion": {world.Reset, 0, "DELETE", "/made/b", "", false},
		"after a deletion":  {world.ResetAfter, 0, "DELETE", "/made/b", "", true},
		"in a listing":      {world.ResetAfter, 9, "GET", "/made?restype=container&comp=list", "\ufeff<?xml ", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := &world.Fault{Operation: "blob.*", Effect: tt.effect, Bytes: tt.bytes, Times: 1}
			s := guarded(t, still(epoch), false, &world.World{Faults: []*world.Fault{f}})
			w := httptest.NewRecorder()
			func() {
				defer func() {
					if p := recover(); p != http.ErrAbortHandler {
						t.Errorf("the connection holds: %v", p)
					}
				}()
				r := httptest.NewRequest(tt.method, "https://acct.blob.core.windows.net"+tt.url, nil)
				r.Header.Set("Authorization", "Bearer x")
				s.ServeHTTP(w, r)
			}()
			if w.Body.String() != tt.body {
				t.Errorf("%q came through, want %q", w.Body, tt.body)
			}
			if gone := ask(s, "GET", "/made/b", "").Code == 404; gone != tt.done {
				t.Errorf("the blob is gone: %v", gone)
			}
		})
	}
}
