package config

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// whole is a file with every block and attribute that can be together.
const whole = `
provider "azure" {
  alias           = "west"
  subscription_id = "11111111-2222-3333-4444-555555555555"
  tenant_id       = "22222222-2222-3333-4444-555555555555"
  environment     = "usgovernment"
  credential      = "cli"
}

state "azblob" {
  account_id = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/state"
  container  = "flowctl"
  prefix     = "team/net"
  history    = 7
  encryption {
    passphrase = "correct horse"
  }
}

investigation "spike" {
  reason          = "why it is slow"
  owner           = "o@example.com"
  ticket          = "NET-1"
  window          = "3h"
  max_total_bytes = "20GB"
  create_watchers = true
  aligned_start   = true
  dictionary      = { "10.9.0.0/24" = "branch" }
  storage {
    account_id = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/st"
  }
  budget {
    limit    = "20 USD"
    log_rate = "5GB"
  }
  report {
    formats = ["html", "json"]
  }
  watch "vnet" "hub" {
    id = ["/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/hub"]
    flow_log {
      retention_days = 9
      record_types   = ["begin", "deny"]
      filter {
        direction           = "inbound"
        source_address      = ["10.0.0.0/8", "192.0.2.1"]
        source_port         = "1024-65535"
        destination_address = "10.0.0.4"
        destination_port    = [80, "443"]
        protocol            = "tcp"
        not {
          encryption = "X"
          action     = "deny"
        }
      }
      traffic_analytics {
        workspace_id = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w"
        interval     = "10m"
      }
    }
  }
  watch "subnet" "web" {
    name           = ["web", "data"]
    resource_group = "g"
    vnet           = "hub"
  }
  watch "nsg" "front" {
    tags = { role = "front", empty = "" }
  }
  watch "nic" "of" {
    query = "resources | where name startswith 'nic' | project id"
  }
  watch "vm" "one" {
    name           = "one"
    resource_group = "g"
    packet_capture {
      duration         = "90m"
      max_bytes        = "500MB"
      bytes_per_packet = 0
      local_path       = "/var/captures/one.cap"
      agent            = "install"
      filter {
        protocol       = "UDP"
        local_address  = "10.0.0.4"
        local_port     = 53
        remote_address = "10.1.0.0/24"
        remote_port    = "1024-65535"
      }
    }
  }
  watch "vmss" "set" {
    name           = "set"
    resource_group = "g"
    packet_capture {
      include = ["0", "3"]
      ring {
        files     = 4
        file_size = "50MB"
        duration  = "2h"
      }
    }
    flow_log {
      retention_days = 3
    }
  }
  summarize "top" {
    by    = ["source.vm", "port"]
    top   = 7
    order = "-bytes"
    compare = "previous"
  }
  expect "quiet" {
    condition = summary.top.flows == 0
    message   = "It is not quiet."
  }
}
`

// attribute is an attribute of a file: where it is, and how its value is written.
type attribute struct {
	path, name string
	line       hcl.Range // of all of it
	value      hcl.Range
	text       string
}

