package storage

import (
	"io"
)

// Large is the size from which on a blob is read by Ranges.
const Large = 16 << 20

// piece is how many bytes of a blob are read at a time.
const piece = 1 << 20

// Stream is a blob that is read in one request, which is made before somebody
// wants it. What the prefetch has no room for is not read.
type Stream struct {
	*version
	prefetch *Prefetch
	pieces   chan []byte // with room for a blob that is not wide
	err      error       // why pieces ended, if not well

	current, left []byte // the piece that is taken, and what of it was not yet

	begun, ready bool // somebody reads it; there is something to read; of prefetch.mu
	held         int  // pieces that were not given back; of prefetch.mu
}

// fetch reads the blob and ends pieces. It has a place at the service.
func (s *Stream) fetch() {
	s.err = s.read()
	close(s.pieces)
	s.prefetch.arrived(s)
	if s.err == nil {
		s.prefetch.service.Release(Done)
	} else {
		s.prefetch.service.Release(Failed) // of being busy it has heard
	}
}

// read reads the blob, in one request unless it changes meanwhile.
func (s *Stream) read() error {
	r := s.reader(s.prefetch.ctx, 0, -1)
	defer r.Close()
	for {
		b, err := s.prefetch.take(s, r.left())
		if err != nil {
			return err
		}
		n, err := io.ReadFull(r, b)
		if err := s.send(b, n); err != nil {
			return err
		}
		switch {
		case err == io.EOF || err == nil && r.left() <= 0:
			return nil
		case err != nil:
			return err
		}
	}
}

// send hands on the first k bytes of a piece.
func (s *Stream) send(b []byte, k int) error {
	if k == 0 {
		s.prefetch.give(s, b)
		return nil
	}
	select {
	case s.pieces <- b[:k]:
		s.prefetch.arrived(s)
		return nil
	case <-s.prefetch.ctx.Done():
		return s.prefetch.ctx.Err()
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
		s.prefetch.give(s, s.current)
		s.current = nil
	}
	b, ok := <-s.pieces
	s.current, s.left = b, b
	return ok
}

// Begin says that somebody reads s from now on, and returns what it begins
// with, which Read yields too. Whole says that this is all of it.
func (s *Stream) Begin() (begin []byte, whole bool) {
	s.prefetch.begin(s)
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
