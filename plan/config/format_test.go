package config

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

func TestFormat(t *testing.T) {
	tests := map[string]struct{ src, want string }{
		"empty":           {"", ""},
		"blank":           {"\n\n  \n", ""},
		"aligned":         {"a=1\nlonger   =2", "a      = 1\nlonger = 2\n"},
		"indented":        {"b {\na = 1\n}\n", "b {\n  a = 1\n}\n"},
		"line ends":       {"a = 1\r\nb = 2\r\n", "a = 1\nb = 2\n"},
		"byte order mark": {"\xef\xbb\xbfa = 1\n", "a = 1\n"},
		"trailing blanks": {"a = 1   \n# why \t\nb = 2\t\n", "a = 1\n# why\nb = 2\n"},
		"block comment":   {"/* a  \n b */\na = 1\n", "/* a\n b */\na = 1\n"},
		"empty lines":     {"\n\na = 1\n\n\n", "a = 1\n"},
		"heredoc":         {"a = <<E\n  x  \nE\n", "a = <<E\n  x  \nE\n"},
		"quoted blanks":   {"a = \"x  \"\n", "a = \"x  \"\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, diags := Format([]byte(test.src), "a.hcl")
			if diags.HasErrors() {
				t.Fatal(diags.Errs())
			}
			if string(got) != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestFormatRefuses(t *testing.T) {
	for _, src := range []string{"a = ", "b {", "a = 1 b = 2", "\xff", strings.Repeat("a = [\n", 300)} {
		if out, diags := Format([]byte(src), "a.hcl"); !diags.HasErrors() || out != nil {
			t.Errorf("%q was taken", src)
		}
	}
}

func FuzzFormat(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*/*.hcl")
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte("a = <<-E\r\n  ${x}  \r\n  E\r\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		once, diags := Format(src, "a.hcl")
		if diags.HasErrors() {
			return
		}
		if _, diags := hclsyntax.ParseConfig(once, "a.hcl", hcl.InitialPos); diags.HasErrors() {
			t.Fatalf("%q became %q, which does not parse: %v", src, once, diags)
		}
		twice, diags := Format(once, "a.hcl")
		if diags.HasErrors() || !bytes.Equal(once, twice) {
			t.Fatalf("not stable:\n%q\n%q", once, twice)
		}
	})
}
