// Package session is what one run observed: its window, the inventory at the
// time, the artifacts fetched, and the folder that holds them. Collectors and
// reports meet providers only through it.
package session

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/renameio/v2/maybe"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"flowctl/plan"
	"flowctl/plan/dictionary"
	"flowctl/plan/ledger"
)

// Format is the number of the manifest's form.
const Format = 1

// Manifest says what lies in a results folder and how it came about.
type Manifest struct {
	Format        int                `json:"format"`
	Investigation plan.Investigation `json:"investigation"`
	Start         time.Time          `json:"start"` // of the window that answers are about
	End           time.Time          `json:"end"`
	Finished      time.Time          `json:"finished,omitzero"`   // nothing of it is left in Azure
	Destroyed     bool               `json:"destroyed,omitempty"` // ended before it was collected
	Sessions      []Session          `json:"sessions"`
	Views         []plan.View        `json:"views,omitempty"`
	Findings      []plan.Finding     `json:"findings,omitempty"`
	Questions     []Question         `json:"questions,omitempty"` // the file's own
	Expects       []Expect           `json:"expects,omitempty"`
	ServiceTags   string             `json:"service_tags,omitempty"` // the list that names public addresses, below the folder
	Dictionary    []dictionary.Entry `json:"dictionary,omitempty"`   // what answers call networks and addresses
	Prices        *plan.Prices       `json:"prices,omitempty"`       // those that the file gives, of which answers about money are
	Artifacts     []Artifact         `json:"artifacts"`
	Flows         *DerivedFile       `json:"flows,omitempty"` // of the artifacts, as Parquet; never to be counted beside them
}

// Question is a summarize block, so that it can be answered without the file.
type Question struct {
	Name   string   `json:"name"`
	Where  string   `json:"where,omitempty"` // the condition, with values in place of variables
	By     []string `json:"by,omitempty"`
	Top    int      `json:"top"`
	Order  string   `json:"order,omitempty"`
	Having string   `json:"having,omitempty"`

	Compare string `json:"compare,omitempty"` // previous: with the answer of the run before
	Place
}

// Expect is what the file expects of the answers.
type Expect struct {
	Name      string `json:"name"`
	Condition string `json:"condition"` // with values in place of variables
	Message   string `json:"message,omitempty"`
	Place
}

// Place is where a block stands in the files of an investigation.
type Place struct {
	File string `json:"file,omitempty"` // as the run was told
	Line int    `json:"line,omitempty"`
}

// FlowsFile is the name of the file of flows in a results folder.
const FlowsFile = "flows.parquet"

// DerivedFile is a file that was made of artifacts.
type DerivedFile struct {
	Path   string `json:"path"` // below the folder, with slashes
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Session is how one session went.
type Session struct {
	Fingerprint string         `json:"print"`  // of the watch, target and mechanism
	Digest      string         `json:"digest"` // of the settings
	Name        string         `json:"name"`
	Address     string         `json:"address"`
	Watches     []string       `json:"watches"`
	Mechanism   plan.Mechanism `json:"mechanism"`
	Target      plan.Target    `json:"target"`
	Reused      bool           `json:"reused,omitempty"`
	Owner       string         `json:"owner,omitempty"` // of what is reused, as its tags say
	Since       time.Time      `json:"since,omitzero"`  // when what is reused took over from a log that was followed
	Outcome     string         `json:"outcome"`         // collected, failed, still recording
	Reason      string         `json:"reason,omitempty"`
	Snap        int64          `json:"bytes_per_packet,omitempty"`
	Filtered    bool           `json:"filtered,omitempty"`
	Records     string         `json:"record_types,omitempty"` // of a flow log; empty for all
	Filter      string         `json:"filter,omitempty"`       // of a flow log
	Protocols   []string       `json:"protocols,omitempty"`    // of a capture with filters: those of which it holds all packets
	FirstData   time.Time      `json:"first_data,omitzero"`    // when data of it was first seen; of a capture, that it ran
	NoData      bool           `json:"no_data,omitempty"`      // it ended and nothing came of it
	Started     time.Time      `json:"started,omitzero"`

	// Of a log of somebody else's: what the file asks for of what it records.
	ReadFilter string `json:"read_filter,omitempty"`
	ReadTypes  string `json:"read_record_types,omitempty"`

	NotFetched string    `json:"not_fetched,omitempty"` // why what it recorded is not here; another run tries again
	TargetGone bool      `json:"target_gone,omitempty"` // it was not in Azure any more when the session ended
	Ended      time.Time `json:"ended,omitzero"`        // as it was seen
	Changes    []string  `json:"changes,omitempty"`     // what others did to it, with the time

	// Of flow logs: its id as its records have it, and when it did not record.
	Log  plan.ID      `json:"log,omitempty"`
	Gaps []ledger.Gap `json:"gaps,omitempty"`

	// Spans are the times that count of what was read; none: all of the window.
	Spans []plan.Span `json:"spans,omitempty"`
}

// Artifact is one file that was fetched.
type Artifact struct {
	Path    string         `json:"path"` // below the folder, with slashes
	Session string         `json:"session"`
	Blob    string         `json:"blob"` // container/name
	ETag    string         `json:"etag,omitempty"`
	Size    int64          `json:"size"`
	SHA256  string         `json:"sha256"`
	Target  plan.ID        `json:"target"`
	Kind    plan.Mechanism `json:"kind"`
}

// Folder is where one run's results lie.
type Folder struct{ Path string }

// Create makes the folder.
func Create(path string) (Folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return Folder{}, fmt.Errorf("make results folder: %w", err)
	}
	return Folder{path}, nil
}

