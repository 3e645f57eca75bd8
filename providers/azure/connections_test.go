package azure

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"flowctl/plan"

	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
)

// Many blobs that are read at a time, again and again, are read through the
// connections that are there.
func TestConnectionsAreKept(t *testing.T) {
	const abreast, rounds = 40, 5
	var conns atomic.Int64
	var all sync.WaitGroup
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all.Done()
		all.Wait() // until all of a round are there
		io.WriteString(w, "x")
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			conns.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	p, err := New(Options{Subscription: sub, Credential: &azfake.TokenCredential{}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.Blobs(context.Background(), srv.URL+"/account")
	if err != nil {
		t.Fatal(err)
	}
	for range rounds {
		all.Add(abreast)
		var wg sync.WaitGroup
		for range abreast {
			wg.Go(func() {
				r, err := b.Open(t.Context(), plan.Blob{Container: "c", Name: "n"}, 0, -1)
				if err != nil {
					t.Error(err)
					return
				}
				io.Copy(io.Discard, r)
				r.Close()
			})
		}
		wg.Wait()
	}
	if n := conns.Load(); n > 2*abreast {
		t.Errorf("%d connections for %d readers, %d times", n, abreast, rounds)
	}
}
