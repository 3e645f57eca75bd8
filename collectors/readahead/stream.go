package readahead

import (
	"errors"
	"io"

	"flowctl/collectors/depth"
	"flowctl/collectors/storage"
	"flowctl/plan"
)

// Wide is the size from which on a blob is for Ranges.
const Wide = 16 << 20

// piece is how many bytes of a blob are read at a time.
const piece = 1 << 20

// Stream is a blob that is read in one request, which is made before somebody
// wants it. What the queue has no room for is not read.
type Stream struct {
	*version
	queue  *Queue
	pieces chan []byte // with room for a blob that is not wide
	err    error       // why pieces ended, if not well

	current, left []byte // the piece that is taken, and what of it was not yet

	begun, ready bool // somebody reads it; there is something to read; of queue.mu
	held         int  // pieces that were not given back; of queue.mu
}

// fetch reads the blob and ends pieces. It has a place at the service.
func (s *Stream) fetch() {
	s.err = s.requests()
	close(s.pieces)
	s.queue.arrived(s)
	if s.err == nil {
		s.queue.service.Release(depth.Done)
	} else {
		s.queue.service.Release(depth.Failed) // of being busy it has heard
	}
}

// requests reads the blob, in one request unless it changes meanwhile.
func (s *Stream) requests() error {
	tries := 0
	for off := int64(0); ; {
		n, err := s.request(off)
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
func (s *Stream) request(offset int64) (n int64, err error) {
	b, err := s.queue.take(s, s.size()-offset)
	if err != nil {
		return 0, err
	}
	r, err := s.open(s.queue.ctx, offset, -1)
	if err != nil {
		s.queue.give(s, b)
		return 0, err
	}
	defer r.Close()
	for {
		k, err := io.ReadFull(r, b)
		n += int64(k)
		if err := s.send(b, k); err != nil {
			return n, err
		}
		left := s.size() - offset - n
		if err == io.EOF || err == io.ErrUnexpectedEOF || err == nil && left <= 0 {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		if b, err = s.queue.take(s, left); err != nil {
			return n, err
		}
	}
}

// send hands on the first k bytes of a piece.
func (s *Stream) send(b []byte, k int) error {
	if k == 0 {
		s.queue.give(s, b)
		return nil
	}
	select {
	case s.pieces <- b[:k]:
		s.queue.arrived(s)
		return nil
	case <-s.queue.ctx.Done():
		return s.queue.ctx.Err()
	}
}

// Read reads what comes next, and waits for it.
func (s *Stream) Read(p []byte) (int, error) {
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
func (s *Stream) next() bool {
	if s.current != nil {
		s.queue.give(s, s.current)
		s.current = nil
	}
	b, ok := <-s.pieces
	s.current, s.left = b, b
	return ok
}

// Begin says that somebody reads s from now on, and returns what it begins
// with, which Read yields too. Whole says that this is all of it.
func (s *Stream) Begin() (begin []byte, whole bool) {
	s.queue.begin(s)
	if !s.next() {
		return nil, s.err == nil
	}
	return s.current, int64(len(s.current)) == s.size()
}

// Close gives back all that was not read. Who begins has to end so.
func (s *Stream) Close() {
	for s.next() {
	}
}
