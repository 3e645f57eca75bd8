package blob

import (
	"io"
	"net/http"
	"time"
)

// takeSnapshot is Snapshot Blob. Metadata of the request, if any, is the
// snapshot's.
func (q *request) takeSnapshot() error {
	if err := q.setable(); err != nil {
		return err
	}
	var taken snapshot
	_, err := q.edit(func(up *uploadBlob, b Blob) error {
		if b.Snapshot != "" {
			return errUnsupportedQuery
		}
		at := q.now
		if n := len(up.Snapshots); n > 0 { // each has a time of its own
			if last, err := time.Parse(tick, up.Snapshots[n-1].Time); err == nil && !at.After(last) {
				at = last.Add(100 * time.Nanosecond)
			}
		}
		v, err := q.frozen(up, b)
		if err != nil {
			return err
		}
		if m := metadataOf(q.r.Header); m != nil {
			v.Metadata, v.ETag, v.Modified = m, newETag(), q.now
		}
		taken = snapshot{Time: at.UTC().Format(tick), version: v}
		up.Snapshots = append(up.Snapshots, taken)
		return nil
	})
	if err != nil {
		return err
	}
	q.stamp(taken.ETag, taken.Modified)
	h := q.w.Header()
	h.Set("X-Ms-Snapshot", taken.Time)
	h.Set("X-Ms-Request-Server-Encrypted", "false") // recorded in blob-get-blob-properties-with-snapshot
	return q.empty(http.StatusCreated)
}

// frozen is the blob as a version of its own. What the source has is kept, as
// the source makes it anew whenever it is read.
func (q *request) frozen(up *uploadBlob, b Blob) (version, error) {
	if up.committed() {
		return up.version, nil
	}
	v := version{ETag: b.ETag, Created: b.Created, Modified: b.Modified, Kind: b.Kind, ContentType: b.ContentType,
		Headers: b.Headers, Metadata: b.Metadata, Tags: b.Tags, Tier: b.Tier}
	block, _, err := q.s.uploads.keepBlob(b)
	v.Blocks = []uploadBlock{block}
	return v, err
}

// keepBlob stores a blob's content as one block.
func (u *Uploads) keepBlob(b Blob) (uploadBlock, checksums, error) {
	r, w := io.Pipe()
	s := newSumming()
	go func() { w.CloseWithError(b.Copy(io.MultiWriter(w, s), 0, b.Size())) }()
	block, err := u.keep(r, max(maxUpload, b.Size()))
	r.Close() // ends the writer, if keep did not read to its end
	if err != nil {
		return block, checksums{}, err
	}
	return block, s.sums(), nil
}
