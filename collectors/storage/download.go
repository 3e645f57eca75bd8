package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"sync"

	"flowctl/plan"
)

// errRewritten says that a blob does not go on where the file of an earlier
// version ends.
var errRewritten = errors.New("was rewritten")

// Download is one blob on its way to a file. Until it is whole it lies hidden
// next to its place, where nobody who reads the folder takes it for a file.
type Download struct {
	From    plan.Blobs
	Limiter *Limiter // has a place for the download; large blobs take more where they are free
	Path    string   // of the file
	SHA256  string   // of what lies there; empty if nobody knows

	version *version
	part    *os.File
	sum     hash.Hash // of the first bytes
	whole   int64     // how many those are
}

// Run stores b, or the version that it has become by then, and returns the
// version and its SHA-256. Of a growing blob it reads what is new.
func (d *Download) Run(ctx context.Context, b plan.Blob) (plan.Blob, string, error) {
	if err := os.MkdirAll(filepath.Dir(d.Path), 0o700); err != nil {
		return b, "", err
	}
	name := filepath.Join(filepath.Dir(d.Path), "."+filepath.Base(d.Path)+".part")
	var err error
	if d.part, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return b, "", err
	}
	d.sum, d.version = sha256.New(), newVersion(d.From, b)
	b, err = d.latest(ctx)
	if err == nil {
		err = d.seal(b)
	}
	if err = errors.Join(err, d.part.Close()); err == nil {
		err = os.Rename(name, d.Path)
	}
	if err != nil {
		os.Remove(name)
		return b, "", err
	}
	return b, hex.EncodeToString(d.sum.Sum(nil)), nil
}

// latest reads the blob, or what it has become if it changes meanwhile, and
// returns the version.
func (d *Download) latest(ctx context.Context) (plan.Blob, error) {
	for tries := 0; ; tries++ {
		b := d.version.now()
		err := d.read(ctx, b)
		if !again(err, tries) {
			return b, err
		}
		now, ok, err := d.version.renew(ctx, b, d.whole)
		if err == nil && !ok {
			d.version = newVersion(d.From, now)
			err = d.restart()
		}
		if err != nil {
			return b, err
		}
	}
}

// read reads what is new in one version.
func (d *Download) read(ctx context.Context, b plan.Blob) error {
	if d.whole == 0 {
		if err := d.keepOld(ctx, b); err != nil {
			return err
		}
	}
	err := d.rest(ctx, b)
	if !errors.Is(err, errRewritten) {
		return err
	}
	if err := d.restart(); err != nil {
		return err
	}
	return d.rest(ctx, b)
}

// restart forgets what was read.
func (d *Download) restart() error {
	d.whole = 0
	d.sum.Reset()
	return d.part.Truncate(0)
}

// seal makes sure that the part is all of b and is on disk.
func (d *Download) seal(b plan.Blob) error {
	if d.whole != b.Size {
		return fmt.Errorf("%s: got %d bytes, storage says %d", b.Name, d.whole, b.Size)
	}
	if err := d.part.Truncate(b.Size); err != nil {
		return err
	}
	return d.part.Sync()
}

// buffers are what bytes go through from the network to the disk.
var buffers = sync.Pool{New: func() any { b := make([]byte, 128<<10); return &b }}

// stretch is the bytes [from, to) of a version; before them lie again bytes
// that are read once more, to see that they are what the part has.
type stretch struct {
	from, to int64
	again    int64
}

// stretch brings one stretch into the part. What follows the first whole bytes is
// added to the sum on its way, if the stretch is read in its turn.
func (d *Download) stretch(ctx context.Context, b plan.Blob, s stretch, inTurn bool) error {
	r, err := d.From.Open(ctx, b, s.from-s.again, s.to-s.from+s.again)
	if err != nil {
		return err
	}
	defer r.Close()
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	if err := d.compare(r, s, *buf); err != nil {
		return err
	}
	at := s.from
	for {
		n, err := r.Read(*buf)
		if at+int64(n) > s.to {
			return fmt.Errorf("%s: storage sent more than the %d bytes asked for from byte %d on", b.Name, s.to-s.from, s.from)
		}
		if _, werr := d.part.WriteAt((*buf)[:n], at); werr != nil {
			return werr
		}
		at += int64(n)
		if inTurn {
			d.sum.Write((*buf)[:n])
			d.whole = at
		}
		switch {
		case err == io.EOF && at == s.to:
			return nil
		case err == io.EOF:
			return fmt.Errorf("%s: got %d bytes from byte %d on, asked for %d: %w", b.Name, at-s.from, s.from, s.to-s.from, io.ErrUnexpectedEOF)
		case err != nil:
			return err
		}
	}
}

// compare reads what is read once more.
func (d *Download) compare(r io.Reader, s stretch, buf []byte) error {
	if s.again == 0 {
		return nil
	}
	now, then := buf[:s.again], buf[s.again:2*s.again]
	if _, err := io.ReadFull(r, now); err != nil {
		return err
	}
	if _, err := d.part.ReadAt(then, s.from-s.again); err != nil {
		return err
	}
	if !bytes.Equal(now, then) {
		return errRewritten
	}
	return nil
}
