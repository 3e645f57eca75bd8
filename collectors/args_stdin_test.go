package collectors

import (
	"bytes"
	"testing"

	"flowctl/collectors/flowlog/flowlogtest"
)

// TestStandardInput reads it once, whatever it holds, beside files.
func TestStandardInput(t *testing.T) {
	data, totals := generated(t, flowlogtest.Spec{Flows: 50})
	for name, in := range map[string][]byte{"plain": data, "gzip": zipped(data)} {
		args := Args{List: []string{StandardInput, saved(t.TempDir(), "copy.json", string(data)), StandardInput}, Stdin: bytes.NewReader(in)}
		doc, problems, err := Sum{Items: args.Walk(t.Context())}.Run(t.Context())
		if err != nil || problems.Count > 0 {
			t.Fatal(err, problems)
		}
		defer doc.Conversations.Close()
		if len(doc.Sources) != 2 || doc.Sources[0].Path != "-" || doc.Sources[0].Records != totals.Tuples || doc.Total.Records != totals.Tuples {
			t.Errorf("%s: %d tuples of %d, sources %+v", name, doc.Total.Records, totals.Tuples, doc.Sources)
		}
	}
}
