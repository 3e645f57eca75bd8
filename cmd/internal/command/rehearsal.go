package command

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"flowctl/cmd/internal/env"
	"flowctl/cmd/internal/operation"
	"flowctl/cmd/internal/view"
	"flowctl/plan"
	"flowctl/plan/config"
	"flowctl/providers"
	"flowctl/providers/sandbox"
)

// rehearsal carries out one test in a sandbox of its own, with the very commands that people
// type: their exit status and what they print are what a test sees.
type rehearsal struct {
	e      *env.Env
	test   *config.Test
	dir    string
	worlds []config.Provider // one for each world
	vars   map[string]cty.Value

	plans   map[string]cty.Value
	answers []cty.Value
}

// rehearse runs a test and says what came of it. The error is of what lies outside of it.
func rehearse(ctx context.Context, e *env.Env, path string) (view.TestFile, error) {
	test, diags := config.LoadTest(path)
	out := view.TestFile{Path: path, Files: test.Files, Diags: diags}
	if diags.HasErrors() {
		return out, nil
	}
	dir, err := os.MkdirTemp("", "flowctl-test-*")
	if err != nil {
		return out, fmt.Errorf("folder of a test: %w", err)
	}
	defer os.RemoveAll(dir)
	r := rehearsal{e: e, test: test, dir: dir, vars: map[string]cty.Value{}}
	cfg, diags := config.Load(test.Target, config.Inputs{Vars: test.Vars, Empty: true})
	if diags.HasErrors() {
		out.Diags = diags
		maps.Copy(out.Files, cfg.Files)
		return out, nil
	}
	maps.Copy(out.Files, cfg.Files)
	r.worlds = worldsOf(cfg)
	for i, run := range test.Runs {
		if i > 0 && out.Runs[i-1].Stopped {
			out.Runs = append(out.Runs, view.TestRun{Run: run, Skipped: true, Stopped: true})
			continue
		}
		done, err := r.run(ctx, run)
		if err != nil {
			return out, err
		}
		out.Runs = append(out.Runs, done)
	}
	return out, nil
}

// worldsOf are providers of a file, one for each world.
func worldsOf(cfg *config.Config) []config.Provider {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(cfg.Providers), func(p config.Provider) bool {
		was := seen[worldOf(p)]
		seen[worldOf(p)] = true
		return was
	})
}

// worldOf names the world that a provider is in. Those of Azure share one, as they share Azure.
func worldOf(p config.Provider) string {
	if p.Type == config.Azure {
		return config.Azure
	}
	return cmp.Or(p.SameWorld, p.Alias)
}

// options are those of the sandbox that stands for a provider. Its time passes while
// commands wait, and when the test says so.
func (r *rehearsal) options(p config.Provider) sandbox.Options {
	return sandbox.Options{
		Dir: filepath.Join(r.dir, "worlds", worldOf(p)), WorldPath: cmp.Or(r.test.World, p.World), Clock: new(float64), Seed: p.Seed,
		Subscription: p.SubscriptionID, Logger: r.e.Log,
	}
}

func (r *rehearsal) open(p config.Provider, _ providers.Env) (plan.Provider, error) {
	return sandbox.New(r.options(p))
}

// run does what happens, gives the command, and looks what holds.
func (r *rehearsal) run(ctx context.Context, run config.Run) (view.TestRun, error) {
	out := view.TestRun{Run: run}
	if f := r.happen(ctx, run); f != nil {
		out.Failures, out.Stopped = []config.Failure{*f}, true
		return out, ctx.Err()
	}
	if run.Command == nil {
		return out, nil
	}
	status, said := r.command(ctx, run.Command)
	out.Status = &status
	if err := ctx.Err(); err != nil {
		return out, err
	}
	if status != run.Status {
		out.Failures, out.Stopped = []config.Failure{unlike(run, status, said)}, true
		return out, nil
	}
	if err := r.look(ctx, status, said); err != nil {
		return out, err
	}
	for _, a := range run.Asserts {
		if f := r.test.Check(a, r.vars); f != nil {
			if len(r.answers) == 0 && f.Expected == "" {
				f.Detail += " The command answered nothing, so that summary and expect have no attributes."
			}
			out.Failures = append(out.Failures, *f)
		}
	}
	return out, nil
}

// unlike is the failure of a command that ended otherwise than it should have.
func unlike(run config.Run, status int, said string) config.Failure {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	if n := len(lines) - mostSaid; n > 0 {
		lines = append([]string{fmt.Sprintf("(%s before)", view.Count(n, "line"))}, lines[n:]...)
	}
	return config.Failure{
		Summary: "Unexpected exit status", Range: run.StatusAt,
		Detail:   fmt.Sprintf("flowctl %s said:\n  %s\n", strings.Join(run.Command, " "), strings.Join(lines, "\n  ")),
		Expected: fmt.Sprintf("exit status %d", run.Status), Got: fmt.Sprintf("exit status %d", status),
	}
}

// mostSaid is how many lines of what a command said are shown.
const mostSaid = 20

// happen lets others act, and then time pass.
func (r *rehearsal) happen(ctx context.Context, run config.Run) *config.Failure {
	for i, w := range r.worlds {
		s, err := sandbox.Open(r.options(w))
		if err == nil {
			err = r.laid(ctx, s, run)
		}
		for _, q := range run.Requests {
			if i > 0 || err != nil { // they are of the first world
				break
			}
			if f := r.request(ctx, s, q); f != nil {
				return f
			}
		}
		if err == nil && run.Pass > 0 {
			_, err = s.Pass(ctx, run.Pass)
		}
		if err != nil {
			return &config.Failure{Summary: "Sandbox refuses", Detail: err.Error(), Range: run.Range}
		}
	}
	return nil
}

