package view

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/summary"
)

// TestAnswerSchema wants what is printed of one question to be as its schema says, and the
// schema to say of each part what the summary's does.
func TestAnswerSchema(t *testing.T) {
	read := func(name string) map[string]any {
		b, err := os.ReadFile("../../flowctl/docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		var root map[string]any
		if err := json.Unmarshal(b, &root); err != nil {
			t.Fatal(err)
		}
		return root
	}
	one, all := read("answer.schema.json"), read("summary.schema.json")
	own, whole := one["$defs"].(map[string]any), all["$defs"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(own)) {
		if diff := cmp.Diff(whole[name], own[name]); diff != "" {
			t.Errorf("%s (-summary +answer):\n%s", name, diff)
		}
	}
	ms := 24.5
	doc := &summary.Document{Format: summary.Format, Coverage: []summary.Coverage{{Code: "no-icmp", Text: "x"}}, Skipped: []summary.Skip{}, Asks: []summary.Answer{{
		Name: "all flows", By: []string{"port"}, Outcome: summary.Answered, Groups: 1, Total: summary.Row{Key: []string{}},
		Rows: []summary.Row{{Key: []string{"443"}, Flows: 1, TCP: &summary.RowTCP{Retransmitted: summary.Known(3), Handshake: &ms}}},
	}}}
	var out bytes.Buffer
	if err := Asked(&out, doc, true); err != nil {
		t.Fatal(err)
	}
	var v any
	d := json.NewDecoder(&out)
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	s := schema{one}
	for _, problem := range s.check(s.root, v, "") {
		t.Error(problem)
	}
	if problems := s.check(s.root, map[string]any{"format": "2", "answer": map[string]any{}}, ""); len(problems) < 5 {
		t.Errorf("of something else: %d problems", len(problems))
	}
}
