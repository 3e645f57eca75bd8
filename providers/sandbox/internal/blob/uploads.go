package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"flowctl/providers/sandbox/internal/store"
)

// Uploads are the containers and blobs that clients made, and the deletions
// of blobs that the source has. Each block is a file.
type Uploads struct {
	file *store.File[index]
	dir  string // of the blocks; empty: in memory

	mu     sync.Mutex
	memory map[string][]byte
}

// index is what Uploads remember, without the bytes.
type index struct {
	Accounts map[string]map[string]*uploadedContainer `json:"accounts"`
	Services map[string]*serviceState                 `json:"services,omitempty"`
}

type uploadedContainer struct {
	Created  time.Time              `json:"created,omitzero"`  // by a client; zero if the source made it
	Modified time.Time              `json:"modified,omitzero"` // when a client last changed it
	State    containerState         `json:"state,omitzero"`
	Blobs    map[string]*uploadBlob `json:"blobs,omitempty"`
}

// uploadBlob is what is remembered of one name: a version that a client
// committed, or what clients did to the source's blob of that name.
type uploadBlob struct {
	version
	Staged    []uploadBlock `json:"staged,omitempty"`
	Lease     *lease        `json:"lease,omitempty"`
	Snapshots []snapshot    `json:"snapshots,omitempty"`
	Deleted   bool          `json:"deleted,omitempty"` // a blob of the source that was deleted
	Removed   *removed      `json:"removed,omitempty"` // deleted, and kept for a while
	Over      *overlay      `json:"over,omitempty"`
}

