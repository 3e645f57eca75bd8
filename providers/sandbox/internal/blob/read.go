package blob

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// find returns the blob that the request names, if its conditions hold.
func (q *request) find() (Blob, error) {
	b, ok, err := q.lookUp(q.blob)
	if err != nil {
		return b, err
	}
	if !ok {
		if err := q.needContainer(); err != nil {
			return b, err
		}
		return b, errBlobNotFound
	}
	return b, q.readConditions(b)
}

// readConditions are those of RFC 9110, 13.1, as the service applies them to
// reads: what would not be new to the client is 304.
func (q *request) readConditions(b Blob) error {
	h := q.r.Header
	if v := h.Get("If-Match"); v != "" && !matches(v, b.ETag) {
		return errConditionNotMet
	}
	if t, ok := condTime(h.Get("If-Unmodified-Since")); ok && after(b.Modified, t) {
		return errConditionNotMet
	}
	if v := h.Get("If-None-Match"); v != "" {
		if matches(v, b.ETag) {
			return errNotModified
		}
		return nil // which overrides If-Modified-Since
	}
	if t, ok := condTime(h.Get("If-Modified-Since")); ok && !after(b.Modified, t) {
		return errNotModified
	}
	return nil
}

// matches reports whether one of the entity tags in list is tag.
func matches(list, tag string) bool {
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimPrefix(strings.TrimSpace(item), "W/")
		if item == "*" || strings.Trim(item, `"`) == tag {
			return true
		}
	}
	return false
}

func condTime(text string) (time.Time, bool) {
	t, err := http.ParseTime(text)
	return t, err == nil
}

// after compares in whole seconds, which is all that headers can say.
func after(t, u time.Time) bool { return t.Truncate(time.Second).After(u) }

func (q *request) blobHeaders(b Blob) http.Header {
	h := q.w.Header()
	h.Set("Etag", `"`+b.ETag+`"`)
	h.Set("Last-Modified", httpTime(b.Modified))
	h.Set("X-Ms-Creation-Time", httpTime(b.Created))
	h.Set("X-Ms-Blob-Type", "BlockBlob")
	h.Set("X-Ms-Lease-State", "available")
	h.Set("X-Ms-Lease-Status", "unlocked")
	h.Set("X-Ms-Server-Encrypted", "true")
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Type", b.ContentType)
	for name, value := range b.Metadata {
		h.Set("X-Ms-Meta-"+name, value)
	}
	return h
}

func (q *request) headBlob() error {
	b, err := q.find()
	if err != nil {
		return err
	}
	h := q.blobHeaders(b)
	if q.comp == "metadata" {
		h.Set("Content-Length", "0")
		q.w.WriteHeader(http.StatusOK)
		return nil
	}
	h.Set("X-Ms-Access-Tier", "Hot")
	h.Set("X-Ms-Access-Tier-Inferred", "true")
	h.Set("Content-Length", strconv.FormatInt(b.Size(), 10))
	q.w.WriteHeader(http.StatusOK)
	return nil
}

func (q *request) getBlob() error {
	b, err := q.find()
	if err != nil {
		return err
	}
	size := b.Size()
	first, length, partial, err := q.rangeOf(size)
	if err != nil {
		q.w.Header().Set("Content-Range", fmt.Sprintf("bytes */%d", size))
		return err
	}
	h, status := q.blobHeaders(b), http.StatusOK
	if partial {
		status = http.StatusPartialContent
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, first+length-1, size))
	}
	h.Set("Content-Length", strconv.FormatInt(length, 10))
	q.w.WriteHeader(status)
	if length == 0 {
		return nil
	}
	if err := b.Copy(q.w, first, length); err != nil {
		q.s.log.Debug("a blob was not sent to its end", "path", q.r.URL.Path, "error", err)
		panic(http.ErrAbortHandler) // the status is out; only a broken connection can tell
	}
	return nil
}

// rangeOf is the part of the blob that is asked for. The service knows ranges
// with a beginning only and takes no notice of others; x-ms-range comes first.
func (q *request) rangeOf(size int64) (first, length int64, partial bool, err error) {
	text := q.r.Header.Get("X-Ms-Range")
	if text == "" {
		text = q.r.Header.Get("Range")
	}
	begin, end, ok := strings.Cut(strings.TrimPrefix(text, "bytes="), "-")
	if !ok || !strings.HasPrefix(text, "bytes=") {
		return 0, size, false, nil
	}
	first, err = strconv.ParseInt(begin, 10, 64)
	if err != nil || first < 0 {
		return 0, size, false, nil
	}
	last := size - 1
	if end != "" {
		n, err := strconv.ParseInt(end, 10, 64)
		if err != nil || n < first {
			return 0, size, false, nil
		}
		last = min(last, n)
	}
	if first >= size {
		return 0, 0, false, errRange
	}
	return first, last - first + 1, true, nil
}

// blockList is the document of Get Block List.
type blockList struct {
	XMLName     xml.Name `xml:"BlockList"`
	Committed   *blocks  `xml:"CommittedBlocks"`
	Uncommitted *blocks  `xml:"UncommittedBlocks"`
}

type blocks struct {
	Block []struct {
		Name string
		Size int64
	}
}

func listOf(all []Block) *blocks {
	list := &blocks{}
	for _, b := range all {
		if b.ID == "" {
			continue // of a blob that was put whole
		}
		list.Block = append(list.Block, struct {
			Name string
			Size int64
		}{b.ID, b.Size})
	}
	return list
}

func (q *request) getBlockList() error {
	which := strings.ToLower(q.query.Get("blocklisttype"))
	if which != "" && which != "committed" && which != "uncommitted" && which != "all" {
		return errUnsupportedQuery
	}
	b, ok, err := q.lookUp(q.blob)
	if err != nil {
		return err
	}
	staged, err := q.staged()
	if err != nil {
		return err
	}
	if !ok && len(staged) == 0 {
		_, err := q.find()
		return err
	}
	var doc blockList
	if which != "uncommitted" {
		doc.Committed = listOf(b.Blocks)
	}
	if which == "uncommitted" || which == "all" {
		doc.Uncommitted = listOf(staged)
	}
	if ok {
		if err := q.readConditions(b); err != nil {
			return err
		}
		h := q.w.Header()
		h.Set("Etag", `"`+b.ETag+`"`)
		h.Set("Last-Modified", httpTime(b.Modified))
		h.Set("X-Ms-Blob-Content-Length", strconv.FormatInt(b.Size(), 10))
	}
	return q.writeXML(http.StatusOK, doc)
}