// laid lets faults and their like act from now on, and lifts others. Their places are those
// of the test.
func (r *rehearsal) laid(ctx context.Context, s *sandbox.Sandbox, run config.Run) error {
	for _, l := range run.Laid {
		if err := s.Lay(ctx, r.test.Path, []byte(strings.Repeat("\n", l.Range.Start.Line-1)+l.Text+"\n")); err != nil {
			return err
		}
	}
	for _, name := range run.Lift {
		kind, name, ok := strings.Cut(name, ".")
		if !ok {
			return fmt.Errorf("lift %q: write kind and name, such as \"fault.busy watcher\"", kind)
		}
		if err := s.Lift(ctx, kind, name); err != nil {
			return err
		}
	}
	return nil
}

// request does what somebody else does.
func (r *rehearsal) request(ctx context.Context, s *sandbox.Sandbox, q config.Request) *config.Failure {
	at := &hcl.EvalContext{Functions: config.Functions(), Variables: r.vars}
	wrong := func(summary, detail string) *config.Failure {
		return &config.Failure{Summary: summary, Detail: detail, Range: q.Range}
	}
	id, diags := q.ID.Value(at)
	if diags.HasErrors() || !id.IsKnown() || id.IsNull() || id.Type() != cty.String {
		return wrong("Request has no id", "id must be the text of a resource's id. "+diagText(diags))
	}
	var body []byte
	if q.Body != nil {
		v, diags := q.Body.Value(at)
		if diags.HasErrors() {
			return wrong("Request has no body", diagText(diags))
		}
		var err error
		if body, err = ctyjson.Marshal(v, v.Type()); err != nil {
			return wrong("Request has no body", err.Error())
		}
	}
	status, answer, err := s.Request(ctx, q.Method, id.AsString(), body)
	if err != nil {
		return wrong("Request cannot be sent", err.Error())
	}
	if q.Status == 0 && status >= http.StatusBadRequest || q.Status != 0 && status != q.Status {
		f := wrong("Unexpected answer of the sandbox", fmt.Sprintf("%s %s was answered\n  %s", q.Method, id.AsString(), answer))
		f.Expected, f.Got = "a status below 400", fmt.Sprintf("status %d", status)
		if q.Status != 0 {
			f.Expected = fmt.Sprintf("status %d", q.Status)
		}
		return f
	}
	return nil
}

func diagText(diags hcl.Diagnostics) string {
	if len(diags) == 0 {
		return ""
	}
	return diags[0].Summary + ": " + diags[0].Detail
}

// inner is what commands of a test get of the outside: nothing but its own folder.
func (r *rehearsal) inner(out *bytes.Buffer) *env.Env {
	return &env.Env{
		Stdin: strings.NewReader(""), Stdout: out, Stderr: out, Docs: r.e.Docs, Environ: []string{"CI=true", "FLOWCTL_DIR=" + filepath.Join(r.dir, "root")},
		Rehearsal: &env.Rehearsal{Open: r.open, Planned: r.planned, Answered: r.answered},
	}
}

// command gives one command, and returns its exit status and what it said.
func (r *rehearsal) command(ctx context.Context, words []string) (int, string) {
	r.plans, r.answers = map[string]cty.Value{}, nil
	args := slices.Clone(words)
	if (args[0] == "apply" && !slices.Contains(args, "--continue") || args[0] == "destroy") && !slices.Contains(args, "--auto-approve") {
		args = append(args, "--auto-approve")
	}
	for _, v := range r.test.Vars {
		args = append(args, "--var", v)
	}
	if args[0] == "apply" || args[0] == "plan" {
		for _, p := range r.test.Policies {
			args = append(args, "--policy", p)
		}
	}
	var said bytes.Buffer
	e := r.inner(&said)
	e.Args = append(args, r.test.Target)
	return Main(ctx, e), said.String()
}

func (r *rehearsal) planned(op *operation.Operation, plans []plan.Plan) {
	for _, p := range plans {
		r.plans[p.Investigation.Name] = op.PlanValue(p)
	}
}

func (r *rehearsal) answered(results []operation.Result) {
	for _, res := range results {
		if res.Answer != nil {
			r.answers = append(r.answers, res.Value())
		}
	}
}

// look gathers what assertions, and what happens in the next run, can ask about.
func (r *rehearsal) look(ctx context.Context, status int, said string) error {
	r.vars = map[string]cty.Value{
		"status": cty.NumberIntVal(int64(status)), "output": cty.StringVal(said), "plans": cty.ObjectVal(r.plans), "plan": cty.NullVal(cty.DynamicPseudoType),
		"answers": cty.TupleVal(r.answers), "summary": cty.EmptyObjectVal, "expect": cty.EmptyObjectVal, "coverage": cty.EmptyTupleVal,
	}
	for _, p := range r.plans {
		if len(r.plans) == 1 {
			r.vars["plan"] = p
		}
	}
	if n := len(r.answers); n > 0 {
		for _, name := range []string{"summary", "expect", "coverage"} {
			r.vars[name] = r.answers[n-1].GetAttr(name)
		}
	}
	var unseen bytes.Buffer
	e := r.inner(&unseen)
	e.Log = r.e.Log
	var err error
	r.vars["recordings"], err = operation.Recorders(ctx, settings(e, nil), operation.Source{Path: r.test.Target, Vars: r.test.Vars})
	var diagnosed *operation.Diagnosed
	if errors.As(err, &diagnosed) || errors.Is(err, fs.ErrNotExist) { // of the file, which the command said
		return nil
	}
	return err
}
