package parquet

import (
	"fmt"
	"io"
	"iter"
	"os"
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
		var told Told
		if err = told.Add(t.pairs, in); err == nil {
			err = told.Tell(in.Source)
		}
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
