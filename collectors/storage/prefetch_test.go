package storage

import (
	"bytes"
	"fmt"
	"testing"

	"flowctl/collectors/storage/storagetest"
)

// Blobs are opened ahead of the reader, further if it waits for them, and no
// more than the bounds.
func TestBlobsAreOpenedAhead(t *testing.T) {
	const n = 400
	text := bytes.Repeat([]byte("a blob of some bytes "), 100)
	a := &storagetest.Account{}
	for i := range n {
		a.Put(fmt.Sprintf("%03d", i), string(text))
	}
	q := NewPrefetch(t.Context())
	streams := make(chan *Stream, MostAhead)
	go func() {
		defer close(streams)
		for b := range a.List(t.Context(), "c", "") {
			streams <- q.Open(a, b)
		}
	}()
	most := 0
	for s := range streams {
		q.mu.Lock()
		most = max(most, q.opened)
		if q.opened > q.reach.n+1 || q.used > q.room {
			t.Errorf("%d opened, reach %d, %d bytes", q.opened, q.reach.n, q.used)
		}
		q.mu.Unlock()
		if all, ok := s.Begin(); !ok || !bytes.Equal(all, text) {
			t.Fatalf("%d bytes, %v", len(all), s.err)
		}
		s.Close()
	}
	if reads := len(a.Seen().Reads); q.used != 0 || q.opened != 0 || most < least-1 || reads != n {
		t.Errorf("%d bytes and %d streams are left, at most %d were ahead, %d requests", q.used, q.opened, most, reads)
	}
}

func TestReach(t *testing.T) {
	r := reach{4, 4, 20}
	for range 10 {
		r.starved()
	}
	if r.n != 20 {
		t.Errorf("starved: %d", r.n)
	}
	r.plenty(10)
	if r.n != 20 {
		t.Errorf("half is there: %d", r.n)
	}
	for range 40 {
		r.plenty(r.n)
	}
	if r.n != 4 {
		t.Errorf("plenty: %d", r.n)
	}
}
