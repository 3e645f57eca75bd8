package collectors

import (
	"context"
	"io"
	"iter"
	"slices"
	"time"

	"flowctl/collectors/files"
	"flowctl/collectors/storage"
	"flowctl/plan"
)

// Args are what a user names to be read: paths, and URLs of blob storage.
type Args struct {
	List       []string
	Open       func(storage.Location) (plan.Blobs, error) // opens an account
	Start, End time.Time                                  // see storage.Place
	// Run yields what a results folder holds; nil to read its files as any other.
	Run   func(folder string) iter.Seq2[Item, error]
	Stdin io.Reader // what StandardInput names
}

// Walk yields the files that paths mean and the blobs that URLs mean, as they
// are found. What several of them mean is yielded once.
func (a Args) Walk(ctx context.Context) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		paths := files.Walker{Runs: a.Run != nil}
		var places []*storage.Location
		for i, arg := range a.List {
			if arg == StandardInput && a.Stdin != nil {
				if !slices.Contains(a.List[:i], arg) && !yield(Item{Path: arg, Stream: a.Stdin}, nil) {
					return
				}
				continue
			}
			if !storage.IsURL(arg) {
				for name, err := range paths.Walk(arg) {
					if err == nil && paths.IsRun(name) {
						for item, err := range a.Run(name) {
							if !yield(item, err) {
								return
							}
						}
						continue
					}
					if !yield(Item{Path: name}, err) {
						return
					}
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
			for b, err := range p.Walk(ctx, places) {
				if !yield(blobItem(p, b, err), err) {
					return
				}
			}
			places = append(places, p)
		}
	}
}

// open returns the place of a URL, opened.
func (a Args) open(arg string) (*storage.Location, error) {
	p, err := storage.Parse(arg)
	if err != nil {
		return nil, err
	}
	p.Start, p.End = a.Start, a.End
	p.Blobs, err = a.Open(p)
	return &p, err
}

// blobItem is a blob of p, or where the error is from.
func blobItem(p *storage.Location, b plan.Blob, err error) Item {
	if err != nil {
		return Item{Path: p.URL(p.Prefix)}
	}
	return Item{Path: p.URL(b.Name), Blob: &b, From: p.Blobs}
}
