package storage

import (
	"context"
	"sync"

	"flowctl/plan"
)

// How many folders of one level are listed at a time, and how many blobs each
// of them may be ahead: an answer takes tens of milliseconds, and hundreds of
// flow logs are asked for one by one.
const (
	width = 8
	ahead = 500
)

// found is what a listing yields.
type found struct {
	blob plan.Blob
	err  error
}

// concurrently lists folders by list, several at a time, and yields what they have
// in their order. It reports whether more is wanted.
func (h *hours) concurrently(folders []string, list func(*hours, string) bool) bool {
	if len(folders) == 1 {
		return list(h, folders[0])
	}
	ctx, cancel := context.WithCancel(h.ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	queues := make([]chan found, len(folders))
	begin := func(i int) {
		if i >= len(folders) {
			return
		}
		queues[i] = make(chan found, ahead)
		wg.Go(func() {
			defer close(queues[i])
			list(h.into(ctx, queues[i]), folders[i])
		})
	}
	for i := range width {
		begin(i)
	}
	for i, q := range queues {
		for f := range q {
			if !h.yield(f.blob, f.err) || f.err != nil {
				return false
			}
		}
		begin(i + width)
	}
	return h.going()
}

// into is h with another context, which yields to a queue.
func (h *hours) into(ctx context.Context, q chan<- found) *hours {
	other := *h
	other.ctx, other.yield = ctx, func(b plan.Blob, err error) bool {
		select {
		case q <- found{b, err}:
			return true
		case <-ctx.Done():
			return false
		}
	}
	return &other
}

// going reports whether nobody has ended the listing: then an error may be lost
// on its way, and what was listed is not all.
func (h *hours) going() bool {
	if err := h.ctx.Err(); err != nil {
		h.yield(plan.Blob{}, err)
		return false
	}
	return true
}
