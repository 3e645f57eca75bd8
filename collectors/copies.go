package collectors

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"flowctl/collectors/flow"
	"flowctl/collectors/summary"
)

// copies finds captures of the same bytes, compressed or not: they are one, and
// the first by name is it. One that another begins with, such as an earlier download,
// is that as well. Those that begin alike are read to compare them.
func (r *reading) copies(ctx context.Context, held *rotations) {
	byHead := map[[sha256.Size]byte][]*member{}
	for list := range held.groups() {
		for _, m := range list {
			if m.begin(ctx, r.path(m.job)); m.form != "" {
				byHead[m.head] = append(byHead[m.head], m)
			}
		}
	}
	for _, alike := range byHead {
		if len(alike) >= 2 && ctx.Err() == nil {
			r.compare(ctx, alike)
		}
	}
}

// compare finds the copies among captures that begin alike.
func (r *reading) compare(ctx context.Context, alike []*member) {
	slices.SortFunc(alike, func(a, b *member) int { return cmp.Compare(a.Path, b.Path) })
	known := map[content]*member{}
	var list []content // each once
	for _, m := range alike {
		c, _, err := r.content(ctx, m, nil)
		if err != nil {
			continue // it is read, and then this is told
		}
		if of := known[c]; of != nil {
			m.copied = of
			continue
		}
		known[c] = m
		list = append(list, c)
	}
	slices.SortStableFunc(list, func(a, b content) int { return cmp.Compare(b.length, a.length) })
	for i, whole := range list {
		at := known[whole]
		if at.copied != nil || i == len(list)-1 {
			continue
		}
		_, parts, err := r.content(ctx, at, list[i+1:])
		for _, c := range parts {
			if m := known[c]; err == nil && m != nil && m.copied == nil && c.length < whole.length {
				m.copied, m.part = at, true
			}
		}
	}
	for _, m := range alike { // what is equal to a part is a part
		for m.copied != nil && m.copied.copied != nil {
			m.part = m.part || m.copied.part
			m.copied = m.copied.copied
		}
	}
}

// content is what a capture holds, and where it was taken.
type content struct {
	sum           [sha256.Size]byte
	length        int64
	point, target string
}

// content reads a capture. It also returns what would be its beginnings, as long
// as others are.
func (r *reading) content(ctx context.Context, m *member, others []content) (all content, parts []content, err error) {
	f, err := m.open(ctx, r.path(m.job), -1)
	if err != nil {
		return content{}, nil, err
	}
	defer f.Close()
	plain, _, err := decompressed(f)
	if err != nil {
		return content{}, nil, err
	}
	defer plain.Close()
	h := sha256.New()
	read := int64(0)
	upTo := func(n int64) (content, error) {
		k, err := io.CopyN(h, plain, n-read)
		read += k
		return content{[sha256.Size]byte(h.Sum(nil)), read, m.Point, m.Target}, err
	}
	for _, o := range slices.Backward(others) { // the shortest first
		part, err := upTo(o.length)
		if err != nil {
			return content{}, nil, err
		}
		parts = append(parts, part)
	}
	all, err = upTo(math.MaxInt64)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // of compressed data that ends early, it is what there is
	}
	return all, parts, err
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
	if m.part {
		m.source.Detail = "the beginning of " + m.copied.Path
	}
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
	one, many := "%s has the same bytes as %s; they are counted once.", "%d captures have the same bytes as others or are the beginnings of others, such as %s as %s; they are counted once."
	if m.part {
		one = "%s is the beginning of %s; they are counted once."
	}
	if len(r.copied) == 1 {
		return []summary.Coverage{{Code: "copied-captures", Text: fmt.Sprintf(one, m.Path, m.copied.Path)}}
	}
	return []summary.Coverage{{Code: "copied-captures", Text: fmt.Sprintf(many, len(r.copied), m.Path, m.copied.Path)}}
}
