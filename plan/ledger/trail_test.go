package ledger

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBehalf(t *testing.T) {
	tests := map[string]struct {
		env  map[string]string
		want Act
	}{
		"GitHub": {map[string]string{"GITHUB_ACTIONS": "true", "GITHUB_ACTOR": "ada", "GITHUB_TRIGGERING_ACTOR": "grace", "GITHUB_SHA": "c0ffee", "GITHUB_REPOSITORY": "a/b", "GITHUB_SERVER_URL": "https://g", "GITHUB_RUN_ID": "7"},
			Act{By: "grace", Commit: "c0ffee", Repository: "a/b", Run: "https://g/a/b/actions/runs/7"}},
		"Azure Pipelines": {map[string]string{"TF_BUILD": "True", "BUILD_REQUESTEDFOR": "Ada", "BUILD_SOURCEVERSION": "c0ffee", "BUILD_REPOSITORY_NAME": "b", "SYSTEM_COLLECTIONURI": "https://d/", "SYSTEM_TEAMPROJECT": "p", "BUILD_BUILDID": "7", "BUILD_SOURCEVERSIONAUTHOR": "Grace"},
			Act{By: "Ada", Commit: "c0ffee", Author: "Grace", Repository: "b", Run: "https://d/p/_build/results?buildId=7"}},
		"GitLab, started by hand": {map[string]string{"GITLAB_CI": "true", "GITLAB_USER_LOGIN": "grace", "CI_COMMIT_AUTHOR": "Ada <a@x>", "CI_JOB_MANUAL": "true"},
			Act{By: "grace", Author: "Ada <a@x>", Approver: "grace"}},
		"GitLab": {map[string]string{"GITLAB_CI": "true", "GITLAB_USER_LOGIN": "ada", "CI_COMMIT_SHA": "c0ffee", "CI_PROJECT_PATH": "a/b", "CI_PIPELINE_URL": "https://l/7", "CI_COMMIT_AUTHOR": "Grace <g@x>"},
			Act{By: "ada", Commit: "c0ffee", Author: "Grace <g@x>", Repository: "a/b", Run: "https://l/7"}},
		"a workflow that says more": {map[string]string{"GITLAB_CI": "true", "GITLAB_USER_LOGIN": "ada", "CI_COMMIT_AUTHOR": "bot", "FLOWCTL_AUTHOR": "grace", "FLOWCTL_APPROVER": "edsger, tony"},
			Act{By: "ada", Author: "grace", Approver: "edsger, tony"}},
		"nowhere": {map[string]string{"GITHUB_SHA": "left over"}, Act{By: Who()}},
	}
	for name, tt := range tests {
		if diff := cmp.Diff(tt.want, Behalf(func(n string) string { return tt.env[n] })); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// The trail does not grow without an end, whatever the environment holds.
func TestTrailIsBounded(t *testing.T) {
	l := New()
	for i := range mostActs + 7 {
		l.Note(Act{Operation: "apply", By: strings.Repeat("ö", 1000), Did: map[string]int{"started": i}})
	}
	if len(l.Trail) != mostActs || l.Trail[0].Did["started"] != 7 || len([]rune(l.Trail[0].By)) != longest+1 {
		t.Errorf("%d acts, the first with %v of %d characters", len(l.Trail), l.Trail[0].Did, len(l.Trail[0].By))
	}
}
