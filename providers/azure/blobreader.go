package azure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
)

// pastEnd reports whether Azure refused a range because nothing of it is in
// the blob (416 InvalidRange); other services answer 206 without a body.
func pastEnd(err error) bool {
	var no *refusal
	return errors.As(err, &no) && no.status == http.StatusRequestedRangeNotSatisfiable
}

// How often a body that breaks or stalls is gone on with, before so many more
// bytes have come.
const (
	resumes  = 3
	progress = 16 << 10
)

// blobReader is a part of one version of a blob. Where its body breaks or
// stalls, it goes on by range. An end that comes too early is an error.
type blobReader struct {
	blobs
	ctx     context.Context
	version plan.Blob
	at, end int64 // end is negative if it is not known
	bounded bool  // end was asked for; else all that follows

	body  io.ReadCloser
	came  int // bytes since the last resume that counts
	tries int
}

func (r *blobReader) fail(err error) error {
	return r.blobs.fail("read blob", r.version.Container, r.version.Name, err)
}

// open asks for what is left, of the version that was asked for first.
func (r *blobReader) open() error {
	opts := &blob.DownloadStreamOptions{Range: blob.HTTPRange{Offset: r.at}}
	if r.bounded {
		opts.Range.Count = r.end - r.at
	}
	if r.version.ETag != "" {
		quoted := azcore.ETag(`"` + r.version.ETag + `"`)
		opts.AccessConditions = &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: &quoted}}
	}
	resp, err := r.blobs.blob(r.version.Container, r.version.Name).DownloadStream(r.ctx, opts)
	if err != nil {
		return plain(err)
	}
	if err := r.begin(resp); err != nil {
		resp.Body.Close()
		return err
	}
	r.body = resp.Body
	return nil
}

// begin checks that an answer is of the range that was asked for.
func (r *blobReader) begin(resp blob.DownloadStreamResponse) error {
	if r.at > 0 && resp.ContentRange == nil {
		return final{fmt.Errorf("asked for what follows byte %d and was sent all of it", r.at)}
	}
	if got := val(resp.ContentRange); got != "" && !strings.HasPrefix(got, fmt.Sprintf("bytes %d-", r.at)) {
		return final{fmt.Errorf("asked for what follows byte %d and was sent %q", r.at, oneLine(got))}
	}
	if resp.ContentLength == nil {
		return nil
	}
	n := *resp.ContentLength
	if r.end >= 0 && n > r.end-r.at {
		return final{fmt.Errorf("asked for %d bytes and was sent %d", r.end-r.at, n)}
	}
	r.end = r.at + n
	if r.version.ETag == "" {
		r.version.ETag = etag(resp.ETag)
	}
	return nil
}

// Read reads the next bytes.
func (r *blobReader) Read(p []byte) (int, error) {
	for {
		if r.body == nil {
			if err := r.open(); err != nil {
				return 0, r.fail(err)
			}
		}
		n, err := r.body.Read(p)
		r.at += int64(n)
		if r.came += n; r.came >= progress {
			r.came, r.tries = 0, 0
		}
		switch {
		case err == nil || err == io.EOF && r.at >= r.end:
			return n, err
		case err == io.EOF:
			err = io.ErrUnexpectedEOF
		}
		if !r.again(err) {
			return n, r.fail(err)
		}
		r.Close()
		if n > 0 {
			return n, nil
		}
	}
}

// again reports whether it is worth to go on after an error.
func (r *blobReader) again(err error) bool {
	var no interface{ NonRetriable() }
	r.tries++
	return r.tries <= resumes && r.ctx.Err() == nil && !errors.As(err, &no)
}

// Close ends the request.
func (r *blobReader) Close() error {
	if r.body == nil {
		return nil
	}
	body := r.body
	r.body = nil
	return body.Close()
}
