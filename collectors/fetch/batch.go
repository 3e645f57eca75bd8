package fetch

import (
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"flowctl/collectors/storage"
	"flowctl/plan"
	"flowctl/plan/session"
)

// item is one file to bring.
type item struct {
	blob   plan.Blob
	name   string  // below the folder
	target plan.ID // what it is of
	what   string  // for messages: what it is a part of
}

// numbered is the name of a file, before its ending a number if it is not the
// first of this name.
func numbered(seen map[string]int, name string) string {
	if seen[name]++; seen[name] == 1 {
		return name
	}
	ext := path.Ext(name)
	return fmt.Sprintf("%s_%d%s", strings.TrimSuffix(name, ext), seen[name], ext)
}

// batch brings files side by side and keeps their order.
type batch struct {
	job    job
	have   map[string]session.Artifact // by path
	ctx    context.Context             // ends with the first error
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu  sync.Mutex
	got []session.Artifact // in the order of add; without a path: not brought
	err error              // the first
}

func (j job) begin(ctx context.Context) *batch {
	if j.transfer == nil {
		j.transfer = NewTransfer()
	}
	b := &batch{job: j, have: make(map[string]session.Artifact, len(j.have))}
	for _, a := range j.have {
		b.have[a.Path] = a
	}
	b.ctx, b.cancel = context.WithCancel(ctx)
	return b
}

// add has a file brought and returns as soon as it has begun, which may have
// to wait; false means that there is no point in going on.
func (b *batch) add(it item) bool {
	dest, err := b.job.folder.Join(it.name)
	if err != nil {
		b.fail(fmt.Errorf("fetch %s: %w", it.what, err))
		return false
	}
	old, ok := b.old(it, dest)
	if ok && old.ETag == it.blob.ETag && old.Size == it.blob.Size {
		b.keep(b.place(), it, old)
		return b.ctx.Err() == nil
	}
	if b.job.transfer.limiter.Acquire(b.ctx) != nil {
		return false
	}
	place := b.place()
	b.wg.Go(func() { b.bring(place, it, dest, old) })
	return true
}

// old returns what was fetched of the blob before, if that is there as it was.
func (b *batch) old(it item, dest string) (session.Artifact, bool) {
	a, ok := b.have[it.name]
	if !ok || a.ETag == "" || a.Blob != pathOf(it.blob) {
		return session.Artifact{}, false
	}
	st, err := os.Stat(dest)
	if err != nil || st.Size() != a.Size {
		return session.Artifact{}, false
	}
	return a, true
}

func pathOf(b plan.Blob) string { return b.Container + "/" + b.Name }

// bring brings one file in the place that was taken for it.
func (b *batch) bring(place int, it item, dest string, old session.Artifact) {
	t := b.job.transfer
	got, err := t.fetchOnce(b.ctx, dest, func() (session.Artifact, error) {
		ctx := plan.WithThrottled(b.ctx, t.limiter.Slow)
		d := storage.Download{From: b.job.blobs, Limiter: t.limiter, Path: dest, SHA256: old.SHA256}
		n, sum, err := d.Run(ctx, it.blob)
		return session.Artifact{Blob: pathOf(n), ETag: n.ETag, Size: n.Size, SHA256: sum}, err
	})
	if err != nil {
		b.fail(fmt.Errorf("fetch %s: %w", it.what, err))
		t.limiter.Release(storage.Failed)
		return
	}
	b.keep(place, it, got)
	t.limiter.Release(storage.Done)
}

// place is where the next file stands in the order.
func (b *batch) place() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got = append(b.got, session.Artifact{})
	return len(b.got) - 1
}

func (b *batch) keep(place int, it item, a session.Artifact) {
	a.Path, a.Session, a.Target, a.Kind = it.name, b.job.session.Name, it.target, b.job.session.Mechanism
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got[place] = a
}

// fail ends the batch. What the end of it brings about is no failure of its own.
func (b *batch) fail(err error) {
	b.mu.Lock()
	if b.err == nil {
		b.err = err
	}
	b.mu.Unlock()
	b.cancel()
}

// end waits for all that was begun, and returns what was brought whole.
func (b *batch) end() ([]session.Artifact, error) {
	b.wg.Wait()
	cut := b.ctx.Err()
	b.cancel()
	out := slices.DeleteFunc(b.got, func(a session.Artifact) bool { return a.Path == "" })
	if b.err == nil && cut != nil {
		return out, fmt.Errorf("fetch %s: %w", b.job.recording.ID.Name(), cut)
	}
	return out, b.err
}
