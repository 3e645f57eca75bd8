package collectors

import (
	"context"
	"iter"
	"time"

	"flowctl/plan"
)

// Args are what a user names to be read: paths, and URLs of blob storage.
type Args struct {
	List       []string
	Open       func(Storage) (plan.Blobs, error) // opens an account
	Start, End time.Time                         // see Storage
}

// Walk yields the files that paths mean, as the function Walk does, and the
// blobs that URLs mean, as they are listed. What several of them mean is
// yielded once.
func (a Args) Walk(ctx context.Context) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		var files walker
		var places []*Storage
		for _, arg := range a.List {
			if !IsURL(arg) {
				if !files.walk(arg, func(f File, err error) bool { return yield(Item{Path: f.Path}, err) }) {
					return
				}
				continue
			}
			s, err := a.open(arg)
			if err != nil {
				if !yield(Item{Path: WithoutQuery(arg)}, err) {
					return
				}
				continue
			}
			if !s.items(ctx, places, yield) {
				return
			}
			places = append(places, s)
		}
	}
}

// open returns the place of a URL, opened.
func (a Args) open(arg string) (*Storage, error) {
	s, err := ParseStorage(arg)
	if err != nil {
		return nil, err
	}
	s.Start, s.End = a.Start, a.End
	s.Blobs, err = a.Open(s)
	return &s, err
}

// items yields the blobs of s that none of the places before it means.
func (s *Storage) items(ctx context.Context, before []*Storage, yield func(Item, error) bool) bool {
	return s.walk(ctx, func(b plan.Blob, err error) bool {
		if err != nil {
			return yield(Item{Path: s.URL(s.Prefix)}, err)
		}
		for _, o := range before {
			if o.met(s.Account, b) {
				return true
			}
		}
		return yield(Item{Path: s.URL(b.Name), Blob: &b, From: s.Blobs}, nil)
	})
}
