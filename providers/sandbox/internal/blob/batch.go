package blob

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

const (
	maxBatch      = 256     // requests
	maxBatchBytes = 4 << 20 // of the whole
)

// batch is Blob Batch: deletions and changes of tiers in one request, each
// with its own answer.
func (q *request) batch() error {
	_, params, err := mime.ParseMediaType(q.r.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return badHeader("Content-Type", q.r.Header.Get("Content-Type"))
	}
	body := io.LimitReader(q.r.Body, maxBatchBytes)
	var text bytes.Buffer
	out := multipart.NewWriter(&text)
	if err := out.SetBoundary("batchresponse_" + uuid.NewString()); err != nil {
		return err
	}
	in := multipart.NewReader(body, params["boundary"])
	for n := 0; ; n++ {
		part, err := in.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil || n == maxBatch {
			return refusal(400, "InvalidInput", "One of the request inputs is not valid.")
		}
		if err := q.sub(part, out, n); err != nil {
			return err
		}
	}
	if err := out.Close(); err != nil {
		return err
	}
	h := q.w.Header()
	h.Set("Content-Type", "multipart/mixed; boundary="+out.Boundary())
	h.Set("Content-Length", strconv.Itoa(text.Len()))
	q.w.WriteHeader(http.StatusAccepted)
	if _, err := q.w.Write(text.Bytes()); err != nil {
		q.s.log.Debug("the client went away", "path", q.r.URL.Path, "error", err)
	}
	return nil
}

// sub runs one request of a batch and writes its answer.
func (q *request) sub(part *multipart.Part, out *multipart.Writer, n int) error {
	// The SDK for JavaScript leaves out the empty line that ends a header.
	r, err := http.ReadRequest(bufio.NewReader(io.MultiReader(part, strings.NewReader("\r\n\r\n"))))
	if err != nil {
		return refusal(400, "InvalidInput", "One of the request inputs is not valid.")
	}
	r.Host, r.TLS, r.RemoteAddr = q.r.Host, q.r.TLS, q.r.RemoteAddr
	r = r.WithContext(q.r.Context())
	if r.Header.Get("X-Ms-Version") == "" {
		r.Header.Set("X-Ms-Version", q.r.Header.Get("X-Ms-Version"))
	}
	w := &recorder{header: http.Header{}}
	if in := q.s.parse(w, r); in.op == nil || in.op.level != onBlob || in.op.fault != "blob.delete" && in.comp != "tier" {
		in.commonHeaders()
		in.fail(refusal(400, "InvalidInput", "One of the request inputs is not valid."))
	} else {
		q.s.ServeHTTP(w, r)
	}
	h := textproto.MIMEHeader{"Content-Type": {"application/http"}, "Content-Id": {strconv.Itoa(n)}}
	if id := part.Header.Get("Content-Id"); id != "" {
		h.Set("Content-Id", id)
	}
	to, err := out.CreatePart(h)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(to, "HTTP/1.1 %d %s\r\n", w.status, http.StatusText(w.status)); err != nil {
		return err
	}
	if err := w.header.Write(to); err != nil {
		return err
	}
	_, err = fmt.Fprintf(to, "\r\n%s", &w.body)
	return err
}

// recorder keeps an answer.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header returns the answer's header.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader keeps the status.
func (r *recorder) WriteHeader(status int) { r.status = status }

// Write keeps a part of the body.
func (r *recorder) Write(p []byte) (int, error) { return r.body.Write(p) }
