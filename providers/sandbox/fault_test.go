package sandbox

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// amid is a sandbox of the built-in world with more in it, in which time
// passes only by Sleep.
func amid(t *testing.T, dir, more string) *Sandbox {
	t.Helper()
	path := filepath.Join(t.TempDir(), "world.hcl")
	if err := os.WriteFile(path, append(world.BuiltinSource(), more...), 0o600); err != nil {
		t.Fatal(err)
	}
	return virtual(t, Options{Dir: dir, WorldPath: path})
}

func named(name, text string) string { return fmt.Sprintf("\nfault %q {\n%s\n}\n", name, text) }

// Whatever happens once, the provider gets over it: one flow log is there, and
// it is the one that was asked for.
func TestProviderGetsOverFaults(t *testing.T) {
	tests := map[string]string{
		"busy":                 "operation = \"flow_log.create\"\n code = \"AnotherOperationInProgress\"\n nth = [1, 2]",
		"dependent":            "operation = \"flow_log.create\"\n code = \"RetryableErrorDueToAnotherOperation\"\n retry_after = \"10s\"\n nth = [1]",
		"throttled":            "operation = \"*\"\n code = \"TooManyRequests\"\n retry_after = \"30s\"\n nth = [1]",
		"server error":         "operation = \"flow_log.*\"\n code = \"InternalServerError\"\n nth = [1]",
		"reads fail":           "operation = \"*.read\"\n code = \"ServiceUnavailable\"\n nth = [1, 2]",
		"operation fails":      "operation = \"flow_log.create\"\n effect = \"fail\"\n nth = [1]",
		"connection breaks":    "operation = \"*\"\n effect = \"reset\"\n nth = [1]",
		"after the effect":     "operation = \"flow_log.create\"\n effect = \"reset_after\"\n nth = [1]",
		"reads break":          "operation = \"*.read\"\n effect = \"reset_after\"\n nth = [1]",
		"slow":                 "operation = \"flow_log.create\"\n effect = \"slow\"\n delay = \"4m\"",
		"stale":                "operation = \"flow_log.create\"\n effect = \"stale\"\n delay = \"10s\"",
		"one in five":          "operation = \"*\"\n code = \"InternalServerError\"\n probability = 0.2",
		"polling is throttled": "operation = \"operation.read\"\n code = \"TooManyRequests\"\n retry_after = \"5s\"\n nth = [1, 2]",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			s := amid(t, "", named("f", text))
			p, sc := provider(t, s), pick(t, s.World)
			rec, err := p.Start(t.Context(), sc.flowLog(s.Clock().Now().Add(time.Hour)))
			if err != nil {
				t.Fatal(err)
			}
			if !rec.Target.Is(sc.vnet.ID) || rec.Provisioning != "Succeeded" {
				t.Errorf("target %s, state %s", rec.Target, rec.Provisioning)
			}
			if n := mine(t, s); n != 1 {
				t.Errorf("%d flow logs", n)
			}
			if err := p.Remove(t.Context(), rec); err != nil {
				t.Fatal(err)
			}
			pass(t, s, time.Minute)
			if n := mine(t, s); n != 0 {
				t.Errorf("%d flow logs are left", n)
			}
		})
	}
}

// mine counts the flow logs that the tests have made and that are there.
func mine(t *testing.T, s *Sandbox) (n int) {
	t.Helper()
	st, err := s.arm.State()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range st.FlowLogs {
		if l.ID.Name() == "mine" && (l.Gone.IsZero() || s.Clock().Now().Before(l.Gone)) {
			n++
		}
	}
	return n
}

// What cannot be got over ends in an error that says so, and leaves nothing.
func TestProviderTellsOfFaults(t *testing.T) {
	tests := map[string]struct{ world, says string }{
		"another target":  {named("f", "operation = \"flow_log.create\"\n effect = \"other_target\"\n other_target = \"nic-web-1\""), "what is kept is not what was sent"},
		"always failing":  {named("f", "operation = \"flow_log.create\"\n effect = \"fail\"\n message = \"No capacity.\""), "operation failed InternalServerError: No capacity"},
		"no permission":   {"\nrole \"Reader\" {}\n", "403 AuthorizationFailed: The client"},
		"not on accounts": {"\nrole \"Network Contributor\" {}\n", "403 LinkedAuthorizationFailed: The client"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := amid(t, "", tt.world)
			p, sc := provider(t, s), pick(t, s.World)
			_, err := p.Start(t.Context(), sc.flowLog(s.Clock().Now().Add(time.Hour)))
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want one that says %q", err, tt.says)
			}
			pass(t, s, time.Minute)
			if n := mine(t, s); n != 0 {
				t.Errorf("%d flow logs are left", n)
			}
		})
	}
}

