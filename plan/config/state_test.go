package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestState(t *testing.T) {
	const account = `account_id = "/subscriptions/5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st"`
	tests := map[string]struct{ block, want string }{
		"none":            {"", ""},
		"local":           {`state "local" {}`, ""},
		"blobs":           {"state \"azblob\" {\n" + account + "\ncontainer = \"flowctl\"\nprefix = \"team/net\"\nhistory = 5\n}", ""},
		"encrypted":       {"state \"azblob\" {\n" + account + "\ncontainer = \"flowctl\"\nencryption {\n passphrase = \"p\"\n}\n}", ""},
		"other type":      {`state "s3" {}`, "Unknown state"},
		"nothing in it":   {`state "azblob" {}`, "Missing attribute"},
		"no container":    {"state \"azblob\" {\n" + account + "\n}", "Missing attribute"},
		"bad container":   {"state \"azblob\" {\n" + account + "\ncontainer = \"Flow_ctl\"\n}", "Invalid container"},
		"bad prefix":      {"state \"azblob\" {\n" + account + "\ncontainer = \"flowctl\"\nprefix = \"../x\"\n}", "Invalid prefix"},
		"two of them":     {"state \"local\" {}\nstate \"local\" {}", "Duplicate block"},
		"both secrets":    {"state \"azblob\" {\n" + account + "\ncontainer = \"flowctl\"\nencryption {\n passphrase = \"p\"\n key = \"k\"\n}\n}", "Invalid encryption"},
		"unknown setting": {"state \"local\" {\npath = \"x\"\n}", "Unknown attribute"},
	}
	const rest = `
investigation "spike" {
  reason = "why"
  owner  = "o@example.com"
  window = "1h"
  storage { account_id = "/subscriptions/5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st" }
  watch "vnet" "hub" {
    name           = "hub"
    resource_group = "rg"
  }
}
`
	for name, tt := range tests {
		path := filepath.Join(t.TempDir(), "a.hcl")
		if err := os.WriteFile(path, []byte(tt.block+rest), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, diags := Load(path, Inputs{})
		switch {
		case tt.want == "" && diags.HasErrors():
			t.Errorf("%s: %v", name, diags)
		case tt.want != "" && !strings.Contains(diags.Error(), tt.want):
			t.Errorf("%s: %v, want %q", name, diags, tt.want)
		}
		if name == "blobs" && (cfg.State.Container != "flowctl" || cfg.State.Prefix != "team/net" || cfg.State.History != 5 || cfg.State.AccountID.Name() != "st") {
			t.Errorf("%s: %+v", name, cfg.State)
		}
	}
}
