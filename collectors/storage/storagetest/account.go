// Package storagetest is a storage account for tests: it is in memory, notes
// what is asked of it, and changes or fails when it is told to.
package storagetest

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"

	"flowctl/plan"
)

// Account is a storage account in memory. All its containers have the same
// blobs; without a blob it has no container. It is a plan.Blobs. The fields are
// set while nobody uses it.
type Account struct {
	// Opened is called before each read, with the number of reads before it;
	// its error is that of the read.
	Opened func(ctx context.Context, name string, n int) error
	// Asked, if there is one, is called before each listing of blobs or folders.
	Asked    func()
	Fail     error // of every listing
	NoBlocks bool  // the service lists no blocks

	mu     sync.Mutex
	blobs  map[string]*stored // by name
	order  []string           // names
	sorted bool
	seen   Seen
}

// stored is a blob of blocks. Each change of it makes a new version.
type stored struct {
	blocks  [][]byte
	version int
	breaks  *change
}

// change is one that a blob makes while it is read.
type change struct {
	at   int64 // the read breaks there
	next []byte
}

// Of returns an account with blobs of one block.
func Of(blobs map[string]string) *Account {
	a := &Account{}
	for name, text := range blobs {
		a.Put(name, text)
	}
	return a
}

// Put stores a blob in blocks.
func (a *Account) Put(name string, blocks ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.blobs[name]
	if s == nil {
		s = &stored{}
		if a.blobs == nil {
			a.blobs = map[string]*stored{}
		}
		a.blobs[name] = s
		a.order, a.sorted = append(a.order, name), false
	}
	s.version++
	s.blocks = nil
	for _, b := range blocks {
		s.blocks = append(s.blocks, []byte(b))
	}
}

// Break has the next read that goes beyond the byte at break there, and the
// blob be another from then on.
func (a *Account) Break(name string, at int64, next []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.blobs[name].breaks = &change{at, next}
}

// Bytes returns a blob's content.
func (a *Account) Bytes(name string) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.blobs[name].bytes()
}

// bytes is the content; of one block without a copy.
func (s *stored) bytes() []byte {
	if len(s.blocks) == 1 {
		return s.blocks[0]
	}
	return bytes.Join(s.blocks, nil)
}

// Names returns the names of all blobs that begin with prefix, in order.
func (a *Account) Names(prefix string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.sorted {
		a.order, a.sorted = slices.Sorted(maps.Keys(a.blobs)), true
	}
	first, _ := slices.BinarySearch(a.order, prefix)
	names := a.order[first:]
	end := slices.IndexFunc(names, func(n string) bool { return !strings.HasPrefix(n, prefix) })
	if end >= 0 {
		names = names[:end]
	}
	return names
}

// List yields blobs as their names have it at the time of the call.
func (a *Account) List(ctx context.Context, container, prefix string) iter.Seq2[plan.Blob, error] {
	return func(yield func(plan.Blob, error) bool) {
		a.note(&a.seen.Lists)
		a.asked()
		if a.Fail != nil {
			yield(plan.Blob{}, a.Fail)
			return
		}
		if len(a.Names("")) == 0 {
			yield(plan.Blob{}, fmt.Errorf("ContainerNotFound: %w", plan.ErrNotFound))
			return
		}
		for _, n := range a.Names(prefix) {
			a.mu.Lock()
			b := a.stat(container, n)
			a.seen.Listed++
			a.mu.Unlock()
			if err := ctx.Err(); err != nil {
				yield(b, err)
				return
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}

func (a *Account) asked() {
	if a.Asked != nil {
		a.Asked()
	}
}

// Prefixes yields folders.
func (a *Account) Prefixes(_ context.Context, _, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		a.note(&a.seen.Prefixes)
		a.asked()
		last := ""
		for _, n := range a.Names(prefix) {
			folder, _, ok := strings.Cut(n[len(prefix):], "/")
			if ok && folder != last && !yield(folder, nil) {
				return
			}
			last = folder
		}
	}
}

// Stat returns one blob.
func (a *Account) Stat(_ context.Context, container, name string) (plan.Blob, error) {
	a.note(&a.seen.Stats)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.blobs[name] == nil {
		return plan.Blob{}, plan.ErrNotFound
	}
	return a.stat(container, name), nil
}

func (a *Account) stat(container, name string) plan.Blob {
	s := a.blobs[name]
	n := 0
	for _, b := range s.blocks {
		n += len(b)
	}
	return plan.Blob{Container: container, Name: name, Size: int64(n), ETag: fmt.Sprint("v", s.version)}
}

// Blocks returns the sizes of a blob's blocks.
func (a *Account) Blocks(_ context.Context, b plan.Blob) ([]int64, error) {
	a.note(&a.seen.Blocks)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.NoBlocks {
		return nil, fmt.Errorf("blocks of %s: not here", b.Name)
	}
	if a.stat(b.Container, b.Name).ETag != b.ETag {
		return nil, plan.ErrChanged
	}
	var sizes []int64
	for _, block := range a.blobs[b.Name].blocks {
		sizes = append(sizes, int64(len(block)))
	}
	return sizes, nil
}