func TestProviderSeesCapturesEnd(t *testing.T) {
	tests := map[string]struct {
		fault  string
		status string
		reason string
		files  int
	}{
		"agent stops":   {"operation = \"packet_capture.create\"\n effect = \"agent_stopped\"\n delay = \"20s\"", "Error", "AgentStopped", 1},
		"storage fails": {"operation = \"packet_capture.create\"\n effect = \"storage_failed\"", "Error", "StorageFailed", 0},
		"size reached":  {"operation = \"packet_capture.create\"\n effect = \"size_reached\"\n delay = \"20s\"", "Stopped", "SizeExceeded", 1},
		"file is lost":  {"operation = \"packet_capture.upload\"\n effect = \"never\"", "Stopped", "TimeExceeded", 0},
		"file is late":  {"operation = \"packet_capture.upload\"\n effect = \"late\"\n delay = \"1h\"", "Stopped", "TimeExceeded", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := amid(t, "", named("f", tt.fault))
			p, sc := provider(t, s), pick(t, s.World)
			rec, err := p.Start(t.Context(), sc.capture(plan.CaptureSpec{Duration: time.Minute, MaxBytes: 1 << 20, BytesPerPacket: 64}))
			if err != nil {
				t.Fatal(err)
			}
			pass(t, s, 2*time.Minute)
			got, err := p.Status(t.Context(), rec)
			if err != nil {
				t.Fatal(err)
			}
			if told := fmt.Sprint(got.StopReason, got.Errors); string(got.State) != tt.status || !strings.Contains(told, tt.reason) {
				t.Errorf("state %s, %s", got.State, told)
			}
			b, err := p.Blobs(t.Context(), sc.account.BlobURL)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(list(t, b, "network-watcher-logs", "")); n != tt.files {
				t.Errorf("%d files", n)
			}
		})
	}
}

// Two runs of one world meet the same faults, be they in one process or each
// call in its own.
func TestFaultsAreTheSameEverywhere(t *testing.T) {
	more := named("f", "operation = \"*.read\"\n code = \"ServiceUnavailable\"\n probability = 0.3")
	run := func(dir string, again bool) (statuses []int) {
		s := amid(t, dir, more)
		sc := pick(t, s.World)
		for range 40 {
			if again {
				s = amid(t, dir, more)
			}
			req, err := http.NewRequest(http.MethodGet, "https://management.azure.com"+string(sc.vnet.ID)+"?api-version=2024-05-01", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer x")
			resp, err := s.Transport().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			statuses = append(statuses, resp.StatusCode)
		}
		return statuses
	}
	one, two := fmt.Sprint(run("", false)), fmt.Sprint(run(t.TempDir(), true))
	if one != two || !strings.Contains(one, "503") || !strings.Contains(one, "200") {
		t.Errorf("in one process\n%s\nin many\n%s", one, two)
	}
}

// Over TLS the connection is really gone, whichever version of HTTP it has.
func TestResetOverTLS(t *testing.T) {
	for _, effect := range []string{"reset", "reset_after"} {
		for _, two := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s HTTP/2 %v", effect, two), func(t *testing.T) {
				dir := t.TempDir()
				s := amid(t, dir, named("f", "operation = \"vnet.read\"\n effect = \""+effect+"\"\n nth = [1]"))
				port, client := served(t, s, dir)
				client.Transport.(*http.Transport).ForceAttemptHTTP2 = two
				get := func(path string) (*http.Response, error) {
					req, err := http.NewRequest(http.MethodGet, fmt.Sprintf("https://localhost:%d%s?api-version=2024-05-01", port, path), nil)
					if err != nil {
						t.Fatal(err)
					}
					req.Header.Set("Authorization", "Bearer x")
					resp, err := client.Do(req)
					if err == nil {
						resp.Body.Close()
					}
					return resp, err
				}
				sc := pick(t, s.World)
				if _, err := get("/subscriptions/" + s.World.Subscription); err != nil {
					t.Fatal(err)
				}
				client.CloseIdleConnections() // on a connection of its own the client does not try again by itself
				resp, err := get(string(sc.vnet.ID))
				if err == nil {
					t.Fatalf("answered %d", resp.StatusCode)
				}
				var closed interface{ Timeout() bool }
				if errors.As(err, &closed) && closed.Timeout() {
					t.Errorf("timed out: %v", err)
				}
				if resp, err = get(string(sc.vnet.ID)); err != nil || resp.StatusCode != 200 {
					t.Errorf("the second call: %v", err)
				} else if want := map[bool]int{false: 1, true: 2}[two]; resp.ProtoMajor != want {
					t.Errorf("HTTP/%d", resp.ProtoMajor)
				}
			})
		}
	}
}
