package operation

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

const capturesFile = `provider "sandbox" {
  clock = 0
}

investigation "others" {
  reason = "machines go away"
  owner  = "gate@example.com"
  window = "30m"

  storage {
    account_id = "/subscriptions/5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d/resourceGroups/rg-net/providers/Microsoft.Storage/storageAccounts/stcontosonetweu"
  }

  watch "vm" "build" {
    tags = { role = "build" }
    packet_capture {
      duration  = "DURATION"
      max_bytes = "1GiB"
    }
  }
  watch "vmss" "api" {
    name           = "vmss-api"
    resource_group = "rg-shop"
    packet_capture {
      duration  = "DURATION"
      max_bytes = "1GiB"
    }
  }
}
`

// What a machine has recorded lies in storage and is fetched, also if the machine is
// deleted, or its instance scaled in, before anybody comes to fetch it. What it had not
// written yet is lost with it, and told.
func TestMachinesThatGo(t *testing.T) {
	const sub = "https://management.azure.com/subscriptions/5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d/resourceGroups/"
	remove := func(o *others, auth http.Header) error {
		return errors.Join(
			o.raw(auth, http.MethodDelete, sub+"rg-data/providers/Microsoft.Compute/virtualMachines/vm-build-1?api-version=2024-07-01", ""),
			o.raw(auth, http.MethodPatch, sub+"rg-shop/providers/Microsoft.Compute/virtualMachineScaleSets/vmss-api?api-version=2024-07-01", `{"sku":{"capacity":2}}`))
	}
	for name, tt := range map[string]struct {
		duration string
		files    int
		failed   string
	}{
		"after its capture ended": {"4m", 4, ""},
		"while its capture is on": {"25m", 2, "vm.build/vm-build-1: vm-build-1 is not in Azure any more"},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOthers(t, "")
			if err := os.WriteFile(o.source.Path, []byte(strings.ReplaceAll(capturesFile, "DURATION", tt.duration)), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, err := o.apply(t.Context(), ApplyOptions{Detach: true}); err != nil {
				t.Fatal(err)
			}
			o.sleep(9 * time.Minute)
			o.raws = append(o.raws, remove)
			if _, err := o.open(t.Context()); err != nil {
				t.Fatal(err)
			}
			o.sleep(2 * time.Minute)
			failed, _, err := o.apply(t.Context(), ApplyOptions{})
			if err != nil || !strings.Contains(strings.Join(failed, "\n"), tt.failed) || tt.failed == "" && len(failed) > 0 {
				t.Errorf("failed %q, %v; want %q", failed, err, tt.failed)
			}
			if n := len(o.fetched()); n != tt.files {
				t.Errorf("%d files, want %d", n, tt.files)
			}
			left, err := o.calm().remains(t.Context())
			if err != nil || len(left) > 0 {
				t.Errorf("left %v, %v", left, err)
			}
		})
	}
}

// raw sends a request of others.
func (o *others) raw(auth http.Header, method, url, body string) error {
	req, err := http.NewRequestWithContext(o.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", auth.Get("Authorization"))
	req.Header.Set("Content-Type", "application/json")
	o.mu.Lock()
	inner := o.inner
	o.mu.Unlock()
	resp, err := inner.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s: %s", method, url, resp.Status, b)
	}
	return err
}
