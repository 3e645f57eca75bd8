package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMoved: a moved block names a watch of the file and one that is not in it any
// more; all of a for_each move together.
func TestMoved(t *testing.T) {
	const head = `
provider "sandbox" {}
investigation "spike" {
  reason = "r"
  owner  = "o@example.com"
  window = "10m"
  storage { account_id = "/subscriptions/5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d/resourceGroups/rg-net/providers/Microsoft.Storage/storageAccounts/stcontosonetweu" }
  watch "vnet" "core" {
    name           = "vnet-hub"
    resource_group = "rg-net"
  }
  watch "vnet" "spoke" {
    for_each       = { a = "vnet-web", b = "vnet-data" }
    name           = each.value
    resource_group = "rg-net"
  }
`
	tests := map[string]struct {
		block string
		want  map[string]string
		err   string
	}{
		"one": {`moved {
 from = vnet.hub
 to = vnet.core
}`, map[string]string{"vnet.core": "vnet.hub"}, ""},
		"as a text": {`moved {
 from = "vnet.hub"
 to = "vnet.core"
}`, map[string]string{"vnet.core": "vnet.hub"}, ""},
		"one of several": {`moved {
 from = vnet.old["x"]
 to = vnet.spoke["b"]
}`, map[string]string{`vnet.spoke["b"]`: `vnet.old["x"]`}, ""},
		"all of for_each": {`moved {
 from = vnet.old
 to = vnet.spoke
}`, map[string]string{`vnet.spoke["a"]`: `vnet.old["a"]`, `vnet.spoke["b"]`: `vnet.old["b"]`}, ""},
		"to nowhere": {`moved {
 from = vnet.hub
 to = vnet.cores
}`, nil, `no watch vnet.cores`},
		"still there": {`moved {
 from = vnet.spoke
 to = vnet.core
}`, nil, "still has it"},
		"twice": {`moved {
 from = vnet.hub
 to = vnet.core
}
moved {
 from = vnet.main
 to = vnet.core
}`, nil, "as another moved block says"},
		"no address": {`moved {
 from = vnet.hub
 to = 7
}`, nil, "not the address of a watch"},
		"no from": {`moved {
 to = vnet.core
}`, nil, "moved needs from"},
		"unknown": {`moved {
 from = vnet.hub
 to = vnet.core
 why = "x"
}`, nil, "why"},
	}
	for name, tt := range tests {
		path := filepath.Join(t.TempDir(), "a.hcl")
		if err := os.WriteFile(path, []byte(head+tt.block+"\n}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, diags := Load(path, Inputs{})
		switch {
		case tt.err != "":
			if !diags.HasErrors() || !strings.Contains(diags.Error(), tt.err) {
				t.Errorf("%s: %v, want an error with %q", name, diags, tt.err)
			}
		case diags.HasErrors():
			t.Errorf("%s: %v", name, diags)
		default:
			if diff := cmp.Diff(tt.want, cfg.Investigations[0].Moved); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
}
