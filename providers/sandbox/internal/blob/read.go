package blob

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

func (q *request) blobHeaders(b Blob) http.Header {
	h := q.w.Header()
	q.stamp(b.ETag, b.Modified)
	q.metadataHeaders(b.Metadata)
	h.Set("X-Ms-Blob-Type", b.kind())
	h.Set("X-Ms-Server-Encrypted", "true")
	if q.comp == "metadata" {
		return h
	}
	h.Set("X-Ms-Creation-Time", httpTime(b.Created))
	h.Set("Accept-Ranges", "bytes")
	if b.ContentType != "" {
		h.Set("Content-Type", b.ContentType)
	}
	for name, value := range b.Headers {
		h.Set(name, value)
	}
	if b.Snapshot == "" { // a snapshot has no lease
		q.leaseState(b.Lease)
	}
	if n := len(b.Tags); n > 0 {
		h.Set("X-Ms-Tag-Count", strconv.Itoa(n))
	}
	if b.kind() == appendBlob {
		h.Set("X-Ms-Blob-Committed-Block-Count", strconv.Itoa(len(b.Blocks)))
	}
	if b.Sealed {
		h.Set("X-Ms-Blob-Sealed", "true")
	}
	b.Copied.headers(h)
	for _, o := range q.overrides {
		h.Set(o[0], o[1])
	}
	return h
}

func (b Blob) kind() string { return cmp.Or(b.Kind, blockBlob) }

func (q *request) headBlob() error {
	b, err := q.find()
	if err != nil {
		return err
	}
	h := q.blobHeaders(b)
	if q.comp == "metadata" {
		return q.empty(http.StatusOK)
	}
	if b.kind() == blockBlob {
		b.Tier.headers(h)
	}
	h.Set("Content-Length", strconv.FormatInt(b.Size(), 10))
	q.w.WriteHeader(http.StatusOK)
	return nil
}

func (q *request) getBlob() error {
	b, err := q.find()
	if err != nil {
		return err
	}
	if err := b.readable(); err != nil {
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
		if whole := h.Get("Content-Md5"); whole != "" { // which is not of this part
			h.Del("Content-Md5")
			h.Set("X-Ms-Blob-Content-Md5", whole)
		}
	}
	if err := q.summed(b, first, length, partial); err != nil {
		return err
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
	return parseRange(text, size)
}

func parseRange(text string, size int64) (first, length int64, partial bool, err error) {
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
	staged, err := q.staged()
	if err != nil {
		return err
	}
	b, err := q.find()
	missing := errors.Is(err, errBlobNotFound)
	if err != nil && !(missing && len(staged) > 0) {
		return err
	}
	if b.kind() != blockBlob {
		return errBlobTypeMismatch
	}
	var doc blockList
	if which != "uncommitted" {
		doc.Committed = listOf(b.Blocks)
	}
	if which == "uncommitted" || which == "all" {
		doc.Uncommitted = listOf(staged)
	}
	if !missing {
		q.stamp(b.ETag, b.Modified)
		q.w.Header().Set("X-Ms-Blob-Content-Length", strconv.FormatInt(b.Size(), 10))
	}
	return q.writeXML(http.StatusOK, doc)
}
