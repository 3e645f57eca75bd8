package collectors

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"flowctl/collectors/flowlog"
	"flowctl/plan"
	"flowctl/plan/session"
)

// Fetch asks for the files of one session.
type Fetch struct {
	Session   plan.Session
	Recording plan.Recording
	Start     time.Time // of the window; flow logs have a file per hour
	End       time.Time
	MACs      map[string]bool // of flow logs: the interfaces to read; nil for all
	Machines  int             // of captures: how many write a file of their own
	Blobs     plan.Blobs
	Folder    session.Folder
	Have      []session.Artifact // what was fetched before
}

// Run brings what is in storage and not yet in the folder, and returns all
// artifacts of the session. Artifacts that were fetched whole stand even if
// there is an error.
func (f Fetch) Run(ctx context.Context) ([]session.Artifact, error) {
	if f.Session.Mechanism == plan.PacketCapture {
		return f.capture(ctx)
	}
	return f.flowLog(ctx)
}

// flowLog brings the hours of the window, one after the other.
func (f Fetch) flowLog(ctx context.Context) ([]session.Artifact, error) {
	var out []session.Artifact
	for hour := range f.hours() {
		got, err := f.hour(ctx, hour)
		out = append(out, got...)
		if err != nil {
			return out, fmt.Errorf("fetch flow log %s, hour %s: %w", f.Recording.ID.Name(), hour.Format("2006-01-02T15"), err)
		}
	}
	return out, nil
}

// late is how long after its minute a record can be stamped. The hour of that
// stamp is the one of the blob, so what happened just before the hour can lie
// in the next one's.
const late = 5 * time.Minute

// hours yields the hours whose blobs can hold records of the window.
func (f Fetch) hours() iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		for hour := f.Start.UTC().Truncate(time.Hour); hour.Before(f.End.Add(late)); hour = hour.Add(time.Hour) {
			if !yield(hour) {
				return
			}
		}
	}
}

func (f Fetch) hour(ctx context.Context, hour time.Time) ([]session.Artifact, error) {
	var out []session.Artifact
	for b, err := range f.list(ctx, hour) {
		if err != nil {
			return out, err
		}
		p, _ := flowlog.ParsePath(b.Name)
		name := path.Join("flowlogs", f.Recording.ID.Name(), hour.Format("20060102T15"), p.MAC+".json")
		a, err := f.blob(ctx, b, name)
		if err != nil {
			return out, err
		}
		out = append(out, a)
	}
	return out, nil
}

// list yields the blobs of one hour that the session is about, in either
// layout of their names.
func (f Fetch) list(ctx context.Context, hour time.Time) iter.Seq2[plan.Blob, error] {
	return func(yield func(plan.Blob, error) bool) {
		for _, prefix := range flowlog.Prefixes(f.Recording.ID.Parent(), f.Recording.ID.Name(), hour) {
			for b, err := range f.Blobs.List(ctx, flowlog.VNetContainer, prefix) {
				if errors.Is(err, plan.ErrNotFound) {
					break // no container yet: nothing was ever written
				}
				if err == nil && !f.wanted(b) {
					continue
				}
				if !yield(b, err) {
					return
				}
			}
		}
	}
}

func (f Fetch) wanted(b plan.Blob) bool {
	p, ok := flowlog.ParsePath(b.Name)
	return ok && (f.MACs == nil || f.MACs[p.MAC])
}

// Size is how much of a flow log is in storage; a capture has no size before
// its end.
func (f Fetch) Size(ctx context.Context) (int64, error) {
	var n int64
	if f.Session.Mechanism != plan.FlowLog {
		return 0, nil
	}
	for hour := range f.hours() {
		for b, err := range f.list(ctx, hour) {
			if err != nil {
				return n, err
			}
			n += b.Size
		}
	}
	return n, nil
}

// changes is how often a blob may change between a look and a read before
// that is an error; a growing flow log changes once a minute.
const changes = 3

// blob brings one blob as the file name below the folder, if it is not there
// in this version already.
func (f Fetch) blob(ctx context.Context, b plan.Blob, name string) (session.Artifact, error) {
	for tries := 0; ; tries++ {
		a, err := f.version(ctx, b, name)
		if !errors.Is(err, plan.ErrChanged) || tries == changes {
			return a, err
		}
		if b, err = f.Blobs.Stat(ctx, b.Container, b.Name); err != nil {
			return a, err
		}
	}
}

