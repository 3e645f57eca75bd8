package blob

import (
	"maps"
	"slices"
)

// lookUpIn returns the blob of that name as it is now: what a client put there,
// else what the source has, unless a client deleted it.
func (q *request) lookUpIn(x *index, name string) (Blob, bool, error) {
	up := x.blob(q.account, q.container, name)
	switch {
	case up == nil:
		return q.s.source.Blob(q.account, q.container, name)
	case up.Deleted || up.Removed != nil:
		return Blob{}, false, nil
	case up.committed():
		b := q.s.uploads.open(&up.version)
		b.Lease = up.Lease
		b.settle(q.now)
		return b, true, nil
	}
	b, ok, err := q.s.source.Blob(q.account, q.container, name)
	if err != nil || !ok {
		return b, ok, err
	}
	b.Lease = up.Lease
	b.overlaid(up.Over)
	b.settle(q.now)
	return b, true, nil
}

// overlaid sets on a blob of the source what clients did to it.
func (b *Blob) overlaid(o *overlay) {
	if o == nil {
		return
	}
	b.Tags, b.Tier = o.Tags, o.Tier
	if o.Of != b.ETag {
		return
	}
	b.ETag, b.Modified, b.ContentType, b.Headers, b.Metadata = o.ETag, o.Modified, o.ContentType, o.Headers, o.Metadata
}

// lookUpSnapshot returns a snapshot of the blob.
func (q *request) lookUpSnapshot(x *index, name, taken string) (Blob, bool, error) {
	up := x.blob(q.account, q.container, name)
	if up == nil {
		return Blob{}, false, nil
	}
	i := slices.IndexFunc(up.Snapshots, func(s snapshot) bool { return s.Time == taken })
	if i < 0 || up.Snapshots[i].Removed != nil {
		return Blob{}, false, nil
	}
	b := q.s.uploads.open(&up.Snapshots[i].version)
	b.Snapshot = taken
	b.settle(q.now)
	return b, true, nil
}

// find returns the blob or the snapshot that the request names, if its
// conditions hold.
func (q *request) find() (Blob, error) {
	x, err := q.s.uploads.read()
	if err != nil {
		return Blob{}, err
	}
	return q.findIn(x, reads)
}

func (q *request) findIn(x *index, u use) (b Blob, err error) {
	taken, ok := q.query.Get("snapshot"), false
	if taken != "" {
		b, ok, err = q.lookUpSnapshot(x, q.blob, taken)
	} else {
		b, ok, err = q.lookUpIn(x, q.blob)
	}
	if err != nil {
		return b, err
	}
	if !ok {
		if _, err := q.findContainerIn(x); err != nil {
			return b, err
		}
		if err := q.conditions(b, false, u); err != nil && u != reads {
			return b, err
		}
		return b, errBlobNotFound
	}
	return b, q.conditions(b, true, u)
}

// edit lets f change what is remembered of a blob that is there, if the
// request's conditions hold. It returns the blob as it is then.
func (q *request) edit(f func(up *uploadBlob, b Blob) error) (Blob, error) {
	var after Blob
	err := q.s.uploads.update(q.r.Context(), func(x *index) error {
		b, err := q.findIn(x, changes)
		if err != nil {
			return err
		}
		up := x.entry(q.account, q.container, q.blob)
		if err := f(up, b); err != nil {
			return err
		}
		after, err = q.again(x)
		return err
	})
	return after, err
}

// again looks the blob up without its conditions.
func (q *request) again(x *index) (Blob, error) {
	b, ok, err := q.lookUpIn(x, q.blob)
	if taken := q.query.Get("snapshot"); taken != "" {
		b, ok, err = q.lookUpSnapshot(x, q.blob, taken)
	}
	if err == nil && !ok {
		err = errBlobNotFound
	}
	return b, err
}

// editable returns the version of b that clients may set something on: the
// one that they committed, a snapshot, or what lies over the source's.
func (up *uploadBlob) editable(b Blob) *version {
	if b.Snapshot != "" {
		i := slices.IndexFunc(up.Snapshots, func(s snapshot) bool { return s.Time == b.Snapshot })
		return &up.Snapshots[i].version
	}
	if up.committed() {
		return &up.version
	}
	if up.Over == nil || up.Over.ETag != b.ETag {
		up.Over = &overlay{Of: b.ETag, version: version{ETag: b.ETag, Created: b.Created, Modified: b.Modified, ContentType: b.ContentType,
			Headers: b.Headers, Metadata: maps.Clone(b.Metadata), Tags: b.Tags, Tier: b.Tier}}
	}
	return &up.Over.version
}

// rewrite sets something that makes a new version of a blob.
func (q *request) rewrite(set func(*version)) (Blob, error) {
	return q.edit(func(up *uploadBlob, b Blob) error {
		v := up.editable(b)
		set(v)
		v.ETag, v.Modified = newETag(), q.now
		up.Lease = up.Lease.written(q.now)
		return nil
	})
}
