package fetch

import (
	"context"
	"iter"
	"time"

	"flowctl/collectors/storage"
	"flowctl/plan"
)

// How far listings run ahead of those who read them: so many hours at the same
// time, and of each so many blobs beside the page that storage answers with.
const (
	hoursAhead = 4
	blobsAhead = 256
)

// listing is the listing of one hour, on its way from one goroutine to another.
type listing struct {
	hour   time.Time
	ctx    context.Context
	cancel context.CancelFunc
	blobs  chan listed
}

type listed struct {
	blob plan.Blob
	err  error
}

// listed yields the hours of the window with their blobs, in order. While the
// blobs of one are read, those of the next hours are listed already: an hour
// may have few, and each is a request of its own. Nothing goes on after the
// end of the sequence, nor after it is left.
func (j job) listed(ctx context.Context) iter.Seq2[time.Time, iter.Seq2[plan.Blob, error]] {
	return func(yield func(time.Time, iter.Seq2[plan.Blob, error]) bool) {
		next, stop := iter.Pull(storage.Hours(j.start, j.end))
		defer stop()
		var ahead []listing
		defer func() {
			for _, l := range ahead {
				l.end()
			}
		}()
		for {
			for len(ahead) < hoursAhead {
				hour, ok := next()
				if !ok {
					break
				}
				ahead = append(ahead, j.listAhead(ctx, hour))
			}
			if len(ahead) == 0 || !yield(ahead[0].hour, ahead[0].all()) {
				return
			}
			ahead[0].end()
			ahead = ahead[1:]
		}
	}
}

func (j job) listAhead(ctx context.Context, hour time.Time) listing {
	l := listing{hour: hour, blobs: make(chan listed, blobsAhead)}
	l.ctx, l.cancel = context.WithCancel(ctx)
	go func() {
		defer close(l.blobs)
		for b, err := range j.list(l.ctx, hour) {
			select {
			case l.blobs <- listed{b, err}:
			case <-l.ctx.Done():
				return
			}
		}
	}()
	return l
}

// all yields what is listed. A listing that was cut off ends with an error, so
// that it is not taken for all there is.
func (l listing) all() iter.Seq2[plan.Blob, error] {
	return func(yield func(plan.Blob, error) bool) {
		for one := range l.blobs {
			if !yield(one.blob, one.err) {
				return
			}
		}
		if err := l.ctx.Err(); err != nil {
			yield(plan.Blob{}, err)
		}
	}
}

// end stops the listing and waits until it has.
func (l listing) end() {
	l.cancel()
	for range l.blobs {
	}
}
