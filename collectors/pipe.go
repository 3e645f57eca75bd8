package collectors

import (
	"context"
	"io"
	"os"
)

// StandardInput is the path of what comes from another program.
const StandardInput = "-"

// pipe reads what may come slowly or never. Its waiting ends with a context; who
// waits in the system for it is left behind then, until the process ends.
type pipe struct {
	ctx  context.Context
	got  chan piece
	rest []byte
	err  error
}

// piece is what one read gave.
type piece struct {
	b   []byte
	err error
}

// newPipe opens what open opens, and reads it.
func newPipe(ctx context.Context, open func() (io.ReadCloser, error)) *pipe {
	p := &pipe{ctx: ctx, got: make(chan piece, 1)}
	go func() {
		r, err := open()
		if err != nil {
			p.give(piece{err: err})
			return
		}
		defer r.Close()
		const size = 256 << 10
		for more := true; more && err == nil; {
			b := make([]byte, size)
			var n int
			n, err = r.Read(b)
			more = p.give(piece{b[:n], err})
		}
	}()
	return p
}

func (p *pipe) give(one piece) (more bool) {
	select {
	case p.got <- one:
		return true
	case <-p.ctx.Done():
		return false
	}
}

func (p *pipe) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		if p.err != nil {
			return 0, p.err
		}
		select {
		case one := <-p.got:
			p.rest, p.err = one.b, one.err
		case <-p.ctx.Done():
			p.err = p.ctx.Err()
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

// pipeOf is the pipe at a path, which is no regular file; ok is false if it is
// one, or nothing. To open a pipe waits for who writes it.
func pipeOf(ctx context.Context, path string) (p *pipe, ok bool) {
	st, err := os.Stat(path)
	if err != nil || st.Mode().IsRegular() || st.IsDir() {
		return nil, false
	}
	return newPipe(ctx, func() (io.ReadCloser, error) { return os.Open(path) }), true
}

// regular reports whether there is a regular file at path.
func regular(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}
