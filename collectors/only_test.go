package collectors

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/summary"
	"flowctl/plan/question"
)

// TestOneQuestionAlone wants the answer to a question that is asked alone, for
// which less is looked at, to be the one among all answers.
func TestOneQuestionAlone(t *testing.T) {
	dir := t.TempDir()
	mixedFiles(t, dir)
	for _, by := range [][]string{nil, {"source.address", "destination.address"}, {"protocol", "port", "tunnel"}, {"peer", "nic", "direction"}} {
		alone, among := asked(t, Sum{Items: itemsOf(dir), Options: summary.Options{Only: true}}, by), asked(t, Sum{Items: itemsOf(dir)}, by)
		if diff := cmp.Diff(among, alone); diff != "" {
			t.Errorf("by %q (-among all +alone):\n%s", by, diff)
		}
	}
}

// asked is the answer of s to a question by fields.
func asked(t *testing.T, s Sum, by []string) summary.Answer {
	t.Helper()
	q := summary.Compile(question.Question{Name: "asked", By: by})
	s.Options.Questions = []*summary.Question{q}
	doc, problems, err := s.Run(t.Context())
	if err != nil || problems.Count > 0 {
		t.Fatal(err, problems)
	}
	return doc.Asks[0]
}

// TestFlowsOfOneQuestion wants all that flows have in their file, also if one
// question is asked that needs nothing of TCP.
func TestFlowsOfOneQuestion(t *testing.T) {
	dir, flows := t.TempDir(), filepath.Join(t.TempDir(), "flows.parquet")
	mixedFiles(t, dir)
	var b bytes.Buffer
	asked(t, Sum{Items: itemsOf(dir), Options: summary.Options{Only: true}, Flows: &Flows{To: &b, Version: "test"}}, nil)
	put(t, flows, b.Bytes())
	capture := tcpOf(t, filepath.Join(dir, "x.pcap"))
	if diff := cmp.Diff(capture, tcpOf(t, flows)); diff != "" || capture.SYN == 0 {
		t.Errorf("from Parquet (-want +got):\n%s", diff)
	}
}

// tcpOf is what the headers of TCP in a file say.
func tcpOf(t *testing.T, name string) *summary.TCP {
	t.Helper()
	doc, problems, err := Sum{Items: itemsOf(name)}.Run(t.Context())
	if err != nil || problems.Count > 0 || len(doc.Sources) != 1 || doc.Sources[0].TCP == nil {
		t.Fatal(err, problems, doc.Sources)
	}
	return doc.Sources[0].TCP
}
