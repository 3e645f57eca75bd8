package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"flowctl/collectors/summary"
	"flowctl/plan/session"
)

// hostile is a text that would end the commands, elements and tables in which it stands.
const hostile = "a\r\n::error::x ]##vso[task.setvariable variable=p;]y%0A,:;]]>\"<&'\x1b|\u202e"

// someChecks are one check of each kind of outcome; names and messages are text.
func someChecks(root, text string, strict bool) Checked {
	return Checked{Strict: strict, Meta: Meta{
		Name:      text,
		Expects:   map[string]session.Place{"bad": {File: filepath.Join(root, "net work", "a#b.hcl"), Line: 7}},
		Questions: map[string]session.Place{},
	}, Doc: &summary.Document{
		Expectations: []summary.Expectation{
			{Name: "good", Condition: "summary.a.flows > 0", Outcome: summary.Met},
			{Name: "bad", Condition: "summary.a.flows == 0", Message: text, Outcome: summary.Failed},
			{Name: "open", Condition: "summary.b.flows == 0", Message: text, Outcome: summary.CannotAnswer},
		},
		Asks: []summary.Answer{{Name: "a", Outcome: summary.Answered}, {Name: text, Outcome: summary.CannotAnswer}},
	}}
}

func TestJUnit(t *testing.T) {
	for _, strict := range []bool{false, true} {
		var b bytes.Buffer
		list := []Checked{someChecks(t.TempDir(), hostile, strict), someChecks(t.TempDir(), "other", strict)}
		if err := JUnit(&b, list); err != nil {
			t.Fatal(err)
		}
		// An oracle that knows elements and no types of flowctl's.
		count := map[string]int{}
		names := map[string]string{}
		d := xml.NewDecoder(&b)
		for {
			tok, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("not well formed: %v", err)
			}
			if s, ok := tok.(xml.StartElement); ok {
				count[s.Name.Local]++
				if s.Name.Local == "testsuites" {
					for _, a := range s.Attr {
						names[a.Name.Local] = a.Value
					}
				}
			}
		}
		want := map[string]int{"testsuites": 1, "testsuite": 2, "testcase": 10, "failure": 2, "error": 2, "skipped": 2}
		if strict {
			want["error"], want["skipped"] = 4, 0
		}
		for name, n := range want {
			if count[name] != n {
				t.Errorf("strict %t: %d elements %s, want %d", strict, count[name], name, n)
			}
		}
		for attr, element := range map[string]string{"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"} {
			if got, want := names[attr], fmt.Sprint(count[element]); got != want {
				t.Errorf("strict %t: testsuites says %s=%s, and there are %s", strict, attr, got, want)
			}
		}
	}
}

func TestSARIF(t *testing.T) {
	root := t.TempDir()
	var b bytes.Buffer
	if err := SARIF(&b, []Checked{someChecks(root, hostile, false), someChecks(t.TempDir(), "other", true)}, root, "v1"); err != nil {
		t.Fatal(err)
	}
	var log struct {
		Schema  string `json:"$schema"`
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct{ ID string }
				}
			}
			Results []struct {
				RuleID      string
				RuleIndex   int
				Kind, Level string
				Message     struct{ Text string }
				Locations   []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI, URIBaseID string }
						Region           struct{ StartLine int }
					}
				}
				PartialFingerprints map[string]string
			}
		}
	}
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || !strings.Contains(log.Schema, "sarif-2.1.0") || len(log.Runs) != 1 {
		t.Fatalf("version %q, schema %q, %d runs", log.Version, log.Schema, len(log.Runs))
	}
	run := log.Runs[0]
	if run.Tool.Driver.Name != "flowctl" || len(run.Tool.Driver.Rules) != 10 || len(run.Results) != 6 {
		t.Fatalf("%d rules, %d results", len(run.Tool.Driver.Rules), len(run.Results))
	}
	prints := map[string]bool{}
	for _, r := range run.Results {
		if r.RuleID != run.Tool.Driver.Rules[r.RuleIndex].ID {
			t.Errorf("rule %d is not %q", r.RuleIndex, r.RuleID)
		}
		if (r.Kind == "fail") != (r.Level == "error") || r.Kind != "fail" && r.Level != "none" {
			t.Errorf("kind %s with level %s", r.Kind, r.Level) // SARIF 3.27.9 and 3.27.10
		}
		if r.Message.Text == "" || prints[r.PartialFingerprints["primaryLocationLineHash"]] {
			t.Errorf("%s: message %q, fingerprints %v", r.RuleID, r.Message.Text, r.PartialFingerprints)
		}
		prints[r.PartialFingerprints["primaryLocationLineHash"]] = true
	}
	at := run.Results[0].Locations[0].PhysicalLocation
	if at.ArtifactLocation.URI != "net%20work/a%23b.hcl" || at.ArtifactLocation.URIBaseID != "%SRCROOT%" || at.Region.StartLine != 7 {
		t.Errorf("in the repository: %+v", at)
	}
	if at := run.Results[3].Locations[0].PhysicalLocation.ArtifactLocation; !strings.HasPrefix(at.URI, "file:///") || at.URIBaseID != "" {
		t.Errorf("outside of it: %+v", at)
	}
}

