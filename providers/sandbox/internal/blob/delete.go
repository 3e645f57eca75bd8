package blob

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// deleteBlob is Delete Blob, of a blob, of one of its snapshots, or of all.
func (q *request) deleteBlob() error {
	which := q.r.Header.Get("X-Ms-Delete-Snapshots")
	permanent := true
	err := q.s.uploads.update(q.r.Context(), func(x *index) error {
		b, err := q.findIn(x, changes)
		if err != nil {
			return err
		}
		kept := x.retention(q.account, q.now)
		permanent = kept == nil
		up := x.entry(q.account, q.container, q.blob)
		switch {
		case b.Snapshot != "":
			up.removeSnapshots(kept, func(s snapshot) bool { return s.Time == b.Snapshot })
			return nil
		case which == "only":
			up.removeSnapshots(kept, func(snapshot) bool { return true })
			return nil
		case which == "include":
			up.removeSnapshots(kept, func(snapshot) bool { return true })
		case slices.ContainsFunc(up.Snapshots, func(s snapshot) bool { return s.Removed == nil }):
			return errSnapshotsPresent
		}
		return q.remove(x, up, kept)
	})
	if err != nil {
		return err
	}
	q.w.Header().Set("X-Ms-Delete-Type-Permanent", strconv.FormatBool(permanent))
	return q.empty(http.StatusAccepted)
}

// removeSnapshots deletes snapshots, or keeps them as deleted.
func (up *uploadBlob) removeSnapshots(kept *removed, which func(snapshot) bool) {
	if kept == nil {
		up.Snapshots = slices.DeleteFunc(up.Snapshots, which)
		return
	}
	for i, s := range up.Snapshots {
		if which(s) && s.Removed == nil {
			up.Snapshots[i].Removed = kept
		}
	}
}

// remove deletes a blob. One of the source is remembered as deleted, as the
// service that wrote it would not write it again; kept, if any, says until
// when it can be brought back.
func (q *request) remove(x *index, up *uploadBlob, kept *removed) error {
	_, generated, err := q.s.source.Blob(q.account, q.container, q.blob)
	if err != nil {
		return err
	}
	up.Lease, up.Staged, up.Removed = nil, nil, kept
	up.Deleted = generated
	if kept == nil {
		up.version, up.Over = version{}, nil
		if !generated && len(up.Snapshots) == 0 {
			delete(x.container(q.account, q.container).Blobs, q.blob)
		}
	}
	return nil
}

// forget removes all that is remembered of a blob but that it is gone.
func (q *request) forget(x *index, name string) error {
	_, generated, err := q.s.source.Blob(q.account, q.container, name)
	if err != nil {
		return err
	}
	held := x.container(q.account, q.container).Blobs
	delete(held, name)
	if generated {
		held[name] = &uploadBlob{Deleted: true}
	}
	return nil
}

// undelete brings back a blob that was deleted, and its snapshots.
func (q *request) undelete() error {
	err := q.s.uploads.update(q.r.Context(), func(x *index) error {
		if _, err := q.findContainerIn(x); err != nil {
			return err
		}
		up := x.blob(q.account, q.container, q.blob)
		if up == nil || up.gone(q.now) {
			return errBlobNotFound
		}
		if up.Removed != nil {
			up.Removed, up.Deleted = nil, false
		}
		for i := range up.Snapshots {
			up.Snapshots[i].Removed = nil
		}
		return nil
	})
	if err != nil {
		return err
	}
	return q.empty(http.StatusOK)
}

// gone reports whether nothing of a name can be brought back.
func (up *uploadBlob) gone(now time.Time) bool {
	switch {
	case up.Removed != nil:
		return up.Removed.over(now)
	case up.Deleted:
		return true
	}
	return false
}

// over reports whether what was deleted is not kept any longer.
func (r *removed) over(now time.Time) bool {
	return r != nil && !now.Before(r.At.AddDate(0, 0, r.Days))
}
