package config

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

var fileSchema = schema{blocks: map[string]rule{
	"variable":      {labels: []string{"name"}, many: true},
	"locals":        {many: true},
	"provider":      {labels: []string{"type"}, many: true},
	"investigation": {labels: []string{"name"}, many: true},
	"monitor":       {labels: []string{"name"}, many: true},
	"backend":       {labels: []string{"type"}, many: true, later: laterState},
	"remote_state":  {labels: []string{"type"}, many: true, later: laterState},
	"state":         {labels: []string{"type"}, many: true},
	"engine":        {labels: []string{"type"}, many: true},
}}

const laterState = "Use a state block: state \"azblob\" { account_id = … container = … } keeps it where every run finds it."

// Load reads the file or the folder of *.hcl at path. The Config holds what
// could be read even if there are errors among the diagnostics, and must not
// be acted upon then. If a file cannot be parsed nothing else is said, since
// what it lacks would be missed everywhere.
func Load(path string, in Inputs) (*Config, hcl.Diagnostics) {
	l := &loader{cfg: &Config{Path: path, Files: map[string]*hcl.File{}}, in: in}
	l.read(path)
	if l.halted {
		return l.cfg, l.sorted()
	}
	l.declare()
	l.providers()
	l.state()
	l.engine()
	l.investigations()
	l.cfg.Digest = digest(l.cfg.Files, l.vars, l.cfg.Providers)
	return l.cfg, l.sorted()
}

// loader takes a Config through the steps of Load.
type loader struct {
	problems
	cfg    *Config
	in     Inputs
	folder string
	blocks map[string][]*hclsyntax.Block // by type, in the order of the files
	vars   map[string]*variable
	scope  *scope
	halted bool // a file cannot be read or parsed
	broken bool // a block or a provider is wrong: what hangs on it is not complained about
}

// read parses the files and sorts their blocks by type.
func (l *loader) read(path string) {
	if strings.HasSuffix(path, TestSuffix) {
		l.halted = true
		l.general(hcl.DiagError, "A test is no configuration", "%s is a test: flowctl test %s runs it.", path, path)
		return
	}
	l.blocks = map[string][]*hclsyntax.Block{}
	names, err := files(path)
	switch {
	case err != nil:
		l.halted = true
		l.general(hcl.DiagError, "Unreadable file", "Cannot read %s: %s.", path, cause(err))
	case len(names) == 0:
		l.halted = true
		l.general(hcl.DiagError, "No configuration", "There is no *.hcl file in %s. Write one, or name the folder that has it.", path)
	}
	for _, name := range names {
		l.file(name)
	}
	l.folder = path
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		l.folder = filepath.Dir(path)
	}
}

func (l *loader) file(name string) {
	before := len(l.list)
	file := readFile(name, &l.problems)
	l.halted = l.halted || len(l.list) > before
	if file == nil {
		return
	}
	l.cfg.Files[name] = file
	if body, ok := file.Body.(*hclsyntax.Body); ok && !l.halted {
		for _, b := range fileSchema.check(body, "a file", &l.problems) {
			l.blocks[b.Type] = append(l.blocks[b.Type], b)
		}
		l.broken = l.broken || len(l.list) > before
	}
}

// keep notes what a variable was given by a flag or the environment, so that a
// saved plan is carried out with it.
func (l *loader) keep(v *variable, g *given) {
	switch {
	case g == nil || g.value != cty.NilVal:
	case v.sensitive:
		l.cfg.Withheld = append(l.cfg.Withheld, v.name)
	default:
		l.cfg.Given = append(l.cfg.Given, v.name+"="+g.raw)
	}
}

