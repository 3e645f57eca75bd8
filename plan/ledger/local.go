package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/google/renameio/v2/maybe"
	"github.com/google/uuid"

	"flowctl/plan"
)

// Local keeps the ledger in a file of this machine: written whole and
// atomically, numbered, and locked by the operating system.
type Local struct{ path string }

// NewLocal returns the backend of the file at path, which need not exist.
func NewLocal(path string) *Local { return &Local{path} }

// Where is the file's path.
func (f *Local) Where() string { return f.path }

// Read returns what the file holds.
func (f *Local) Read(context.Context) (Ledger, error) {
	b, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return New(), nil
	}
	if err != nil {
		return Ledger{}, fmt.Errorf("read state: %w", err)
	}
	return Decode(f.path, b)
}

// head reads what tells one ledger from another. It comes first in the file,
// so a large one is not read whole before each write.
func (f *Local) head() (Ledger, error) {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return Ledger{}, nil
	}
	if err != nil {
		return Ledger{}, fmt.Errorf("read state: %w", err)
	}
	defer file.Close()
	var l Ledger
	want := map[string]any{"format": &l.Format, "lineage": &l.Lineage, "serial": &l.Serial}
	d := json.NewDecoder(file)
	if _, err := d.Token(); err != nil {
		return f.Read(context.Background())
	}
	for len(want) > 0 && d.More() {
		key, err := d.Token()
		name, _ := key.(string)
		if err != nil || want[name] == nil || d.Decode(want[name]) != nil {
			return f.Read(context.Background()) // not as flowctl writes it: it says what is wrong
		}
		delete(want, name)
	}
	if l.Format != Format {
		return f.Read(context.Background())
	}
	return l, nil
}

// Write replaces the file.
func (f *Local) Write(_ context.Context, l Ledger) (Ledger, error) {
	cur, err := f.head()
	if err != nil {
		return l, err
	}
	if cur.Lineage != "" && (cur.Lineage != l.Lineage || cur.Serial != l.Serial) {
		return l, ErrStale
	}
	l = l.follow()
	b, err := l.Encode()
	if err != nil {
		return l, err
	}
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return l, fmt.Errorf("write state: %w", err)
	}
	if err := maybe.WriteFile(f.path, b, 0o600); err != nil {
		return l, fmt.Errorf("write state: %w", err)
	}
	return l, nil
}

// follow numbers the ledger that follows l.
func (l Ledger) follow() Ledger {
	if l.Lineage == "" {
		l.Lineage = uuid.NewString()
	}
	l.Format = Format
	l.Serial++
	return l
}

// Lock takes the file's lock. The operating system gives it back when the
// process ends, however.
func (f *Local) Lock(ctx context.Context, operation string) (Lock, error) {
	if err := os.MkdirAll(filepath.Dir(f.path), 0o700); err != nil {
		return nil, fmt.Errorf("lock state: %w", err)
	}
	l := flock.New(f.path+".lock", flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock state: %w", err)
	}
	if !ok {
		return nil, &LockedError{f.path, signed(ctx, func(context.Context) Holder { return f.holder() })}
	}
	if b, err := json.Marshal(Myself(operation)); err == nil {
		os.WriteFile(f.holderPath(), b, 0o600)
	}
	return fileLock{f, l}, nil
}

// fileLock is a lock that the operating system keeps.
type fileLock struct {
	file *Local
	lock *flock.Flock
}

func (fileLock) Hold(context.Context) error { return nil }

func (l fileLock) Release() {
	os.Remove(l.file.holderPath())
	l.lock.Unlock()
}

// The holder's name lies beside the lock: a locked file cannot be read on
// every system.
func (f *Local) holderPath() string { return f.path + ".holder" }

// holder is who signed last; unknown if that cannot be read.
func (f *Local) holder() Holder {
	var h Holder
	if b, err := os.ReadFile(f.holderPath()); err == nil {
		json.Unmarshal(b, &h)
	}
	return h
}

// Unlock says who holds the lock. It cannot be broken: the operating system
// gives it back once that process has ended.
func (f *Local) Unlock(ctx context.Context) (Holder, bool, error) {
	l, err := f.Lock(ctx, "state unlock")
	if err == nil {
		l.Release()
		return Holder{}, false, nil
	}
	var held *LockedError
	if errors.As(err, &held) {
		return held.Holder, true, fmt.Errorf("state %s is in use by a process of this machine: %s; end that process, and the lock is free", f.path, held.Holder)
	}
	return Holder{}, false, err
}

// Keep does nothing: results lie in their folder.
func (f *Local) Keep(context.Context, string, []byte) error { return nil }

// Kept finds nothing.
func (f *Local) Kept(context.Context, string) ([]byte, error) { return nil, plan.ErrNotFound }

// Drop does nothing.
func (f *Local) Drop(context.Context, string) error { return nil }

// KeptNames finds nothing.
func (f *Local) KeptNames(context.Context, string) ([]string, error) { return nil, nil }
