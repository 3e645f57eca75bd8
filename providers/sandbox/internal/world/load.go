package world

import (
	_ "embed"
	"fmt"
	"os"

	"github.com/hashicorp/hcl/v2/gohcl"

	"flowctl/plan/syntax"
)

//go:embed builtin.hcl
var builtin []byte

// BuiltinName is the name under which errors mention the built-in world.
const BuiltinName = "builtin.hcl"

// BuiltinSource is the built-in world as HCL, to be read and copied.
func BuiltinSource() []byte { return append([]byte(nil), builtin...) }

// Builtin returns the world that is part of flowctl.
func Builtin() (*World, error) { return Parse(BuiltinName, builtin) }

// Load reads a world from a file. What is wrong in it is told as
// hcl.Diagnostics, which name file and line.
func Load(path string) (*World, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read sandbox world: %w", err)
	}
	return Parse(path, src)
}

// Parse reads a world from HCL; name is the file's name in errors.
func Parse(name string, src []byte) (*World, error) { return parse(name, src, nil) }

func parse(name string, src []byte, laid *laidSpec) (*World, error) {
	file, diags := syntax.File(src, name)
	if diags.HasErrors() {
		return nil, diags
	}
	var spec fileSpec
	if diags := gohcl.DecodeBody(file.Body, nil, &spec); diags.HasErrors() {
		return nil, diags
	}
	if laid != nil {
		spec.Locks, spec.Policies, spec.Faults, spec.Roles = laid.Locks, laid.Policies, laid.Faults, laid.Roles
	}
	b := newBuilder(&spec)
	b.build()
	if b.diags.HasErrors() {
		return nil, b.diags
	}
	return b.w, nil
}

// laidSpec is a file of what can be laid upon a world while it runs.
type laidSpec struct {
	Locks    []lockSpec   `hcl:"lock,block"`
	Policies []policySpec `hcl:"policy,block"`
	Faults   []faultSpec  `hcl:"fault,block"`
	Roles    []roleSpec   `hcl:"role,block"`
}

// ParseLaid reads locks, policies, faults and roles for a world whose file is
// at path, or for the built-in one if path is empty. The result is that world
// with these and no others.
func ParseLaid(path, name string, src []byte) (*World, error) {
	file, diags := syntax.File(src, name)
	if diags.HasErrors() {
		return nil, diags
	}
	var laid laidSpec
	if diags := gohcl.DecodeBody(file.Body, nil, &laid); diags.HasErrors() {
		return nil, diags
	}
	of := builtin
	if path == "" {
		path = BuiltinName
	} else {
		var err error
		if of, err = os.ReadFile(path); err != nil {
			return nil, fmt.Errorf("read sandbox world: %w", err)
		}
	}
	return parse(path, of, &laid)
}
