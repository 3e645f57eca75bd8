package blob

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

const (
	maxUpload    = 256 << 20 // bytes of one Put Blob or Put Block that the sandbox keeps
	maxBlockList = 8 << 20   // bytes of a block list document
	maxBlocks    = 50_000    // in one blob
)

func (q *request) putBlob() error {
	h := q.r.Header
	switch {
	case h.Get("X-Ms-Copy-Source") != "":
		return errCopyNotImplemented
	case !strings.EqualFold(h.Get("X-Ms-Blob-Type"), "BlockBlob"):
		return errBlobType
	case q.r.ContentLength < 0:
		return errMissingLength
	}
	if err := q.needContainer(); err != nil {
		return err
	}
	block, err := q.s.uploads.keep(q.r.Body, maxUpload)
	if err != nil {
		return err
	}
	// A blob that was put whole has no block list; its one block is not shown.
	err = q.commit(func(*uploadBlob) ([]uploadBlock, error) { return []uploadBlock{block}, nil })
	if err != nil {
		return fmt.Errorf("%w%v", err, suffix(q.s.uploads.drop(block.File)))
	}
	return nil
}

// suffix is the text of a second error, if there is one.
func suffix(err error) string {
	if err == nil {
		return ""
	}
	return "; " + err.Error()
}

// commit makes the blocks that pick returns the blob's content.
func (q *request) commit(pick func(*uploadBlob) ([]uploadBlock, error)) error {
	var done uploadBlob
	err := q.s.uploads.update(q.r.Context(), func(x *index) error {
		if err := q.writeConditions(x); err != nil {
			return err
		}
		old := x.blob(q.account, q.container, q.blob)
		blocks, err := pick(old)
		if err != nil {
			return err
		}
		done = uploadBlob{ETag: newETag(), Created: q.now, Modified: q.now, Blocks: blocks,
			ContentType: contentType(q.r.Header), Metadata: metadataOf(q.r.Header)}
		if old != nil && old.committed() {
			done.Created = old.Created
		}
		x.container(q.account, q.container).Blobs[q.blob] = &done
		return nil
	})
	if err != nil {
		return err
	}
	h := q.w.Header()
	h.Set("Etag", `"`+done.ETag+`"`)
	h.Set("Last-Modified", httpTime(done.Modified))
	h.Set("X-Ms-Request-Server-Encrypted", "true")
	h.Set("Content-Length", "0")
	q.w.WriteHeader(http.StatusCreated)
	return nil
}

// newETag is as unlikely to be seen twice as a GUID's first 60 bits.
func newETag() string {
	id := uuid.New()
	return fmt.Sprintf("0x8%014X", id[:7])
}

func contentType(h http.Header) string {
	for _, name := range []string{"X-Ms-Blob-Content-Type", "Content-Type"} {
		if v := h.Get(name); v != "" {
			return v
		}
	}
	return "application/octet-stream"
}

func metadataOf(h http.Header) map[string]string {
	m := map[string]string{}
	for name := range h {
		if key, ok := strings.CutPrefix(strings.ToLower(name), "x-ms-meta-"); ok {
			m[key] = h.Get(name)
		}
	}
	if len(m) == 0 {
		return nil
	}
	return m
}

// writeConditions are those of RFC 9110, 13.1, as the service applies them to
// writes: all that fail are 412, but a blob that must be new and is not. They
// are asked while no other process can write.
func (q *request) writeConditions(x *index) error {
	h := q.r.Header
	b, ok, err := q.lookUpIn(x, q.blob)
	if err != nil {
		return err
	}
	ifMatch, ifNone := h.Get("If-Match"), h.Get("If-None-Match")
	switch {
	case ifMatch != "" && (!ok || !matches(ifMatch, b.ETag)):
		return errConditionNotMet
	case ifNone == "*" && ok:
		return errBlobExists
	case ifNone != "" && ok && matches(ifNone, b.ETag):
		return errConditionNotMet
	}
	if t, err := http.ParseTime(h.Get("If-Unmodified-Since")); err == nil && ok && after(b.Modified, t) {
		return errConditionNotMet
	}
	if t, err := http.ParseTime(h.Get("If-Modified-Since")); err == nil && ok && !after(b.Modified, t) {
		return errConditionNotMet
	}
	return nil
}

