package sandbox

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// recording is what a client and Azure once said to each other.
type recording struct {
	name         string
	Source       string        `json:"source"`
	Recorded     string        `json:"recorded"`
	Caveats      []string      `json:"caveats"`
	Interactions []interaction `json:"interactions"`
}

type interaction struct {
	N        int               `json:"n"`
	Method   string            `json:"method"`
	Host     string            `json:"host"`
	Path     string            `json:"path"`
	Sent     map[string]string `json:"request_headers"`
	Request  json.RawMessage   `json:"request_body"`
	Status   int               `json:"status"`
	Headers  map[string]string `json:"response_headers"`
	Response json.RawMessage   `json:"response_body"`
	BodyKind string            `json:"body_kind"`
}

// recordings reads all recordings of FLOWCTL_RECORDINGS.
func recordings(t *testing.T) []recording {
	t.Helper()
	dir := os.Getenv("FLOWCTL_RECORDINGS")
	if dir == "" {
		t.Skip("FLOWCTL_RECORDINGS names no folder of recordings")
	}
	var all []recording
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		r := recording{name: strings.TrimSuffix(d.Name(), ".json")}
		if err := json.Unmarshal(text, &r); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatalf("%s holds no recordings", dir)
	}
	return all
}

// TestReplay sends what clients once sent to Azure to a sandbox that has what
// they need, and compares the answers by structure. Every difference must be
// in testdata/replay.txt with its verdict.
func TestReplay(t *testing.T) {
	verdicts := readVerdicts(t)
	total, same := tally{}, map[string][]int{}
	var unjudged, known []difference
	for _, r := range recordings(t) {
		sum, diffs, open := replay(t, r, verdicts)
		total.add(sum)
		same[r.name] = sum.same
		unjudged, known = append(unjudged, diffs...), append(known, open...)
		if testing.Verbose() {
			t.Logf("%-50s %v", r.name, sum)
		}
	}
	t.Logf("recordings: %v", total)
	for i, d := range unjudged {
		if i == 60 {
			t.Errorf("and %d more", len(unjudged)-i)
			break
		}
		t.Errorf("no verdict: %s", d)
	}
	keepEqual(t, same)
	if path := os.Getenv("FLOWCTL_REPLAY_DIFFERENCES"); path != "" {
		var b strings.Builder
		for _, d := range append(unjudged, known...) {
			fmt.Fprintln(&b, d)
		}
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Error(err)
		}
	}
}

// keepEqual fails if an answer that was as recorded is so no longer. With
// FLOWCTL_REPLAY_UPDATE it writes down which are.
func keepEqual(t *testing.T, same map[string][]int) {
	t.Helper()
	path := filepath.Join("testdata", "replay-equal.txt")
	if os.Getenv("FLOWCTL_REPLAY_UPDATE") != "" {
		var b strings.Builder
		fmt.Fprintln(&b, "# Recordings, and the numbers of their interactions that the sandbox answers as Azure did.")
		for _, name := range slices.Sorted(maps.Keys(same)) {
			fmt.Fprintln(&b, name, strings.Trim(fmt.Sprint(same[name]), "[]"))
		}
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		now, ok := same[f[0]]
		if !ok {
			continue // not among these recordings
		}
		for _, n := range f[1:] {
			if i, err := strconv.Atoi(n); err != nil || !slices.Contains(now, i) {
				t.Errorf("%s #%s was answered as recorded, and is no longer", f[0], n)
			}
		}
	}
}

// tally counts interactions.
type tally struct {
	tried, equal, choice, open int
	same                       []int // numbers of what is equal, of one recording
}

func (t *tally) add(u tally) {
	t.tried, t.equal, t.choice, t.open = t.tried+u.tried, t.equal+u.equal, t.choice+u.choice, t.open+u.open
}

func (t tally) String() string {
	return fmt.Sprintf("%d interactions tried, %d equal, %d differ by the sandbox's choice, %d otherwise", t.tried, t.equal, t.choice, t.open)
}

// difference is one place at which an answer is not the recorded one.
type difference struct {
	recording string
	n         int
	operation string // method and path without names
	at        string // status, header X, or a path in the body
	kind      string // missing, extra, value, case, type, order
	want, got string
}

func (d difference) String() string {
	return fmt.Sprintf("%s | %s | %s | %s #%d: recorded %.90q, sandbox %.600q", d.operation, d.at, d.kind, d.recording, d.n, d.want, d.got)
}

// replay plays one recording.
func replay(t *testing.T, r recording, verdicts []verdict) (sum tally, unjudged, known []difference) {
	p := newPlayer(t, r)
	for i := range r.Interactions {
		x := &r.Interactions[i]
		otherService := x.Host != "" && !strings.Contains(x.Host, ".blob.") || strings.HasPrefix(x.Path, "/v1/")
		if otherService || !infer(x) || p.unknown(x) {
			p.left[x.N] = true
			continue // another service, or nobody knows what was asked
		}
		start, begun := p.start(x)
		if p.isPoll(x) && !begun {
			p.left[x.N] = true
			continue // what it asks about began before the recording, or with what nobody knows
		}
		diffs := p.play(x)
		sum.tried++
		if p.isPoll(x) && p.chosen[start] && len(diffs) > 0 {
			sum.choice++ // of what was refused or answered otherwise by choice
			continue
		}
		verdict := "equal"
		for _, d := range diffs {
			d.recording, d.n, d.operation = r.name, x.N, operationOf(x)
			switch v := judge(verdicts, d); {
			case v == nil:
				unjudged = append(unjudged, d)
				verdict = "open"
			case v.open:
				verdict, known = "open", append(known, d)
			case verdict == "equal":
				verdict = "choice"
			}
		}
		switch verdict {
		case "equal":
			sum.equal++
			sum.same = append(sum.same, x.N)
		case "choice":
			sum.choice++
			p.chosen[x.N] = true
		default:
			sum.open++
		}
	}
	return sum, unjudged, known
}
