package sandbox

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// verdict is a row of testdata/replay.txt.
type verdict struct {
	operation, at, kind *regexp.Regexp
	open                bool
	reason              string
	used                int
}

func readVerdicts(t *testing.T) []verdict {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "replay.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var all []verdict
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, " | ")
		if len(f) != 5 || !slices.Contains([]string{"choice", "open"}, f[3]) || f[4] == "" {
			t.Fatalf("replay.txt: %q is not operation | place | kind | choice or open | reason", line)
		}
		all = append(all, verdict{operation: wild(f[0]), at: wild(f[1]), kind: wild(f[2]), open: f[3] == "open", reason: f[4]})
	}
	return all
}

// wild is a pattern in which … stands for any text.
func wild(pattern string) *regexp.Regexp {
	return regexp.MustCompile("(?i)^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), "…", ".*") + "$")
}

func judge(verdicts []verdict, d difference) *verdict {
	for i := range verdicts {
		if v := &verdicts[i]; v.operation.MatchString(d.operation) && v.at.MatchString(d.at) && v.kind.MatchString(d.kind) {
			v.used++
			return v
		}
	}
	return nil
}
