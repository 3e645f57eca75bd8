package azure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"flowctl/plan"

	"github.com/google/go-cmp/cmp"
)

const blobURL = "https://logs.blob.core.windows.net/"

// newBlobs opens the blob service that handler is.
func newBlobs(t *testing.T, handler http.HandlerFunc) plan.Blobs {
	t.Helper()
	p, _ := newTestProvider(t, served(handler))
	b, err := p.Blobs(context.Background(), blobURL)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// served answers requests by a handler, without a network.
type served http.HandlerFunc

func (s served) Do(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	for k, v := range req.Header { // the SDK writes some names as Azure's pages do
		req.Header[http.CanonicalHeaderKey(k)] = v
	}
	s(w, req)
	resp := w.Result()
	resp.Request = req
	return resp, nil
}

func blobError(w http.ResponseWriter, status int, code string) {
	w.Header().Set("x-ms-error-code", code)
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>It is so.\nRequestId:x</Message></Error>", code)
}

func TestList(t *testing.T) {
	page := func(next string, names ...string) string {
		s := `<?xml version="1.0"?><EnumerationResults><Blobs>`
		for _, n := range names {
			s += `<Blob><Name>` + n + `</Name><Properties><Last-Modified>Sat, 21 Nov 2026 12:00:00 GMT</Last-Modified><Etag>0x8D</Etag><Content-Length>12</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>`
		}
		return s + `</Blobs><NextMarker>` + next + `</NextMarker></EnumerationResults>`
	}
	var asked []string
	b := newBlobs(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		asked = append(asked, r.URL.Path+" "+q.Get("prefix")+" "+q.Get("marker"))
		if r.Header.Get("Authorization") != "Bearer fake_token" {
			blobError(w, 401, "NoAuthenticationInformation")
			return
		}
		if q.Get("marker") == "" {
			io.WriteString(w, page("more", "a/1", "a/2"))
			return
		}
		io.WriteString(w, page("", "a/3"))
	})
	var names []string
	for blob, err := range b.List(context.Background(), "c", "a/") {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, blob.Name)
		want := plan.Blob{Container: "c", Name: blob.Name, Size: 12, ETag: "0x8D", Modified: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
		if !blob.Modified.Equal(want.Modified) {
			t.Errorf("modified %s", blob.Modified)
		}
		want.Modified = blob.Modified
		if diff := cmp.Diff(want, blob); diff != "" {
			t.Errorf("blob (-want +got)\n%s", diff)
		}
		if blob.Name == "a/1" && len(asked) != 1 {
			t.Errorf("asked for %d pages before the first blob", len(asked))
		}
	}
	if diff := cmp.Diff([]string{"a/1", "a/2", "a/3"}, names); diff != "" {
		t.Errorf("names (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/c a/ ", "/c a/ more"}, asked); diff != "" {
		t.Errorf("requests (-want +got)\n%s", diff)
	}
	for range b.List(context.Background(), "c", "a/") {
		break
	}
	if len(asked) != 3 {
		t.Errorf("%d requests after stopping at the first blob, want 3", len(asked))
	}
}

func TestListOfAContainerThatIsNotThere(t *testing.T) {
	b := newBlobs(t, func(w http.ResponseWriter, r *http.Request) { blobError(w, 404, "ContainerNotFound") })
	for _, err := range b.List(context.Background(), "c", "a/") {
		check(t, err, "list blobs c/a/ at https://logs.blob.core.windows.net/: 404 ContainerNotFound: It is so.")
		if !errors.Is(err, plan.ErrNotFound) {
			t.Error("the error is not ErrNotFound")
		}
	}
}

