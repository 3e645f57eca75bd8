package operation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox"
)

// trouble is one fault of the sandbox's world.
type trouble struct {
	operation, name, effect string
	rate                    float64
}

func (f trouble) String() string { return fmt.Sprintf("%s %s at %v", f.operation, f.name, f.rate) }

func (f trouble) world() string {
	return fmt.Sprintf("%s\nfault \"f\" {\n  operation = %q\n  %s\n  probability = %v\n}\n", sandbox.WorldSource(), f.operation, f.effect, f.rate)
}

// troubles are all operations that a run makes, each with all that can happen
// to it, now and then and always.
func troubles() []trouble {
	calls := []string{
		"flow_log.create", "flow_log.read", "flow_log.list", "flow_log.delete",
		"packet_capture.create", "packet_capture.read", "packet_capture.list", "packet_capture.status", "packet_capture.stop", "packet_capture.delete",
		"extension.create", "extension.read", "extension.delete", "operation.read", "blob.list", "blob.get",
		"storage_account.read", "network_watcher.list", "vm.list", "permission.list",
	}
	effects := [][2]string{
		{"500", `code = "InternalServerError"`},
		{"429", "code = \"TooManyRequests\"\n  retry_after = \"20s\""},
		{"403", `code = "AuthorizationFailed"`},
		{"409", `code = "AnotherOperationInProgress"`},
		{"reset", `effect = "reset"`},
		{"reset after", `effect = "reset_after"`},
		{"slow", "effect = \"slow\"\n  delay = \"3m\""},
	}
	var out []trouble
	for _, op := range calls {
		for _, e := range effects {
			out = append(out, trouble{op, e[0], e[1], 0.3}, trouble{op, e[0], e[1], 1})
		}
	}
	for _, op := range calls {
		if strings.HasSuffix(op, ".create") || strings.HasSuffix(op, ".delete") {
			for _, rate := range []float64{0.5, 1} {
				out = append(out, trouble{op, "fails", "effect = \"fail\"\n  code = \"InternalServerError\"", rate},
					trouble{op, "stale", "effect = \"stale\"\n  delay = \"2m\"", rate})
			}
		}
	}
	for _, f := range []trouble{
		{"packet_capture.create", "agent stops", "effect = \"agent_stopped\"\n  delay = \"5s\"", 0},
		{"packet_capture.create", "size reached", "effect = \"size_reached\"\n  delay = \"1s\"", 0},
		{"packet_capture.create", "storage fails", `effect = "storage_failed"`, 0},
		{"packet_capture.upload", "late", "effect = \"late\"\n  delay = \"15m\"", 0},
		{"packet_capture.upload", "an hour late", "effect = \"late\"\n  delay = \"1h\"", 0},
		{"packet_capture.upload", "never", `effect = "never"`, 0},
		{"packet_capture.upload", "short at first", "effect = \"short\"\n  bytes = 1000\n  delay = \"3m\"", 0},
		{"packet_capture.upload", "short", "effect = \"short\"\n  bytes = 1000", 0},
		{"flow_log.record", "never", `effect = "never"`, 0},
		{"flow_log.record", "late", "effect = \"late\"\n  delay = \"20m\"", 0},
		{"flow_log.record", "short", "effect = \"short\"\n  blocks = 3", 0},
		{"flow_log.create", "other target", "effect = \"other_target\"\n  other_target = \"nic-web-2\"", 0},
	} {
		for _, rate := range []float64{0.5, 1} {
			f.rate = rate
			out = append(out, f)
		}
	}
	return out
}

// longestRun is how long a run of ten minutes may take, whatever goes wrong: by
// then it has ended with what it could do.
const longestRun = 6 * time.Hour

