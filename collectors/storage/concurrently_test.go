package storage

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flowlog"
	"flowctl/collectors/storage/storagetest"
	"flowctl/plan"
)

// many are so many flow logs of one watcher, each with one blob of the hour.
func many(logs int, hour time.Time) (*storagetest.Account, *Location) {
	s := &storagetest.Account{}
	for n := range logs {
		s.Put(storagetest.BlobName(fmt.Sprintf("log%04d", n), hour, "002248000001"), "x")
	}
	return s, &Location{Blobs: s, Container: flowlog.VNetContainer, Start: hour, End: hour.Add(30 * time.Minute)}
}

var anHour = time.Date(2026, 8, 1, 8, 0, 0, 0, time.UTC)

// TestAbreast wants flow logs listed side by side, in the order of their names:
// one after the other 400 of them would take 400 times two answers.
func TestAbreast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, place := many(400, anHour)
		s.Asked = func() { time.Sleep(20 * time.Millisecond) }
		began := time.Now()
		got := walked(t, place)
		if diff := cmp.Diff(s.Names(""), got); diff != "" {
			t.Errorf("blobs (-want +got):\n%s", diff)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %v of 16 s one after the other", took)
		}
	})
}

// TestAbreastStops wants nothing asked for, and no goroutine left, once nobody
// wants more: synctest fails if one is.
func TestAbreastStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, place := many(400, anHour)
		n := 0
		for range place.Walk(t.Context(), nil) {
			if n++; n == 3 {
				break
			}
		}
		if asked := s.Seen(); asked.Lists > 40 {
			t.Errorf("%d listings for 3 blobs", asked.Lists)
		}
	})
}

// failing cannot list the blobs of one flow log.
type failing struct {
	plan.Blobs
	log string
	err error
}

func (f failing) List(ctx context.Context, container, prefix string) iter.Seq2[plan.Blob, error] {
	if strings.Contains(prefix, f.log) {
		return func(yield func(plan.Blob, error) bool) { yield(plan.Blob{}, f.err) }
	}
	return f.Blobs.List(ctx, container, prefix)
}

// TestAbreastEnds wants the end of its context told and never taken for the end
// of a listing, and the error of a folder told in its place.
func TestAbreastEnds(t *testing.T) {
	s, place := many(50, anHour)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	blobs := 0
	for _, err := range place.Walk(ctx, nil) {
		if last = err; err == nil {
			blobs++
		}
		if blobs == 10 {
			cancel()
		}
	}
	if !errors.Is(last, context.Canceled) || blobs >= 50 {
		t.Errorf("%d blobs and error %v", blobs, last)
	}
	broken := errors.New("no answer")
	place.Blobs = failing{s, "LOG0007", broken}
	blobs = 0
	for _, err := range place.Walk(t.Context(), nil) {
		if last = err; err == nil {
			blobs++
		}
	}
	if !errors.Is(last, broken) || blobs != 7 {
		t.Errorf("%d blobs and error %v, want 7", blobs, last)
	}
}
