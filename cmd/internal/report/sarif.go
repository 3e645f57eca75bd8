package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path"
	"path/filepath"
	"strings"
)

// The parts of SARIF 2.1.0 that flowctl writes.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool struct {
			Driver sarifDriver `json:"driver"`
		} `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifInvocation struct {
		ExecutionSuccessful bool `json:"executionSuccessful"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifRule struct {
		ID                   string    `json:"id"`
		ShortDescription     sarifText `json:"shortDescription"`
		FullDescription      sarifText `json:"fullDescription"`
		Help                 sarifText `json:"help"`
		DefaultConfiguration struct {
			Level string `json:"level"`
		} `json:"defaultConfiguration"`
	}
	sarifResult struct {
		RuleID              string            `json:"ruleId"`
		RuleIndex           int               `json:"ruleIndex"`
		Kind                string            `json:"kind"`
		Level               string            `json:"level"`
		Message             sarifText         `json:"message"`
		Locations           []sarifLocation   `json:"locations,omitempty"`
		PartialFingerprints map[string]string `json:"partialFingerprints"`
	}
	sarifLocation struct {
		PhysicalLocation struct {
			ArtifactLocation struct {
				URI       string `json:"uri"`
				URIBaseID string `json:"uriBaseId,omitempty"`
			} `json:"artifactLocation"`
			Region struct {
				StartLine int `json:"startLine"`
			} `json:"region"`
		} `json:"physicalLocation"`
	}
)

// SARIF writes what came of checks as a SARIF 2.1.0 log. Every expectation and question is
// a rule; what is not as expected is a result of the kind fail, what cannot be answered of
// the kind open. What is met has none, since readers take every result for an alert. Files
// are named as seen from root, the repository's.
func SARIF(w io.Writer, list []Checked, root, version string) error {
	run := sarifRun{Invocations: []sarifInvocation{{true}}, Results: []sarifResult{}}
	driver := &run.Tool.Driver
	driver.Name, driver.Version, driver.Rules = "flowctl", version, []sarifRule{}
	for _, c := range list {
		for _, check := range c.Checks() {
			id := check.name(c.Meta)
			driver.Rules = append(driver.Rules, check.rule(id))
			if check.Level != Passed {
				run.Results = append(run.Results, check.result(id, len(driver.Rules)-1, root))
			}
		}
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(sarifLog{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}}); err != nil {
		return fmt.Errorf("write SARIF: %w", err)
	}
	return nil
}

func (c Check) rule(id string) sarifRule {
	r := sarifRule{ID: id}
	text := fmt.Sprintf("The question %s can be answered", c.Name)
	if c.Kind == "expect" {
		text = fmt.Sprintf("The expectation %s holds: %s", c.Name, c.Condition)
	}
	r.ShortDescription.Text, r.FullDescription.Text, r.Help.Text = text, text+".", text+"."
	r.DefaultConfiguration.Level = "error"
	switch c.Kind {
	case "compare":
		text = "The same on both sides: " + c.Name
		r.ShortDescription.Text, r.FullDescription.Text, r.Help.Text = text, text+".", text+"."
	case "summarize":
		r.DefaultConfiguration.Level = "note"
	}
	return r
}

func (c Check) result(id string, rule int, root string) sarifResult {
	sum := sha256.Sum256([]byte(id))
	r := sarifResult{RuleID: id, RuleIndex: rule, Kind: "open", Level: "none", Message: sarifText{c.Text},
		PartialFingerprints: map[string]string{"primaryLocationLineHash": hex.EncodeToString(sum[:8]) + ":1"}}
	if c.Level == NotMet {
		r.Kind, r.Level = "fail", "error"
	}
	if c.Place.File == "" {
		return r
	}
	var at sarifLocation
	file, inside := below(root, c.Place.File)
	u := url.URL{Path: file}
	if inside {
		at.PhysicalLocation.ArtifactLocation.URIBaseID = "%SRCROOT%"
	} else {
		u = url.URL{Scheme: "file", Path: path.Join("/", file)}
	}
	at.PhysicalLocation.ArtifactLocation.URI = u.String()
	at.PhysicalLocation.Region.StartLine = max(1, c.Place.Line)
	r.Locations = []sarifLocation{at}
	return r
}

// below is a file's name as seen from root, with slashes; it is as it was, and not
// inside, if it is not below root.
func below(root, file string) (name string, inside bool) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return filepath.ToSlash(file), false
	}
	rel, err := filepath.Rel(root, abs)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return filepath.ToSlash(abs), false
	}
	return filepath.ToSlash(rel), true
}
