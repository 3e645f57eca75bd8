package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// TestSuffix is how the names of tests of files end.
const TestSuffix = ".flowtest.hcl"

// Test is what is to come of a file in a sandbox: commands in time, and what must hold
// after each.
type Test struct {
	Path     string
	Target   string   // file or folder that is tested, from the working directory
	World    string   // path of a world, from the working directory; empty for the file's own
	Policies []string // paths, from the working directory
	Vars     []string // name=value
	Runs     []Run
	Files    map[string]*hcl.File
}

// Run is one step of a test: what happens, then a command, then what must hold.
type Run struct {
	Name     string
	Pass     time.Duration // how much time passes first
	Laid     []Laid        // faults, locks, policies and roles that act from now on
	Lift     []string      // those that act no more, as kind.name
	Requests []Request     // what somebody else does
	Command  []string      // verb and flags; nil for none
	Status   int           // how it must end
	Asserts  []Assert
	Range    hcl.Range // its header
	StatusAt hcl.Range
}

// Laid is a block in the language of worlds, as it is written.
type Laid struct {
	Text  string
	Range hcl.Range
}

// Request is sent to the sandbox's Resource Manager. ID and Body may use what the runs
// before it found.
type Request struct {
	Method   string
	ID, Body hcl.Expression // Body is nil for none
	Status   int            // that must come back; 0: any below 400
	Range    hcl.Range
}

// Assert is what must hold after a command.
type Assert struct {
	Condition, Message hcl.Expression // Message is nil for none
	Range              hcl.Range
}

// TestValues are the names that expressions of tests know.
var TestValues = []string{"answers", "coverage", "expect", "output", "plan", "plans", "recordings", "status", "summary"}

// testVerbs are the commands that a run may give.
var testVerbs = []string{"apply", "collect", "destroy", "extend", "plan", "status", "stop", "validate"}

var (
	laidRule       = rule{labels: []string{"name"}, many: true}
	testFileSchema = schema{attrs: []string{"file", "world", "policies", "variables"}, blocks: map[string]rule{"run": {labels: []string{"name"}, many: true}}}
	runSchema      = schema{attrs: []string{"command", "pass", "lift", "status"}, blocks: map[string]rule{
		"fault": laidRule, "lock": laidRule, "policy": laidRule, "role": laidRule, "request": {many: true}, "assert": {many: true}}}
	requestSchema = schema{attrs: []string{"method", "id", "body", "status"}}
	assertSchema  = schema{attrs: []string{"condition", "message"}}
)

// LoadTest reads a test.
func LoadTest(path string) (*Test, hcl.Diagnostics) {
	l := &loader{cfg: &Config{Files: map[string]*hcl.File{}}}
	l.scope = &scope{problems: &l.problems, files: l.cfg.Files, ctx: &hcl.EvalContext{Functions: Functions()}}
	t := &Test{Path: path, Files: l.cfg.Files}
	file := readFile(path, &l.problems)
	if file == nil {
		return t, l.sorted()
	}
	l.cfg.Files[path] = file
	body, ok := file.Body.(*hclsyntax.Body)
	if !ok {
		return t, l.sorted()
	}
	blocks := testFileSchema.check(body, "a test", &l.problems)
	l.testHead(t, block{Block: &hclsyntax.Block{Type: "test", Body: body, TypeRange: body.SrcRange}, scope: l.scope})
	for _, b := range blocks {
		t.Runs = append(t.Runs, l.run(block{Block: b, scope: l.scope}))
	}
	if len(blocks) == 0 && !l.problems.list.HasErrors() {
		l.add("No run", hcl.Range{Filename: path, Start: hcl.InitialPos, End: hcl.InitialPos}, "The test does nothing. Add a run \"name\" { command = \"plan\" } block.")
	}
	return t, l.sorted()
}

// testHead reads what holds for all runs. Paths are from the test's own folder.
func (l *loader) testHead(t *Test, b block) {
	dir := filepath.Dir(t.Path)
	t.Target = strings.TrimSuffix(t.Path, TestSuffix) + ".hcl"
	if _, err := os.Stat(t.Target); err != nil {
		t.Target = dir
	}
	if s, ok := b.text("file"); ok {
		t.Target = filepath.Join(dir, s)
		if _, err := os.Stat(t.Target); err != nil {
			l.add("Unreadable file", b.at("file"), "Cannot read what is to be tested, %s: %s. Paths are from the folder of the test.", t.Target, cause(err))
		}
	}
	if s, ok := b.text("world"); ok {
		t.World = filepath.Join(dir, s)
		if _, err := os.Stat(t.World); err != nil {
			l.add("Unreadable file", b.at("world"), "Cannot read the world %s: %s. Paths are from the folder of the test.", t.World, cause(err))
		}
	}
	paths, _ := b.list("policies")
	for _, p := range paths {
		t.Policies = append(t.Policies, filepath.Join(dir, p.text))
	}
	if v, ok := b.value("variables"); ok {
		l.testVariables(t, b, v)
	}
}

