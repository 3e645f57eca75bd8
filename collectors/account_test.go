package collectors

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"

	"flowctl/plan"
)

// account is a storage account in memory. It notes what is read of it.
type account struct {
	mu     sync.Mutex
	blobs  map[string]*stored // by name
	order  []string           // names; sorted
	read   []string           // first byte and length of each read
	listed int                // blobs that a listing has yielded
	open   int                // readers at the moment
	peak   int                // most readers at a time
	looks  int                // how often blocks were asked for

	// opened is called before each read, with the number of reads before it;
	// its error is that of the read.
	opened func(ctx context.Context, name string, n int) error
	noList bool // the service lists no blocks
}

// stored is a blob of blocks. Each change of it makes a new version.
type stored struct {
	blocks  [][]byte
	version int
}

func (s *stored) bytes() []byte { return bytes.Join(s.blocks, nil) }

// put stores a blob in blocks.
func (a *account) put(name string, blocks ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.blobs == nil {
		a.blobs = map[string]*stored{}
	}
	s := a.blobs[name]
	if s == nil {
		s = &stored{}
		a.blobs[name] = s
		i, _ := slices.BinarySearch(a.order, name)
		a.order = slices.Insert(a.order, i, name)
	}
	s.version++
	s.blocks = nil
	for _, b := range blocks {
		s.blocks = append(s.blocks, []byte(b))
	}
}

// accountOf returns an account with one-block blobs.
func accountOf(blobs map[string]string) *account {
	a := &account{}
	for name, text := range blobs {
		a.put(name, text)
	}
	return a
}

func (a *account) stat(name string) plan.Blob {
	s := a.blobs[name]
	n := 0
	for _, b := range s.blocks {
		n += len(b)
	}
	return plan.Blob{Container: "c", Name: name, Size: int64(n), ETag: fmt.Sprint("v", s.version)}
}

func (a *account) List(ctx context.Context, _, prefix string) iter.Seq2[plan.Blob, error] {
	return func(yield func(plan.Blob, error) bool) {
		a.mu.Lock()
		none := len(a.order) == 0
		first, _ := slices.BinarySearch(a.order, prefix)
		names := a.order[first:]
		a.mu.Unlock()
		if none {
			yield(plan.Blob{}, fmt.Errorf("ContainerNotFound: %w", plan.ErrNotFound))
			return
		}
		for _, n := range names {
			if !strings.HasPrefix(n, prefix) {
				return
			}
			a.mu.Lock()
			b := a.stat(n)
			a.listed++
			a.mu.Unlock()
			if ctx.Err() != nil {
				yield(b, ctx.Err())
				return
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}

func (a *account) Prefixes(context.Context, string, string) iter.Seq2[string, error] { return nil }

func (a *account) Stat(_ context.Context, _, name string) (plan.Blob, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.stat(name), nil
}

func (a *account) Blocks(_ context.Context, b plan.Blob) ([]int64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.looks++
	if a.noList {
		return nil, fmt.Errorf("blocks of %s: not here", b.Name)
	}
	if a.stat(b.Name).ETag != b.ETag {
		return nil, plan.ErrChanged
	}
	var sizes []int64
	for _, block := range a.blobs[b.Name].blocks {
		sizes = append(sizes, int64(len(block)))
	}
	return sizes, nil
}

func (a *account) Open(ctx context.Context, b plan.Blob, offset, length int64) (io.ReadCloser, error) {
	a.mu.Lock()
	n := len(a.read)
	a.read = append(a.read, fmt.Sprintf("%d+%d", offset, length))
	a.open++
	a.peak = max(a.peak, a.open)
	a.mu.Unlock()
	r := &reader{account: a}
	if a.opened != nil {
		if err := a.opened(ctx, b.Name, n); err != nil {
			r.Close()
			return nil, err
		}
	}
	a.mu.Lock()
	changed, all := a.stat(b.Name).ETag != b.ETag, a.blobs[b.Name].blocks
	a.mu.Unlock()
	if changed || ctx.Err() != nil {
		r.Close()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return nil, plan.ErrChanged
	}
	whole := all[0]
	if len(all) > 1 {
		whole = bytes.Join(all, nil)
	}
	r.Reader = bytes.NewReader(whole[offset : offset+length])
	return r, nil
}

// reader is a reader that is counted while it is open.
type reader struct {
	*bytes.Reader
	account *account
	once    sync.Once
}

// Read reads through a buffer as the network's, not all at once.
func (r *reader) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(len(p), 16<<10)]) }

func (r *reader) Close() error {
	r.once.Do(func() {
		r.account.mu.Lock()
		r.account.open--
		r.account.mu.Unlock()
	})
	return nil
}
