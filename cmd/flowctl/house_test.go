package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// layers lists flowctl's packages from the bottom up. A package may import
// only packages on earlier lines, and no line joins providers to collectors.
// A name ends in /... where packages below it are meant as well; within one
// such name, and on one line, packages below one parent may use each other.
var layers = []string{
	"plan plan/dictionary plan/region plan/syntax collectors/flow/... collectors/table",
	"plan/servicetag",
	"plan/price plan/rules",
	"plan/question plan/ledger collectors/aggregate collectors/identity collectors/minutes",
	"plan/config/... plan/session",
	"plan/resolve",
	"plan/preflight plan/policy plan/migrate plan/apply providers/azure/... collectors/flowlog/... collectors/workspace collectors/parquet collectors/pcap/... collectors/summary/...",
	"providers/sandbox/... collectors/etl/... collectors/engine/... collectors/lake collectors/files collectors/migration collectors/storage/... cmd/internal/terminal",
	"collectors/fetch",
	"providers collectors cmd/internal/report",
	"cmd/internal/operation cmd/internal/bench",
	"cmd/internal/env cmd/internal/view",
	"cmd/flowctl/docs cmd/internal/command",
	"cmd/flowctl",
}

// layer returns the line and the entry that a package belongs to.
func layer(pkg string) (line int, entry string) {
	for i, l := range layers {
		for _, e := range strings.Fields(l) {
			base, deep := strings.CutSuffix(e, "/...")
			if pkg == base || deep && strings.HasPrefix(pkg, base+"/") {
				return i, base
			}
		}
	}
	return -1, ""
}

func list(t *testing.T, format string) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", format, "flowctl/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func TestImportDirection(t *testing.T) {
	for _, l := range list(t, `{{.ImportPath}} {{join .Imports " "}}`) {
		fields := strings.Fields(l)
		pkg := strings.TrimPrefix(fields[0], "flowctl/")
		at, entry := layer(pkg)
		if at < 0 {
			t.Errorf("%s is in no layer: give it a line in this test, or another place", pkg)
			continue
		}
		for _, imp := range fields[1:] {
			imp, ours := strings.CutPrefix(imp, "flowctl/")
			to, other := layer(imp)
			switch {
			case !ours || other == entry:
			case to >= at:
				t.Errorf("%s imports %s, which is not below it", pkg, imp)
			case side(pkg) != "" && side(imp) != "" && side(pkg) != side(imp) && imp != "collectors/flow":
				t.Errorf("%s imports %s: providers and collectors meet in the session only", pkg, imp)
			}
		}
	}
}

// collectorRooms lists what each room of the collectors may know of the others:
// formats know the flow, answers the rows, and rows the flow. They meet in package
// collectors. Storage and fetching know the names of flow logs' blobs.
var collectorRooms = map[string]string{
	"flow": "", "flow/flowtest": "flow", "table": "",
	"flowlog": "flow", "flowlog/flowlogtest": "", "workspace": "flow",
	"pcap": "flow pcap/identity pcap/meter pcap/names pcap/packet", "pcap/identity": "flow pcap/packet", "pcap/meter": "flow table pcap/packet",
	"pcap/names": "flow pcap/packet", "pcap/packet": "flow", "pcap/pcaptest": "",
	"etl": "flow etl/trace pcap/meter pcap/names pcap/packet", "etl/trace": "", "etl/etltest": "etl/trace",
	"parquet": "flow table", "engine": "flow parquet", "engine/enginetest": "", "lake": "",
	"aggregate": "flow table", "identity": "flow table", "minutes": "flow",
	"summary": "flow table aggregate minutes", "migration": "flow flowlog",
	"files": "", "storage": "flowlog", "storage/storagetest": "flowlog", "fetch": "flowlog storage",
}

// TestCollectorRooms keeps the direction inside the collectors.
func TestCollectorRooms(t *testing.T) {
	for _, l := range list(t, `{{.ImportPath}} {{join .Imports " "}}`) {
		fields := strings.Fields(l)
		room, ok := strings.CutPrefix(fields[0], "flowctl/collectors/")
		if !ok {
			continue
		}
		may, known := collectorRooms[room]
		if !known {
			t.Errorf("collectors/%s is in no room: say in this test what it may know", room)
		}
		for _, imp := range fields[1:] {
			if other, ok := strings.CutPrefix(imp, "flowctl/collectors/"); ok && !slices.Contains(strings.Fields(may), other) {
				t.Errorf("collectors/%s knows collectors/%s", room, other)
			}
			if imp == "flowctl/collectors" {
				t.Errorf("collectors/%s knows the room where all meet", room)
			}
		}
	}
}