func (q *request) putBlock() error {
	id := q.query.Get("blockid")
	if raw, err := base64.StdEncoding.DecodeString(id); err != nil || len(raw) == 0 || len(raw) > 64 {
		return errBlockID
	}
	if q.r.ContentLength < 0 {
		return errMissingLength
	}
	if err := q.needContainer(); err != nil {
		return err
	}
	block, err := q.s.uploads.keep(q.r.Body, maxUpload)
	if err != nil {
		return err
	}
	block.ID = id
	err = q.s.uploads.update(q.r.Context(), func(x *index) error {
		c := x.container(q.account, q.container)
		b := c.Blobs[q.blob]
		if b == nil {
			b = &uploadBlob{}
			c.Blobs[q.blob] = b
		}
		for _, k := range slices.Concat(b.Staged, b.Blocks) {
			if len(k.ID) != len(id) && k.ID != "" {
				return errBlockID // all ids of a blob are of one length
			}
		}
		b.Staged = slices.DeleteFunc(b.Staged, func(k uploadBlock) bool { return k.ID == id })
		b.Staged = append(b.Staged, block)
		return nil
	})
	if err != nil {
		return fmt.Errorf("%w%v", err, suffix(q.s.uploads.drop(block.File)))
	}
	q.w.Header().Set("X-Ms-Request-Server-Encrypted", "true")
	q.w.Header().Set("Content-Length", "0")
	q.w.WriteHeader(http.StatusCreated)
	return nil
}

// choice is one line of a Put Block List document: where to look for a block.
type choice struct {
	XMLName xml.Name
	ID      string `xml:",chardata"`
}

func (q *request) putBlockList() error {
	var doc struct {
		XMLName xml.Name `xml:"BlockList"`
		Choices []choice `xml:",any"`
	}
	text, err := io.ReadAll(io.LimitReader(q.r.Body, maxBlockList+1))
	switch {
	case err != nil:
		return fmt.Errorf("read the block list: %w", err)
	case len(text) > maxBlockList:
		return errTooLarge
	case xml.Unmarshal(text, &doc) != nil:
		return errXML
	case len(doc.Choices) > maxBlocks:
		return errBlockList
	}
	if err := q.needContainer(); err != nil {
		return err
	}
	return q.commit(func(b *uploadBlob) ([]uploadBlock, error) { return pick(b, doc.Choices) })
}

// pick finds the blocks of a new block list among those of the blob.
func pick(b *uploadBlob, choices []choice) ([]uploadBlock, error) {
	if b == nil {
		b = &uploadBlob{}
	}
	staged, committed := byID(b.Staged), byID(b.Blocks)
	latest := maps.Clone(committed)
	maps.Copy(latest, staged)
	from := map[string]map[string]uploadBlock{"Committed": committed, "Uncommitted": staged, "Latest": latest}
	var picked []uploadBlock
	for _, c := range choices {
		k, ok := from[c.XMLName.Local][strings.TrimSpace(c.ID)]
		if !ok {
			return nil, errBlockList
		}
		picked = append(picked, k)
	}
	return picked, nil
}

func byID(blocks []uploadBlock) map[string]uploadBlock {
	m := map[string]uploadBlock{}
	for _, k := range blocks {
		if k.ID != "" {
			m[k.ID] = k
		}
	}
	return m
}

// staged are the blocks that were put and not committed yet.
func (q *request) staged() ([]Block, error) {
	x, err := q.s.uploads.read()
	if err != nil {
		return nil, err
	}
	var all []Block
	if b := x.blob(q.account, q.container, q.blob); b != nil {
		for _, k := range b.Staged {
			all = append(all, Block{ID: k.ID, Size: k.Size})
		}
	}
	return all, nil
}

func (q *request) deleteBlob() error {
	if _, ok, err := q.lookUp(q.blob); err != nil || !ok {
		_, missing := q.find()
		return missing
	}
	err := q.s.uploads.update(q.r.Context(), func(x *index) error {
		if err := q.writeConditions(x); err != nil {
			return err
		}
		return q.remove(x, q.blob)
	})
	if err != nil {
		return err
	}
	q.w.Header().Set("X-Ms-Delete-Type-Permanent", "true")
	q.w.Header().Set("Content-Length", "0")
	q.w.WriteHeader(http.StatusAccepted)
	return nil
}

// remove deletes a blob; one of the source is remembered as deleted, as the
// service that wrote it would not write it again.
func (q *request) remove(x *index, name string) error {
	_, generated, err := q.s.source.Blob(q.account, q.container, name)
	if err != nil {
		return err
	}
	blobs := x.container(q.account, q.container).Blobs
	delete(blobs, name)
	if generated {
		blobs[name] = &uploadBlob{Deleted: true}
	}
	return nil
}
