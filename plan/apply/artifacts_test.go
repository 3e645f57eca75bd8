package apply

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/plan/session"
)

func TestArtifacts(t *testing.T) {
	s := artifactsOf([]session.Artifact{{Path: "a", Session: "x", Size: 1}, {Path: "b", Session: "x"}, {Path: "c", Session: "y"}})
	s.keep(session.Artifact{Path: "a", Session: "x", Size: 2}) // a later version
	s.keep(session.Artifact{Path: "b", Session: "y", Size: 3}) // which another session brought
	s.keep(session.Artifact{Path: "d", Session: "x", Size: 4}) // a new one
	s.keep(session.Artifact{Path: "d", Session: "x", Size: 5}) // and its next version
	want := map[string][]session.Artifact{
		"x": {{Path: "a", Session: "x", Size: 2}, {Path: "d", Session: "x", Size: 5}},
		"y": {{Path: "c", Session: "y"}, {Path: "b", Session: "y", Size: 3}},
		"z": {},
	}
	for name, want := range want {
		if diff := cmp.Diff(want, s.session(name)); diff != "" {
			t.Errorf("of session %s (-want +got)\n%s", name, diff)
		}
	}
	if len(s.all) != 4 {
		t.Errorf("%d artifacts, want 4", len(s.all))
	}
}
