package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
)

// The elements of JUnit's XML as Jenkins, GitLab and Azure Pipelines read it.
type (
	suites struct {
		XMLName xml.Name `xml:"testsuites"`
		Name    string   `xml:"name,attr"`
		counts
		Suites []suite `xml:"testsuite"`
	}
	suite struct {
		Name string `xml:"name,attr"`
		counts
		Timestamp string     `xml:"timestamp,attr,omitempty"`
		Cases     []testCase `xml:"testcase"`
	}
	counts struct {
		Tests    int     `xml:"tests,attr"`
		Failures int     `xml:"failures,attr"`
		Errors   int     `xml:"errors,attr"`
		Skipped  int     `xml:"skipped,attr"`
		Seconds  float64 `xml:"time,attr"`
	}
	testCase struct {
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		Seconds float64  `xml:"time,attr"`
		File    string   `xml:"file,attr,omitempty"`
		Line    int      `xml:"line,attr,omitempty"`
		Failure *problem `xml:"failure"`
		Error   *problem `xml:"error"`
		Skipped *problem `xml:"skipped"`
	}
	problem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes what came of checks as JUnit's XML: a suite for each investigation. What is
// not as expected is a failure, what cannot be answered an error, and a question that
// nobody wants to be a check is skipped then.
func JUnit(w io.Writer, list []Checked) error {
	all := suites{Name: "flowctl"}
	for _, c := range list {
		s := suite{Name: c.Meta.Name}
		if s.Name == "" {
			s.Name = "flowctl"
		}
		if !c.Meta.Start.IsZero() {
			s.Timestamp = c.Meta.Start.UTC().Format(time.RFC3339)
		}
		for _, check := range c.Checks() {
			s.Cases = append(s.Cases, check.junit(s.Name, &s.counts))
		}
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Skipped += s.Skipped
		all.Suites = append(all.Suites, s)
	}
	return all.write(w)
}

// Suite is a group of cases, and Case one of them, which holds unless it says otherwise.
type (
	Suite struct {
		Name  string
		Cases []Case
	}
	Case struct {
		Name, File     string
		Line           int
		Failure, Error string
		Skipped        bool
	}
)

// Suites writes cases as JUnit's XML.
func Suites(w io.Writer, list []Suite) error {
	all := suites{Name: "flowctl"}
	for _, l := range list {
		s := suite{Name: l.Name}
		for _, c := range l.Cases {
			s.add(c)
		}
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Skipped += s.Skipped
		all.Suites = append(all.Suites, s)
	}
	return all.write(w)
}

func (s *suite) add(c Case) {
	s.Tests++
	t := testCase{Class: s.Name, Name: c.Name, File: c.File, Line: c.Line}
	first := func(text string) *problem {
		line, _, _ := strings.Cut(text, "\n")
		return &problem{Message: line, Text: text}
	}
	switch {
	case c.Error != "":
		s.Errors++
		t.Error = first(c.Error)
	case c.Failure != "":
		s.Failures++
		t.Failure = first(c.Failure)
	case c.Skipped:
		s.Skipped++
		t.Skipped = &problem{Message: "a run before it failed"}
	}
	s.Cases = append(s.Cases, t)
}

func (all suites) write(w io.Writer) error {
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return fmt.Errorf("write JUnit: %w", err)
	}
	return nil
}

func (c Check) junit(class string, n *counts) testCase {
	n.Tests++
	t := testCase{Class: class + "." + c.Kind, Name: c.Name, File: c.Place.File, Line: c.Place.Line}
	p := &problem{Message: c.Text, Type: c.Outcome, Text: c.Text}
	switch c.Level {
	case NotMet:
		n.Failures++
		t.Failure = p
	case Unclear:
		n.Errors++
		t.Error = p
	case Open:
		n.Skipped++
		t.Skipped = &problem{Message: c.Text}
	}
	return t
}
