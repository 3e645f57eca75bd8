package plan

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWarn(t *testing.T) {
	off := foreign("corp", vnet)
	off.Enabled = false
	filtered := foreign("corp", vnet)
	filtered.FlowLog = &FlowLogSpec{Filter: "dstPort=443"}
	short := foreign("corp", vnet)
	short.FlowLog = &FlowLogSpec{RecordTypes: "B,E"}
	elsewhere := off
	elsewhere.Target = subnet
	tests := map[string]struct {
		have []Recording
		want []string
	}{
		"nothing there":        {nil, nil},
		"whole":                {[]Recording{foreign("corp", vnet)}, nil},
		"filtered":             {[]Recording{filtered}, []string{"flow-log-partial"}},
		"record types":         {[]Recording{short}, []string{"flow-log-partial"}},
		"switched off":         {[]Recording{off}, []string{"flow-log-disabled"}},
		"switched off, a part": {[]Recording{elsewhere}, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, f := range Warn(Diff(spike, []Session{logOf(vnet)}, tc.have, Prior{}, noon), tc.have) {
				got = append(got, f.Code)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}
