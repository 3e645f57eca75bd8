package storagetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"

	"flowctl/plan"
)

// Open opens a part of one version of a blob.
func (a *Account) Open(ctx context.Context, b plan.Blob, offset, length int64) (io.ReadCloser, error) {
	r := &reader{account: a}
	n := a.begin(offset, length)
	if a.Opened != nil {
		if err := a.Opened(ctx, b.Name, n); err != nil {
			r.Close()
			return nil, err
		}
	}
	var err error
	if r.Reader, err = a.part(b, offset, length); ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// part is a part of the version b, which is another once the part was read if
// the blob is to change.
func (a *Account) part(b plan.Blob, offset, length int64) (io.Reader, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stat(b.Container, b.Name).ETag != b.ETag {
		return nil, plan.ErrChanged
	}
	s := a.blobs[b.Name]
	part := s.bytes()
	part = part[min(offset, int64(len(part))):]
	if length >= 0 {
		part = part[:min(length, int64(len(part)))]
	}
	br := s.breaks
	if br == nil || br.at >= offset+int64(len(part)) {
		return bytes.NewReader(part), nil
	}
	s.blocks, s.breaks = [][]byte{br.next}, nil
	s.version++
	return io.MultiReader(bytes.NewReader(part[:max(0, br.at-offset)]), failing{plan.ErrChanged}), nil
}

// reader is a reader that is counted while it is open.
type reader struct {
	io.Reader
	account *Account
	once    sync.Once
}

// Read reads through a buffer as the network's, not all at once.
func (r *reader) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(len(p), 16<<10)]) }

func (r *reader) Close() error {
	r.once.Do(func() {
		r.account.mu.Lock()
		r.account.seen.Open--
		r.account.mu.Unlock()
	})
	return nil
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, fmt.Errorf("read: %w", f.err) }
