package collectors

import (
	"context"
	"iter"
	"time"

	"flowctl/collectors/storage"
	"flowctl/plan"
)

// Args are what a user names to be read: paths, and URLs of blob storage.
type Args struct {
	List       []string
	Open       func(storage.Place) (plan.Blobs, error) // opens an account
	Start, End time.Time                               // see storage.Place
}

// Walk yields the files that paths mean, as the function Walk does, and the
// blobs that URLs mean, as they are listed. What several of them mean is
// yielded once.
func (a Args) Walk(ctx context.Context) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		var files walker
		var places []*storage.Place
		for _, arg := range a.List {
			if !storage.IsURL(arg) {
				if !files.walk(arg, func(f File, err error) bool { return yield(Item{Path: f.Path}, err) }) {
					return
				}
				continue
			}
			p, err := a.open(arg)
			if err != nil {
				if !yield(Item{Path: storage.WithoutQuery(arg)}, err) {
					return
				}
				continue
			}
			if !items(ctx, p, places, yield) {
				return
			}
			places = append(places, p)
		}
	}
}

// open returns the place of a URL, opened.
func (a Args) open(arg string) (*storage.Place, error) {
	p, err := storage.Parse(arg)
	if err != nil {
		return nil, err
	}
	p.Start, p.End = a.Start, a.End
	p.Blobs, err = a.Open(p)
	return &p, err
}

// items yields the blobs of p that none of the places before it means.
func items(ctx context.Context, p *storage.Place, before []*storage.Place, yield func(Item, error) bool) bool {
	for b, err := range p.Walk(ctx, before) {
		item := Item{Path: p.URL(b.Name), Blob: &b, From: p.Blobs}
		if err != nil {
			item = Item{Path: p.URL(p.Prefix)}
		}
		if !yield(item, err) {
			return false
		}
	}
	return true
}
