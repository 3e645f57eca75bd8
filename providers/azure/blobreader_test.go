package azure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"flowctl/plan"

	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/google/go-cmp/cmp"
)

// dripping is a body of which n bytes come after each pause, until it stops for
// ever at byte stop; a context that ends, ends it.
type dripping struct {
	ctx   context.Context
	data  []byte
	n     int
	pause time.Duration
	stop  int
	at    int
}

func (d *dripping) Read(p []byte) (int, error) {
	if d.at == len(d.data) {
		return 0, io.EOF
	}
	var wait <-chan time.Time
	if d.at < d.stop {
		wait = time.After(d.pause)
	}
	select {
	case <-d.ctx.Done():
		return 0, d.ctx.Err()
	case <-wait:
	}
	n := copy(p, d.data[d.at:min(len(d.data), d.at+d.n)])
	d.at += n
	return n, nil
}

func (d *dripping) Close() error { return nil }

// lagging is a blob service with one blob, of which each request gets a body.
type lagging struct {
	data   []byte
	body   func(ctx context.Context, n int, part []byte) io.ReadCloser
	ranges []string
}

func (s *lagging) Do(req *http.Request) (*http.Response, error) {
	asked := req.Header.Get("x-ms-range")
	for k, v := range req.Header {
		if strings.EqualFold(k, "x-ms-range") {
			asked = v[0]
		}
	}
	s.ranges = append(s.ranges, asked)
	from, to := 0, len(s.data)-1
	if _, err := fmt.Sscanf(asked, "bytes=%d-%d", &from, &to); err != nil {
		fmt.Sscanf(asked, "bytes=%d-", &from)
	}
	part := s.data[from : to+1]
	h := http.Header{"Etag": {`"0x1"`}, "Content-Length": {fmt.Sprint(len(part))}, "Content-Range": {fmt.Sprintf("bytes %d-%d/%d", from, to, len(s.data))}}
	return &http.Response{StatusCode: http.StatusPartialContent, Header: h, Body: s.body(req.Context(), len(s.ranges), part), Request: req, ContentLength: int64(len(part))}, nil
}

// timed returns a provider for which a silent service counts as such.
func timed(t *testing.T, s *lagging) *Provider {
	t.Helper()
	p, err := New(Options{Subscription: sub, Credential: &azfake.TokenCredential{}, Transport: s})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A body that stalls is gone on with from where it stopped, a few times; one
// that only drips is given up; one that is merely slow is read, and so is one
// whose reader is slow.
func TestStalls(t *testing.T) {
	data := []byte(strings.Repeat("0123456789", 30_000))
	tests := map[string]struct {
		body   func(ctx context.Context, n int, part []byte) io.ReadCloser
		reader time.Duration // before each read
		ranges []string
		err    string
		most   time.Duration
	}{
		"once": {func(ctx context.Context, n int, part []byte) io.ReadCloser {
			stop := 200_000
			if n > 1 {
				stop = len(part)
			}
			return &dripping{ctx: ctx, data: part, n: 40_000, stop: stop}
		}, 0, []string{"", "bytes=200000-"}, "", idleTime},
		"for ever": {func(ctx context.Context, _ int, part []byte) io.ReadCloser {
			return &dripping{ctx: ctx, data: part, n: 1000, stop: 2000}
		}, 0, []string{"", "bytes=2000-", "bytes=4000-", "bytes=6000-"}, "stopped in its middle", 5 * idleTime},
		"at once": {func(ctx context.Context, _ int, part []byte) io.ReadCloser { return &dripping{ctx: ctx, data: part} },
			0, []string{"", "", "", ""}, "stopped in its middle", 5 * idleTime},
		"drips": {func(ctx context.Context, _ int, part []byte) io.ReadCloser {
			return &dripping{ctx: ctx, data: part, n: 1, pause: 7 * time.Second, stop: len(part)}
		}, 0, []string{"", "bytes=4-", "bytes=8-", "bytes=12-"}, "stopped in its middle", 5 * idleTime},
		"is slow": {func(ctx context.Context, _ int, part []byte) io.ReadCloser {
			return &dripping{ctx: ctx, data: part, n: 2000, pause: time.Second, stop: len(part)}
		}, 0, []string{""}, "", 200 * time.Second},
		"has a slow reader": {func(ctx context.Context, _ int, part []byte) io.ReadCloser {
			return &dripping{ctx: ctx, data: part, n: 100_000, stop: len(part)}
		}, time.Hour, []string{""}, "", 5 * time.Hour},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &lagging{data: data, body: tt.body}
				p := timed(t, s)
				b, err := p.Blobs(t.Context(), blobURL)
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				r, err := b.Open(t.Context(), plan.Blob{Container: "c", Name: "n", ETag: "0x1"}, 0, -1)
				if err != nil {
					t.Fatal(err)
				}
				var got []byte
				buf := make([]byte, 128<<10)
				for err == nil {
					time.Sleep(tt.reader)
					var n int
					n, err = r.Read(buf)
					got = append(got, buf[:n]...)
				}
				r.Close()
				if tt.err == "" && (err != io.EOF || string(got) != string(data)) {
					t.Errorf("%d bytes that are not the %d of the blob, %v", len(got), len(data), err)
				}
				if tt.err != "" && (err == io.EOF || !strings.Contains(err.Error(), tt.err)) {
					t.Errorf("error %v, want %q", err, tt.err)
				}
				if diff := cmp.Diff(tt.ranges, s.ranges); diff != "" {
					t.Errorf("ranges (-want +got)\n%s", diff)
				}
				if took := time.Since(began); took > tt.most {
					t.Errorf("took %s, want at most %s", took, tt.most)
				}
			})
		})
	}
}

