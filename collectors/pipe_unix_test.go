//go:build unix

package collectors

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"flowctl/collectors/flowlog/flowlogtest"
)

// TestPipe reads a named pipe, and gives up one that nobody writes or that
// nothing more comes from.
func TestPipe(t *testing.T) {
	data, totals := generated(t, flowlogtest.Spec{Flows: 200})
	path := filepath.Join(t.TempDir(), "capture.pcap") // its name means nothing
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(ctx context.Context) (uint64, error) {
		doc, _, err := Sum{Items: itemsOf(path)}.Run(ctx)
		if doc == nil {
			return 0, err
		}
		defer doc.Conversations.Close()
		return doc.Total.Records, err
	}
	write := func(b []byte, done <-chan struct{}) {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
			return
		}
		f.Write(b)
		<-done
		f.Close()
	}
	now := make(chan struct{})
	close(now)
	var first sync.WaitGroup
	first.Go(func() { write(data, now) })
	if n, err := run(t.Context()); err != nil || n != totals.Tuples {
		t.Errorf("%d of %d tuples, error %v", n, totals.Tuples, err)
	}
	first.Wait() // else its end is that of the next one
	for name, some := range map[string][]byte{"nobody writes": nil, "nothing more comes": data[:len(data)/2]} {
		ctx, stop := context.WithCancel(t.Context())
		if some != nil {
			go write(some, ctx.Done())
		}
		time.AfterFunc(50*time.Millisecond, stop)
		if _, err := run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v", name, err)
		}
		if some == nil { // else the goroutine that is left behind would take the next writer's bytes
			if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil {
				f.Close()
			}
		}
	}
}
