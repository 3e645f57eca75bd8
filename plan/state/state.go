// Package state keeps what Azure cannot tell of earlier runs: one local file,
// written whole and atomically, numbered, and locked while a run uses it.
// Losing it loses nothing that runs: names in Azure tell what exists.
package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2/maybe"
	"github.com/google/uuid"

	"flowctl/plan"
	"flowctl/plan/session"
)

// Format is the number of the file's form. A file with a higher one was
// written by a later flowctl and is refused.
const Format = 1

// Snapshot is all that is remembered.
type Snapshot struct {
	Format  int             `json:"format"`
	Lineage string          `json:"lineage"` // of all snapshots that follow from one first
	Serial  int             `json:"serial"`
	Runs    map[string]*Run `json:"runs"` // by investigation
}

// Run is one time box of one investigation.
type Run struct {
	Started  time.Time           `json:"started"`
	Ends     time.Time           `json:"ends"`
	Stopped  bool                `json:"stopped,omitempty"` // ended early by hand
	Finished time.Time           `json:"finished,omitzero"` // results are there and nothing of it is left
	Results  string              `json:"results,omitempty"` // folder
	Sessions map[string]*Session `json:"sessions"`          // by print

	// What has to be undone in the end. It is written down before it is done.
	Agents     map[string]plan.Agent     `json:"agents,omitempty"`     // that flowctl brings, by the machine's key
	Lifecycles map[string]plan.Lifecycle `json:"lifecycles,omitempty"` // as they were before a retention, by the account's key
}

// Session is what is remembered of one session.
type Session struct {
	Session   plan.Session    `json:"session"`
	Digest    string          `json:"digest"` // of its settings
	Phase     Phase           `json:"phase"`
	Reused    bool            `json:"reused,omitempty"`
	Recording *plan.Recording `json:"recording,omitempty"`
	Bytes     int64           `json:"bytes,omitempty"` // collected
	Started   time.Time       `json:"started,omitzero"`
	FirstData time.Time       `json:"first_data,omitzero"` // when data of it was first seen
	Reason    string          `json:"reason,omitempty"`    // why it ended or failed
}

// Phase is where a session is in its life.
type Phase string

// The phases, in order; Failed can follow any.
const (
	Planned   Phase = "planned"
	Starting  Phase = "starting"
	Recording Phase = "recording"
	Ended     Phase = "ended"
	Collected Phase = "collected"
	Removed   Phase = "removed"
	Failed    Phase = "failed"
)

// Recover makes the run of a results folder, for a state that was lost: what
// was collected is not recorded a second time.
func Recover(folder string, m session.Manifest) *Run {
	run := &Run{Started: m.Start, Ends: m.End, Finished: m.Finished, Results: folder, Sessions: map[string]*Session{}}
	for _, s := range m.Sessions {
		run.Sessions[s.Print] = &Session{
			Session: plan.Session{Name: s.Name, Watches: s.Watches, Mechanism: s.Mechanism, Target: s.Target},
			Digest:  s.Digest, Phase: Phase(s.Outcome), Reused: s.Reused, Reason: s.Reason,
		}
	}
	return run
}

// ErrStale says that another run wrote the state since it was read.
var ErrStale = errors.New("state was changed by another run since it was read")

// File is a state file.
type File struct{ path string }

// Open returns the state file at path, which need not exist.
func Open(path string) *File { return &File{path} }

// Path is where the file lies.
func (f *File) Path() string { return f.path }

// Read returns the latest snapshot; an empty one if there is no file.
func (f *File) Read() (Snapshot, error) {
	b, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return Snapshot{Format: Format, Runs: map[string]*Run{}}, nil
	}
	if err != nil {
		return Snapshot{}, fmt.Errorf("read state: %w", err)
	}
	return decode(f.path, b)
}

// head reads what tells one snapshot from another. It comes first in the file,
// so a large state is not read whole before each write.
func (f *File) head() (Snapshot, error) {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return Snapshot{}, nil
	}
	if err != nil {
		return Snapshot{}, fmt.Errorf("read state: %w", err)
	}
	defer file.Close()
	var s Snapshot
	want := map[string]any{"format": &s.Format, "lineage": &s.Lineage, "serial": &s.Serial}
	d := json.NewDecoder(file)
	if _, err := d.Token(); err != nil {
		return f.Read()
	}
	for len(want) > 0 && d.More() {
		key, err := d.Token()
		name, _ := key.(string)
		if err != nil || want[name] == nil || d.Decode(want[name]) != nil {
			return f.Read() // not as flowctl writes it: it says what is wrong
		}
		delete(want, name)
	}
	if s.Format != Format {
		return f.Read()
	}
	return s, nil
}

func decode(path string, b []byte) (Snapshot, error) {
	var s Snapshot
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("state %s is damaged: %w; move it away and run again: what exists is found by its name in Azure", path, err)
	}
	if s.Format != Format {
		return s, fmt.Errorf("state %s has format %d, this flowctl knows %d; use the flowctl that wrote it", path, s.Format, Format)
	}
	if s.Runs == nil {
		s.Runs = map[string]*Run{}
	}
	for _, r := range s.Runs {
		if r.Sessions == nil {
			r.Sessions = map[string]*Session{}
		}
	}
	return s, nil
}

// Write stores the snapshot that follows s and returns it, or fails with
// ErrStale if another run wrote first. A reader sees the old file or the new
// one, never a part.
func (f *File) Write(s Snapshot) (Snapshot, error) {
	cur, err := f.head()
	if err != nil {
		return s, err
	}
	if cur.Lineage != "" && (cur.Lineage != s.Lineage || cur.Serial != s.Serial) {
		return s, ErrStale
	}
	if s.Lineage == "" {
		s.Lineage = uuid.NewString()
	}
	s.Serial++
	return s, f.replace(s)
}

func (f *File) replace(s Snapshot) error {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	if err := maybe.WriteFile(f.path, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return nil
}
