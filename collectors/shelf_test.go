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

	"flowctl/collectors/flowlog"
	"flowctl/plan"
)

// shelf is a storage account in memory that counts what is asked of it.
type shelf struct {
	mu       sync.Mutex
	blobs    map[string][]byte   // by name
	version  map[string]int      // by name
	breaks   map[string]breaking // by name
	requests map[string]int      // by kind
	opened   []string            // names
	gate     func(name string)   // is called before a blob is opened
	fail     error               // of every listing
}

// breaking is a change of a blob while it is read.
type breaking struct {
	at   int64 // the read breaks there
	next []byte
}

func (s *shelf) note(kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.requests == nil {
		s.requests = map[string]int{}
	}
	s.requests[kind]++
}

func (s *shelf) blob(name string) plan.Blob {
	return plan.Blob{Container: flowlog.VNetContainer, Name: name, Size: int64(len(s.blobs[name])), ETag: fmt.Sprint("v", s.version[name])}
}

func (s *shelf) names(prefix string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for n := range s.blobs {
		if strings.HasPrefix(n, prefix) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

func (s *shelf) List(_ context.Context, _, prefix string) iter.Seq2[plan.Blob, error] {
	return func(yield func(plan.Blob, error) bool) {
		s.note("list")
		if s.fail != nil {
			yield(plan.Blob{}, s.fail)
			return
		}
		for _, n := range s.names(prefix) {
			s.mu.Lock()
			b := s.blob(n)
			s.mu.Unlock()
			if !yield(b, nil) {
				return
			}
		}
	}
}

func (s *shelf) Prefixes(_ context.Context, _, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		s.note("prefixes")
		last := ""
		for _, n := range s.names(prefix) {
			folder, _, ok := strings.Cut(n[len(prefix):], "/")
			if ok && folder != last && !yield(folder, nil) {
				return
			}
			last = folder
		}
	}
}

func (s *shelf) Stat(_ context.Context, _, name string) (plan.Blob, error) {
	s.note("stat")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.blobs[name] == nil {
		return plan.Blob{}, plan.ErrNotFound
	}
	return s.blob(name), nil
}

func (s *shelf) Blocks(context.Context, plan.Blob) ([]int64, error) { return nil, nil }

func (s *shelf) Open(_ context.Context, b plan.Blob, offset, length int64) (io.ReadCloser, error) {
	if s.gate != nil {
		s.gate(b.Name)
	}
	s.note("open")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened = append(s.opened, b.Name)
	if s.blob(b.Name).ETag != b.ETag {
		return nil, plan.ErrChanged
	}
	all := s.blobs[b.Name]
	part := all[min(offset, int64(len(all))):]
	if length >= 0 {
		part = part[:min(length, int64(len(part)))]
	}
	br, ok := s.breaks[b.Name]
	if !ok || br.at >= offset+int64(len(part)) {
		return io.NopCloser(bytes.NewReader(part)), nil
	}
	delete(s.breaks, b.Name)
	s.blobs[b.Name] = br.next
	s.version[b.Name]++
	return io.NopCloser(io.MultiReader(bytes.NewReader(part[:br.at-offset]), failing{plan.ErrChanged})), nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, fmt.Errorf("read: %w", f.err) }
