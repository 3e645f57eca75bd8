package sandbox

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

func get(t *testing.T, h http.HandlerFunc, method, url string, body io.Reader) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return (&http.Client{Transport: transport{h}}).Do(req)
}

func TestTransportShowsTheServerARequest(t *testing.T) {
	resp, err := get(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for name, ok := range map[string]bool{
			"host":   r.Host == "a.blob.example:1",
			"url":    r.URL.Host == "" && r.URL.Scheme == "" && r.URL.EscapedPath() == "/c/x%2Fy",
			"uri":    r.RequestURI == "/c/x%2Fy?q=1",
			"tls":    r.TLS != nil,
			"body":   string(body) == "hello",
			"method": r.Method == "PUT",
		} {
			if !ok {
				t.Errorf("%s: %+v", name, r)
			}
		}
		w.Header().Set("X-A", "b")
		w.WriteHeader(http.StatusCreated)
		w.Header().Set("X-Late", "no")
	}, "PUT", "https://a.blob.example:1/c/x%2Fy?q=1", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 201 || resp.Header.Get("X-A") != "b" || resp.Header.Get("X-Late") != "" {
		t.Errorf("response %v", resp)
	}
}

// The storage SDK writes x-ms-range in lower case into the header's map, past
// the methods that would spell it as servers do.
func TestTransportSpellsHeadersAsServersDo(t *testing.T) {
	h := transport{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Got", r.Header.Get("X-Ms-Range"))
	})}
	req, err := http.NewRequestWithContext(t.Context(), "GET", "https://a.blob.example/c/b", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header["x-ms-range"] = []string{"bytes=1-2"}
	resp, err := h.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := resp.Header.Get("X-Got"); got != "bytes=1-2" {
		t.Errorf("the handler saw the range %q", got)
	}
}

func TestTransportBodiesThatAreNone(t *testing.T) {
	tests := map[string]struct {
		method string
		status int
		body   string
	}{
		"head": {"HEAD", 200, ""}, "no content": {"GET", 204, ""},
		"not modified": {"GET", 304, ""}, "get": {"GET", 200, "text"},
	}
	for name, tt := range tests {
		resp, err := get(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "4")
			w.WriteHeader(tt.status)
			io.WriteString(w, "text")
		}, tt.method, "http://x/", nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil || string(got) != tt.body {
			t.Errorf("%s: body %q (%v), want %q", name, got, err, tt.body)
		}
	}
}

func TestTransportStreamsWithFlatMemory(t *testing.T) {
	const size = 512 << 20
	resp, err := get(t, func(w http.ResponseWriter, r *http.Request) {
		chunk := make([]byte, 1<<20)
		for range size / len(chunk) {
			if _, err := w.Write(chunk); err != nil {
				t.Error(err)
				return
			}
		}
	}, "GET", "http://x/", nil)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n, err := io.Copy(io.Discard, resp.Body)
	runtime.ReadMemStats(&after)
	if n != size || err != nil {
		t.Errorf("read %d (%v), want %d", n, err, size)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 16<<20 {
		t.Errorf("allocated %d bytes for a body of %d", grown, size)
	}
}

func TestTransportEndsWithItsRequest(t *testing.T) {
	gone := make(chan error, 1)
	endless := func(w http.ResponseWriter, r *http.Request) {
		chunk := make([]byte, 64<<10)
		for {
			if _, err := w.Write(chunk); err != nil {
				<-r.Context().Done()
				gone <- err
				return
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, "GET", "http://x/", nil)
	resp, err := transport{http.HandlerFunc(endless)}.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, context.Canceled) {
		t.Errorf("reading on after cancel: %v", err)
	}
	<-gone
	resp, err = get(t, endless, "GET", "http://x/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	<-gone
}

func TestTransportOfAPanic(t *testing.T) {
	for name, value := range map[string]any{"bug": "boom", "reset": http.ErrAbortHandler} {
		if _, err := get(t, func(http.ResponseWriter, *http.Request) { panic(value) }, "GET", "http://x/a", nil); err == nil {
			t.Errorf("%s: no error", name)
		}
		resp, err := get(t, func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			panic(value)
		}, "GET", "http://x/a", nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("%s: a body that broke off was read to its end", name)
		}
	}
}

func TestTransportCancelledBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req, _ := http.NewRequestWithContext(ctx, "GET", "http://x/", nil)
	if _, err := (transport{http.NotFoundHandler()}).RoundTrip(req); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
