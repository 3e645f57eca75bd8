package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
)

// blobCounts are how many small blobs are read in turn. Memory must not grow
// with them.
var blobCounts = []int{50_000, 200_000}

// benchBlobs measures reading from storage: very many small blobs, and the
// same flow logs from a folder and from storage.
func (o Options) benchBlobs(ctx context.Context, s Streams, self string) error {
	fmt.Fprintf(s.Out, "\n### Small blobs, listed and read from storage on this machine\n\n")
	fmt.Fprintln(s.Out, "| blobs | tuples | time | blobs a second | processor time | peak memory |")
	fmt.Fprintln(s.Out, "|--:|--:|--:|--:|--:|--:|")
	var peaks []int64
	for _, n := range blobCounts {
		t, doc, err := o.smallBlobs(ctx, s, self, n)
		if err != nil {
			return fmt.Errorf("%d blobs: %w", n, err)
		}
		fmt.Fprintf(s.Out, "| %d | %d | %s | %.0f | %s | %s |\n", n, doc.Tuples, short(t.Wall), float64(n)/t.Wall.Seconds(), short(t.CPU), terminal.Bytes(uint64(t.Peak)))
		peaks = append(peaks, t.Peak)
	}
	fmt.Fprintf(s.Out, "\nPeak memory of the last to the first: %.2f.\n", float64(peaks[len(peaks)-1])/float64(max(1, peaks[0])))
	return o.folderOrStorage(ctx, s, self)
}

// smallBlobs has n blobs served and summed up, and checks that all were.
func (o Options) smallBlobs(ctx context.Context, s Streams, self string, n int) (timing, servedBlobs, error) {
	doc, stop, err := serveBlobs(ctx, self, "--blobs", strconv.Itoa(n), "--seed", strconv.FormatUint(o.Seed, 10))
	if err != nil {
		return timing{}, doc, err
	}
	defer stop()
	s.say("%d small blobs: checked\n", n)
	c := contender{name: "flowctl summarize URL", args: []string{self, "summarize", doc.URL}}
	out, err := c.run(ctx, []string{self, "summarize", "--json", doc.URL})
	if err != nil {
		return timing{}, doc, err
	}
	if err := doc.check(out); err != nil {
		return timing{}, doc, err
	}
	s.say("%d small blobs: measured\n", n)
	var best timing
	for i := range o.Runs {
		out, err := c.run(ctx, append([]string{self, "bench", "timed", "--"}, c.args...))
		if err != nil {
			return timing{}, doc, err
		}
		var t timing
		if err := json.Unmarshal(out, &t); err != nil {
			return timing{}, doc, err
		}
		if i == 0 || t.Wall < best.Wall {
			t.Peak = max(t.Peak, best.Peak)
			best = t
		}
		best.Peak = max(t.Peak, best.Peak)
	}
	return best, doc, nil
}

// check compares a summary with what is served.
func (s servedBlobs) check(out []byte) error {
	var doc struct {
		Sources []struct {
			Files   int
			Status  string
			Records uint64
		}
		Total  summary.Total
		Merged struct{ Records uint64 }
	}
	if err := json.Unmarshal(out, &doc); err != nil {
		return err
	}
	var files int
	var tuples uint64
	for _, src := range doc.Sources {
		files, tuples = files+max(1, src.Files), tuples+src.Records
	}
	counted := doc.Total.Records + doc.Merged.Records
	if files != s.Blobs || tuples != s.Tuples || counted != s.Tuples {
		return fmt.Errorf("summarize read %d tuples of %d blobs and counted %d; there are %d of %d", tuples, files, counted, s.Tuples, s.Blobs)
	}
	return nil
}

// folderOrStorage compares reading from a folder with reading from storage.
func (o Options) folderOrStorage(ctx context.Context, s Streams, self string) error {
	folder := filepath.Join(o.Dir, "stored")
	quiet := s
	quiet.Out = s.Err
	size := o.Size
	if !o.Sized {
		size = "300MB"
	}
	if err := (FlowLogs{Out: folder, Size: size, NICs: 10, Hours: 2, Seed: o.Seed, Version: 4, Tuples: 300_000}).Write(quiet); err != nil {
		return err
	}
	doc, stop, err := serveBlobs(ctx, self, "--folder", folder)
	if err != nil {
		return err
	}
	defer stop()
	with := func(name, from string) contender {
		return contender{name: name, args: []string{self, "summarize", from}, checkArgs: []string{self, "summarize", "--json", from}, total: logTotal}
	}
	return work{fmt.Sprintf("Flow logs: %s in %d files, from a folder and from storage on this machine", size, doc.Blobs),
		[]contender{with("summarize FOLDER", folder), with("summarize URL", doc.URL)}, o.Runs, self}.run(ctx, s)
}

// serveBlobs starts gen blobs in a process of its own.
func serveBlobs(ctx context.Context, self string, args ...string) (servedBlobs, func(), error) {
	var doc servedBlobs
	cmd := exec.CommandContext(ctx, self, append([]string{"gen", "blobs"}, args...)...)
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return doc, nil, err
	}
	if err := cmd.Start(); err != nil {
		return doc, nil, err
	}
	stop := func() {
		cmd.Process.Kill() // it keeps nothing
		cmd.Wait()
	}
	if err := json.NewDecoder(out).Decode(&doc); err != nil {
		stop()
		return doc, nil, fmt.Errorf("gen blobs: %w", err)
	}
	return doc, stop, nil
}
