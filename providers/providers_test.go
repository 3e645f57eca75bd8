package providers

import (
	"os"
	"path/filepath"
	"testing"

	"flowctl/plan/config"
	"flowctl/providers/azure"
)

// The file knows every way to sign in that the provider has, and hands its
// settings on.
func TestEveryCredentialCanBeChosen(t *testing.T) {
	for _, name := range azure.CredentialNames() {
		path := filepath.Join(t.TempDir(), "a.hcl")
		src := `provider "azure" {
			subscription_id = "11111111-2222-3333-4444-555555555555"
			credential      = "` + name + `"
		}
		investigation "a" {
			reason = "r"
			owner  = "o"
			window = "1h"
			watch "vm" "db" {
				tags = { role = "db" }
			}
		}`
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, diags := config.Load(path, config.Inputs{})
		if diags.HasErrors() {
			t.Errorf("%s: %v", name, diags)
		} else if got := cfg.Providers[0].Credential; got != name {
			t.Errorf("credential %q, want %q", got, name)
		}
	}
}