func TestPrefixes(t *testing.T) {
	b := newBlobs(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("delimiter") != "/" {
			blobError(w, 400, "InvalidQueryParameterValue")
			return
		}
		io.WriteString(w, `<?xml version="1.0"?><EnumerationResults><Blobs><BlobPrefix><Name>log/y=2025/</Name></BlobPrefix><BlobPrefix><Name>log/y=2026/</Name></BlobPrefix></Blobs><NextMarker/></EnumerationResults>`)
	})
	var got []string
	for p, err := range b.Prefixes(context.Background(), "c", "log/") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p)
	}
	if diff := cmp.Diff([]string{"y=2025", "y=2026"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestStat(t *testing.T) {
	b := newBlobs(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodHead || !strings.HasSuffix(r.URL.Path, "/c/a b/1.cap") {
			w.Header().Set("x-ms-error-code", "BlobNotFound")
			w.WriteHeader(404)
			return
		}
		w.Header().Set("ETag", `"0x8D"`)
		w.Header().Set("Content-Length", "12")
		w.Header().Set("Last-Modified", "Sat, 21 Nov 2026 12:00:00 GMT")
	})
	got, err := b.Stat(context.Background(), "c", "a b/1.cap")
	if err != nil || got.Size != 12 || got.ETag != "0x8D" || got.Name != "a b/1.cap" || got.Modified.Hour() != 12 {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = b.Stat(context.Background(), "c", "none")
	check(t, err, "look at blob c/none at https://logs.blob.core.windows.net/: 404 BlobNotFound")
	if !errors.Is(err, plan.ErrNotFound) {
		t.Error("the error is not ErrNotFound")
	}
}

func TestBlocks(t *testing.T) {
	b := newBlobs(t, func(w http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); q.Get("comp") != "blocklist" || q.Get("blocklisttype") != "committed" {
			blobError(w, 400, "InvalidQueryParameterValue")
			return
		}
		w.Header().Set("ETag", `"0x8D"`)
		io.WriteString(w, `<?xml version="1.0"?><BlockList><CommittedBlocks><Block><Name>YQ==</Name><Size>12</Size></Block><Block><Name>Yg==</Name><Size>2700</Size></Block><Block><Name>Yw==</Name><Size>2</Size></Block></CommittedBlocks></BlockList>`)
	})
	for _, etag := range []string{"", "0x8D"} {
		got, err := b.Blocks(context.Background(), plan.Blob{Container: "c", Name: "n", ETag: etag})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]int64{12, 2700, 2}, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	_, err := b.Blocks(context.Background(), plan.Blob{Container: "c", Name: "n", ETag: "0x7A"})
	if !errors.Is(err, plan.ErrChanged) {
		t.Errorf("error %v, want one that is ErrChanged", err)
	}
}

func TestOpen(t *testing.T) {
	content := []byte("0123456789")
	serve := func(w http.ResponseWriter, r *http.Request) {
		if m := r.Header.Get("If-Match"); m != "" && m != `"0x8D"` {
			blobError(w, 412, "ConditionNotMet")
			return
		}
		w.Header().Set("ETag", `"0x8D"`)
		if r.Header.Get("Range") == "" {
			r.Header.Set("Range", r.Header.Get("x-ms-range"))
		}
		http.ServeContent(w, r, "n", time.Time{}, bytes.NewReader(content))
	}
	azure416 := func(w http.ResponseWriter, r *http.Request) { blobError(w, 416, "InvalidRange") }
	azurite206 := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Range", "bytes 20-19/10")
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(206)
	}
	tests := map[string]struct {
		serve          http.HandlerFunc
		etag           string
		offset, length int64
		want           string
		err            error
	}{
		"all":                  {serve, "0x8D", 0, -1, "0123456789", nil},
		"any version":          {serve, "", 0, -1, "0123456789", nil},
		"from the middle":      {serve, "0x8D", 4, -1, "456789", nil},
		"a part":               {serve, "0x8D", 4, 3, "456", nil},
		"the beginning":        {serve, "0x8D", 0, 3, "012", nil},
		"none":                 {serve, "0x8D", 4, 0, "", nil},
		"past the end":         {azure416, "0x8D", 20, -1, "", nil},
		"past the end, by 206": {azurite206, "0x8D", 20, -1, "", nil},
		"another version":      {serve, "0x7A", 0, -1, "", plan.ErrChanged},
		"not there":            {func(w http.ResponseWriter, r *http.Request) { blobError(w, 404, "BlobNotFound") }, "", 0, -1, "", plan.ErrNotFound},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBlobs(t, tt.serve)
			r, err := b.Open(context.Background(), plan.Blob{Container: "c", Name: "n", ETag: tt.etag}, tt.offset, tt.length)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err != nil {
				return
			}
			defer r.Close()
			got, err := io.ReadAll(r)
			if err != nil || string(got) != tt.want {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
}

// breaking is a body that ends with an error after its text.
type breaking struct {
	io.Reader
	err error
}

func (b breaking) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		err = b.err
	}
	return n, err
}

