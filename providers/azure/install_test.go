package azure_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/providers/azure"
	"flowctl/providers/sandbox"

	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/google/go-cmp/cmp"
)

// stage is the azure provider on the sandbox's own world, with faults on the
// way.
type stage struct {
	*azure.Provider
	box  *sandbox.Sandbox
	next policy.Transporter

	mu   sync.Mutex
	fail func(method, path string) (before, after bool) // the connection breaks
	seen []string                                       // methods of writes
}

func newStage(t *testing.T) *stage {
	t.Helper()
	box, err := sandbox.Open(sandbox.Options{Clock: new(float64)})
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{box: box, next: box.Transport()}
	s.Provider, err = azure.New(azure.Options{
		Subscription: box.World.Subscription, Credential: &azfake.TokenCredential{}, Transport: s, InProcess: true, Clock: box.Clock(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Do sends a request on its way.
func (s *stage) Do(req *http.Request) (*http.Response, error) {
	before, after := s.meets(req)
	if before {
		return nil, errors.New("connection reset by peer")
	}
	resp, err := s.next.Do(req)
	if after && err == nil {
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		return nil, errors.New("connection reset by peer")
	}
	return resp, err
}

func (s *stage) meets(req *http.Request) (before, after bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if req.Method != http.MethodGet {
		s.seen = append(s.seen, req.Method)
	}
	if s.fail == nil {
		return false, false
	}
	return s.fail(req.Method, req.URL.Path)
}

// once breaks the first connection of a method, before or after its effect.
func once(method string, after bool) func(string, string) (bool, bool) {
	met := false
	return func(m, _ string) (bool, bool) {
		if met || m != method {
			return false, false
		}
		met = true
		return !after, after
	}
}

// raw does something to the sandbox behind the provider's back.
func (s *stage) raw(t *testing.T, method, path, body string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "https://management.azure.com"+path+"?api-version=2023-05-01", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer x")
	resp, err := s.next.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 && resp.StatusCode != http.StatusNotFound {
		t.Fatalf("%s %s: %s %s %v", method, path, resp.Status, b, err)
	}
	return b
}

func (s *stage) group(name string) string {
	return "/subscriptions/" + s.Subscription() + "/resourceGroups/" + name + "/providers/"
}

func (s *stage) agent(machine, investigation string) plan.Agent {
	id := plan.ID(s.group("rg-shop") + "Microsoft.Compute/virtualMachines/" + machine)
	return plan.AgentFor(plan.Investigation{Name: investigation, Owner: "netops@example.com"}, plan.Session{
		Target: plan.Target{Kind: "vm", ID: id, Location: "westeurope"}, InstallAgent: "Windows", Deadline: time.Date(2026, 11, 12, 14, 0, 0, 0, time.UTC),
	})
}

// extensions are the names of those that a machine has.
func (s *stage) extensions(t *testing.T, a plan.Agent) []string {
	t.Helper()
	var list struct {
		Value []struct{ Name string }
	}
	if err := json.Unmarshal(s.raw(t, "GET", string(a.Machine.ID)+"/extensions", ""), &list); err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, e := range list.Value {
		names = append(names, e.Name)
	}
	return names
}

func TestAgentComesAndGoes(t *testing.T) {
	s := newStage(t)
	ours, others := s.agent("vm-app-2", "spike"), s.agent("vm-app-2", "other")
	ctx := context.Background()
	if err := s.InstallAgent(ctx, ours); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{plan.AgentName}, s.extensions(t, ours)); diff != "" {
		t.Errorf("extensions (-want +got)\n%s", diff)
	}
	writes := len(s.seen)
	if err := s.InstallAgent(ctx, ours); err != nil || len(s.seen) != writes {
		t.Errorf("installed again: %v, %d writes", err, len(s.seen)-writes)
	}
	if err := s.InstallAgent(ctx, others); !errors.Is(err, plan.ErrExists) {
		t.Errorf("another investigation's: %v, want ErrExists", err)
	}
	if err := s.RemoveAgent(ctx, others); !errors.Is(err, plan.ErrChanged) {
		t.Errorf("removed for another investigation: %v, want ErrChanged", err)
	}
	for range 2 {
		if err := s.RemoveAgent(ctx, ours); err != nil {
			t.Fatal(err)
		}
		if got := s.extensions(t, ours); len(got) != 0 {
			t.Errorf("left: %v", got)
		}
	}
}

func TestAgentThatIsBeingDeletedIsAwaited(t *testing.T) {
	for name, by := range map[string]string{"ours": "spike", "somebody else's": "other"} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			ctx := context.Background()
			before, a := s.agent("vm-app-2", by), s.agent("vm-app-2", "spike")
			if err := s.InstallAgent(ctx, before); err != nil {
				t.Fatal(err)
			}
			s.raw(t, "DELETE", string(before.ID), "") // which takes its time
			s.seen = nil
			if err := s.InstallAgent(ctx, a); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"PUT"}, s.seen); diff != "" {
				t.Errorf("writes (-want +got)\n%s", diff)
			}
			if got := s.extensions(t, a); len(got) != 1 {
				t.Errorf("extensions %v, want one", got)
			}
		})
	}
}

