package collectors

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"slices"

	"flowctl/collectors/flow"
	"flowctl/collectors/summary"
)

// copies finds captures of the same bytes, compressed or not: they are one, and
// the first by name is it. Those that begin alike are read to compare them.
func (r *reading) copies(ctx context.Context, held *rotations) {
	byHead := map[[sha256.Size]byte][]*member{}
	for list := range held.groups() {
		for _, m := range list {
			if m.begin(ctx, r.path(m.job)); m.begun {
				byHead[m.head] = append(byHead[m.head], m)
			}
		}
	}
	for _, alike := range byHead {
		if len(alike) < 2 || ctx.Err() != nil {
			continue
		}
		slices.SortFunc(alike, func(a, b *member) int { return cmp.Compare(a.Path, b.Path) })
		first := map[content]*member{}
		for _, m := range alike {
			c, err := r.content(ctx, m)
			if err != nil {
				continue // it is read, and then this is told
			}
			if of := first[c]; of != nil {
				m.copied = of
			} else {
				first[c] = m
			}
		}
	}
}

// content is what a capture holds, and where it was taken.
type content struct {
	sum           [sha256.Size]byte
	point, target string
}

func (r *reading) content(ctx context.Context, m *member) (content, error) {
	f, err := m.open(ctx, r.path(m.job), -1)
	if err != nil {
		return content{}, err
	}
	defer f.Close()
	plain, _, err := decompressed(f)
	if err != nil {
		return content{}, err
	}
	defer plain.Close()
	h := sha256.New()
	if _, err := io.Copy(h, plain); err != nil {
		return content{}, err
	}
	return content{[sha256.Size]byte(h.Sum(nil)), m.Point, m.Target}, nil
}

// open opens the first bytes of a file, or all of it if n is negative.
func (m *member) open(ctx context.Context, path string, n int64) (io.ReadCloser, error) {
	if m.Blob != nil {
		return m.From.Open(ctx, *m.Blob, 0, min(n, m.Blob.Size))
	}
	return os.Open(path)
}

// copy tells of a file that another one is equal to.
func (r *reading) copy(m *member) {
	m.source.Kind, m.source.Detail = m.kind, "the same bytes as "+m.copied.Path
	m.source.Copy = true
	m.source.Note(flow.OK)
	r.mu.Lock()
	r.copied = append(r.copied, m)
	r.mu.Unlock()
	r.settle(m.job, nil)
}

// copiesCoverage says what was not counted because another file has it.
func (r *reading) copiesCoverage() []summary.Coverage {
	if len(r.copied) == 0 {
		return nil
	}
	m := slices.MinFunc(r.copied, func(a, b *member) int { return cmp.Compare(a.Path, b.Path) })
	if len(r.copied) == 1 {
		return []summary.Coverage{{Code: "copied-captures", Text: fmt.Sprintf("%s has the same bytes as %s; they are counted once.", m.Path, m.copied.Path)}}
	}
	return []summary.Coverage{{Code: "copied-captures", Text: fmt.Sprintf(
		"%d captures have the same bytes as others, such as %s as %s; they are counted once.", len(r.copied), m.Path, m.copied.Path)}}
}
