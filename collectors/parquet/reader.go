package parquet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/zstd"

	"flowctl/collectors/flow"
)

// Read yields the flows of a file that flowctl wrote. It is a flow.Reader. As
// the way to the flows begins at the file's end, what cannot be read from
// there is copied to a temporary file first.
func Read(r io.Reader, in flow.Input) iter.Seq2[flow.Batch, error] {
	return func(yield func(flow.Batch, error) bool) {
		wanted := true
		main := func(b flow.Batch) bool {
			wanted = wanted && yield(b, nil)
			return wanted
		}
		if err := readCopy(r, in, main); err != nil && wanted {
			yield(nil, err)
		}
	}
}

func readCopy(r io.Reader, in flow.Input, main func(flow.Batch) bool) error {
	f, err := os.CreateTemp("", "flowctl-*.parquet")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	size, err := io.Copy(f, r)
	if err != nil {
		in.Source.Note(flow.Unreadable)
		return err
	}
	return ReadAt(f, size, in, flow.Workers{Main: main})
}

// ReadAt reads the flows of a file that flowctl wrote, of size bytes.
// Extra workers take row groups. A row group that is damaged is left out and
// counted in in.Skipped by its rows.
func ReadAt(r io.ReaderAt, size int64, in flow.Input, to flow.Workers) error {
	in.Source.Kind, in.Source.Bytes = flow.Parquet, size
	t, err := readTail(r, size)
	if err == nil {
		err = tell(t, in)
	}
	if err != nil {
		in.Source.Note(flow.Unreadable)
		return err
	}
	g := &reading{r: r, in: in, tail: t}
	var wg sync.WaitGroup
	me := g.worker(flow.Sink{Add: to.Main, Cache: in.Cache})
	for more := true; more; more = me.group() {
		if g.left() < 2 {
			continue
		}
		if s, ok := to.More(); ok {
			wg.Go(func() {
				defer s.Done()
				you := g.worker(s)
				for you.group() {
				}
			})
		}
	}
	wg.Wait()
	in.Source.Note(flow.OK)
	return nil
}

// reading is a file that several goroutines read.
type reading struct {
	r    io.ReaderAt
	in   flow.Input
	tail *tail

	mu      sync.Mutex
	next    int // row group
	stopped bool
}

func (g *reading) left() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.tail.meta.RowGroups) - g.next
}

// claim returns the next row group that nobody reads.
func (g *reading) claim() (group int, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped || g.next == len(g.tail.meta.RowGroups) {
		return 0, false
	}
	g.next++
	return g.next - 1, true
}

// worker reads row groups in one goroutine.
type worker struct {
	*reading
	to      flow.Sink
	columns columnReader
	rows    rows
	by      grouper
	err     error
}

func (g *reading) worker(to flow.Sink) *worker {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(mostPage), zstd.WithDecoderLowmem(true))
	return &worker{reading: g, to: to, by: grouper{to: to, flows: newFlowTable()}, columns: columnReader{r: g.r, tail: g.tail, names: g.in.Names, zstd: z}, err: err}
}

// group reads the next row group and reports whether there may be another.
func (w *worker) group() bool {
	at, ok := w.claim()
	if !ok {
		return false
	}
	if err := guard(func() error { return w.load(at) }); err != nil {
		w.damaged(at, err)
		return true
	}
	w.mu.Lock()
	w.in.Source.Records += uint64(w.rows.total)
	w.mu.Unlock()
	if !w.rows.sound() {
		return w.goOn(w.checked(at))
	}
	return w.goOn(w.by.group(&w.rows, &w.columns.alike))
}

// goOn stops all workers if no more records are wanted.
func (w *worker) goOn(more bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = w.stopped || !more
	return more
}

// load reads all columns of a row group.
func (w *worker) load(group int) error {
	if w.err != nil {
		return w.err
	}
	w.columns.begin()
	for i := range readColumns {
		if err := w.columns.read(group, i, &w.rows.columns[i]); err != nil {
			return fmt.Errorf("column %s: %w", columns[i].name, err)
		}
	}
	w.rows.total = int(w.tail.meta.RowGroups[group].NumRows)
	return nil
}

// damaged counts the rows of a row group that cannot be read.
func (w *worker) damaged(group int, why error) {
	at := &w.tail.meta.RowGroups[group]
	var offset int64
	if len(at.Columns) > 0 {
		offset = at.Columns[0].MetaData.DataPageOffset
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.in.Source.Note(flow.Corrupt)
	w.in.Skipped.AddN(w.in.Source.Path, "row group is damaged: "+why.Error(), uint64(max(1, at.NumRows)), max(0, offset))
}

// tell says what the metadata of t says: where the flows are from, what was
// left out there, and host names.
func tell(t *tail, in flow.Input) error {
	var from sources
	var skipped []skip
	var hosts []host
	for key, v := range map[string]any{SourcesKey: &from, SkippedKey: &skipped, HostsKey: &hosts} {
		if text := t.pairs[key]; text != "" {
			if err := json.Unmarshal([]byte(text), v); err != nil {
				return fmt.Errorf("its metadata %s is damaged: %w", key, err)
			}
		}
	}
	for _, s := range skipped {
		in.Skipped.AddN(s.Source, s.Reason, s.Count, s.Offset)
	}
	for _, other := range []struct {
		key  string
		take func([]byte) error
	}{{InventoriesKey, in.Inventories}, {DictionaryKey, in.Dictionary}, {MinutesKey, in.Minutes}, {SuccessorsKey, in.Successors}} {
		if text := t.pairs[other.key]; text != "" && other.take != nil {
			if err := other.take([]byte(text)); err != nil {
				return fmt.Errorf("its metadata %s is damaged: %w", other.key, err)
			}
		}
	}
	if in.Hosts != nil {
		for _, h := range hosts {
			if a, err := netip.ParseAddr(h.Address); err == nil {
				in.Hosts.Add(flow.AddrOf(a), h.Name, h.How)
			}
		}
	}
	return from.tell(t, in.Source)
}

// tell describes the sources that flows were read from in src.
func (s *sources) tell(t *tail, src *flow.Source) error {
	var kinds []string
	for k, n := range s.Kinds {
		src.Holds = append(src.Holds, k)
		kinds = append(kinds, fmt.Sprintf("%d %s", n, k))
	}
	src.Empty = slices.Sorted(maps.Keys(s.Empty))
	src.AgainIn, src.Again = s.Again.Captures, flow.Count{Packets: s.Again.Packets, IPBytes: s.Again.IPBytes, FrameBytes: s.Again.FrameBytes}
	slices.Sort(src.Holds)
	slices.Sort(kinds)
	src.Detail = "flows of " + strings.Join(kinds, ", ") + ", written by flowctl " + t.pairs[VersionKey]
	if len(kinds) == 0 {
		src.Detail = "flows of no source with records, written by flowctl " + t.pairs[VersionKey]
	}
	for status, n := range s.Statuses {
		switch {
		case n < 0:
			return errors.New("its metadata " + SourcesKey + " is damaged: less than no sources")
		case n == 0 || status == flow.OK:
		case status == flow.Truncated:
			src.Note(flow.Truncated)
		default:
			src.Note(flow.Corrupt) // what could not be read of it is not here
		}
	}
	return nil
}
