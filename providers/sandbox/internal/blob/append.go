package blob

import (
	"fmt"
	"net/http"
	"strconv"
)

func (q *request) putAppendBlob() error {
	if n := q.r.ContentLength; n > 0 {
		return badHeader("Content-Length", strconv.FormatInt(n, 10))
	}
	if err := q.needContainer(); err != nil {
		return err
	}
	if err := q.commit(func(*uploadBlob) (version, error) { return q.newVersion(appendBlob), nil }); err != nil {
		return err
	}
	return q.empty(http.StatusCreated)
}

const (
	maxAppend = 100 << 20 // bytes of one block; 4 MiB before version 2022-11-02

	// firstTick is the number of 100 ns from year 1 to 1601, with which the
	// times that entity tags are made of begin.
	firstTick = 504911232000000000
)

// appendBlock is Append Block and Append Block From URL.
func (q *request) appendBlock() error {
	// Recorded in blob-append-block-with-if-match-fail: a tag that is no time.
	if n, err := strconv.ParseUint(q.r.Header.Get("If-Match"), 0, 64); err == nil && n < firstTick {
		return errOutOfRangeInput
	}
	block, sums, err := q.appended()
	if err != nil {
		return err
	}
	var offset int64
	b, err := q.edit(func(up *uploadBlob, b Blob) error {
		offset = b.Size()
		if err := q.appendable(up, b, block.Size); err != nil {
			return err
		}
		up.Blocks = append(up.Blocks, block)
		up.ETag, up.Modified, up.Lease = newETag(), q.now, up.Lease.written(q.now)
		delete(up.Headers, "Content-Md5")
		return nil
	})
	if err != nil {
		return joined(err, q.s.uploads.drop(block.File))
	}
	q.stamp(b.ETag, b.Modified)
	sums.tell(q.w.Header())
	h := q.w.Header()
	h.Set("X-Ms-Blob-Append-Offset", strconv.FormatInt(offset, 10))
	h.Set("X-Ms-Blob-Committed-Block-Count", strconv.Itoa(len(b.Blocks)))
	h.Set("X-Ms-Request-Server-Encrypted", "true")
	return q.empty(http.StatusCreated)
}

// appended keeps the block that the request brings or names.
func (q *request) appended() (uploadBlock, checksums, error) {
	if q.r.Header.Get("X-Ms-Copy-Source") != "" {
		return q.fetch()
	}
	switch n := q.r.ContentLength; {
	case n < 0:
		return uploadBlock{}, checksums{}, errMissingLength
	case n == 0:
		return uploadBlock{}, checksums{}, badHeader("Content-Length", "0")
	case n > maxAppend:
		return uploadBlock{}, checksums{}, errTooLarge
	}
	return q.upload()
}

// appendable checks whether n bytes may be appended to a blob.
func (q *request) appendable(up *uploadBlob, b Blob, n int64) error {
	h := q.r.Header
	switch {
	case b.Kind != appendBlob:
		return errBlobTypeMismatch
	case b.Sealed:
		return errSealed
	case len(up.Blocks) >= maxBlocks:
		return errBlockCount
	}
	if limit, ok, err := number(h, "X-Ms-Blob-Condition-Maxsize"); err != nil {
		return err
	} else if ok && b.Size()+n > limit {
		return errMaxSize
	}
	return q.appendPosition(b)
}

func (q *request) appendPosition(b Blob) error {
	if at, ok, err := number(q.r.Header, "X-Ms-Blob-Condition-Appendpos"); err != nil {
		return err
	} else if ok && at != b.Size() {
		return errAppendPosition
	}
	return nil
}

func number(h http.Header, name string) (int64, bool, error) {
	text := h.Get(name)
	if text == "" {
		return 0, false, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, false, badHeader(name, text)
	}
	return n, true, nil
}

// seal ends an append blob.
func (q *request) seal() error {
	b, err := q.edit(func(up *uploadBlob, b Blob) error {
		if b.Kind != appendBlob {
			return errBlobTypeMismatch
		}
		if err := q.appendPosition(b); err != nil {
			return err
		}
		up.Sealed, up.ETag, up.Modified = true, newETag(), q.now
		return nil
	})
	if err != nil {
		return err
	}
	q.stamp(b.ETag, b.Modified)
	q.w.Header().Set("X-Ms-Blob-Sealed", "true")
	return q.empty(http.StatusOK)
}

// joined is err with what went wrong when its remains were removed.
func joined(err, more error) error {
	if more == nil {
		return err
	}
	return fmt.Errorf("%w; %v", err, more)
}
