package azure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"flowctl/plan"

	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
)

// against returns a provider whose Resource Manager is h, which is asked once
// for everything unless retries are given.
func against(t *testing.T, h http.HandlerFunc, retries int) (*Provider, *httptest.Server) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.CloseClientConnections) // of those that stall
	t.Cleanup(srv.Close)
	p, err := New(Options{Subscription: sub, Credential: &azfake.TokenCredential{}, Endpoint: srv.URL, Retries: retries, Silence: 200 * time.Millisecond,
		jitter: func() float64 { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	return p, srv
}

// Whatever a service does with a request, there is an end, and it says which.
func TestNothingWaitsForEver(t *testing.T) {
	hang := func(r *http.Request) { <-r.Context().Done() }
	page := func(next string) string { return `{"value":[{"id":"/x"}],"nextLink":"` + next + `"}` }
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		elsewhere.Add(1)
		io.WriteString(w, page(""))
	}))
	defer other.Close()
	tests := map[string]struct {
		answer func(w http.ResponseWriter, r *http.Request)
		want   string
	}{
		"no answer": {func(_ http.ResponseWriter, r *http.Request) { hang(r) }, "did not answer"},
		"stall": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "5000")
			io.WriteString(w, `{"value":[`)
			w.(http.Flusher).Flush()
			hang(r)
		}, "stopped in its middle"},
		"drip": {func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				io.WriteString(w, " ")
				w.(http.Flusher).Flush()
				time.Sleep(20 * time.Millisecond)
			}
		}, "stopped in its middle"},
		"endless": {func(w http.ResponseWriter, r *http.Request) {
			b := make([]byte, 1<<20)
			for r.Context().Err() == nil {
				w.Write(b)
			}
		}, "longer than 64 MiB"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+"/steal", http.StatusFound)
		}, "redirects to " + other.URL},
		"page elsewhere": {func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, page(other.URL+"/next")) }, "refers to "},
		"page of itself": {func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, page("http://"+r.Host+strings.ReplaceAll(r.URL.String(), "&", `\u0026`)))
		}, "followed by one that was read before"},
		"pages in a ring": {func(w http.ResponseWriter, r *http.Request) {
			n := map[string]string{"": "1", "1": "2", "2": "1"}[r.URL.Query().Get("p")]
			io.WriteString(w, page("http://"+r.Host+"/list?p="+n))
		}, "followed by one that was read before"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p, _ := against(t, tt.answer, -1)
			for what, ask := range map[string]func() error{
				"list": func() error {
					_, err := listOf(t.Context(), p, "things", p.address("/list", "1"), same[idOf])
					return err
				},
				"sdk": func() error {
					_, err := p.accounts(t.Context())
					return err
				},
			} {
				if err := ask(); err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%s: %v, want %q", what, err, tt.want)
				}
			}
		})
	}
	if elsewhere.Load() > 0 {
		t.Errorf("%d requests went to another host", elsewhere.Load())
	}
}

// A service that takes requests and says nothing, or nothing more, is not asked
// as often as one that says that it failed: two tries, and the reason.
func TestSilenceIsGivenUp(t *testing.T) {
	for want, begin := range map[string]func(http.ResponseWriter){
		"did not answer": func(http.ResponseWriter) {},
		"stopped in its middle": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "5000")
			io.WriteString(w, `<?xml version="1.0"?><EnumerationResults>`)
			w.(http.Flusher).Flush()
		},
	} {
		var asked atomic.Int64
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			begin(w)
			<-r.Context().Done()
		}))
		defer srv.Close()
		defer srv.CloseClientConnections()
		p, err := New(Options{Subscription: sub, Credential: &azfake.TokenCredential{}, Endpoint: srv.URL, Clock: newStepClock(), Silence: 200 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		blobs, err := p.Blobs(t.Context(), srv.URL+"/account")
		if err != nil {
			t.Fatal(err)
		}
		for what, ask := range map[string]func() error{
			"page": func() error {
				_, err := listOf(t.Context(), p, "things", p.address("/list", "1"), same[idOf])
				return err
			},
			"blobs": func() error {
				for _, err := range blobs.List(t.Context(), "c", "") {
					return err
				}
				return nil
			},
		} {
			asked.Store(0)
			err := ask()
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "in 2 tries") || asked.Load() != 2 {
				t.Errorf("%s: after %d requests %v, want %q in 2 tries", what, asked.Load(), err, want)
			}
		}
	}
}

// A list has an end, also one whose every page is another.
func TestListsEnd(t *testing.T) {
	all := turned{}
	for i := range mostPages {
		if err := all.turn(fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := all.turn("one more"); err == nil || !strings.Contains(err.Error(), "more than 5000 pages") {
		t.Errorf("%v", err)
	}
}

// A certificate that is not trusted is said at once, however often a request is
// sent again otherwise.
func TestUntrustedCertificate(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	clock := newStepClock()
	p, err := New(Options{Subscription: sub, Credential: &azfake.TokenCredential{}, Endpoint: srv.URL, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	began := clock.Now()
	_, err = p.Inventory(t.Context())
	if err == nil || !strings.Contains(err.Error(), "is not trusted") || !strings.Contains(err.Error(), "SSL_CERT_FILE") {
		t.Errorf("%v", err)
	}
	if d := clock.Now().Sub(began); d > 0 {
		t.Errorf("it was said after %s", d)
	}
}

// A blob whose body stops is read on from where it stopped, of the same version.
func TestBlobGoesOnAfterAStall(t *testing.T) {
	const text = "0123456789abcdef"
	var asked []string
	p, srv := against(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("x-ms-range")+" "+r.Header.Get("If-Match"))
		w.Header().Set("ETag", `"0x1"`)
		w.Header().Set("x-ms-blob-type", "BlockBlob")
		if len(asked) == 1 {
			w.Header().Set("Content-Length", fmt.Sprint(len(text)))
			io.WriteString(w, text[:5])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes 5-%d/%d", len(text)-1, len(text)))
		w.WriteHeader(http.StatusPartialContent)
		io.WriteString(w, text[5:])
	}, 3)
	b, err := p.Blobs(t.Context(), srv.URL+"/account")
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Open(t.Context(), plan.Blob{Container: "c", Name: "n", ETag: "0x1"}, 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || string(got) != text {
		t.Errorf("%q, %v", got, err)
	}
	if len(asked) != 2 || !strings.HasPrefix(asked[1], "bytes=5-") || !strings.HasSuffix(asked[1], `"0x1"`) {
		t.Errorf("asked for %q", asked)
	}
}

// The time is that of the service, if this machine's is another one.
func TestTimeIsTheService(t *testing.T) {
	for _, ahead := range []time.Duration{0, time.Second, 3 * time.Hour, -48 * time.Hour} {
		p, _ := against(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
			io.WriteString(w, `{"value":[]}`)
		}, -1)
		if _, err := p.watchers(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := ahead
		if want.Abs() < steady {
			want = 0
		}
		if off := p.Clock().Now().Sub(time.Now().Add(want)); off.Abs() > 2*time.Second {
			t.Errorf("%s ahead: the time is off by %s", ahead, off)
		}
		if got := p.service.skew(); (got - want).Abs() > 2*time.Second {
			t.Errorf("%s ahead: a skew of %s", ahead, got)
		}
	}
}

// Silence ends with the request, not with those who stopped waiting.
func TestCancelIsNoSilence(t *testing.T) {
	p, _ := against(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, -1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.watchers(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}