// An answer of another range than was asked for is refused.
func TestLyingRanges(t *testing.T) {
	tests := map[string]struct {
		header map[string]string
		err    string
	}{
		"another beginning": {map[string]string{"Content-Range": "bytes 7-11/20"}, `asked for what follows byte 5 and was sent "bytes 7-11/20"`},
		"more":              {map[string]string{"Content-Range": "bytes 5-19/20", "Content-Length": "15"}, "asked for 5 bytes and was sent 15"},
		"all":               {map[string]string{"Content-Length": "5"}, "was sent all of it"},
	}
	for name, tt := range tests {
		b := newBlobs(t, func(w http.ResponseWriter, r *http.Request) {
			for k, v := range tt.header {
				w.Header().Set(k, v)
			}
			w.WriteHeader(http.StatusPartialContent)
			io.WriteString(w, "01234567890123456789"[:15])
		})
		_, err := b.Open(t.Context(), plan.Blob{Container: "c", Name: "n"}, 5, 5)
		if err == nil || !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: %v, want %q", name, err, tt.err)
		}
	}
}

// A listing that comes back to a page, or goes on without anything, ends.
func TestListingsThatNeverEnd(t *testing.T) {
	pages := map[string]struct {
		next func(n int) string
		err  string
	}{
		"one page again":     {func(int) string { return "again" }, `(marker "again")`},
		"two in turn":        {func(n int) string { return fmt.Sprint(n % 2) }, "comes back"},
		"always a new empty": {func(n int) string { return fmt.Sprint(n) }, "does not end"},
	}
	for name, tt := range pages {
		n := 0
		b := newBlobs(t, func(w http.ResponseWriter, r *http.Request) {
			n++
			fmt.Fprintf(w, `<?xml version="1.0"?><EnumerationResults><Blobs></Blobs><NextMarker>%s</NextMarker></EnumerationResults>`, tt.next(n))
		})
		for _, err := range b.List(t.Context(), "c", "") {
			check(t, err, tt.err)
		}
		before := n
		n = 0
		for _, err := range b.Prefixes(t.Context(), "c", "") {
			check(t, err, tt.err)
		}
		if n != before || n > maxEmpty+2 {
			t.Errorf("%s: %d and %d pages", name, before, n)
		}
	}
}

// Whoever ends a read is told so, not that it stalled.
func TestAReadThatIsCanceled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &lagging{data: make([]byte, 1000), body: func(ctx context.Context, _ int, part []byte) io.ReadCloser { return &dripping{ctx: ctx, data: part} }}
		p := timed(t, s)
		b, err := p.Blobs(t.Context(), blobURL)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r, err := b.Open(ctx, plan.Blob{Container: "c", Name: "n"}, 0, -1)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if _, err = io.ReadAll(r); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}
