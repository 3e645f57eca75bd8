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
	"time"

	"github.com/google/uuid"
)

const (
	maxUpload    = 256 << 20 // bytes of one Put Blob or Put Block that the sandbox keeps
	maxBlockList = 8 << 20   // bytes of a block list document
	maxBlocks    = 50_000    // in one blob
)

// The kinds of blobs that the sandbox keeps. Page blobs are refused: nothing
// of flow logs and captures is one.
const (
	blockBlob  = "BlockBlob"
	appendBlob = "AppendBlob"
)

// putBlob is Put Blob, and with a source Copy Blob or Put Blob From URL.
func (q *request) putBlob() error {
	h := q.r.Header
	kind := h.Get("X-Ms-Blob-Type")
	if h.Get("X-Ms-Copy-Source") != "" && kind == "" {
		return q.copyBlob()
	}
	switch kind {
	case blockBlob:
		if h.Get("X-Ms-Copy-Source") != "" {
			return q.putFromURL()
		}
		return q.putBlockBlob()
	case appendBlob:
		return q.putAppendBlob()
	case "":
		return missingHeader("x-ms-blob-type")
	}
	return badHeader("x-ms-blob-type", kind)
}

func (q *request) putBlockBlob() error {
	if q.r.ContentLength < 0 {
		return errMissingLength
	}
	if err := q.needContainer(); err != nil {
		return err
	}
	block, sums, err := q.upload()
	if err != nil {
		return err
	}
	return q.put(block, func(v *version) {
		sums.stored(v, q.r.Header)
		q.w.Header().Set("Content-Md5", sums.md5)
	})
}

// put commits one block as the blob's content. A blob that was put whole has
// no block list; its block is not shown.
func (q *request) put(block uploadBlock, set func(*version)) error {
	err := q.commit(func(*uploadBlob) (version, error) {
		v := q.newVersion(blockBlob)
		v.Blocks = []uploadBlock{block}
		set(&v)
		return v, nil
	})
	if err != nil {
		return joined(err, q.s.uploads.drop(block.File))
	}
	return q.empty(http.StatusCreated)
}

// newVersion is one with the properties that the request sets.
func (q *request) newVersion(kind string) version {
	h := q.r.Header
	return version{ETag: newETag(), Created: q.now, Modified: q.now, Kind: kind, ContentType: contentType(h),
		Headers: contentHeaders(h), Metadata: metadataOf(h), Tags: tagsOf(h), Tier: tier{Name: h.Get("X-Ms-Access-Tier")}}
}

// commit makes what pick returns the blob, and tells its version.
func (q *request) commit(pick func(old *uploadBlob) (version, error)) error {
	if err := q.setable(); err != nil {
		return err
	}
	var done version
	err := q.s.uploads.update(q.r.Context(), func(x *index) error {
		b, exists, err := q.lookUpIn(x, q.blob)
		if err != nil {
			return err
		}
		if err := q.conditions(b, exists, creates); err != nil {
			return err
		}
		if exists && q.mayNotOverwrite {
			return errOverwrite
		}
		if exists && b.Copied.pending(q.now) {
			return errPendingCopy
		}
		up := x.entry(q.account, q.container, q.blob)
		if done, err = pick(up); err != nil {
			return err
		}
		if exists {
			done.Created = b.Created
		}
		up.replace(done, q.now)
		return nil
	})
	if err != nil {
		return err
	}
	q.stamp(done.ETag, done.Modified)
	q.w.Header().Set("X-Ms-Request-Server-Encrypted", "true")
	return nil
}

// replace makes v the blob. Its snapshots stay, and a lease that is not over.
func (up *uploadBlob) replace(v version, now time.Time) {
	*up = uploadBlob{version: v, Lease: up.Lease.written(now), Snapshots: up.Snapshots}
}

// newETag is as unlikely to be seen twice as a GUID's first 60 bits.
func newETag() string {
	id := uuid.New()
	return fmt.Sprintf("0x8%014X", id[:7])
}

// putBlock is Put Block, and Put Block From URL.
func (q *request) putBlock() error {
	id, err := q.blockID()
	if err != nil {
		return err
	}
	take := q.fetch
	if q.r.Header.Get("X-Ms-Copy-Source") == "" {
		take = q.upload
		if q.r.ContentLength < 0 {
			return errMissingLength
		}
	}
	if err := q.needContainer(); err != nil {
		return err
	}
	block, sums, err := take()
	if err != nil {
		return err
	}
	block.ID = id
	if err := q.stage(block); err != nil {
		return joined(err, q.s.uploads.drop(block.File))
	}
	sums.tell(q.w.Header())
	q.w.Header().Set("X-Ms-Request-Server-Encrypted", "true")
	return q.empty(http.StatusCreated)
}

// stage puts a block beside those of the blob. All its IDs are of one length.
func (q *request) stage(block uploadBlock) error {
	return q.s.uploads.update(q.r.Context(), func(x *index) error {
		b, exists, err := q.lookUpIn(x, q.blob)
		if err != nil {
			return err
		}
		if err := b.Lease.admits(strings.ToLower(q.r.Header.Get("X-Ms-Lease-Id")), true, q.now); exists && err != nil {
			return err
		}
		if exists && b.Kind == appendBlob {
			return errBlobTypeMismatch
		}
		up := x.entry(q.account, q.container, q.blob)
		for _, k := range slices.Concat(up.Staged, up.Blocks) {
			if len(k.ID) != len(block.ID) && k.ID != "" {
				return errBlockLength
			}
		}
		up.Staged = slices.DeleteFunc(up.Staged, func(k uploadBlock) bool { return k.ID == block.ID })
		up.Staged = append(up.Staged, block)
		return nil
	})
}

func (q *request) blockID() (string, error) {
	id := q.query.Get("blockid")
	if raw, err := base64.StdEncoding.DecodeString(id); err != nil || len(raw) == 0 || len(raw) > 64 {
		return "", errBlockID
	}
	return id, nil
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
	err = q.commit(func(b *uploadBlob) (version, error) {
		v := q.newVersion(blockBlob)
		v.Blocks, err = pick(b, doc.Choices)
		return v, err
	})
	if err != nil {
		return err
	}
	sumsOf(text).tell(q.w.Header())
	return q.empty(http.StatusCreated)
}

// pick finds the blocks of a new block list among those of the blob.
func pick(b *uploadBlob, choices []choice) ([]uploadBlock, error) {
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
