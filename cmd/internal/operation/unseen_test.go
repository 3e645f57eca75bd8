package operation

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/plan"
	"flowctl/plan/session"
)

// TestUnseenOfWhatWasNotFetched: it may hold what a question asks for, and a flow log
// that is not here covers nothing that a capture's filter keeps away.
func TestUnseenOfWhatWasNotFetched(t *testing.T) {
	log := session.Session{Address: "vnet.hub/vnet-hub", Mechanism: plan.FlowLog, Name: "hub", Outcome: "ended"}
	capture := session.Session{Address: "vm.db/vm-db", Mechanism: plan.PacketCapture, Outcome: "collected", Filtered: true, Target: plan.Target{ID: "/x/vm-db"}}
	missing := log
	missing.NotFetched = "the answer stopped in its middle"
	tests := map[string]struct {
		sessions []session.Session
		want     []string
	}{
		"all here":         {[]session.Session{log, capture}, nil},
		"the log is not":   {[]session.Session{missing, capture}, []string{"what vnet.hub/vnet-hub recorded could not be fetched", "the capture of vm-db holds only what its filters let through"}},
		"only what is not": {[]session.Session{missing}, []string{"what vnet.hub/vnet-hub recorded could not be fetched"}},
	}
	for name, tt := range tests {
		var got []string
		for _, u := range unseen(session.Manifest{Sessions: tt.sessions}) {
			got = append(got, u.Text)
		}
		slices.Sort(got)
		slices.Sort(tt.want)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}
