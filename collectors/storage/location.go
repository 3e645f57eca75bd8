// Package storage is the way to flow logs and captures where Azure writes
// them: what a URL of blob storage means, which hours of flow logs a window
// has, and how blobs are read: many small ones ahead of those who want them,
// large ones in ranges, into memory or into files, and from their newest
// version if they grow meanwhile. A Limiter finds out how many requests the
// service takes.
package storage

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"strings"
	"time"

	"flowctl/collectors/flowlog"
	"flowctl/plan"
)

// Location is a place in blob storage, as a URL names it: a container, the blobs
// of it whose names begin with a prefix, or one blob.
type Location struct {
	Account   string // URL of the blob service, without a slash at its end
	Container string
	Prefix    string // empty for the whole container
	SAS       string // shared access signature, a secret; empty to sign in

	Blobs      plan.Blobs // of the account; Parse does not open it
	Start, End time.Time  // leave out hours of flow logs that hold nothing between them; zero for all

	whole bool // Prefix turned out to be the name of a blob, which is meant alone
}

// URL is where a blob lies, as people write it.
func (p *Location) URL(name string) string {
	if name == "" {
		return p.Account + "/" + p.Container
	}
	return p.Account + "/" + p.Container + "/" + name
}

// Walk yields the blobs that p means, in the order of their names, as they
// are listed, without those that a place of before means, which were walked.
// Of flow logs it asks only for hours of the window. That there is none is an
// error.
func (p *Location) Walk(ctx context.Context, before []*Location) iter.Seq2[plan.Blob, error] {
	return func(yield func(plan.Blob, error) bool) {
		some := false
		for b, err := range p.blobs(ctx) {
			some = true
			if (err != nil || !p.met(before, b)) && !yield(b, err) {
				return
			}
		}
		if !some {
			yield(plan.Blob{}, p.nothing())
		}
	}
}

func (p *Location) nothing() error {
	what := "the container is empty"
	if p.Prefix != "" {
		what = "no blob has a name that begins so"
	}
	if !p.End.IsZero() {
		what = "there is no flow log of this time"
	}
	return errors.New(what)
}

// blobs yields what p means, without the empty blobs that stand for folders.
func (p *Location) blobs(ctx context.Context) iter.Seq2[plan.Blob, error] {
	return func(yield func(plan.Blob, error) bool) {
		if p.one() {
			yield(p.Blobs.Stat(ctx, p.Container, p.Prefix))
			return
		}
		var empty *plan.Blob // may be a folder: the next name tells
		for b, err := range p.listed(ctx) {
			if empty != nil && (err != nil || !strings.HasPrefix(b.Name, empty.Name+"/")) && !yield(*empty, nil) {
				return
			}
			if empty = nil; err == nil && b.Size == 0 {
				empty = &b
				continue
			}
			p.whole = err == nil && b.Name == p.Prefix
			if !yield(b, err) || err != nil || p.whole {
				return
			}
		}
		if empty != nil {
			yield(*empty, nil)
		}
	}
}

// one reports whether the signature is of one blob, so that nothing can be
// listed.
func (p *Location) one() bool {
	q, err := url.ParseQuery(p.SAS)
	return err == nil && q.Get("sr") == "b"
}

// listed lists the window's hours if the names say hours, else all.
func (p *Location) listed(ctx context.Context) iter.Seq2[plan.Blob, error] {
	if p.End.IsZero() {
		return p.Blobs.List(ctx, p.Container, p.Prefix)
	}
	h := hours{Location: *p, ctx: ctx}
	if p.Container == flowlog.VNetContainer || p.Container == flowlog.NSGContainer {
		return h.list
	}
	return func(yield func(plan.Blob, error) bool) {
		for b, err := range p.Blobs.List(ctx, p.Container, p.Prefix) {
			if err == nil && !h.wanted(b.Name) {
				continue
			}
			if !yield(b, err) {
				return
			}
		}
	}
}

// met reports whether b, which p means, is one that a place of before means.
func (p *Location) met(before []*Location, b plan.Blob) bool {
	for _, o := range before {
		if o.Account == p.Account && o.Container == b.Container &&
			(b.Name == o.Prefix || !o.whole && strings.HasPrefix(b.Name, o.Prefix)) {
			return true
		}
	}
	return false
}
