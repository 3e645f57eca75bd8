package operation

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/google/renameio/v2/maybe"

	"flowctl/plan"
)

// Saved is a plan on disk. Of variables it holds the values that are not
// sensitive: apply reads the file again, with them, and refuses if anything is
// different by then.
type Saved struct {
	Flowctl  string            `json:"flowctl_plan"` // format
	Path     string            `json:"path"`
	Digest   string            `json:"config"`
	Lineage  string            `json:"lineage"`
	Serial   int               `json:"serial"`
	Vars     []string          `json:"vars,omitempty"`      // name=value
	Withheld []string          `json:"sensitive,omitempty"` // names of variables that have to be given again
	VarFiles []string          `json:"var_files,omitempty"`
	Again    bool              `json:"again,omitempty"`
	Policies []string          `json:"policies,omitempty"` // files and folders that it was held against
	Plans    map[string]string `json:"plans"`              // digest of what each investigation's plan does
}

const savedFormat = "1"

// Save writes plans to a file that ReadSaved takes.
func (op *Operation) Save(name string, plans []plan.Plan) error {
	s := Saved{
		Flowctl: savedFormat, Path: op.Source.Path, Digest: op.Config.Digest, VarFiles: op.Source.VarFiles, Again: op.again,
		Policies: op.PolicyPaths,
		Vars:     op.Config.Given, Withheld: op.Config.Withheld,
		Lineage: op.ledger.Lineage, Serial: op.ledger.Serial, Plans: map[string]string{},
	}
	for _, p := range plans {
		s.Plans[p.Investigation.Name] = p.Digest()
	}
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("save plan: %w", err)
	}
	if err := maybe.WriteFile(name, append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("save plan: %w", err)
	}
	return nil
}

// ReadSaved reads a saved plan; ok is false if path is something else.
func ReadSaved(path string) (s Saved, ok bool, err error) {
	st, err := os.Stat(path)
	if err != nil || st.IsDir() || st.Size() > 1<<20 {
		return s, false, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return s, false, err
	}
	err = json.Unmarshal(b, &s)
	if err != nil && bytes.Contains(b[:min(len(b), 200)], []byte(`"flowctl_plan"`)) {
		return s, true, fmt.Errorf("plan %s is damaged: %w; make it again with flowctl plan --out", path, err)
	}
	if err != nil || s.Flowctl == "" {
		return s, false, nil
	}
	if s.Flowctl != savedFormat {
		return s, true, fmt.Errorf("plan %s has format %s, this flowctl knows %s: make it again", path, s.Flowctl, savedFormat)
	}
	if s.Path == "" || s.Digest == "" || s.Plans == nil {
		return s, true, fmt.Errorf("plan %s is damaged: it does not say what it is a plan of; make it again with flowctl plan --out", path)
	}
	return s, true, nil
}

// errStalePlan says why a saved plan is not carried out.
var errStalePlan = errors.New("the saved plan is stale")

// check refuses a saved plan if the file, the state or Azure is not any more
// what it was made from.
func (s Saved) check(op *Operation, plans []plan.Plan) error {
	switch {
	case s.Digest != op.Config.Digest && len(s.Withheld) > 0:
		return fmt.Errorf("%w: %s or its variables changed since; plan again, or give the sensitive variables as they were, which a plan does not hold: %s", errStalePlan, s.Path, strings.Join(s.Withheld, ", "))
	case s.Digest != op.Config.Digest:
		return fmt.Errorf("%w: %s or its variables changed since; plan again", errStalePlan, s.Path)
	case s.Lineage != op.ledger.Lineage:
		return fmt.Errorf("%w: another run changed the state since; plan again", errStalePlan)
	}
	for _, p := range plans { // a run that only looked has changed the state too
		if s.Plans[p.Investigation.Name] != p.Digest() {
			if s.Serial != op.ledger.Serial {
				return fmt.Errorf("%w: another run changed the state since; plan again", errStalePlan)
			}
			return fmt.Errorf("%w: what Azure holds for %s changed since; plan again", errStalePlan, p.Investigation.Name)
		}
	}
	return nil
}