// A run that ends does not take the agent from a later run of its name.
func TestAgentOfALaterRunIsLeft(t *testing.T) {
	s := newStage(t)
	ctx := context.Background()
	first, later := s.agent("vm-app-2", "spike"), s.agent("vm-app-2", "spike")
	later.Expires = later.Expires.Add(time.Hour)
	if err := errors.Join(s.InstallAgent(ctx, first), s.InstallAgent(ctx, later)); err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveAgent(ctx, first); !errors.Is(err, plan.ErrChanged) {
		t.Errorf("error %v, want ErrChanged", err)
	}
	if got := s.extensions(t, later); len(got) != 1 {
		t.Errorf("extensions %v, want one", got)
	}
	if err := s.RemoveAgent(ctx, later); err != nil {
		t.Error(err)
	}
	if got := s.extensions(t, later); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

func TestAgentThatWasThereIsLeft(t *testing.T) {
	s := newStage(t)
	a := s.agent("vm-app-1", "spike")
	if err := s.InstallAgent(context.Background(), a); !errors.Is(err, plan.ErrExists) {
		t.Errorf("error %v, want ErrExists", err)
	}
	if err := s.RemoveAgent(context.Background(), a); !errors.Is(err, plan.ErrChanged) {
		t.Errorf("error %v, want ErrChanged", err)
	}
	if len(s.seen) != 0 {
		t.Errorf("writes %v", s.seen)
	}
}

func TestAgentUnderFaults(t *testing.T) {
	tests := map[string]struct {
		fail func(string, string) (bool, bool)
		want []string // writes
	}{
		"PUT lost":           {once("PUT", false), []string{"PUT", "PUT", "DELETE"}},
		"answer to PUT lost": {once("PUT", true), []string{"PUT", "DELETE"}},
		"DELETE lost":        {once("DELETE", false), []string{"PUT", "DELETE", "DELETE"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.fail = tt.fail
			a := s.agent("vm-app-2", "spike")
			if err := errors.Join(s.InstallAgent(context.Background(), a), s.RemoveAgent(context.Background(), a)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, s.seen); diff != "" {
				t.Errorf("writes (-want +got)\n%s", diff)
			}
			if got := s.extensions(t, a); len(got) != 0 {
				t.Errorf("left: %v", got)
			}
		})
	}
}

func TestAgentOfAScaleSetUpgradedByHand(t *testing.T) {
	s := newStage(t)
	a := plan.AgentFor(plan.Investigation{Name: "spike"}, plan.Session{InstallAgent: "Linux",
		Target: plan.Target{Kind: "vmss", ID: plan.ID(s.group("rg-shop") + "Microsoft.Compute/virtualMachineScaleSets/vmss-api")}})
	err := s.InstallAgent(context.Background(), a)
	if err == nil || !strings.Contains(err.Error(), "upgraded by hand") || len(s.seen) != 0 {
		t.Errorf("error %v, %d writes; want a refusal and none", err, len(s.seen))
	}
}

func TestCreateWatcher(t *testing.T) {
	s := newStage(t)
	ctx := context.Background()
	id := plan.ID(s.group("NetworkWatcherRG") + "Microsoft.Network/networkWatchers/NetworkWatcher_northeurope")
	w, err := s.CreateWatcher(ctx, "North Europe")
	if err != nil || !w.ID.Is(id) || len(s.seen) != 0 {
		t.Errorf("got %+v, %v with writes %v; want the one that is there", w, err, s.seen)
	}
	s.raw(t, "DELETE", string(id), "")
	if err := s.Clock().Sleep(ctx, time.Minute); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			w, err := s.CreateWatcher(ctx, "northeurope")
			if err != nil || !w.ID.Is(id) || w.Location != "northeurope" {
				t.Errorf("got %+v, %v; want %s", w, err, id)
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff([]string{"PUT"}, s.seen); diff != "" {
		t.Errorf("writes (-want +got)\n%s", diff)
	}
}

func TestCreateWatcherWhereSomebodyWasFaster(t *testing.T) {
	s := newStage(t)
	ctx := context.Background()
	s.raw(t, "DELETE", s.group("NetworkWatcherRG")+"Microsoft.Network/networkWatchers/NetworkWatcher_northeurope", "")
	if err := s.Clock().Sleep(ctx, time.Minute); err != nil {
		t.Fatal(err)
	}
	theirs := s.group("rg-net") + "Microsoft.Network/networkWatchers/theirs"
	s.fail = func(method, _ string) (bool, bool) {
		if method == "PUT" {
			s.raw(t, "PUT", theirs, `{"location":"northeurope"}`)
		}
		return false, false
	}
	w, err := s.CreateWatcher(ctx, "northeurope")
	if err != nil || !w.ID.Is(plan.ID(theirs)) {
		t.Errorf("got %+v, %v; want %s", w, err, theirs)
	}
}

func TestRestoreLifecycle(t *testing.T) {
	const changed = `{"properties":{"policy":{"rules":[{"name":"theirs","enabled":true,"type":"Lifecycle","definition":{"filters":{"blobTypes":["blockBlob"]},"actions":{"baseBlob":{"delete":{"daysAfterModificationGreaterThan":7}}}}}]}}}`
	const before = `{"properties":{"policy":{"rules":[{"name":"old","enabled":false,"type":"Lifecycle","definition":{"filters":{"blobTypes":["blockBlob"],"prefixMatch":["a/b"]},"actions":{"baseBlob":{"tierToCool":{"daysAfterModificationGreaterThan":30}}}}}]}}}`
	for name, before := range map[string]string{"no rules": "", "rules": before} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			ctx := context.Background()
			account := s.group("rg-net") + "Microsoft.Storage/storageAccounts/stcontosonetweu"
			policy := account + "/managementPolicies/default"
			if before != "" {
				s.raw(t, "PUT", policy, before)
			}
			kept, err := s.Lifecycle(ctx, plan.ID(account))
			if err != nil {
				t.Fatal(err)
			}
			want := rulesOf(s.raw(t, "GET", policy, ""))
			s.raw(t, "PUT", policy, changed)
			s.fail = once(map[bool]string{true: "DELETE", false: "PUT"}[before == ""], true)
			if err := s.RestoreLifecycle(ctx, kept); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, rulesOf(s.raw(t, "GET", policy, ""))); diff != "" {
				t.Errorf("rules (-want +got)\n%s", diff)
			}
		})
	}
}

// rulesOf is what is said of rules in an answer, without the times.
func rulesOf(answer []byte) string {
	_, rules, _ := bytes.Cut(answer, []byte(`"rules":`))
	rules, _, _ = bytes.Cut(rules, []byte(`"lastModifiedTime"`))
	return string(rules)
}