// version brings one version of a blob and checks its size.
func (f Fetch) version(ctx context.Context, b plan.Blob, name string) (session.Artifact, error) {
	if a, ok := f.have(name); ok && a.ETag == b.ETag && a.Size == b.Size {
		return a, nil
	}
	dest, err := f.Folder.Join(name)
	if err != nil {
		return session.Artifact{}, err
	}
	n, err := download(ctx, f.Blobs, b, dest)
	if err == nil && n != b.Size {
		err = fmt.Errorf("%s: got %d bytes, storage says %d", b.Name, n, b.Size)
	}
	if err != nil {
		return session.Artifact{}, err
	}
	sum, err := hashFile(dest)
	return session.Artifact{
		Path: name, Session: f.Session.Name, Blob: b.Container + "/" + b.Name, ETag: b.ETag,
		Size: n, SHA256: sum, Target: f.Session.Target.ID, Kind: f.Session.Mechanism,
	}, err
}

func (f Fetch) have(name string) (session.Artifact, bool) {
	for _, a := range f.Have {
		if a.Path == name {
			_, err := os.Stat(filepath.Join(f.Folder.Path, filepath.FromSlash(name)))
			return a, err == nil
		}
	}
	return session.Artifact{}, false
}

// tail is how a flow log's blob ends; it moves when the blob grows, what is
// before it stays.
const tail = "]}"

// download stores b at dest and returns its size there. Of a growing flow log
// of which an earlier version is at dest, only what is new is read.
func download(ctx context.Context, blobs plan.Blobs, b plan.Blob, dest string) (int64, error) {
	if err := os.MkdirAll(filepath.Dir(dest), 0o700); err != nil {
		return 0, err
	}
	w, err := os.OpenFile(dest+".part", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return 0, err
	}
	defer w.Close()
	n, err := copyNew(ctx, blobs, b, dest, w)
	if err == nil {
		err = w.Sync()
	}
	if err != nil {
		return n, err
	}
	return n, os.Rename(dest+".part", dest)
}

func copyNew(ctx context.Context, blobs plan.Blobs, b plan.Blob, dest string, w *os.File) (int64, error) {
	from, err := copyOld(dest, b.Size, w)
	if err != nil {
		return 0, err
	}
	r, err := blobs.Open(ctx, b, from, b.Size-from)
	if err != nil {
		return from, err
	}
	defer r.Close()
	n, err := io.Copy(w, r)
	return from + n, errors.Join(err, w.Truncate(from+n))
}

// copyOld puts what stays of an earlier version into w and returns how much
// that is: nothing, unless dest is a shorter flow log with its tail.
func copyOld(dest string, size int64, w *os.File) (int64, error) {
	if err := w.Truncate(0); err != nil {
		return 0, err
	}
	old, err := os.Open(dest)
	if err != nil {
		return 0, nil
	}
	defer old.Close()
	st, err := old.Stat()
	if err != nil || st.Size() > size || !endsWithTail(old, st.Size()) {
		return 0, nil
	}
	return io.CopyN(w, old, st.Size()-int64(len(tail)))
}

func endsWithTail(f *os.File, size int64) bool {
	end := make([]byte, len(tail))
	_, err := f.ReadAt(end, size-int64(len(tail)))
	return err == nil && string(end) == tail && strings.HasSuffix(f.Name(), ".json")
}

func hashFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// SplitBlobURL takes the URL of a blob apart, whether the account stands in
// the host or, as in emulators, in the path of an address or of localhost.
func SplitBlobURL(s string) (container, name string, err error) {
	u, err := url.Parse(s)
	if err != nil {
		return "", "", fmt.Errorf("blob URL %q: %w", s, err)
	}
	p := strings.TrimPrefix(u.Path, "/")
	if host := u.Hostname(); net.ParseIP(host) != nil || strings.EqualFold(host, "localhost") {
		_, p, _ = strings.Cut(p, "/")
	}
	container, name, ok := strings.Cut(p, "/")
	if !ok || container == "" || name == "" || u.Host == "" {
		return "", "", fmt.Errorf("blob URL %q names no container and blob", s)
	}
	return container, name, nil
}