// What a stranger has named makes no command, and every annotation is one line.
func TestAnnotate(t *testing.T) {
	root := t.TempDir()
	for name, p := range map[string]Pipeline{"github": GitHub(root), "azure": AzurePipelines(root)} {
		var b bytes.Buffer
		p.Annotate(&b, []Checked{someChecks(root, hostile, false)})
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if len(lines) != 3 {
			t.Fatalf("%s: %d lines, want 3:\n%s", name, len(lines), b.String())
		}
		for _, l := range lines {
			if strings.ContainsAny(l, "\r\x1b\u202e") {
				t.Errorf("%s: control characters in %q", name, l)
			}
			if name == "github" {
				props, _, _ := strings.Cut(strings.TrimPrefix(l, "::"), "::")
				if kind, rest, _ := strings.Cut(props, " "); kind != "error" && kind != "notice" || strings.Count(rest, "title=") != 1 {
					t.Errorf("github: %q", l)
				}
			} else if !strings.HasPrefix(l, "##vso[task.logissue type=") || strings.Contains(l[2:], "##vso[") {
				t.Errorf("azure: %q", l)
			}
		}
		if first := lines[0]; !strings.Contains(first, "net work/a#b.hcl") || !strings.Contains(first, "7") {
			t.Errorf("%s: no place in %q", name, first)
		}
	}
}

// GitHub shows ten of a kind; the tenth says how many more there are.
func TestAnnotateMany(t *testing.T) {
	c := Checked{Doc: &summary.Document{}}
	for i := range 25 {
		c.Doc.Expectations = append(c.Doc.Expectations, summary.Expectation{Name: fmt.Sprint("e", i), Outcome: summary.Failed})
	}
	var b bytes.Buffer
	GitHub(".").Annotate(&b, []Checked{c})
	if n := strings.Count(b.String(), "::error "); n != 10 || !strings.Contains(b.String(), "16 checks more did not pass") {
		t.Errorf("%d errors:\n%s", n, b.String())
	}
}

// A summary that is too large says what did not pass, and keeps its limit.
func TestStepSummary(t *testing.T) {
	c := someChecks(".", hostile, true)
	whole, err := StepSummary([]Checked{c}, 1<<20)
	if err != nil || bytes.Contains(whole, []byte("##vso[")) {
		t.Fatalf("%v\n%s", err, whole)
	}
	for range 3000 {
		c.Doc.Expectations = append(c.Doc.Expectations, summary.Expectation{Name: strings.Repeat("n", 50), Outcome: summary.Failed})
	}
	const limit = 20_000
	cut, err := StepSummary([]Checked{c, c}, limit)
	if err != nil || len(cut) > limit || bytes.Count(cut, []byte("Not as expected")) < 50 || bytes.Count(cut, []byte("larger than")) != 2 {
		t.Errorf("%d bytes, %v", len(cut), err)
	}
}
