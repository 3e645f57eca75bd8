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
