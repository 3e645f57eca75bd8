package blob

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"
)

// copied is where a blob was copied from, and how far that is.
type copied struct {
	ID      string    `json:"id"`
	Source  string    `json:"source"`
	Size    int64     `json:"size"`
	Done    time.Time `json:"done"`              // when it is, or was, done
	Aborted bool      `json:"aborted,omitempty"` // before it was done
	Pending bool      `json:"-"`
}

func (c *copied) pending(now time.Time) bool { return c != nil && !c.Aborted && now.Before(c.Done) }

func (c *copied) aborted() bool { return c != nil && c.Aborted }

func (c *copied) settled(now time.Time) *copied {
	if c == nil {
		return nil
	}
	at := *c
	at.Pending = c.pending(now)
	return &at
}

func (c *copied) status() string {
	switch {
	case c.Aborted:
		return "aborted"
	case c.Pending:
		return "pending"
	}
	return "success"
}

// progress is how many bytes there are, of how many.
func (c *copied) progress() string {
	n := c.Size
	if c.Pending || c.Aborted {
		n = 0
	}
	return fmt.Sprintf("%d/%d", n, c.Size)
}

func (c *copied) headers(h http.Header) {
	if c == nil {
		return
	}
	h.Set("X-Ms-Copy-Id", c.ID)
	h.Set("X-Ms-Copy-Source", c.Source)
	h.Set("X-Ms-Copy-Status", c.status())
	h.Set("X-Ms-Copy-Progress", c.progress())
	if !c.Pending {
		h.Set("X-Ms-Copy-Completion-Time", httpTime(c.Done))
	}
}

// copyTime is how long a copy from another account is pending. Azure promises
// nothing about it: the sandbox's choice.
const copyTime = 5 * time.Second

// copyBlob is Copy Blob, and Copy Blob From URL if the answer is to wait for
// the end.
func (q *request) copyBlob() error {
	sync := strings.EqualFold(q.r.Header.Get("X-Ms-Requires-Sync"), "true")
	if err := q.needContainer(); err != nil {
		return err
	}
	src, from, err := q.source()
	if err != nil {
		return err
	}
	done := &copied{ID: uuid.NewString(), Source: withoutSignature(q.r.Header.Get("X-Ms-Copy-Source")), Size: src.Size(), Done: q.now}
	if !sync && from.account != q.account {
		done.Done = q.now.Add(copyTime)
	}
	block, sums, err := q.s.uploads.keepBlob(src)
	if err != nil {
		return err
	}
	err = q.commit(func(*uploadBlob) (version, error) {
		v := q.copyVersion(src)
		v.Copied, v.Blocks = done, []uploadBlock{block}
		return v, nil
	})
	if err != nil {
		return joined(err, q.s.uploads.drop(block.File))
	}
	h := q.w.Header()
	h.Del("X-Ms-Request-Server-Encrypted")
	h.Set("X-Ms-Copy-Id", done.ID)
	h.Set("X-Ms-Copy-Status", done.settled(q.now).status())
	if sync {
		h.Set("Content-Md5", sums.md5)
	}
	return q.empty(http.StatusAccepted)
}

// copyVersion has the source's properties, and its metadata unless the request
// brings other.
func (q *request) copyVersion(src Blob) version {
	v := q.newVersion(src.kind())
	v.ContentType, v.Headers = src.ContentType, maps.Clone(src.Headers)
	if v.Metadata == nil {
		v.Metadata = src.Metadata
	}
	if v.Tags == nil && strings.EqualFold(q.r.Header.Get("X-Ms-Copy-Source-Tag-Option"), "COPY") {
		v.Tags = src.Tags
	}
	return v
}

// source finds the blob that the request is to copy, which must be one of the
// sandbox's: nothing here reaches out.
func (q *request) source() (Blob, *request, error) {
	u, err := url.Parse(q.r.Header.Get("X-Ms-Copy-Source"))
	if err != nil || u.Host == "" {
		return Blob{}, nil, badHeader("x-ms-copy-source", q.r.Header.Get("X-Ms-Copy-Source"))
	}
	r := (&http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: sourceHeader(q.r.Header), TLS: q.r.TLS, RemoteAddr: q.r.RemoteAddr}).WithContext(q.r.Context())
	from := q.s.parse(&recorder{header: http.Header{}}, r)
	a, ok := q.s.source.Account(from.account)
	if !ok || from.blob == "" {
		return Blob{}, nil, errCopySource
	}
	// Whoever may write here may read within the account.
	if from.account != q.account || from.signed() {
		if err := from.authorize(a); err != nil {
			return Blob{}, nil, cannotVerify(err)
		}
	}
	b, err := from.find()
	if err == nil {
		err = b.readable()
	}
	if err != nil {
		return Blob{}, nil, cannotVerify(err)
	}
	return b, from, nil
}

// cannotVerify is what the client is told of what the source was refused for.
func cannotVerify(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Code == errArchived.Code {
		return err
	}
	switch {
	case e == errNotModified, e == errConditionNotMet:
		return refusal(412, "SourceConditionNotMet", "The source condition specified using HTTP conditional header(s) is not met.")
	case strings.HasPrefix(e.Code, "Lease"):
		return refusal(412, "SourceConditionNotMet", e.Message)
	}
	return refusal(e.Status, "CannotVerifyCopySource", e.Message)
}

// sourceHeader are the conditions on the source, and who asks for it.
func sourceHeader(h http.Header) http.Header {
	of := http.Header{}
	for name, value := range h {
		if rest, ok := strings.CutPrefix(name, "X-Ms-Source-"); ok && !strings.HasPrefix(rest, "Lease") {
			of[http.CanonicalHeaderKey(rest)] = value
		}
	}
	if v := h.Get("X-Ms-Source-If-Tags"); v != "" {
		of.Set("X-Ms-If-Tags", v)
	}
	if v := h.Get("X-Ms-Copy-Source-Authorization"); v != "" {
		of.Set("Authorization", v)
	}
	of.Set("X-Ms-Version", h.Get("X-Ms-Version"))
	return of
}

func withoutSignature(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return text
	}
	v := u.Query()
	v.Del("sig")
	u.RawQuery = v.Encode()
	return u.String()
}

// abortCopy ends a pending copy and leaves an empty blob.
func (q *request) abortCopy() error {
	if q.r.Header.Get("X-Ms-Copy-Action") != "abort" {
		return badHeader("x-ms-copy-action", q.r.Header.Get("X-Ms-Copy-Action"))
	}
	_, err := q.edit(func(up *uploadBlob, b Blob) error {
		switch {
		case !up.Copied.pending(q.now):
			return errNoPendingCopy
		case up.Copied.ID != q.query.Get("copyid"):
			return errCopyID
		}
		stopped := *up.Copied
		stopped.Aborted, stopped.Done = true, q.now
		up.Copied, up.Blocks = &stopped, nil
		up.ETag, up.Modified = newETag(), q.now
		return nil
	})
	if err != nil {
		return err
	}
	return q.empty(http.StatusNoContent)
}
