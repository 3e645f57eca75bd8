package config

import (
	"os"
	"path/filepath"
	"testing"
)

func TestEngineURL(t *testing.T) {
	for text, want := range map[string]string{
		`addresses = ["ch1"]`: "clickhouse://ch1/",
		`addresses = ["ch1:1", "[::1]:9440", "ch3"]
database = "net"
cluster = "c"
secure = false`: "clickhouse://ch1:1,[::1]:9440,ch3/net?cluster=c&secure=false",
	} {
		path := filepath.Join(t.TempDir(), "f.hcl")
		if err := os.WriteFile(path, []byte("engine \"clickhouse\" {\n"+text+"\n}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, diags := Load(path, Inputs{})
		if cfg.Engine == nil || cfg.Engine.URL() != want {
			t.Errorf("%s: %+v, want %s; %v", text, cfg.Engine, want, diags)
		}
	}
}
