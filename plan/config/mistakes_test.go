package config

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wayOut is what a message has that says what to do: an instruction, what is
// known, or an example.
var wayOut = regexp.MustCompile(`[Ww]rite|compared? (it )?with|with ==|It looks like|stands in double|no field .* can|, has can|with =,|Declare it|Did you mean|Known here|[Aa]dd |Remove|Rename|Keep|Join|Name |Give it|Ask |Shorten|Save|Set |Compare|Compute|Make one|Use |use |such as|as in |asked with|can be |takes |must be |never |belongs into|needs its|needs \w+,|It is |Text stands|Something is missing|joined with|on a line of (their|its) own|The number of bits|not an address|neither|selected by|Watch the machines`)

// TestMistakes makes every mistake of testdata/mistakes.txt in a file that is
// right without it, and wants each to be told with its place and the way out.
func TestMistakes(t *testing.T) {
	const golden = "testdata/mistakes.txt"
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	kinds := map[string]int{}
	kind := ""
	for part := range strings.SplitSeq(strings.TrimRight(string(text), "\n"), "\n\n") {
		switch {
		case strings.HasPrefix(part, "## "):
			kind = part
		case strings.HasPrefix(part, "#"):
		default:
			kinds[kind]++
			part = mistake(t, kind, part)
		}
		out = append(out, part)
	}
	if len(kinds) < 48 {
		t.Errorf("%d kinds", len(kinds))
	}
	got := strings.Join(out, "\n\n") + "\n"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(text), got); diff != "" {
		t.Errorf("what is told (-want +got):\n%s", diff)
	}
}

// mistake makes one and returns its part of the file with what is told.
func mistake(t *testing.T, kind, part string) string {
	t.Helper()
	var before, after, head []string
	for line := range strings.SplitSeq(part, "\n") {
		if text, ok := strings.CutPrefix(line, "<"); ok {
			before, head = append(before, strings.TrimPrefix(text, " ")), append(head, line)
		}
		if text, ok := strings.CutPrefix(line, ">"); ok {
			after, head = append(after, strings.TrimPrefix(text, " ")), append(head, line)
		}
	}
	src, old := strings.Join(after, "\n"), strings.Join(before, "\n")
	if old != "" {
		if !strings.Contains(right, old) {
			t.Fatalf("%s: the file has no %q", kind, old)
		}
		src = strings.Replace(right, old, src, 1)
	}
	path := filepath.Join(t.TempDir(), "a.hcl")
	if err := os.WriteFile(path, []byte(src), 0o600); err != nil {
		t.Fatal(err)
	}
	_, diags := Load(path, Inputs{Open: true})
	if !diags.HasErrors() {
		t.Errorf("%s: nothing is told of\n%s", kind, part)
	}
	for _, d := range diags {
		detail := strings.ReplaceAll(d.Detail, path, "a.hcl")
		if d.Subject == nil || !wayOut.MatchString(detail) {
			t.Errorf("%s: %s: %s: no place or no way out", kind, d.Summary, detail)
			continue
		}
		checkStyle(t, d)
		head = append(head, fmt.Sprintf("%d:%d %s: %s", d.Subject.Start.Line, d.Subject.Start.Column, d.Summary, detail))
	}
	return strings.Join(head, "\n")
}

// TestRight wants nothing to be wrong with the file that mistakes are made in.
func TestRight(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.hcl")
	if err := os.WriteFile(path, []byte(right), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, diags := Load(path, Inputs{Open: true}); diags.HasErrors() {
		t.Fatal(diags)
	}
}

const right = `variable "ticket" { type = string }

investigation "my-first" {
  reason = "who talks to whom"
  owner  = "me@example.com"
  ticket = var.ticket
  window = "1h"

  storage {
    account_id = "/subscriptions/5ab0c1d2-6e3f-4a5b-8c7d-9e0f1a2b3c4d/resourceGroups/rg-net/providers/Microsoft.Storage/storageAccounts/stcontosonetweu"
  }

  watch "vnet" "hub" {
    name           = "vnet-hub"
    resource_group = "rg-net"
  }

  watch "vm" "batch" {
    name           = ["vm-build-1", "vm-report-1"]
    resource_group = "rg-data"

    packet_capture {
      duration  = "10m"
      max_bytes = "8MiB"

      filter {
        protocol    = "TCP"
        remote_port = "443"
      }
    }
  }

  summarize "denied" {
    where = verdict == "denied"
    by    = ["source.address", "destination.vm", "port"]
  }

  report { formats = ["html", "json"] }
}
`