// declare settles variables and locals, in which everything else is written.
func (l *loader) declare() {
	l.vars = map[string]*variable{}
	given := gather(l.in, &l.problems)
	for _, b := range l.blocks["variable"] {
		v := decodeVariable(b, &l.problems)
		if prior := l.vars[v.name]; prior != nil {
			l.duplicate(b.LabelRanges[0], "variable", v.name, prior.at)
			continue
		}
		if given[v.name] == nil && v.def == cty.NilVal && l.in.Open {
			v.value = cty.UnknownVal(v.typ)
			l.cfg.Unset = append(l.cfg.Unset, v.name)
		} else {
			v.set(given[v.name], &l.problems)
		}
		l.keep(v, given[v.name])
		l.vars[v.name] = v
	}
	if !l.broken {
		undeclared(given, l.vars, &l.problems)
	}
	vals := map[string]cty.Value{}
	for name, v := range l.vars {
		vals[name] = v.value
	}
	s := &scope{problems: &l.problems, files: l.cfg.Files, vars: slices.Sorted(maps.Keys(l.vars)), ctx: &hcl.EvalContext{
		Functions: Functions(),
		Variables: map[string]cty.Value{"var": object(vals)},
	}}
	for _, name := range s.vars {
		l.vars[name].validate(s)
	}
	attrs := l.localAttrs()
	s.locals = slices.Sorted(maps.Keys(attrs))
	l.scope = s.child(map[string]cty.Value{"local": object(evalLocals(attrs, s))})
}

func (l *loader) localAttrs() map[string]*hclsyntax.Attribute {
	all := map[string]*hclsyntax.Attribute{}
	for _, b := range l.blocks["locals"] {
		for _, name := range slices.Sorted(maps.Keys(b.Body.Attributes)) {
			a := b.Body.Attributes[name]
			if prior := all[name]; prior != nil {
				l.duplicate(a.NameRange, "local", name, prior.NameRange)
				continue
			}
			all[name] = a
		}
		for _, inner := range b.Body.Blocks {
			l.add("Unknown block", inner.TypeRange, "A locals block holds only lines such as name = value, no blocks such as %s.", inner.Type)
		}
	}
	return all
}

func (l *loader) duplicate(at hcl.Range, what, name string, prior hcl.Range) {
	l.add("Duplicate name", at, "There is a second %s %q; the first is at %s:%d. Rename one of them.", what, name, filepath.Base(prior.Filename), prior.Start.Line)
}

func (l *loader) providers() {
	r := providerReader{scope: l.scope, environ: l.in.Environ, folder: l.folder}
	seen := map[string]hcl.Range{}
	for _, b := range l.blocks["provider"] {
		p, ok := r.decode(b)
		if !ok {
			l.broken = true
			continue
		}
		if prior, ok := seen[p.Alias]; ok {
			l.add("Duplicate name", p.Range, "There is a second provider %q; the first is at %s:%d. Give one of them an alias.",
				p.Alias, filepath.Base(prior.Filename), prior.Start.Line)
			continue
		}
		seen[p.Alias] = p.Range
		l.cfg.Providers = append(l.cfg.Providers, p)
	}
	l.joinWorlds()
	if len(l.cfg.Providers) == 0 && !l.broken {
		l.cfg.Providers = []Provider{{Type: Sandbox, Alias: Sandbox}}
	}
}

func (l *loader) investigations() {
	seen := map[string]hcl.Range{}
	all := slices.Concat(l.blocks["investigation"], l.blocks["monitor"])
	for _, b := range all {
		inv := l.investigation(b)
		if prior, ok := seen[inv.Name]; ok {
			l.duplicate(b.LabelRanges[0], b.Type, inv.Name, prior)
			continue
		}
		seen[inv.Name] = inv.Range
		l.cfg.Investigations = append(l.cfg.Investigations, inv)
	}
	if len(all) > 0 || l.broken || l.in.Empty {
		return
	}
	first := slices.Min(slices.Collect(maps.Keys(l.cfg.Files)))
	l.add("No investigation", hcl.Range{Filename: first, Start: hcl.InitialPos, End: hcl.InitialPos},
		"Nothing here says what to record. Add an investigation \"name\" { … } or a monitor \"name\" { … } block.")
}
