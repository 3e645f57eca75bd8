package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"flowctl/cmd/internal/terminal"
)

// limit is a ratio that flowctl is to keep to another program, or to itself with
// less to do.
type limit struct {
	work        string
	this, other contender
	most        float64
	wall        bool // the time that passes is compared, else that of the processors
	megabytes   int  // that this may take at most, instead of a ratio
}

// limits are what is asked of flowctl's speed and memory.
func (o Options) limits(self, folder, flows string, logs []string, captures map[string]string) []limit {
	sum := func(program string, args ...string) contender {
		return contender{name: filepath.Base(program), args: append([]string{program, "summarize"}, args...)}
	}
	pair := func(program, path string) contender { return sum(program, append(slices.Clone(byPair), path)...) }
	var all []limit
	if o.Before != "" {
		const most = 1.05
		kept := filepath.Join(o.Dir, "kept-before.parquet")
		for _, w := range []struct{ what, path string }{
			{"flow logs, by pair", folder}, {"mixed packets, by pair", captures["mixed"]}, {"small packets, by pair", captures["small"]},
		} {
			all = append(all, limit{work: w.what, this: pair(self, w.path), other: pair(o.Before, w.path), most: most})
		}
		all = append(all,
			limit{work: "flow logs, all answers", this: sum(self, folder), other: sum(o.Before, folder), most: most},
			limit{work: "flow logs, kept as Parquet", this: sum(self, "--flows", kept, folder), other: sum(o.Before, "--flows", kept, folder), most: most})
	}
	if o.FlowPeer != "" {
		all = append(all, limit{work: "flow logs, by pair", this: pair(self, folder), other: contender{name: filepath.Base(o.FlowPeer), args: append([]string{o.FlowPeer, "-j", fmt.Sprint(o.threads()), "-q"}, logs...)}, most: 1.4})
	}
	if o.PacketPeer != "" {
		all = append(all, limit{work: "small packets, by pair", this: pair(self, captures["small"]),
			other: contender{name: filepath.Base(o.PacketPeer), args: []string{o.PacketPeer, "-j", fmt.Sprint(o.threads()), captures["small"]}}, most: 1.5})
	}
	plain := pair(self, folder)
	plain.name, plain.env = "the same without its AVX2 code", []string{"GODEBUG=cpu.bmi2=off"}
	all = append(all,
		limit{work: "flow logs, by pair", this: pair(self, folder), other: plain, most: 0.97},
		limit{work: "small packets, by pair", this: pair(self, captures["small"]), other: contender{name: "capinfos -c", args: []string{"capinfos", "-c", "-M", captures["small"]}}, most: 1, wall: true},
		limit{work: "flow logs, kept as Parquet", this: sum(self, "--flows", filepath.Join(o.Dir, "kept.parquet"), folder), other: sum(self, folder), most: 2},
		limit{work: "Parquet read back, by pair", this: pair(self, flows), other: contender{name: "DuckDB", args: o.duckdbArgs(sqlFlows("'"+flows+"'") + sqlTop)}, most: 1, wall: true})
	for _, name := range []string{"one pair", "a pair each"} {
		all = append(all, limit{work: fmt.Sprintf("%d flows, %s, --memory 64MiB", o.Flows, name), this: sum(self, "--memory", "64MiB", captures[name]), megabytes: 200})
	}
	return slices.DeleteFunc(all, func(l limit) bool {
		if l.megabytes > 0 {
			return false
		}
		_, err := exec.LookPath(l.other.args[0])
		return err != nil
	})
}

// benchLimits makes the files, measures in pairs and prints what was asked and what
// is.
func (o Options) benchLimits(ctx context.Context, s Streams, self string) error {
	logs, files, err := benchFiles(ctx, s, o.Dir, o)
	if err != nil {
		return err
	}
	captures := map[string]string{}
	for _, f := range files {
		captures[f.kind] = f.name
	}
	for name, pairs := range map[string]int{"one pair": 1, "a pair each": o.Flows} {
		captures[name] = filepath.Join(o.Dir, fmt.Sprintf("flows-%d.pcap", pairs))
		if err := writeFlows(captures[name], o.Flows, pairs); err != nil {
			return err
		}
	}
	folder, flows := filepath.Join(o.Dir, "flowlogs"), filepath.Join(o.Dir, "flows.parquet")
	if err := exec.CommandContext(ctx, self, "summarize", "--flows", flows, folder).Run(); err != nil {
		return fmt.Errorf("keep flows as Parquet: %w", err)
	}
	fmt.Fprintln(s.Out, "\n| work | against | flowctl | the other | ratio | asked | |")
	fmt.Fprintln(s.Out, "|---|---|--:|--:|--:|--:|---|")
	for _, l := range o.limits(self, folder, flows, logs, captures) {
		s.say("%s against %s\n", l.work, l.other.name)
		if err := l.run(ctx, s, self, o.Runs); err != nil {
			return fmt.Errorf("%s: %w", l.work, err)
		}
	}
	return nil
}

// run measures this and the other in alternation and prints a row.
func (l limit) run(ctx context.Context, s Streams, self string, runs int) error {
	if l.megabytes > 0 {
		t, err := l.this.timed(ctx, self)
		if err != nil {
			return err
		}
		most := int64(l.megabytes) * 1e6
		fmt.Fprintf(s.Out, "| %s | | %s, peak %s | | | %s | %s |\n", l.work, short(t.CPU), terminal.Bytes(uint64(t.Peak)), terminal.Bytes(uint64(most)), verdict(t.Peak <= most))
		return nil
	}
	of, what := func(t timing) time.Duration { return t.CPU }, "processor time"
	if l.wall {
		of, what = func(t timing) time.Duration { return t.Wall }, "time"
	}
	var mine, theirs []timing
	var ratios []float64
	for range runs {
		a, err := l.this.timed(ctx, self)
		if err != nil {
			return err
		}
		b, err := l.other.timed(ctx, self)
		if err != nil {
			return err
		}
		mine, theirs, ratios = append(mine, a), append(theirs, b), append(ratios, of(a).Seconds()/of(b).Seconds())
	}
	slices.Sort(ratios)
	ratio := ratios[len(ratios)/2]
	fmt.Fprintf(s.Out, "| %s | %s, %s | %s | %s | %.2f× | %.2f× | %s |\n",
		l.work, l.other.name, what, short(median(mine, of)), short(median(theirs, of)), ratio, l.most, verdict(ratio <= l.most))
	return nil
}

// timed runs a contender and says what it took.
func (c contender) timed(ctx context.Context, self string) (t timing, err error) {
	out, err := c.run(ctx, append([]string{self, "bench", "timed", "--"}, c.args...))
	if err != nil {
		return t, err
	}
	return t, json.Unmarshal(out, &t)
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "**not met**"
}
