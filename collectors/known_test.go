package collectors

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"flowctl/collectors/summary"
)

// summarized is the document of one flow log of tuples, and that of the flows
// which were kept of it.
func summarized(t *testing.T, tuples ...string) map[string]*summary.Document {
	t.Helper()
	dir := t.TempDir()
	log, flows := filepath.Join(dir, "log.json"), filepath.Join(dir, "flows.parquet")
	put(t, log, logOfNoted(noted{mac: macA, log: "v", tuples: tuples}))
	var b bytes.Buffer
	doc, _, err := Sum{Items: itemsOf(log), Flows: &Flows{To: &b}}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	put(t, flows, b.Bytes())
	again, _, err := Sum{Items: itemsOf(flows)}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*summary.Document{"log": doc, "Parquet": again}
}

// TestOneSide checks that a side without counters is not measured, and not 0.
func TestOneSide(t *testing.T) {
	for counters, want := range map[string][3]string{ // of a to b, of b to a, of both
		"1,100,,": {"100", "null", "100"}, ",,2,200": {"null", "200", "200"}, "1,100,0,0": {"100", "0", "100"}, ",,,": {"null", "null", "null"},
	} {
		for name, doc := range summarized(t, tuple(0, 1, web, "O", "C", "NX", counters)) {
			var all []summary.Conversation
			for c := range doc.Conversations.All() {
				all = append(all, c)
			}
			rule := doc.Rules.Rows[0]
			for at, got := range map[string][3]summary.Figure{
				"conversation": {all[0].IPBytesAB, all[0].IPBytesBA, doc.Total.IPBytes},
				"rule":         {rule.Sent.IPBytes, rule.Received.IPBytes, rule.Volume.IPBytes},
			} {
				for i, f := range got {
					text, err := f.MarshalJSON()
					if err != nil || string(text) != want[i] {
						t.Errorf("%q, %s, %s: number %d is %s, want %s; %v", counters, name, at, i, text, want[i], err)
					}
				}
			}
		}
	}
	for name, doc := range summarized(t, tuple(0, 1, web, "O", "C", "NX", "1,100,,"), tuple(0, 2, web, "O", "C", "NX", "1,100,3,300")) {
		if doc.Total.IPBytes.N != 500 || !doc.Rules.Rows[0].Received.IPBytes.Known {
			t.Errorf("%s: %+v, %+v", name, doc.Total, doc.Rules.Rows[0])
		}
	}
}

// TestUnknownEncryption checks that states which are not documented keep their names.
func TestUnknownEncryption(t *testing.T) {
	docs := summarized(t, tuple(0, 1, web, "O", "C", "NX_NEW", "1,100,0,0"), tuple(0, 1, "10.1.0.4,10.2.0.5,50002,443", "O", "C", "NX_NEWER", "1,90,0,0"),
		tuple(0, 1, "10.1.0.4,10.2.0.5,50003,443", "O", "C", "", "1,80,0,0"), tuple(0, 1, "10.1.0.4,10.2.0.5,50004,443", "O", "C", "X", "1,70,0,0"))
	for name, doc := range docs {
		var got []string
		for _, r := range doc.Encryption.Rows {
			got = append(got, r.Key[0])
		}
		if want := "NX_NEW NX_NEWER X"; strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestOverflow checks that counters no sum has room for are left out and told,
// and that all below add up.
func TestOverflow(t *testing.T) {
	const most = "9007199254740991" // 2^53 - 1
	var tuples []string
	for i := range 600 {
		tuples = append(tuples, tuple(0, i%60, web, "O", "C", "NX", "1,"+most+",0,0"))
	}
	dir := t.TempDir()
	put(t, filepath.Join(dir, "log.json"), logOfNoted(noted{mac: macA, log: "v", tuples: tuples}))
	doc, _, err := Sum{Items: itemsOf(dir)}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := uint64(512) * (1<<53 - 1); doc.Total.IPBytes.N != want || doc.Total.Packets.N != 512 {
		t.Errorf("%d bytes, %d packets, want %d, 512", doc.Total.IPBytes.N, doc.Total.Packets.N, want)
	}
	if len(doc.Skipped) != 1 || doc.Skipped[0].Count != 88 || !strings.Contains(doc.Skipped[0].Reason, "beyond 2^62") {
		t.Errorf("skipped %+v", doc.Skipped)
	}
	one := tuple(0, 1, web, "O", "C", "NX", "1,"+most+",0,0")
	for name, doc := range summarized(t, one, one, one) {
		if doc.Total.IPBytes.N != 3*(1<<53-1) {
			t.Errorf("%s: %d bytes", name, doc.Total.IPBytes.N)
		}
	}
}
