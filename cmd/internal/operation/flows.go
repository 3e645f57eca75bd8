package operation

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"

	"flowctl/collectors"
	"flowctl/collectors/summary"
	"flowctl/plan/session"
)

// sumFlows sums up and keeps the flows in a Parquet file, unless name is
// empty.
func sumFlows(ctx context.Context, s collectors.Sum, name, version string) (*summary.Document, collectors.Problems, error) {
	if name == "" {
		return s.Run(ctx)
	}
	k, err := createFlows(name)
	if err != nil {
		return nil, collectors.Problems{}, err
	}
	return sumAndKeep(ctx, s, k, version)
}

// sumFolderFlows does so for a results folder, and notes the file in the
// manifest.
func sumFolderFlows(ctx context.Context, s collectors.Sum, folder session.Folder, version string) (*summary.Document, collectors.Problems, error) {
	name, err := folder.Join(session.FlowsFile)
	if err != nil {
		return nil, collectors.Problems{}, err
	}
	k, err := createFlows(name)
	if err != nil {
		return nil, collectors.Problems{}, err
	}
	k.hash = sha256.New()
	doc, problems, err := sumAndKeep(ctx, s, k, version)
	if err != nil {
		return doc, problems, err
	}
	m, err := folder.Manifest()
	if err == nil {
		m.Flows = &session.DerivedFile{Path: session.FlowsFile, Size: k.size, SHA256: hex.EncodeToString(k.hash.Sum(nil))}
		err = folder.WriteManifest(m)
	}
	return doc, problems, err
}

// sumAndKeep sums up and keeps the flows in k, which is there as a whole then
// or not at all.
func sumAndKeep(ctx context.Context, s collectors.Sum, k *keptFlows, version string) (*summary.Document, collectors.Problems, error) {
	defer k.remove()
	s.Flows = &collectors.Flows{To: k, Version: version}
	doc, problems, err := s.Run(ctx)
	if err != nil {
		return doc, problems, err
	}
	return doc, problems, k.commit()
}

// keptFlows is a file of flows in the making.
type keptFlows struct {
	name string
	temp *os.File
	buf  *bufio.Writer
	hash hash.Hash // nil if nobody asks for it
	size int64
}

// createFlows makes a file beside name, which takes its place in the end.
func createFlows(name string) (*keptFlows, error) {
	if st, err := os.Stat(name); err == nil && !st.Mode().IsRegular() {
		return nil, fmt.Errorf("keep flows in %s: it is there and no regular file", name)
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".flows-*.parquet")
	if err != nil {
		return nil, fmt.Errorf("keep flows: %w", err)
	}
	return &keptFlows{name: name, temp: f, buf: bufio.NewWriterSize(f, 1<<20)}, nil
}

// Write writes to the file.
func (k *keptFlows) Write(b []byte) (int, error) {
	if k.hash != nil {
		k.hash.Write(b)
	}
	k.size += int64(len(b))
	return k.buf.Write(b)
}

// commit puts the file into its place.
func (k *keptFlows) commit() error {
	err := errors.Join(k.buf.Flush(), k.temp.Sync(), k.temp.Close())
	if err == nil {
		err = os.Rename(k.temp.Name(), k.name)
	}
	if err != nil {
		return fmt.Errorf("keep flows: %w", err)
	}
	return nil
}

// remove removes what was not committed.
func (k *keptFlows) remove() {
	k.temp.Close()
	os.Remove(k.temp.Name())
}
