package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"flowctl/cmd/internal/terminal"
)

// contender is a program that does some work.
type contender struct {
	name string
	args []string
	env  []string // beside what flowctl has

	// checkArgs are for the run before all others, of which total makes one
	// line out of the output; all contenders must have the same, or the
	// beginning of it. Those with no total are not compared.
	checkArgs []string
	total     func(stdout []byte) (string, error)
}

// run measures in alternation what contenders take, once it is certain that
// they find the same, and prints the table.
func (w work) run(ctx context.Context, s Streams) error {
	if err := w.check(ctx, s); err != nil {
		return err
	}
	all := make([][]timing, len(w.contenders))
	for range w.runs {
		for i, c := range w.contenders {
			out, err := c.run(ctx, append([]string{w.self, "bench", "timed", "--"}, c.args...))
			if err != nil {
				return err
			}
			var t timing
			if err := json.Unmarshal(out, &t); err != nil {
				return err
			}
			all[i] = append(all[i], t)
		}
	}
	fmt.Fprintf(s.Out, "\n### %s\n\n", w.title)
	fmt.Fprintln(s.Out, "| program | time | ratio | processor time | peak memory |")
	fmt.Fprintln(s.Out, "|---|--:|--:|--:|--:|")
	base := median(all[0], func(t timing) time.Duration { return t.Wall })
	for i, c := range w.contenders {
		wall := median(all[i], func(t timing) time.Duration { return t.Wall })
		cpu := median(all[i], func(t timing) time.Duration { return t.CPU })
		fmt.Fprintf(s.Out, "| %s | %s | %.2f× | %s | %s |\n", c.name, short(wall), wall.Seconds()/base.Seconds(), short(cpu), peak(all[i]))
	}
	return nil
}

// check runs all contenders once and compares what they found.
func (w work) check(ctx context.Context, s Streams) error {
	var want, of string
	for _, c := range w.contenders {
		s.say("%s: %s\n", w.title, c.name)
		if c.total == nil {
			continue
		}
		args := c.checkArgs
		if args == nil {
			args = c.args
		}
		out, err := c.run(ctx, args)
		if err != nil {
			return err
		}
		got, err := c.total(out)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		if of == "" {
			want, of = got, c.name
		}
		if got == "" || !strings.HasPrefix(want, got) { // some sum up less
			return fmt.Errorf("%s found %s, but %s found %s", c.name, got, of, want)
		}
	}
	if of != "" {
		s.say("%s: all found %s\n", w.title, want)
	}
	return nil
}

// run runs a contender and returns its output.
func (c contender) run(ctx context.Context, args []string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), c.env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		text := stderr.String()
		return nil, errors.Join(fmt.Errorf("%s: %w: %s", c.name, err, text[:min(len(text), 400)]), ctx.Err())
	}
	return stdout.Bytes(), nil
}

func median(all []timing, of func(timing) time.Duration) time.Duration {
	var v []time.Duration
	for _, t := range all {
		v = append(v, of(t))
	}
	slices.Sort(v)
	return v[len(v)/2]
}

func short(d time.Duration) string {
	if d < 10*time.Second/100 {
		return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

// peak is the greatest of all runs.
func peak(all []timing) string {
	var most, floor int64
	for _, t := range all {
		most, floor = max(most, t.Peak), max(floor, t.Floor)
	}
	switch {
	case most == 0:
		return "–"
	case most <= floor:
		return "< " + terminal.Bytes(uint64(floor))
	}
	return terminal.Bytes(uint64(most))
}
