package collectors

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"flowctl/collectors/pcap/pcaptest"
	"flowctl/collectors/summary"
	"flowctl/plan/question"
)

// TestStepsThatASideCuts compares captures of equal traffic that begin at different moments of
// a step: where one has less of a step than the other, what is less there is unclear, and all other
// steps are the same.
func TestStepsThatASideCuts(t *testing.T) {
	dir := t.TempDir()
	side := func(name string, from int64) *summary.Document {
		var rs []pcaptest.Record
		for s := range int64(600) {
			frame := pcaptest.Ethernet(pcaptest.TCP(netip.MustParseAddrPort("10.1.0.4:50000"), netip.MustParseAddrPort("10.2.0.5:443"), pcaptest.ACK, uint32(60*s), 1, make([]byte, 60)))
			rs = append(rs, pcaptest.Record{At: (from + s) * int64(time.Second), Data: frame})
		}
		s := Sum{Items: itemsOf(saved(dir, name, string(pcaptest.Classic{Magic: pcaptest.Nano}.File(rs...))))}
		s.Options.Questions = summary.Compared(summary.Compile(question.Question{Name: "q", By: []string{"time(2m)"}, Top: 100}))
		doc, _, err := s.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
	for _, late := range []int64{0, 1, 10, 60, 119} {
		c := summary.Compare(side("a.pcap", lawsStart+30), side("b.pcap", lawsStart+7200+30+late), time.Time{}, time.Time{})
		if late == 0 && len(c.Changes) > 0 || len(c.Changes) > 2 {
			t.Errorf("%d s later: %+v", late, c.Changes)
		}
		for _, r := range c.Changes {
			if r.A != nil && r.B != nil && (r.Change != summary.Unclear || !strings.HasPrefix(r.Why, "of this step there are")) {
				t.Errorf("%d s later: %v is %s: %s", late, r.Key, r.Change, r.Why)
			}
		}
	}
}