func (breaking) Close() error { return nil }

// cutting breaks the first connection after a few bytes.
type cutting struct {
	err    error
	ranges []string
	etag   string // of all but the first answer
}

func (c *cutting) Do(req *http.Request) (*http.Response, error) {
	asked := ""
	for k, v := range req.Header {
		if strings.EqualFold(k, "x-ms-range") {
			asked = v[0]
		}
	}
	c.ranges = append(c.ranges, asked)
	header := http.Header{"Etag": {`"0x8D"`}, "Content-Length": {"10"}}
	if len(c.ranges) == 1 {
		return &http.Response{StatusCode: 200, Header: header, Request: req, Body: breaking{strings.NewReader("0123"), c.err}}, nil
	}
	w := httptest.NewRecorder()
	if c.etag != "" {
		blobError(w, 412, "ConditionNotMet")
	} else {
		w.Header().Set("ETag", `"0x8D"`)
		w.Header().Set("Content-Range", "bytes 4-9/10")
		w.WriteHeader(206)
		io.WriteString(w, "456789")
	}
	resp := w.Result()
	resp.Request = req
	return resp, nil
}

func TestReadingGoesOnAfterABreak(t *testing.T) {
	tests := map[string]struct {
		tr     *cutting
		want   string
		ranges []string
		err    error
	}{
		"taken up":          {&cutting{err: errors.New("reset")}, "0123456789", []string{"", "bytes=4-"}, nil},
		"changed meanwhile": {&cutting{err: errors.New("reset"), etag: "other"}, "", []string{"", "bytes=4-"}, plan.ErrChanged},
		"ends too early":    {&cutting{err: io.EOF}, "0123456789", []string{"", "bytes=4-"}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, _ := newTestProvider(t, tt.tr)
			b, err := p.Blobs(context.Background(), blobURL)
			if err != nil {
				t.Fatal(err)
			}
			r, err := b.Open(context.Background(), plan.Blob{Container: "c", Name: "n", ETag: "0x8D"}, 0, -1)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			got, err := io.ReadAll(r)
			if !errors.Is(err, tt.err) || err == nil && string(got) != tt.want {
				t.Errorf("got %q, %v, want %q, %v", got, err, tt.want, tt.err)
			}
			if diff := cmp.Diff(tt.ranges, tt.tr.ranges); diff != "" {
				t.Errorf("ranges asked for (-want +got)\n%s", diff)
			}
		})
	}
}

func TestBlobsRefusesWhatIsNoURL(t *testing.T) {
	p, _ := newTestProvider(t, newARM())
	_, err := p.Blobs(context.Background(), "logs")
	check(t, err, `"logs" is not the URL of a blob service`)
}

func TestARangeThatIsNotHeededIsAnError(t *testing.T) {
	b := newBlobs(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "0123456789") })
	_, err := b.Open(context.Background(), plan.Blob{Container: "c", Name: "n"}, 4, -1)
	check(t, err, "asked for what follows byte 4 and was sent all of it")
}

// A busy blob service is waited for longer than a failing one, and who has
// many requests under way is told of each answer that asks for less.
func TestABusyServiceIsTold(t *testing.T) {
	tests := map[string]struct {
		status, times int
		code          string
		told          int
		err           string
	}{
		"busy":      {503, 12, "ServerBusy", 12, ""},
		"throttled": {429, 1, "TooManyRequests", 1, ""},
		"failing":   {500, 2, "InternalError", 0, ""},
		"other 503": {503, 6, "Unavailable", 0, "503 Unavailable"},
		"busy on":   {503, 21, "ServerBusy", 20, "503 ServerBusy"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			n, told := 0, 0
			b := newBlobs(t, func(w http.ResponseWriter, r *http.Request) {
				if n++; n <= tt.times {
					blobError(w, tt.status, tt.code)
					return
				}
				io.WriteString(w, "x")
			})
			ctx := plan.WithThrottled(t.Context(), func() { told++ })
			r, err := b.Open(ctx, plan.Blob{Container: "c", Name: "n"}, 0, -1)
			if tt.err != "" {
				check(t, err, tt.err)
			} else if err != nil {
				t.Fatal(err)
			} else {
				r.Close()
			}
			if told != tt.told {
				t.Errorf("told %d times, want %d", told, tt.told)
			}
		})
	}
}
