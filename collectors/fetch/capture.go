package fetch

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"flowctl/collectors/storage"
	"flowctl/plan"
	"flowctl/plan/session"
)

// capture brings a capture's files: one, or one a machine of a scale set, or
// those of a ring. They exist only after the capture's end; until each machine
// has one the error wraps plan.ErrNotFound.
func (j job) capture(ctx context.Context) ([]session.Artifact, error) {
	what := "capture " + j.recording.ID.Name()
	container, stem, err := storage.Split(j.recording.Path)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", what, err)
	}
	b := j.begin(ctx)
	j.captureFiles(b, what, container, stem)
	out, err := b.end()
	if err != nil {
		return out, err
	}
	machines := map[plan.ID]bool{}
	for _, a := range out {
		machines[a.Target] = true
	}
	if want := max(1, j.machines); len(machines) < want {
		return out, fmt.Errorf("fetch %s: files of %d machines are there, of %d there should be: %w", what, len(machines), want, plan.ErrNotFound)
	}
	return out, nil
}

// captureFiles has the files of a capture brought.
func (j job) captureFiles(b *batch, what, container, stem string) {
	seen := map[string]int{}
	for blob, err := range j.blobs.List(b.ctx, container, folderOf(stem)) {
		if errors.Is(err, plan.ErrNotFound) {
			return // no container yet: no capture ever ended
		}
		if err != nil {
			b.fail(fmt.Errorf("fetch %s: %w", what, err))
			return
		}
		if !partOf(stem, blob.Name) {
			continue
		}
		it := j.captureFile(blob)
		it.what, it.name = what, numbered(seen, it.name)
		if !b.add(it) {
			return
		}
	}
}

// captureFile says where a file of the capture is to lie, and of which machine
// it is.
func (j job) captureFile(b plan.Blob) item {
	machine := j.session.Target.ID
	label := machine.Name()
	if n := instance(b.Name); n != "" {
		machine += plan.ID("/virtualMachines/" + n)
		label += "_" + n
	}
	return item{blob: b, name: path.Join("captures", label+"-"+path.Base(b.Name)), target: machine}
}

// folderOf is what the names of all files of a capture begin with. Azure does
// not document how those of scale sets and rings differ from the path that it
// states, so everything of the machine or set is looked through.
func folderOf(stem string) string {
	for _, kind := range []string{"/virtualmachinescalesets/", "/virtualmachines/"} {
		i := plan.IndexFold(stem, kind)
		if i < 0 {
			continue
		}
		if j := strings.IndexByte(stem[i+len(kind):], '/'); j >= 0 {
			return stem[:i+len(kind)+j+1]
		}
	}
	return strings.TrimSuffix(stem, path.Ext(stem))
}

// partOf reports whether a blob is a file of the capture at stem: its last
// part begins as the stem's does, and something may follow before the ending.
func partOf(stem, name string) bool {
	base := path.Base(stem)
	base = strings.TrimSuffix(base, path.Ext(base))
	return strings.HasPrefix(strings.ToLower(path.Base(name)), strings.ToLower(base))
}

// instance is the number of the scale set machine in a blob's name.
func instance(name string) string {
	_, rest, ok := strings.Cut(strings.ToLower(name), "/virtualmachinescalesets/")
	if !ok {
		return ""
	}
	_, rest, ok = strings.Cut(rest, "/virtualmachines/")
	if !ok {
		return ""
	}
	n, _, _ := strings.Cut(rest, "/")
	return n
}
