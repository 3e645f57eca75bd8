package recorded

import (
	"encoding/base64"
	"errors"
	"io"
	"time"

	"flowctl/providers/sandbox/internal/arm"
	"flowctl/providers/sandbox/internal/blob"
)

// captureBlock is the size of the blocks in which agents upload a file.
const captureBlock = 4 << 20

// captureBlob returns a capture's file, if it has been uploaded.
func (s *Source) captureBlob(v *view, now time.Time, f arm.File) (blob.Blob, bool) {
	written, size := s.sent(v, f, now)
	if now.Before(written) {
		return blob.Blob{}, false
	}
	b := blob.Blob{Created: written, Modified: written, ContentType: "application/octet-stream"}
	for at := int64(0); at < size; at += captureBlock {
		b.Blocks = append(b.Blocks, blob.Block{ID: blockID(f.Name, len(b.Blocks)), Size: min(captureBlock, size-at)})
	}
	b.ETag = etag(f.Name, b)
	b.Copy = func(w io.Writer, offset, length int64) error {
		part := &part{w: w, skip: offset, left: length}
		return part.result(v.model.WriteCapture(part, f.Capture, f.From, f.To))
	}
	return b, true
}

func base64Text(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// part passes on a part of what is written to it: left bytes after the first
// skip. When it has them it fails with errEnough, which ends the writing.
type part struct {
	w          io.Writer
	skip, left int64
}

var errEnough = errors.New("the part is complete")

// Write passes on what belongs to the part.
func (p *part) Write(b []byte) (int, error) {
	n := len(b)
	if int64(n) <= p.skip {
		p.skip -= int64(n)
		return n, nil
	}
	b = b[p.skip:]
	p.skip = 0
	b = b[:min(int64(len(b)), p.left)]
	if _, err := p.w.Write(b); err != nil {
		return 0, err
	}
	if p.left -= int64(len(b)); p.left == 0 {
		return n, errEnough
	}
	return n, nil
}

// result is the error of a copy whose writer ended with err.
func (p *part) result(err error) error {
	switch {
	case p.left == 0:
		return nil
	case err == nil:
		return io.ErrUnexpectedEOF
	}
	return err
}
