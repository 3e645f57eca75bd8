package ledger

import (
	"cmp"
	"slices"
	"time"
)

// Act is what one command did, and on whose behalf: the trail of a review.
type Act struct {
	At         time.Time      `json:"at"` // by Azure's clock
	Operation  string         `json:"operation"`
	File       string         `json:"file,omitempty"`
	By         string         `json:"by"`                   // user@host, or who started the pipeline
	Commit     string         `json:"commit,omitempty"`     // that was checked out
	Author     string         `json:"author,omitempty"`     // of the commit, as the service or FLOWCTL_AUTHOR says
	Approver   string         `json:"approver,omitempty"`   // as FLOWCTL_APPROVER or the service says
	Repository string         `json:"repository,omitempty"` // of the pipeline
	Run        string         `json:"run,omitempty"`        // address of the pipeline's run
	Did        map[string]int `json:"did,omitempty"`        // such as started: 2
	Reported   []string       `json:"reported,omitempty"`   // folders of the periods of monitors
	Failed     string         `json:"failed,omitempty"`     // why it ended with an error
}

// mostActs is how many acts are remembered.
const mostActs = 500

// longest is how long a text of an act is at most: most come from the environment.
const longest = 300

// Note adds an act, and forgets the oldest of too many.
func (l *Ledger) Note(a Act) {
	for _, s := range []*string{&a.By, &a.Commit, &a.Author, &a.Approver, &a.Repository, &a.Run, &a.Failed, &a.File} {
		if r := []rune(*s); len(r) > longest {
			*s = string(r[:longest]) + "…"
		}
	}
	l.Trail = append(slices.Clone(l.Trail), a)
	l.Trail = l.Trail[max(0, len(l.Trail)-mostActs):]
}

// Behalf is who acts, and for which commit and run of a pipeline, as the environment of the
// service says in which it runs; this user and machine where it says nothing. Only GitLab
// tells who let a job start by hand, and GitHub tells no author: workflows set them, and
// what nobody set is not known.
func Behalf(getenv func(string) string) Act {
	a := service(getenv)
	a.Author, a.Approver = cmp.Or(getenv("FLOWCTL_AUTHOR"), a.Author), cmp.Or(getenv("FLOWCTL_APPROVER"), a.Approver)
	return a
}

// service is what the variables of a pipeline say.
func service(getenv func(string) string) Act {
	first := func(names ...string) string {
		for _, n := range names {
			if v := getenv(n); v != "" {
				return v
			}
		}
		return ""
	}
	switch {
	case getenv("GITHUB_ACTIONS") == "true":
		a := Act{By: first("GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR"), Commit: getenv("GITHUB_SHA"), Repository: getenv("GITHUB_REPOSITORY")}
		if server, run := getenv("GITHUB_SERVER_URL"), getenv("GITHUB_RUN_ID"); server != "" && run != "" {
			a.Run = server + "/" + a.Repository + "/actions/runs/" + run
		}
		return a
	case getenv("TF_BUILD") != "":
		a := Act{By: first("BUILD_REQUESTEDFOR", "BUILD_REQUESTEDFOREMAIL"), Commit: getenv("BUILD_SOURCEVERSION"), Author: getenv("BUILD_SOURCEVERSIONAUTHOR"), Repository: first("BUILD_REPOSITORY_NAME", "BUILD_REPOSITORY_URI")}
		if at, id := getenv("SYSTEM_COLLECTIONURI"), getenv("BUILD_BUILDID"); at != "" && id != "" {
			a.Run = at + getenv("SYSTEM_TEAMPROJECT") + "/_build/results?buildId=" + id
		}
		return a
	case getenv("GITLAB_CI") != "":
		a := Act{By: first("GITLAB_USER_LOGIN", "CI_COMMIT_AUTHOR"), Commit: getenv("CI_COMMIT_SHA"), Author: getenv("CI_COMMIT_AUTHOR"), Repository: getenv("CI_PROJECT_PATH"), Run: first("CI_JOB_URL", "CI_PIPELINE_URL")}
		if getenv("CI_JOB_MANUAL") == "true" { // then that user is who started the job, which is to approve it
			a.Approver = getenv("GITLAB_USER_LOGIN")
		}
		return a
	}
	return Act{By: Who()}
}
