package blob

import (
	"encoding/xml"
	"iter"
	"net/http"
	"strings"
	"time"
)

func (q *request) listBlobs() error {
	doc, from, limit, err := q.page()
	if err != nil {
		return err
	}
	c, err := q.findContainer()
	if err != nil {
		return err
	}
	if err := q.containerConditions(c, reads); err != nil {
		return err
	}
	doc.ContainerName, doc.Delimiter, doc.Blobs = q.container, q.query.Get("delimiter"), &blobs{}
	for e, err := range q.entries(doc.Prefix, doc.Delimiter, from) {
		if err != nil {
			return err
		}
		if len(doc.Blobs.Entries) == limit {
			doc.NextMarker = marker(e.place())
			break
		}
		doc.Blobs.Entries = append(doc.Blobs.Entries, e)
	}
	return q.writeXML(http.StatusOK, doc)
}

// place is where a page begins: a name, and which entry of it. Snapshots come
// before the blob itself.
func (e entry) place() string {
	if e.Snapshot == "" {
		return e.Name
	}
	return e.Name + betweenPlaces + e.Snapshot
}

// betweenPlaces is in no name of a blob.
const betweenPlaces = "\x00"

// entries yields blobs, and prefixes in the place of those that share one.
func (q *request) entries(prefix, delimiter, from string) iter.Seq2[entry, error] {
	from, taken, behindSnapshots := cutPlace(from)
	return func(yield func(entry, error) bool) {
		for more := true; more; {
			more = false
			for name, err := range q.names(prefix, from, q.listed) {
				if err != nil {
					yield(entry{}, err)
					return
				}
				all, err := q.entriesOf(name)
				if err != nil {
					yield(entry{}, err)
					return
				}
				if len(all) == 0 {
					continue
				}
				if common, ok := cutAfter(name, prefix, delimiter); ok {
					if !yield(entry{XMLName: xml.Name{Local: "BlobPrefix"}, Name: common}, nil) {
						return
					}
					// Go on behind all names that share it.
					from, more = behind(common)
					break
				}
				for _, e := range all {
					if name == from && (e.Snapshot != "" && (e.Snapshot < taken || behindSnapshots)) {
						continue
					}
					if !yield(e, nil) {
						return
					}
				}
			}
		}
	}
}

func cutPlace(text string) (name, taken string, behindSnapshots bool) {
	name, taken, ok := strings.Cut(text, betweenPlaces)
	return name, taken, !ok && text != ""
}

// listed says which of what is remembered the listing asks for.
func (q *request) listed(up *uploadBlob) bool {
	return up.committed() && up.Removed == nil || q.includes("snapshots") && len(up.Snapshots) > 0 ||
		q.includes("deleted") && (up.Removed != nil || len(up.Snapshots) > 0) || q.includes("uncommittedblobs") && len(up.Staged) > 0
}

// entriesOf are the entries of one name: its snapshots, then the blob.
func (q *request) entriesOf(name string) (all []entry, err error) {
	x, err := q.s.uploads.read()
	if err != nil {
		return nil, err
	}
	up := x.blob(q.account, q.container, name)
	if up != nil {
		all = q.snapshotsOf(name, up)
	}
	b, ok, err := q.lookUpIn(x, name)
	switch {
	case err != nil:
		return nil, err
	case ok:
		all = append(all, q.entry(name, b))
	case up == nil:
	case up.Removed != nil && !up.Removed.over(q.now) && q.includes("deleted"):
		b := q.s.uploads.open(&up.version)
		b.Removed = up.Removed
		all = append(all, q.entry(name, b))
	case len(up.Staged) > 0 && q.includes("uncommittedblobs"):
		all = append(all, q.entry(name, Blob{}))
	}
	return all, nil
}

func (q *request) snapshotsOf(name string, up *uploadBlob) (all []entry) {
	for _, s := range up.Snapshots {
		gone := s.Removed != nil
		if gone && (!q.includes("deleted") || s.Removed.over(q.now)) || !gone && !q.includes("snapshots") {
			continue
		}
		b := q.s.uploads.open(&s.version)
		b.Snapshot, b.Removed = s.Time, s.Removed
		b.settle(q.now)
		all = append(all, q.entry(name, b))
	}
	return all
}

func (q *request) entry(name string, b Blob) entry {
	p := &properties{Etag: b.ETag, ContentLength: b.Size(), ContentType: b.ContentType, BlobType: b.kind(), Encrypted: true, Sealed: b.Sealed,
		ContentEncoding: b.Headers["Content-Encoding"], ContentLanguage: b.Headers["Content-Language"], ContentMD5: b.Headers["Content-Md5"],
		CacheControl: b.Headers["Cache-Control"], ContentDisposition: b.Headers["Content-Disposition"], TagCount: len(b.Tags)}
	if !b.Modified.IsZero() {
		p.CreationTime, p.LastModified = httpTime(b.Created), httpTime(b.Modified)
	}
	if b.kind() == blockBlob {
		p.AccessTier, p.TierInferred = "Hot", b.Tier.Name == ""
		if b.Tier.Name != "" {
			p.AccessTier = b.Tier.Name
		}
		p.ArchiveStatus, p.RehydratePriority = b.Tier.returning(), b.Tier.priority()
		if !b.Tier.At.IsZero() {
			p.TierChanged = httpTime(b.Tier.At)
		}
	}
	e := entry{XMLName: xml.Name{Local: "Blob"}, Name: name, Snapshot: b.Snapshot, Properties: p}
	switch {
	case b.Removed != nil:
		e.Deleted = true
		p.LeaseStatus, p.DeletedTime = new(string), httpTime(b.Removed.At)
		left := int(b.Removed.At.AddDate(0, 0, b.Removed.Days).Sub(q.now) / (24 * time.Hour))
		if q.now.Equal(b.Removed.At) || left == b.Removed.Days {
			left = b.Removed.Days - 1 // the day under way is none: recorded in blob-soft-delete-with-leased-blob
		}
		p.DaysLeft = &left
	case b.Snapshot == "":
		status := b.Lease.status(q.now)
		p.LeaseStatus, p.LeaseState, p.LeaseDuration = &status, b.Lease.state(q.now), b.Lease.duration(q.now)
	}
	if q.includes("metadata") {
		e.Metadata = b.Metadata
	}
	if q.includes("tags") && len(b.Tags) > 0 {
		e.Tags = &tagDoc{Set: newTagSet(b.Tags)}
	}
	if c := b.Copied; c != nil && q.includes("copy") {
		p.copying = copying{CopyID: c.ID, CopySource: c.Source, CopyStatus: c.status(), CopyProgress: c.progress()}
		if !c.Pending {
			p.CopyCompletion = httpTime(c.Done)
		}
	}
	return e
}