// only lists what is seen by few: a package, and those that may import it.
var only = map[string]string{
	"cmd/internal/env":      "cmd/internal/command cmd/flowctl",
	"cmd/internal/bench":    "cmd/internal/command",
	"cmd/internal/terminal": "cmd/internal/command cmd/internal/env cmd/internal/view cmd/internal/report cmd/internal/bench",
}

// TestRooms keeps the rooms of a command apart: an operation gets values, and
// who prints is a view.
func TestRooms(t *testing.T) {
	for _, l := range list(t, `{{.ImportPath}} {{join .Imports " "}}`) {
		fields := strings.Fields(l)
		pkg := strings.TrimPrefix(fields[0], "flowctl/")
		for _, imp := range fields[1:] {
			users, kept := only[strings.TrimPrefix(imp, "flowctl/")]
			if kept && !slices.Contains(strings.Fields(users), pkg) {
				t.Errorf("%s imports %s, which is for %s alone", pkg, imp, users)
			}
		}
	}
}

// TestNothingBelowPrints wants the standard streams in the hands of main alone.
func TestNothingBelowPrints(t *testing.T) {
	for _, l := range list(t, `{{.ImportPath}}|{{.Dir}}{{range .GoFiles}}|{{.}}{{end}}`) {
		parts := strings.Split(l, "|")
		if parts[0] == "flowctl/cmd/flowctl" || strings.HasPrefix(parts[0], "flowctl/cmd/internal/peers/") {
			continue
		}
		for _, name := range parts[2:] {
			files := token.NewFileSet()
			f, err := parser.ParseFile(files, filepath.Join(parts[1], name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok {
					if pkg, ok := sel.X.(*ast.Ident); ok && slices.Contains(printers, pkg.Name+"."+sel.Sel.Name) {
						t.Errorf("%s: %s.%s: nothing but main knows the streams", files.Position(n.Pos()), pkg.Name, sel.Sel.Name)
					}
				}
				return true
			})
		}
	}
}

var printers = []string{"fmt.Print", "fmt.Printf", "fmt.Println", "os.Stdout", "os.Stderr", "os.Stdin", "log.Printf", "log.Println", "log.Print"}

func side(pkg string) string {
	root, _, _ := strings.Cut(pkg, "/")
	if slices.Contains([]string{"providers", "collectors"}, root) {
		return root
	}
	return ""
}

func TestPackageComments(t *testing.T) {
	for _, pkg := range list(t, `{{if not .Doc}}{{.ImportPath}}{{end}}`) {
		if pkg != "" {
			t.Errorf("%s has no package comment: say in a sentence or two what it is for", pkg)
		}
	}
}

// TestNothingIsCompiledAtStart keeps what takes long out of the start of every
// command: expressions and templates are compiled once they are needed.
func TestNothingIsCompiledAtStart(t *testing.T) {
	for _, l := range list(t, `{{.Dir}}{{range .GoFiles}}|{{.}}{{end}}`) {
		parts := strings.Split(l, "|")
		for _, name := range parts[1:] {
			files := token.NewFileSet()
			f, err := parser.ParseFile(files, filepath.Join(parts[0], name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				if v, ok := d.(*ast.GenDecl); ok {
					ast.Inspect(v, func(n ast.Node) bool { return !compiles(t, files, n) })
				}
			}
		}
	}
}

// compiles reports whether there is nothing more to look at in n: a function,
// which runs later, or a call that compiles something, which is an error.
func compiles(t *testing.T, files *token.FileSet, n ast.Node) bool {
	if _, ok := n.(*ast.FuncLit); ok {
		return true
	}
	call, ok := n.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := call.X.(*ast.Ident)
	if !ok || !slices.Contains([]string{"regexp.MustCompile", "template.Must"}, pkg.Name+"."+call.Sel.Name) {
		return false
	}
	t.Errorf("%s: %s.%s runs at every start; wrap it in sync.OnceValue", files.Position(call.Pos()), pkg.Name, call.Sel.Name)
	return true
}
