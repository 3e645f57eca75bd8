package readahead

import (
	"context"
	"errors"
	"io"
	"sync"

	"flowctl/collectors/flowlog"
	"flowctl/collectors/storage"
	"flowctl/plan"
)

// version is the version of a blob that is read.
type version struct {
	from  plan.Blobs
	grows bool // versions differ in what follows the last record only

	mu   sync.Mutex
	blob plan.Blob
	used bool // what lies beyond its beginning was opened
}

// newVersion begins with the version that was listed. The blob of a flow log's
// hour grows by blocks, once a minute.
func newVersion(from plan.Blobs, b plan.Blob) *version {
	_, grows := flowlog.ParsePath(b.Name)
	return &version{from: from, grows: grows, blob: b}
}

func (v *version) now() plan.Blob {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.blob
}

func (v *version) size() int64 { return v.now().Size }

// open opens length bytes from offset; all that follow if length is negative.
// If there is another version by now, it opens that one, as far as it agrees
// with what was read before, which is what lies before offset, or anything if
// several read.
func (v *version) open(ctx context.Context, offset, length int64) (io.ReadCloser, error) {
	for tries := 0; ; tries++ {
		b := v.now()
		r, err := v.from.Open(ctx, b, offset, length)
		if err == nil && !v.use(b, offset) {
			r.Close()
			r, err = nil, plan.ErrChanged
		}
		if !errors.Is(err, plan.ErrChanged) || tries == storage.Changes {
			return r, err
		}
		if err := v.renew(ctx, b, offset, err); err != nil {
			return nil, err
		}
	}
}

// use notes that b was opened at offset; false means that others, who read
// from the beginning, went over to another version meanwhile.
func (v *version) use(b plan.Blob, offset int64) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if offset > 0 && v.blob.ETag != b.ETag {
		return false
	}
	v.used = v.used || offset > 0
	return true
}

// renew goes over to the newest version, of which what lies before offset
// must be as in the old one. Changed is the error that says it is another.
func (v *version) renew(ctx context.Context, old plan.Blob, offset int64, changed error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.blob.ETag != old.ETag {
		return nil // somebody else did
	}
	b, err := v.from.Stat(ctx, old.Container, old.Name)
	if err != nil {
		return err
	}
	if (offset > 0 || v.used) && !(v.grows && b.Size >= old.Size && offset <= old.Size-int64(len(storage.Tail))) {
		return changed
	}
	v.blob = b
	return nil
}
