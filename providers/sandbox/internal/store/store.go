// Package store keeps the sandbox's JSON documents on disk so that several
// processes can share one sandbox: every change is a locked
// read-modify-write, every file is replaced whole, and a reader notices when
// another process wrote.
package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/renameio/v2/maybe"
)

// lockPoll is how often a lock that another process holds is tried again.
const lockPoll = 5 * time.Millisecond

// File is one JSON document. A File without a path lives in memory only.
type File[T any] struct {
	path string

	mu   sync.Mutex
	lock *flock.Flock
	raw  []byte      // the document as last read or written
	doc  *T          // raw, decoded; never changed once it is here
	info os.FileInfo // of the file that raw came from
}

// Open returns the document name in the folder dir, or one in memory if dir is
// empty. The folder is made if it is missing. A document that does not exist
// yet is the zero value of T.
func Open[T any](dir, name string) (*File[T], error) {
	f := &File[T]{doc: new(T)}
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("make the sandbox's folder: %w", err)
		}
		f.path = filepath.Join(dir, name)
		f.lock = flock.New(f.path+".lock", flock.SetPermissions(0o600))
	}
	_, err := f.Read()
	return f, err
}

// Read returns the document as it is now. It is shared and must not be changed.
func (f *File[T]) Read() (*T, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.refresh(); err != nil {
		return nil, err
	}
	return f.doc, nil
}

// Update lets change work on a copy of the document while no other process can
// write, and stores it. If change returns an error nothing is stored and the
// error is returned as it is.
func (f *File[T]) Update(ctx context.Context, change func(*T) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lock != nil {
		if _, err := f.lock.TryLockContext(ctx, lockPoll); err != nil {
			return fmt.Errorf("lock %s: %w", f.path, err)
		}
		defer f.lock.Unlock()
	}
	if err := f.refresh(); err != nil {
		return err
	}
	next, err := f.copy()
	if err != nil {
		return err
	}
	if err := change(next); err != nil {
		return err
	}
	return f.write(next)
}

// Cloner is a document that makes a copy of itself, of which changes do not
// touch it. It is quicker than writing and reading it.
type Cloner[T any] interface{ Clone() *T }

func (f *File[T]) copy() (*T, error) {
	if c, ok := any(f.doc).(Cloner[T]); ok {
		return c.Clone(), nil
	}
	return f.decode(f.raw)
}

// write replaces the file and remembers what it holds.
func (f *File[T]) write(doc *T) error {
	if _, ok := any(doc).(Cloner[T]); ok && f.path == "" {
		f.doc = doc
		return nil
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("encode %s: %w", f.path, err)
	}
	if f.path != "" {
		if err := maybe.WriteFile(f.path, raw, 0o600); err != nil {
			return fmt.Errorf("write the sandbox's state: %w", err)
		}
		if f.info, err = os.Stat(f.path); err != nil {
			return fmt.Errorf("read back the sandbox's state: %w", err)
		}
	}
	f.raw, f.doc = raw, doc
	return nil
}

// refresh reads the file again if it is not the one that was read last. Files
// are only ever replaced, so another file or another time means new content.
func (f *File[T]) refresh() error {
	if f.path == "" {
		return nil
	}
	info, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		f.raw, f.doc, f.info = nil, new(T), nil
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the sandbox's state: %w", err)
	}
	if f.info != nil && os.SameFile(f.info, info) && f.info.ModTime().Equal(info.ModTime()) {
		return nil
	}
	raw, err := os.ReadFile(f.path)
	if err != nil {
		return fmt.Errorf("read the sandbox's state: %w", err)
	}
	doc, err := f.decode(raw)
	if err != nil {
		return err
	}
	f.raw, f.doc, f.info = raw, doc, info
	return nil
}

func (f *File[T]) decode(raw []byte) (*T, error) {
	doc := new(T)
	if raw == nil {
		return doc, nil
	}
	if err := json.Unmarshal(raw, doc); err != nil {
		return nil, fmt.Errorf("the sandbox's state %s is damaged (%w); remove the folder %s to start with a fresh sandbox",
			f.path, err, filepath.Dir(f.path))
	}
	return doc, nil
}