// Is reports whether path is a results folder.
func Is(path string) bool {
	_, err := os.Stat(filepath.Join(path, "manifest.json"))
	return err == nil
}

// Latest returns the folder of the latest run below dir that has a manifest;
// ok is false if there is none. Folders are named by the end of their window.
func Latest(dir string) (f Folder, ok bool) {
	names, err := filepath.Glob(filepath.Join(dir, "*", "manifest.json"))
	if err != nil || len(names) == 0 {
		return Folder{}, false
	}
	return Folder{filepath.Dir(slices.Max(names))}, true
}

// Previous returns the folder of the run before that in a folder, of the same
// investigation; ok is false if there is none that has a manifest.
func Previous(path string) (f Folder, ok bool) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Folder{}, false
	}
	names, err := filepath.Glob(filepath.Join(globEscape.Replace(filepath.Dir(path)), "*", "manifest.json"))
	if err != nil {
		return Folder{}, false
	}
	slices.Sort(names)
	for _, name := range slices.Backward(names) {
		if dir := filepath.Dir(name); filepath.Base(dir) < filepath.Base(path) {
			return Folder{dir}, true
		}
	}
	return Folder{}, false
}

// globEscape makes a path a pattern of itself alone.
var globEscape = strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]")

// Join returns the place of a file below the folder. Names come from Azure,
// so a name that would lead elsewhere is an error.
func (f Folder) Join(name string) (string, error) {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return "", fmt.Errorf("results: %q would lie outside the results folder", name)
	}
	return filepath.Join(f.Path, filepath.FromSlash(name)), nil
}

// WriteInventory stores what the subscriptions held.
func (f Folder) WriteInventory(inv []*plan.Inventory) error {
	return f.writeJSON("inventory.json", inv)
}

// Inventory reads what WriteInventory stored; nil if nothing was.
func (f Folder) Inventory() ([]*plan.Inventory, error) {
	var inv []*plan.Inventory
	return inv, f.readJSON("inventory.json", &inv)
}

// WriteNames stores what networks and addresses were said to be called besides the file.
func (f Folder) WriteNames(names []dictionary.Entry) error { return f.writeJSON("names.json", names) }

// Names reads what WriteNames stored; nil if nothing was.
func (f Folder) Names() ([]dictionary.Entry, error) {
	var names []dictionary.Entry
	return names, f.readJSON("names.json", &names)
}

func (f Folder) writeJSON(name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return f.Write(name, append(b, '\n'))
}

// Write stores a file of the folder whole.
func (f Folder) Write(name string, b []byte) error {
	path, err := f.Join(name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := maybe.WriteFile(path, b, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func (f Folder) readJSON(name string, v any) error {
	b, err := os.ReadFile(filepath.Join(f.Path, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("read %s in %s: %w", name, f.Path, err)
	}
	return nil
}

// HCL is the question as a block of a file.
func (q Question) HCL() string {
	file := hclwrite.NewEmptyFile()
	body := file.Body().AppendNewBlock("summarize", []string{q.Name}).Body()
	text := func(name, value string) {
		if value != "" {
			body.SetAttributeValue(name, cty.StringVal(value))
		}
	}
	condition := func(name, source string) {
		if source != "" {
			body.SetAttributeRaw(name, hclwrite.Tokens{{Type: hclsyntax.TokenIdent, Bytes: []byte(source)}})
		}
	}
	condition("where", q.Where)
	var by []cty.Value
	for _, f := range q.By {
		by = append(by, cty.StringVal(f))
	}
	if len(by) > 0 {
		body.SetAttributeValue("by", cty.TupleVal(by))
	}
	condition("having", q.Having)
	text("order", q.Order)
	body.SetAttributeValue("top", cty.NumberIntVal(int64(q.Top)))
	text("compare", q.Compare)
	return string(hclwrite.Format(file.Bytes()))
}
