package terminal

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestEscapeCommands(t *testing.T) {
	for text, want := range map[string]string{
		"##vso[task.setvariable variable=a]b": `#\u0023vso[task.setvariable variable=a]b`,
		"x ##[error]y":                        `x #\u0023[error]y`,
		"::error file=a::b":                   `\u003a:error file=a::b`,
		"  ::add-mask::b":                     `  \u003a:add-mask::b`,
		"::stop-commands::b":                  `\u003a:stop-commands::b`,
		":: ::error::b":                       ":: ::error::b", // which begins with no name
		"::1":                                 "::1",
		":: sent 64 B to ff02::16":            ":: sent 64 B to ff02::16",
		":: to ::: 3 kB":                      ":: to ::: 3 kB",
		"::, and fd00::4":                     "::, and fd00::4",
		"::ffff:10.1.0.4 to ::ffff:10.1.0.5":  "::ffff:10.1.0.4 to ::ffff:10.1.0.5",
		"2001:db8::4":                         "2001:db8::4",
		"# a ## b":                            "# a ## b",
		"###vso[a]":                           `##\u0023vso[a]`,
	} {
		if got := Escape(text); got != want {
			t.Errorf("Escape(%q) = %q, want %q", text, got, want)
		}
	}
}

// JSON whose texts are commands means the same afterwards and has none, however it
// is cut.
func TestJSON(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	parts := []string{"#", "##", "##vso[", "##[", "v", "vso[", "[", "a", "\\", "\""}
	for range 2000 {
		var texts []string
		for range 3 {
			var b strings.Builder
			for range r.IntN(8) {
				b.WriteString(parts[r.IntN(len(parts))])
			}
			texts = append(texts, b.String())
		}
		in, err := json.Marshal(texts)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		w := JSON(&out)
		for rest := in; len(rest) > 0; {
			n := 1 + r.IntN(len(rest))
			if k, err := w.Write(rest[:n]); k != n || err != nil {
				t.Fatal(k, err)
			}
			rest = rest[n:]
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		var got []string
		if err := json.Unmarshal(out.Bytes(), &got); err != nil || strings.Join(got, "\n") != strings.Join(texts, "\n") {
			t.Fatalf("%s became %s: %v", in, out.Bytes(), err)
		}
		if strings.Contains(out.String(), "##vso[") || strings.Contains(out.String(), "##[") {
			t.Fatalf("%s still has a command", out.Bytes())
		}
	}
}
