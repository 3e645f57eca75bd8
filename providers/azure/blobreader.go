package azure

import (
	"errors"
	"io"
	"net/http"
)

// pastEnd reports whether Azure refused a range because nothing of it is in
// the blob (416 InvalidRange); other services answer 206 without a body.
func pastEnd(err error) bool {
	var no *refusal
	return errors.As(err, &no) && no.status == http.StatusRequestedRangeNotSatisfiable
}

// blobReader is the body of a blob whose errors say which, and whose end is
// an error if it comes too early.
type blobReader struct {
	body  io.ReadCloser
	left  int64
	sized bool // left is known
	fail  func(error) error
}

// Read reads the next bytes.
func (r *blobReader) Read(p []byte) (int, error) {
	n, err := r.body.Read(p)
	r.left -= int64(n)
	switch {
	case err == io.EOF && r.sized && r.left > 0:
		return n, r.fail(io.ErrUnexpectedEOF)
	case err != nil && err != io.EOF:
		return n, r.fail(err)
	}
	return n, err
}

// Close ends the request.
func (r *blobReader) Close() error { return r.body.Close() }