// testVariables gives variables as flags do: what is no text is written as JSON, which HCL reads.
func (l *loader) testVariables(t *Test, b block, v cty.Value) {
	if !v.Type().IsObjectType() && !v.Type().IsMapType() {
		l.add("Wrong type", b.at("variables"), "variables must be a map such as { ticket = \"OPS-1\" }, not %s.", kindOf(v))
		return
	}
	for it := v.ElementIterator(); it.Next(); {
		name, value := it.Element()
		text, err := written(value)
		if err != nil {
			l.add("Wrong type", b.at("variables"), "variables: %s cannot be given: %s.", name.AsString(), err)
		}
		t.Vars = append(t.Vars, name.AsString()+"="+text)
	}
}

func (l *loader) run(b block) Run {
	r := Run{Name: b.Labels[0], Range: header(b.Block), StatusAt: b.at("status")}
	blocks := runSchema.check(b.Body, title(b.Block), &l.problems)
	r.Pass, _ = b.duration("pass")
	if n, ok := b.whole("status", 0, 255); ok {
		r.Status = int(n)
	}
	lift, _ := b.list("lift")
	for _, one := range lift {
		r.Lift = append(r.Lift, one.text)
	}
	l.command(&r, b)
	for _, c := range blocks {
		in := b.inner(c)
		switch c.Type {
		case "request":
			r.Requests = append(r.Requests, l.request(in))
		case "assert":
			r.Asserts = append(r.Asserts, l.assert(in, r))
		default:
			r.Laid = append(r.Laid, Laid{Text: b.source(c.Range()), Range: c.Range()})
		}
	}
	return r
}

func (l *loader) command(r *Run, b block) {
	text, ok := b.text("command")
	if !ok {
		return
	}
	r.Command = strings.Fields(text)
	if len(r.Command) == 0 || !slices.Contains(testVerbs, r.Command[0]) {
		l.add("Unknown command", b.at("command"), "A run gives one of the commands %s, with flags, such as \"apply --continue\"; not %q.", strings.Join(testVerbs, ", "), text)
		return
	}
	for _, word := range r.Command[1:] {
		if !strings.HasPrefix(word, "-") {
			l.add("Unknown command", b.at("command"), "Flags alone follow the verb, with their values as --flag=value; %q is none. What is tested is named by file, at the top.", word)
		}
	}
}

func (l *loader) request(b block) Request {
	requestSchema.check(b.Body, title(b.Block), &l.problems)
	r := Request{Method: "GET", Range: header(b.Block)}
	if s, ok := b.text("method"); ok {
		r.Method = strings.ToUpper(s)
	}
	if n, ok := b.whole("status", 100, 599); ok {
		r.Status = int(n)
	}
	r.ID, r.Body = l.found(b, "id"), l.found(b, "body")
	if r.ID == nil && !requestSchema.misspelt(b.Body, "id") {
		l.add("Missing attribute", r.Range, "request needs id, such as recordings[0].id or the id of a resource.")
	}
	return r
}

func (l *loader) assert(b block, r Run) Assert {
	assertSchema.check(b.Body, title(b.Block), &l.problems)
	a := Assert{Condition: l.found(b, "condition"), Message: l.found(b, "message"), Range: header(b.Block)}
	switch {
	case a.Condition == nil && !assertSchema.misspelt(b.Body, "condition"):
		l.add("Missing condition", a.Range, "assert needs condition, such as condition = summary.egress.bytes > 0.")
	case r.Command == nil && a.Condition != nil:
		l.add("No command", a.Range, "run %q gives no command after which something could hold. Add command = \"plan\" or another.", r.Name)
	}
	return a
}

// found is an expression over what runs found; nil if it is not there.
func (l *loader) found(b block, name string) hcl.Expression {
	a := b.Body.Attributes[name]
	if a == nil {
		return nil
	}
	for _, t := range a.Expr.Variables() {
		if !slices.Contains(TestValues, t.RootName()) {
			l.add("Unknown name", t.SourceRange(), "Tests know %s; not %q.", strings.Join(TestValues, ", "), t.RootName())
		}
	}
	s := *l.scope
	s.functions(a.Expr)
	return a.Expr
}

// written is a value as --var takes it.
func written(v cty.Value) (string, error) {
	if !v.IsNull() && v.Type() == cty.String {
		return v.AsString(), nil
	}
	b, err := ctyjson.Marshal(v, v.Type())
	return string(b), err
}