// version is a blob as a client committed it.
type version struct {
	ETag        string            `json:"etag,omitempty"`
	Created     time.Time         `json:"created,omitzero"`
	Modified    time.Time         `json:"modified,omitzero"`
	Kind        string            `json:"kind,omitempty"`
	ContentType string            `json:"content_type,omitempty"`
	Headers     map[string]string `json:"headers,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	Tags        map[string]string `json:"tags,omitempty"`
	Tier        tier              `json:"tier,omitzero"`
	Sealed      bool              `json:"sealed,omitempty"`
	Copied      *copied           `json:"copied,omitempty"`
	Blocks      []uploadBlock     `json:"blocks,omitempty"`
}

// overlay is what clients set on a blob of the source. Its tags and tier stay
// when the source writes the blob again; the rest is of one version.
type overlay struct {
	Of string `json:"of"` // entity tag of the source's version
	version
}

// snapshot is a blob as it was.
type snapshot struct {
	Time string `json:"time"`
	version
	Removed *removed `json:"removed,omitempty"`
}

// removed is what a blob that was deleted is kept for.
type removed struct {
	At   time.Time `json:"at"`
	Days int       `json:"days"`
}

type uploadBlock struct {
	ID   string `json:"id"`
	Size int64  `json:"size"`
	File string `json:"file"`
}

func (b *uploadBlob) committed() bool { return b.ETag != "" }

// OpenUploads returns the uploads kept in dir, or in memory if dir is empty.
func OpenUploads(dir string) (*Uploads, error) {
	f, err := store.Open[index](dir, "blobs.json")
	if err != nil {
		return nil, err
	}
	u := &Uploads{file: f, memory: map[string][]byte{}}
	if dir != "" {
		u.dir = filepath.Join(dir, "blobs")
		if err := os.MkdirAll(u.dir, 0o700); err != nil {
			return nil, fmt.Errorf("make the sandbox's folder: %w", err)
		}
	}
	return u, nil
}

func (u *Uploads) read() (*index, error) { return u.file.Read() }

// update changes the index and removes the blocks that nothing refers to any
// more. What refers to a block is only ever copied from what refers to it, so
// none can come back into use.
func (u *Uploads) update(ctx context.Context, change func(*index) error) error {
	var before, after map[string]bool
	err := u.file.Update(ctx, func(x *index) error {
		before = x.files()
		err := change(x)
		after = x.files()
		return err
	})
	if err != nil {
		return err
	}
	for name := range before {
		if !after[name] {
			err = errors.Join(err, u.drop(name))
		}
	}
	return err
}

// container returns an account's container, which is made if it is missing.
func (x *index) container(account, name string) *uploadedContainer {
	if x.Accounts == nil {
		x.Accounts = map[string]map[string]*uploadedContainer{}
	}
	if x.Accounts[account] == nil {
		x.Accounts[account] = map[string]*uploadedContainer{}
	}
	c := x.Accounts[account][name]
	if c == nil {
		c = &uploadedContainer{}
		x.Accounts[account][name] = c
	}
	if c.Blobs == nil {
		c.Blobs = map[string]*uploadBlob{}
	}
	return c
}

// blob returns what is remembered of a blob, or nil.
func (x *index) blob(account, container, name string) *uploadBlob {
	if c := x.Accounts[account][container]; c != nil {
		return c.Blobs[name]
	}
	return nil
}

// entry returns what is remembered of a blob, which is made if it is missing.
func (x *index) entry(account, container, name string) *uploadBlob {
	c := x.container(account, container)
	if c.Blobs[name] == nil {
		c.Blobs[name] = &uploadBlob{}
	}
	return c.Blobs[name]
}

// names lists the blobs with prefix of which want is true, from from on, in
// order.
func (x *index) names(account, container, prefix, from string, want func(*uploadBlob) bool) []string {
	c := x.Accounts[account][container]
	if c == nil {
		return nil
	}
	var names []string
	for name, b := range c.Blobs {
		if want(b) && name >= from && strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// keep stores what r holds and returns it as a block.
func (u *Uploads) keep(r io.Reader, limit int64) (uploadBlock, error) {
	k := uploadBlock{File: uuid.NewString()}
	r = io.LimitReader(r, limit+1)
	var err error
	if u.dir == "" {
		k.Size, err = u.keepInMemory(k.File, r)
	} else {
		k.Size, err = u.keepOnDisk(k.File, r)
	}
	if err != nil {
		return k, fmt.Errorf("keep an uploaded block: %w", err)
	}
	if k.Size > limit {
		return k, errors.Join(errTooLarge, u.drop(k.File))
	}
	return k, nil
}

func (u *Uploads) keepInMemory(name string, r io.Reader) (int64, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return 0, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.memory[name] = data
	return int64(len(data)), nil
}

// keepOnDisk writes a block under another name first, so that a process that
// ends in the middle leaves no half of it.
func (u *Uploads) keepOnDisk(name string, r io.Reader) (int64, error) {
	f, err := os.CreateTemp(u.dir, ".upload-*") // 0600
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name()) // gone if all went well
	n, err := io.Copy(f, r)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return 0, err
	}
	return n, os.Rename(f.Name(), filepath.Join(u.dir, name))
}

// drop removes a block.
func (u *Uploads) drop(name string) error {
	u.mu.Lock()
	delete(u.memory, name)
	u.mu.Unlock()
	if u.dir == "" {
		return nil
	}
	if err := os.Remove(filepath.Join(u.dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove an uploaded block: %w", err)
	}
	return nil
}

// open returns a version as it is to be read.
func (u *Uploads) open(v *version) Blob {
	b := Blob{ETag: v.ETag, Created: v.Created, Modified: v.Modified, Kind: v.Kind, ContentType: v.ContentType, Headers: v.Headers,
		Metadata: v.Metadata, Tags: v.Tags, Tier: v.Tier, Sealed: v.Sealed, Copied: v.Copied}
	for _, k := range v.Blocks {
		b.Blocks = append(b.Blocks, Block{ID: k.ID, Size: k.Size})
	}
	b.Copy = func(w io.Writer, offset, length int64) error { return u.copyBlocks(w, v.Blocks, offset, length) }
	return b
}

func (u *Uploads) copyBlocks(w io.Writer, blocks []uploadBlock, offset, length int64) error {
	for _, k := range blocks {
		if length == 0 {
			break
		}
		if offset >= k.Size {
			offset -= k.Size
			continue
		}
		n := min(k.Size-offset, length)
		if err := u.copyBlock(w, k, offset, n); err != nil {
			return err
		}
		offset, length = 0, length-n
	}
	return nil
}

func (u *Uploads) copyBlock(w io.Writer, k uploadBlock, offset, length int64) error {
	if u.dir == "" {
		u.mu.Lock()
		data, ok := u.memory[k.File]
		u.mu.Unlock()
		if !ok {
			return errors.New("the block was replaced meanwhile")
		}
		_, err := io.Copy(w, bytes.NewReader(data[offset:offset+length]))
		return err
	}
	f, err := os.Open(filepath.Join(u.dir, k.File))
	if err != nil {
		return fmt.Errorf("read an uploaded block: %w", err)
	}
	defer f.Close()
	_, err = io.Copy(w, io.NewSectionReader(f, offset, length))
	return err
}

// files are the names of all blocks that x refers to.
func (x *index) files() map[string]bool {
	all := map[string]bool{}
	for _, account := range x.Accounts {
		for _, c := range account {
			for _, b := range c.Blobs {
				for _, k := range slices.Concat(b.Blocks, b.Staged) {
					all[k.File] = true
				}
				for _, old := range b.Snapshots {
					for _, k := range old.Blocks {
						all[k.File] = true
					}
				}
			}
		}
	}
	return all
}