// TestFaults carries out an investigation in a world in which one thing goes
// wrong: it ends, what it left in Azure is named, and the next apply, in a world
// where all goes well again, leaves nothing. FLOWCTL_FAULTS=n takes each n-th
// fault, 1 all.
func TestFaults(t *testing.T) {
	every := 41 * sparse
	if text := os.Getenv("FLOWCTL_FAULTS"); text != "" {
		var err error
		if every, err = strconv.Atoi(text); err != nil || every < 1 {
			t.Fatalf("FLOWCTL_FAULTS=%s: want a number, such as 1 for every fault", text)
		}
	}
	all := troubles()
	var taken []trouble
	for i := every / 2; i < len(all); i += every {
		taken = append(taken, all[i])
	}
	base := t.TempDir()
	var f figures
	workers(len(taken), func(_, i int) {
		bad := taken[i].try(t.Context(), filepath.Join(base, fmt.Sprint(i)))
		f.add(bad)
		for _, fault := range bad {
			t.Errorf("%v: %s", taken[i], fault)
		}
	})
	t.Logf("%d of %d faults, %v", len(taken), len(all), &f)
}

// try returns what is wrong after the fault.
func (f trouble) try(ctx context.Context, dir string) (bad []string) {
	fault := func(kind, format string, args ...any) {
		bad = append(bad, kind+": "+fmt.Sprintf(format, args...))
	}
	defer os.RemoveAll(dir)
	g := stage{dir: dir, world: filepath.Join(dir, "world.hcl"), source: Source{Path: "testdata/faults.hcl"}, watch: newWatchman(nil)}
	write := func(text string) {
		if err := errors.Join(os.MkdirAll(dir, 0o700), os.WriteFile(g.world, []byte(text), 0o600)); err != nil {
			fault("failed", "%v", err)
		}
	}
	write(string(sandbox.WorldSource()))
	began := epochOf(g)
	write(f.world())
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute) // real ones
	defer cancel()
	failed, _, err := g.apply(ctx, ApplyOptions{})
	if ctx.Err() != nil {
		fault("failed", "it does not end")
		return bad
	}
	write(string(sandbox.WorldSource())) // in the other one opening can fail as well, and so can asking for the time
	if took := epochOf(g).Sub(began); took > longestRun {
		fault("failed", "it ends after %s", took)
	}
	quiet := g
	quiet.watch = nil
	left, lookErr := quiet.remains(ctx)
	if lookErr != nil {
		fault("failed", "%v", lookErr)
	}
	if len(left) > 0 && len(failed) == 0 && err == nil {
		fault("failed", "%v are left, and nothing says so", left)
	}
	if unnamed := g.unnamed(ctx, quiet, failed, err); len(unnamed) > 0 {
		fault("failed", "%v are left and not named in %q, %v", unnamed, failed, err)
	}
	failed, _, err = g.apply(ctx, ApplyOptions{})
	if err != nil {
		fault("failed", "the next apply: %v (%q)", err, failed)
	}
	left, lookErr = quiet.remains(ctx)
	if lookErr != nil {
		fault("failed", "%v", lookErr)
	}
	for _, what := range left {
		fault("orphan", "%s after the next apply, which says %q", what, failed)
	}
	return append(bad, g.watch.faults()...)
}

// epochOf is the time of a stage's sandbox.
func epochOf(g stage) time.Time {
	g.watch = nil
	op, err := g.open(context.Background())
	if err != nil {
		return time.Time{}
	}
	return op.now()
}

// unnamed are the recordings that are left and that neither the failures nor
// the ledger name; an error that ended the whole run is enough.
func (g stage) unnamed(ctx context.Context, quiet stage, failed []string, err error) []string {
	if err != nil {
		return nil
	}
	there, lookErr := quiet.recorded(ctx)
	op, openErr := quiet.open(ctx)
	if errors.Join(lookErr, openErr) != nil {
		return []string{errors.Join(lookErr, openErr).Error()}
	}
	var out []string
	for _, r := range there {
		named := slices.ContainsFunc(failed, func(text string) bool { return strings.Contains(text, r.Target.Name()) })
		for _, run := range op.ledger.Runs {
			for _, l := range run.Left {
				named = named || l.What.Is(r.ID)
			}
		}
		if !named {
			out = append(out, r.ID.Name()+" on "+plan.ID(r.Target).Name())
		}
	}
	return out
}