// attributesOf are the attributes of a file, but for those that are no values: conditions
// and names of providers.
func attributesOf(t *testing.T, src string) (list []attribute) {
	t.Helper()
	file, diags := hclsyntax.ParseConfig([]byte(src), "a.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var walk func(path string, body *hclsyntax.Body)
	walk = func(path string, body *hclsyntax.Body) {
		for name, a := range body.Attributes {
			if name != "condition" {
				list = append(list, attribute{path, name, a.SrcRange, a.Expr.Range(), string(a.Expr.Range().SliceBytes([]byte(src)))})
			}
		}
		for _, b := range body.Blocks {
			walk(strings.TrimPrefix(path+"."+strings.Join(append([]string{b.Type}, b.Labels...), "."), "."), b.Body)
		}
	}
	walk("", file.Body.(*hclsyntax.Body))
	slices.SortFunc(list, func(a, b attribute) int { return a.line.Start.Byte - b.line.Start.Byte })
	return list
}

func (a attribute) String() string { return a.path + "." + a.name }

// with is a file with another text at a place.
func with(src string, at hcl.Range, text string) string {
	return src[:at.Start.Byte] + text + src[at.End.Byte:]
}

// meaning is all that a file says, but for where it says it; and what is wrong with it.
func meaning(t *testing.T, src string, in Inputs) (means string, wrong []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.hcl")
	if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, diags := Load(path, in)
	for _, d := range diags {
		wrong = append(wrong, d.Summary+": "+d.Detail)
	}
	state := cfg.State
	state.Range = hcl.Range{}
	var providers []Provider
	for _, p := range cfg.Providers {
		p.Range = hcl.Range{}
		providers = append(providers, p)
	}
	b, err := json.MarshalIndent(map[string]any{"investigations": cfg.Investigations, "state": state, "providers": providers, "tenants": fmt.Sprintf("%+v", providers)}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b), wrong
}

// TestWholeFile wants every attribute to be in what the file means: without it, it means
// something else, or is refused.
func TestWholeFile(t *testing.T) {
	want, wrong := meaning(t, whole, Inputs{})
	if wrong != nil {
		t.Fatal(wrong)
	}
	list := attributesOf(t, whole)
	if len(list) < 60 {
		t.Errorf("%d attributes", len(list))
	}
	for _, a := range list {
		got, wrong := meaning(t, with(whole, a.line, ""), Inputs{})
		if got == want && wrong == nil && a.name != "order" { // the usual order is by bytes
			t.Errorf("%s means nothing", a)
		}
	}
	var names []string
	for _, s := range []schema{
		investigationSchema, storageSchema, budgetSchema, reportSchema, flowLogSchema, flowFilterSchema(true), analyticsSchema, captureSchema, captureFilterSchema, ringSchema, summarizeSchema, expectSchema, blobSchema,
	} {
		names = append(names, s.attrs...)
	}
	for _, name := range names {
		switch name {
		case "start", "end", "exclude", "where", "having", "prices", "condition": // not beside what is there
		default:
			if !slices.ContainsFunc(list, func(a attribute) bool { return a.name == name }) {
				t.Errorf("the file does not have %s", name)
			}
		}
	}
}

// TestValuesThroughVariables wants each attribute to mean the same with its value in a
// variable, in a local, and behind a condition.
func TestValuesThroughVariables(t *testing.T) {
	want, _ := meaning(t, whole, Inputs{})
	for _, a := range attributesOf(t, whole) {
		for name, src := range map[string]string{
			"variable":  with(whole, a.value, "var.x") + "variable \"x\" {\n  default = " + a.text + "\n}\n",
			"local":     with(whole, a.value, "local.x") + "locals {\n  y = " + a.text + "\n  x = local.y\n}\n",
			"condition": with(whole, a.value, "(true ? "+a.text+" : null)"),
		} {
			got, wrong := meaning(t, src, Inputs{})
			if diff := cmp.Diff(want, got); diff != "" || wrong != nil {
				t.Errorf("%s in a %s: %v\n%s", a, name, wrong, diff)
			}
		}
	}
}

// TestNullIsNotWritten wants an attribute that is null to mean what the file means without
// it, whatever is wrong then.
func TestNullIsNotWritten(t *testing.T) {
	for _, a := range attributesOf(t, whole) {
		want, wrong := meaning(t, with(whole, a.line, ""), Inputs{})
		got, wrong2 := meaning(t, with(whole, a.value, "null"), Inputs{})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-not there +null):\n%s", a, diff)
		}
		if diff := cmp.Diff(wrong, wrong2); diff != "" {
			t.Errorf("%s, problems (-not there +null):\n%s", a, diff)
		}
	}
}

// TestNotKnownYet wants nothing to be found wrong with a value that is not known yet, in
// the place of any attribute.
func TestNotKnownYet(t *testing.T) {
	for _, a := range attributesOf(t, whole) {
		src := with(whole, a.value, "var.x") + "variable \"x\" {}\n"
		if _, wrong := meaning(t, src, Inputs{Open: true}); wrong != nil {
			t.Errorf("%s: %v", a, wrong)
		}
		if _, wrong := meaning(t, src, Inputs{}); len(wrong) != 1 || !strings.HasPrefix(wrong[0], "No value for variable") {
			t.Errorf("%s, of a variable without a value: %v", a, wrong)
		}
	}
}

// TestSensitiveValues wants a sensitive value to be refused in the place of any attribute
// but those that are never shown, and its text in no message and nothing that is shown.
func TestSensitiveValues(t *testing.T) {
	secrets := []string{"provider.azure.tenant_id", "state.azblob.encryption.passphrase"}
	for _, a := range attributesOf(t, whole) {
		src := with(whole, a.value, "var.x") + "variable \"x\" {\n  sensitive = true\n}\n"
		text := strings.Trim(a.text, `"`)
		in := Inputs{Vars: []string{"x=" + text}}
		path := filepath.Join(t.TempDir(), "a.hcl")
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, diags := Load(path, in)
		if taken := slices.Contains(secrets, a.String()); taken == diags.HasErrors() {
			t.Errorf("%s: %v", a, diags)
		} else if !taken && (diags[0].Summary != "Sensitive value" || !strings.HasPrefix(diags[0].Detail, a.name+" is shown") && !strings.Contains(diags[0].Detail, "nonsensitive")) {
			t.Errorf("%s: %v", a, diags[0])
		}
		shown, err := json.Marshal(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > 12 && (strings.Contains(diags.Error(), text) || strings.Contains(string(shown), text) && strings.Count(whole, text) == 1) {
			t.Errorf("%s: its value is shown", a)
		}
	}
}

// TestWrongTypes wants a list of maps refused in the place of any attribute, at the value.
func TestWrongTypes(t *testing.T) {
	for _, a := range attributesOf(t, whole) {
		src := with(whole, a.value, "[{ a = [true] }]")
		path := filepath.Join(t.TempDir(), "a.hcl")
		if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
			t.Fatal(err)
		}
		_, diags := Load(path, Inputs{})
		if !diags.HasErrors() {
			t.Errorf("%s takes anything", a)
			continue
		}
		at := slices.ContainsFunc(diags, func(d *hcl.Diagnostic) bool {
			return d.Subject != nil && d.Subject.Start.Line == a.value.Start.Line && d.Summary != "Missing attribute"
		})
		if !at {
			t.Errorf("%s: nothing is said at the value: %v", a, diags)
		}
	}
}
