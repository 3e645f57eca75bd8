package storage

import (
	"context"
	"io"
	"slices"
	"sync"

	"flowctl/plan"
)

// Ranges reads a large blob in ranges side by side, ahead of the reader. It
// is an io.ReaderAt for what goes over the blob once, more or less in order.
type Ranges struct {
	*version
	ctx  context.Context
	size int64 // of the version that was listed; what is new later is left

	mu    sync.Mutex
	reach reach
	last  int64   // that was read
	all   []*part // that are in memory, the one used last at the end
}

// part is one range.
type part struct {
	index int64
	done  chan struct{}
	b     []byte
	err   error
}

const (
	partSize  = 4 << 20
	mostParts = 8 // ahead of the reader
	spare     = 4 // behind it: several goroutines read at places near to each other
)

// NewRanges returns what reads the version b until ctx ends.
func NewRanges(ctx context.Context, from plan.Blobs, b plan.Blob) *Ranges {
	return &Ranges{version: newVersion(from, b), ctx: ctx, size: b.Size, reach: reach{2, 1, mostParts}, last: -1}
}

// Size is the size of the version that was listed.
func (r *Ranges) Size() int64 { return r.size }

// ReadAt reads what lies at offset, and waits for it.
func (r *Ranges) ReadAt(p []byte, offset int64) (n int, err error) {
	for n < len(p) {
		at := offset + int64(n)
		if at >= r.size {
			return n, io.EOF
		}
		part := r.part(at / partSize)
		select {
		case <-part.done:
		case <-r.ctx.Done():
			return n, r.ctx.Err()
		}
		k := 0
		if skip := at % partSize; skip < int64(len(part.b)) {
			k = copy(p[n:], part.b[skip:])
		}
		n += k
		if k == 0 {
			if part.err == nil {
				part.err = io.ErrUnexpectedEOF
			}
			return n, part.err
		}
	}
	return n, nil
}

// part returns a range, which may be on its way, and sees to those after it.
func (r *Ranges) part(index int64) *part {
	r.mu.Lock()
	defer r.mu.Unlock()
	wanted, had := r.get(index)
	news := index != r.last
	if r.last = index; news && !(had && wanted.there()) {
		r.reach.starved()
	}
	ready := 0
	for i := index + 1; i <= index+int64(r.reach.n) && i*partSize < r.size; i++ {
		if next, had := r.get(i); had && next.there() {
			ready++
		}
	}
	if news {
		r.reach.plenty(ready)
	}
	r.get(index) // is the one used last
	r.all = slices.Delete(r.all, 0, max(0, len(r.all)-r.reach.n-spare))
	return wanted
}

// get returns a range and whether it was asked for before.
func (r *Ranges) get(index int64) (*part, bool) {
	at := slices.IndexFunc(r.all, func(p *part) bool { return p.index == index })
	if at >= 0 {
		p := r.all[at]
		r.all = append(slices.Delete(r.all, at, at+1), p)
		return p, true
	}
	p := &part{index: index, done: make(chan struct{})}
	r.all = append(r.all, p)
	go func() {
		defer close(p.done)
		p.b, p.err = r.fetch(index * partSize)
	}()
	return p, false
}

func (p *part) there() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// fetch reads the range at offset.
func (r *Ranges) fetch(offset int64) ([]byte, error) {
	b := make([]byte, min(partSize, r.size-offset))
	body := r.reader(r.ctx, offset, int64(len(b)))
	defer body.Close()
	n, err := io.ReadFull(body, b)
	return b[:n], err
}
