package plan

import (
	"strings"
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
	asked := logOf(vnet)
	asked.FlowLog = &FlowLogSpec{Filter: "DstPort=443", RecordTypes: "D", RetentionDays: 30}
	if fs := Warn(Diff(spike, []Session{asked}, []Recording{foreign("corp", vnet)}, Prior{}, noon), nil); len(fs) != 2 || fs[0].Code != FlowLogFiltered || !strings.Contains(fs[0].Detail, `"DstPort=443" and record types D`) || !strings.Contains(fs[1].Detail, "retention_days = 30") {
		t.Errorf("a log that has none of the file's settings: %+v", fs)
	}
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
