package collectors

import (
	"context"
	"errors"
	"io"

	"flowctl/collectors/depth"
	"flowctl/collectors/storage"
	"flowctl/plan"
)

// piece is how many bytes of a blob are read at a time, and wideBlob the size
// from which on a blob is read in ranges side by side.
const (
	piece    = 1 << 20
	wideBlob = 16 << 20
)

// stream is a blob that is read in one request, which is made before somebody
// wants it. What the queue has no room for is not read.
type stream struct {
	*version
	queue  *queue
	pieces chan []byte // with room for a blob that is not wide
	err    error       // why pieces ended, if not well

	current, left []byte // the piece that is taken, and what of it was not yet

	begun, ready bool // somebody reads it; there is something to read; of queue.mu
	held         int  // pieces that were not given back; of queue.mu
}

// fetch reads the blob and ends pieces. It has a place at the service.
func (s *stream) fetch(ctx context.Context) {
	s.err = s.requests(ctx)
	close(s.pieces)
	s.queue.arrived(s)
	if s.err == nil {
		s.queue.service.Release(depth.Done)
	} else {
		s.queue.service.Release(depth.Failed) // of being busy it has heard
	}
}

// requests reads the blob, in one request unless it changes meanwhile.
func (s *stream) requests(ctx context.Context) error {
	tries := 0
	for off := int64(0); ; {
		n, err := s.request(ctx, off)
		off += n
		if tries++; n > 0 {
			tries = 0
		}
		switch {
		case err == nil && (n == 0 || off >= s.size()):
			return nil
		case err != nil && (tries > storage.Changes || !errors.Is(err, plan.ErrChanged)):
			return err
		}
	}
}

// request reads what follows offset and returns how much that was.
func (s *stream) request(ctx context.Context, offset int64) (n int64, err error) {
	b, err := s.queue.take(ctx, s, s.size()-offset)
	if err != nil {
		return 0, err
	}
	r, err := s.open(ctx, offset, -1)
	if err != nil {
		s.queue.give(s, b)
		return 0, err
	}
	defer r.Close()
	for {
		k, err := io.ReadFull(r, b)
		n += int64(k)
		if err := s.send(ctx, b, k); err != nil {
			return n, err
		}
		left := s.size() - offset - n
		if err == io.EOF || err == io.ErrUnexpectedEOF || err == nil && left <= 0 {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if b, err = s.queue.take(ctx, s, left); err != nil {
			return n, err
		}
	}
}

// send hands on the first k bytes of a piece.
func (s *stream) send(ctx context.Context, b []byte, k int) error {
	if k == 0 {
		s.queue.give(s, b)
		return nil
	}
	select {
	case s.pieces <- b[:k]:
		s.queue.arrived(s)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Read reads what comes next, and waits for it.
func (s *stream) Read(p []byte) (int, error) {
	if len(s.left) == 0 && !s.next() {
		if s.err != nil {
			return 0, s.err
		}
		return 0, io.EOF
	}
	n := copy(p, s.left)
	s.left = s.left[n:]
	return n, nil
}

// next takes the next piece and gives back the one before.
func (s *stream) next() bool {
	if s.current != nil {
		s.queue.give(s, s.current)
		s.current = nil
	}
	b, ok := <-s.pieces
	s.current, s.left = b, b
	return ok
}

// whole returns the blob if it is all in one piece.
func (s *stream) whole() ([]byte, bool) {
	if s.current == nil && !s.next() {
		return nil, s.err == nil
	}
	return s.current, int64(len(s.current)) == s.size()
}

// close gives back all that was not taken.
func (s *stream) close() {
	for s.next() {
	}
}
