package azure

import (
	"cmp"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"

	"flowctl/plan"
)

// interaction is a request that a client sent to Azure, and the answer.
type interaction struct {
	Number   int             `json:"n"`
	Method   string          `json:"method"`
	Path     string          `json:"path"`
	Request  json.RawMessage `json:"request_body"`
	Status   int             `json:"status"`
	Response json.RawMessage `json:"response_body"`
}

var child = regexp.MustCompile(`(?i)/networkWatchers/[^/]+/(flowLogs|packetCaptures)(/[^/?]+)?$`)

// recordingOf is a document of a flow log or a capture in flowctl's terms.
func recordingOf(t *testing.T, kind string, doc json.RawMessage) plan.Recording {
	t.Helper()
	if strings.EqualFold(kind, "flowLogs") {
		var l armnetwork.FlowLog
		if err := json.Unmarshal(doc, &l); err != nil {
			t.Fatal(err)
		}
		return flowLogRecording(&l)
	}
	var c armnetwork.PacketCaptureResult
	if err := json.Unmarshal(doc, &c); err != nil {
		t.Fatal(err)
	}
	return captureRecording(&c)
}

// documents are the documents of an answer: one, or those of a list.
func documents(doc json.RawMessage) []json.RawMessage {
	var list struct{ Value []json.RawMessage }
	if json.Unmarshal(doc, &list) == nil && list.Value != nil {
		return list.Value
	}
	return []json.RawMessage{doc}
}

// TestRecordedAnswersAreWhatWasAsked reads what Azure was recorded to answer about
// flow logs and captures that clients had written: ids in place of instance
// numbers, filters filled in, other cases, defaults. None of it is a difference
// that would make a plan replace what it made itself.
func TestRecordedAnswersAreWhatWasAsked(t *testing.T) {
	dir := os.Getenv("FLOWCTL_RECORDINGS")
	if dir == "" {
		t.Skip("FLOWCTL_RECORDINGS names no folder of recordings")
	}
	writes, answers := 0, 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".json" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var r struct{ Interactions []interaction }
		if err := json.Unmarshal(text, &r); err != nil {
			t.Errorf("%s: %v", path, err)
			return nil
		}
		w, a := asWritten(t, strings.TrimSuffix(filepath.Base(path), ".json"), r.Interactions)
		writes, answers = writes+w, answers+a
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if t.Logf("%d answers about %d writes", answers, writes); writes < 20 || answers < 40 {
		t.Errorf("%d answers about %d writes are too few to prove anything", answers, writes)
	}
}

// asWritten compares what was written with the answers about it, up to the next
// write.
func asWritten(t *testing.T, name string, all []interaction) (writes, answers int) {
	asked := map[string]plan.Session{} // by the key of the id
	for _, x := range all {
		path, _, _ := strings.Cut(x.Path, "?")
		m := child.FindStringSubmatch(path)
		if m == nil {
			continue
		}
		key := plan.ID(path).Key()
		if x.Method == "PUT" && x.Status < 300 && string(x.Request) != "null" { // some recordings have no requests
			s := plan.SessionOf(recordingOf(t, m[1], x.Request))
			if c := s.Capture; c != nil {
				c.Include, c.Exclude = numbers(c.Include), numbers(c.Exclude)
				if c.Ring == nil { // flowctl states what these clients left to Azure
					c.Duration, c.MaxBytes = cmp.Or(c.Duration, 5*time.Hour), cmp.Or(c.MaxBytes, 1<<30)
				}
			}
			asked[key] = s
			writes++
		}
		if x.Method == "DELETE" {
			delete(asked, key)
		}
		if x.Status >= 300 || x.Method == "DELETE" || x.Method == "POST" {
			continue
		}
		for _, doc := range documents(x.Response) {
			got := recordingOf(t, m[1], doc)
			s, ok := asked[got.ID.Key()]
			if !ok {
				continue
			}
			answers++
			if diff := plan.Differs(s, got); diff != "" {
				t.Errorf("%s #%d: %s is another than was written:\n%s\n%s", name, x.Number, diff, x.Request, doc)
			}
		}
	}
	return writes, answers
}

// numbers are instances as a file of flowctl's names them.
func numbers(names []string) (out []string) {
	for _, n := range names {
		out = append(out, plan.ID(n).Name())
	}
	return out
}
