package collectors

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flowctl/collectors/pcap/pcaptest"
	"flowctl/collectors/summary"
	"flowctl/plan/question"
)

// TestLinesOfCaptures checks that packets of a capture are in the line of the flow log
// that saw the same flow, where the question is by what a capture does not know: once,
// also where the capture or the log saw more, or something alone.
func TestLinesOfCaptures(t *testing.T) {
	seen := connection(300, time.Second)
	few := between(seen, 0, 100*time.Second)
	tests := map[string]struct {
		log, capture []byte
		want         counts
	}{
		"both saw all":           {logged(seen, 0, 5), pcaptest.Classic{Magic: pcaptest.Nano}.File(seen...), weigh(seen)},
		"the capture saw a part": {logged(seen, 0, 5), pcaptest.Classic{Magic: pcaptest.Nano}.File(few...), weigh(seen)},
		"the log saw a part":     {logged(seen, 0, 2), pcaptest.Classic{Magic: pcaptest.Nano}.File(seen...), weigh(seen)},
	}
	for name, test := range tests {
		for _, by := range []string{"verdict", "rule", "acl", "encryption", "verdict, time(5m)"} {
			t.Run(name+", by "+by, func(t *testing.T) {
				dir := t.TempDir()
				put(t, filepath.Join(dir, "log.json"), test.log)
				put(t, filepath.Join(dir, "c.pcap"), test.capture)
				q := summary.Compile(question.Question{Name: "q", By: strings.Split(by, ", ")})
				doc, _, err := Sum{Items: itemsOf(dir), Options: summary.Options{Questions: []*summary.Question{q}}}.Run(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				var got counts
				for _, row := range doc.Asks[0].Rows {
					got.Packets += row.Packets.N
					got.IPBytes += row.IPBytes.N
					got.Flows++
				}
				if got != test.want {
					t.Errorf("%+v in lines %+v, want %+v in one", got, doc.Asks[0].Rows, test.want)
				}
			})
		}
	}
}

// TestLinesOfOneLog checks that what one log does not say of a part of a flow is not taken
// from another part.
func TestLinesOfOneLog(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "log.json"), logOfNoted(
		noted{minute: 0, mac: macA, log: "v", tuples: []string{tuple(0, 9, web, "O", "C", "X", "10,1000,0,0")}},
		noted{minute: 5, mac: macA, log: "v", tuples: []string{tuple(5, 9, web, "O", "C", "", "10,100000,0,0")}}))
	q := summary.Compile(question.Question{Name: "q", By: []string{"encryption"}})
	doc, _, err := Sum{Items: itemsOf(dir), Options: summary.Options{Questions: []*summary.Question{q}}}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]uint64{}
	for _, row := range doc.Asks[0].Rows {
		got[row.Key[0]] = row.IPBytes.N
	}
	if got["X"] != 1000 || got["unknown"] != 100000 || len(got) != 2 {
		t.Errorf("lines %v", got)
	}
}
