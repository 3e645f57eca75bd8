package operation

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"flowctl/collectors/summary"
	"flowctl/plan/servicetag"
	"flowctl/plan/session"
)

// TagFile is a list of Azure's service tags that somebody gave.
type TagFile struct {
	List *servicetag.List
	data []byte
}

// ReadTags reads a list from a file; nil if the name is empty.
func ReadTags(name string) (*TagFile, error) {
	if name == "" {
		return nil, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("service tags: %w", err)
	}
	l, err := servicetag.Read(name, data)
	if err != nil {
		return nil, err
	}
	return &TagFile{l, data}, nil
}

// keepTags keeps a list in a results folder, so that it answers the same without
// the file. The list that was kept before stays if there is no other.
func keepTags(folder session.Folder, m session.Manifest, t *TagFile) (session.Manifest, error) {
	if t == nil {
		if kept, err := fs.Glob(os.DirFS(folder.Path), "service-tags/*"); err == nil && m.ServiceTags == "" && len(kept) > 0 {
			m.ServiceTags = kept[len(kept)-1] // given when the run began
		}
		return m, nil
	}
	m.ServiceTags = path.Join("service-tags", t.List.File)
	return m, folder.Write(m.ServiceTags, t.data)
}

// keptTags is the list that a run was answered with; nil if there was none. One that
// is not on this machine is told, and names nothing.
func keptTags(folder session.Folder, m session.Manifest) (*servicetag.List, []summary.Coverage, error) {
	if m.ServiceTags == "" {
		return nil, nil, nil
	}
	name, err := folder.Join(m.ServiceTags)
	if err != nil {
		return nil, nil, err
	}
	t, err := ReadTags(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, []summary.Coverage{{Code: "service-tags", Text: fmt.Sprintf("The list of service tags that the run was answered with, %s, is not in this folder: give it with --service-tags.", path.Base(m.ServiceTags))}}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return t.List, nil, nil
}
