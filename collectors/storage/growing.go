package storage

import (
	"cmp"
	"context"
	"errors"
	"io"
	"sync"

	"flowctl/collectors/flowlog"
	"flowctl/plan"
)

// Changes is how often a blob may change between a look and a read before
// that is an error; a growing flow log changes once a minute.
const Changes = 3

// Tail is how a flow log's blob ends. It moves when the blob grows; what is
// before it stays.
const Tail = "]}"

// grows reports whether a blob is a flow log's hour, which grows by blocks
// once a minute.
func grows(name string) bool {
	_, ok := flowlog.ParsePath(name)
	return ok
}

// continues reports whether the first offset bytes of a blob are the same in a
// later version. That holds only for a blob that grows, which has become
// longer, and for what lies before its tail.
func continues(old, now plan.Blob, offset int64) bool {
	return grows(old.Name) && now.Size > old.Size && offset <= old.Size-int64(len(Tail))
}

// again reports whether a read that ended in err is worth another try with the
// newest version, after so many tries in which nothing came.
func again(err error, tries int) bool { return errors.Is(err, plan.ErrChanged) && tries < Changes }

// version is the version of a blob that is read, by one reader or several.
type version struct {
	from plan.Blobs

	mu   sync.Mutex
	blob plan.Blob
	used bool // something beyond its beginning was opened
}

// newVersion begins with the version that was listed.
func newVersion(from plan.Blobs, b plan.Blob) *version { return &version{from: from, blob: b} }

func (v *version) now() plan.Blob {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.blob
}

func (v *version) size() int64 { return v.now().Size }

// open opens length bytes from offset; all that follow if length is negative.
// If there is another version by now, it opens that one, provided that it
// continues what was read: what lies before offset, or anything if several read.
func (v *version) open(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	for tries := 0; ; tries++ {
		b := v.now()
		r, err := v.from.Open(ctx, b, offset, length)
		if err == nil && !v.use(b, offset) {
			r.Close()
			r, err = nil, plan.ErrChanged
		}
		if !again(err, tries) {
			return r, err
		}
		if _, ok, failed := v.renew(ctx, b, offset); failed != nil || !ok {
			return nil, cmp.Or(failed, err)
		}
	}
}

// use notes that b was opened at offset. It returns false if another reader,
// which reads from the beginning, has moved on to another version meanwhile.
func (v *version) use(b plan.Blob, offset int64) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if offset > 0 && v.blob.ETag != b.ETag {
		return false
	}
	v.used = v.used || offset > 0
	return true
}

// renew moves from the version old, of which offset bytes were read, to the
// newest one, and returns that. It stays if the newest does not continue the
// old, and reports false.
func (v *version) renew(ctx context.Context, old plan.Blob, offset int64) (now plan.Blob, ok bool, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.blob.ETag != old.ETag {
		return v.blob, true, nil // another reader has done so
	}
	now, err = v.from.Stat(ctx, old.Container, old.Name)
	if err != nil || (offset > 0 || v.used) && !continues(old, now, offset) {
		return now, false, err
	}
	v.blob = now
	return now, true, nil
}

// rangeReader reads a range of a blob. It goes on from where it is in the
// newest version if the blob grows meanwhile.
type rangeReader struct {
	*version
	ctx     context.Context
	at, end int64 // end is negative if it is that of the version

	body  io.ReadCloser
	tries int // since something was read last
}

// reader reads length bytes from offset; all that follow if length is negative.
func (v *version) reader(ctx context.Context, offset, length int64) *rangeReader {
	end := int64(-1)
	if length >= 0 {
		end = offset + length
	}
	return &rangeReader{version: v, ctx: ctx, at: offset, end: end}
}

// left is how much is to be read at least.
func (r *rangeReader) left() int64 {
	if r.end >= 0 {
		return r.end - r.at
	}
	return r.size() - r.at
}

// Read reads what comes next. A range that ends early is an error.
func (r *rangeReader) Read(p []byte) (int, error) {
	for {
		if r.body == nil {
			if err := r.open(); err != nil {
				return 0, err
			}
		}
		n, err := r.body.Read(p[:min(int64(len(p)), r.left())])
		if r.at += int64(n); n > 0 {
			r.tries = 0
		}
		if err != nil {
			r.Close()
		}
		switch {
		case err == nil || n > 0 && (err == io.EOF || again(err, r.tries)):
			return n, nil
		case err == io.EOF && r.tries < Changes, again(err, r.tries):
			r.tries++
		case err == io.EOF:
			return n, io.ErrUnexpectedEOF
		default:
			return n, err
		}
	}
}

// open opens what is left; io.EOF if nothing is.
func (r *rangeReader) open() (err error) {
	length := int64(-1)
	if r.end >= 0 {
		length = r.left()
	}
	if r.left() <= 0 {
		return io.EOF
	}
	r.body, err = r.version.open(r.ctx, r.at, length)
	return err
}

// Close ends the request.
func (r *rangeReader) Close() error {
	if r.body == nil {
		return nil
	}
	body := r.body
	r.body = nil
	return body.Close()
}
