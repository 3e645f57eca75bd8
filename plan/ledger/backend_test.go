package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/go-cmp/cmp"

	"flowctl/plan"
)

// memory is a store of blobs with versions and leases.
type memory struct {
	mu     sync.Mutex
	blobs  map[string][]byte
	etags  map[string]int
	leases map[string]lease
	writes int
	down   error
}

type lease struct {
	id    string
	until time.Time
	d     time.Duration
}

func newMemory() *memory {
	return &memory{blobs: map[string][]byte{}, etags: map[string]int{}, leases: map[string]lease{}}
}

func (m *memory) held(name string) (lease, bool) {
	l, ok := m.leases[name]
	return l, ok && time.Now().Before(l.until)
}

// fail makes what goes on with the blobs fail.
func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = err
}

// sign writes to the blob of the lock, as its holder does.
func (m *memory) sign(b []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.blobs[lockBlob] = b
}

func (m *memory) Get(_ context.Context, name string) ([]byte, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.blobs[name]
	if !ok {
		return nil, "", plan.ErrNotFound
	}
	return slices.Clone(b), fmt.Sprint(m.etags[name]), m.down
}

func (m *memory) Put(_ context.Context, name string, b []byte, c plan.Condition) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, there := m.blobs[name]
	l, held := m.held(name)
	switch {
	case m.down != nil:
		return "", m.down
	case c.New && there, c.ETag != "" && c.ETag != fmt.Sprint(m.etags[name]):
		return "", plan.ErrChanged
	case held && l.id != c.Lease, !held && c.Lease != "":
		return "", plan.ErrLeased
	}
	m.writes++
	m.blobs[name], m.etags[name] = slices.Clone(b), m.writes
	return fmt.Sprint(m.writes), nil
}

func (m *memory) Delete(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.blobs, name)
	return nil
}

func (m *memory) Names(_ context.Context, prefix string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, n := range slices.Sorted(maps.Keys(m.blobs)) {
		if strings.HasPrefix(n, prefix) {
			out = append(out, n)
		}
	}
	return out, nil
}

func (m *memory) Lease(_ context.Context, name string, d time.Duration) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, there := m.blobs[name]; !there {
		return "", plan.ErrNotFound
	}
	if _, held := m.held(name); held {
		return "", plan.ErrLeased
	}
	m.writes++
	l := lease{fmt.Sprint("lease ", m.writes), time.Now().Add(d), d}
	m.leases[name] = l
	return l.id, m.down
}

func (m *memory) Renew(_ context.Context, name, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.leases[name]
	if m.down != nil {
		return m.down
	}
	if l.id != id {
		return plan.ErrLeased
	}
	l.until = time.Now().Add(l.d)
	m.leases[name] = l
	return nil
}

func (m *memory) Release(_ context.Context, name, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.leases[name].id == id {
		delete(m.leases, name)
	}
	return nil
}

func (m *memory) Break(_ context.Context, name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.leases, name)
	return nil
}

// backends are two handles on each sort of backend.
func backends(t *testing.T) map[string][2]Backend {
	path := filepath.Join(t.TempDir(), "deep", "state.json")
	m, s := newMemory(), newMemory()
	sealed := func() *Seal { return &Seal{Passphrase: "correct horse"} }
	return map[string][2]Backend{
		"local":     {NewLocal(path), NewLocal(path)},
		"remote":    {&Remote{Store: m, Place: "there", History: 3}, &Remote{Store: m, Place: "there", History: 3}},
		"encrypted": {&Remote{Store: s, Place: "there", Seal: sealed()}, &Remote{Store: s, Place: "there", Seal: sealed()}},
	}
}

func TestBackends(t *testing.T) {
	for name, two := range backends(t) {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			l, err := two[0].Read(ctx)
			if err != nil || len(l.Runs) != 0 {
				t.Fatalf("nothing there: %v, %v", l, err)
			}
			other, err := two[1].Read(ctx)
			if err != nil {
				t.Fatal(err)
			}
			l.Runs["spike"] = &Run{Ends: time.Date(2026, 11, 12, 12, 0, 0, 0, time.UTC), Sessions: map[string]*Entry{"p": {Digest: "d", Ended: &Ended{Reason: "over"}}}}
			if l, err = two[0].Write(ctx, l); err != nil {
				t.Fatal(err)
			}
			if l, err = two[0].Write(ctx, l); err != nil || l.Serial != 2 || l.Lineage == "" {
				t.Fatalf("second write: serial %d, lineage %q, %v", l.Serial, l.Lineage, err)
			}
			if _, err := two[1].Write(ctx, other); !errors.Is(err, ErrStale) {
				t.Errorf("a write of what another run replaced: %v, want ErrStale", err)
			}
			got, err := two[1].Read(ctx)
			if diff := cmp.Diff(l, got); diff != "" || err != nil {
				t.Errorf("read back: %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestLocksKeepOthersOut(t *testing.T) {
	for name, two := range backends(t) {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			held, err := two[0].Lock(ctx, "apply")
			if err != nil {
				t.Fatal(err)
			}
			_, err = two[1].Lock(ctx, "destroy")
			var locked *LockedError
			if !errors.As(err, &locked) || locked.Holder.Operation != "apply" || locked.Holder.PID != os.Getpid() || locked.Holder.Who != Who() {
				t.Errorf("second lock: %v, want one held by apply of this process", err)
			}
			if err := held.Hold(ctx); err != nil {
				t.Errorf("hold: %v", err)
			}
			held.Release()
			again, err := two[1].Lock(ctx, "destroy")
			if err != nil {
				t.Fatalf("lock after release: %v", err)
			}
			again.Release()
		})
	}
}

// TestHolderThatSignsLate: a lock is taken first and signed then. Who comes in
// between is told the name all the same, or after a while that there is none.
func TestHolderThatSignsLate(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		f := NewLocal(filepath.Join(dir, "state.json"))
		l := flock.New(f.path + ".lock")
		if ok, err := l.TryLock(); !ok || err != nil {
			t.Fatal(ok, err)
		}
		defer l.Unlock()
		m := newMemory()
		m.Put(t.Context(), lockBlob, []byte("{}"), plan.Condition{New: true})
		if _, err := m.Lease(t.Context(), lockBlob, leaseTime); err != nil {
			t.Fatal(err)
		}
		for _, b := range []Backend{f, &Remote{Store: m, Place: "there"}} {
			var locked *LockedError
			if _, err := b.Lock(t.Context(), "destroy"); !errors.As(err, &locked) || locked.Holder != (Holder{}) {
				t.Errorf("%T, never signed: %v, want no name", b, err)
			}
			time.AfterFunc(300*time.Millisecond, func() {
				b, _ := json.Marshal(Myself("apply"))
				os.WriteFile(f.holderPath(), b, 0o600)
				m.sign(b)
			})
			if _, err := b.Lock(t.Context(), "destroy"); !errors.As(err, &locked) || locked.Holder.Operation != "apply" {
				t.Errorf("%T, signed late: %v, want apply", b, err)
			}
			os.Remove(f.holderPath())
			m.sign([]byte("{}"))
		}
	})
}

func TestALostLeaseStopsWrites(t *testing.T) {
	m := newMemory()
	a, b := &Remote{Store: m, Place: "there"}, &Remote{Store: m, Place: "there"}
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		mine, err := a.Lock(ctx, "apply")
		if err != nil {
			t.Fatal(err)
		}
		defer mine.Release()
		time.Sleep(10 * time.Minute) // it is renewed meanwhile
		if err := mine.Hold(ctx); err != nil {
			t.Fatalf("after ten minutes: %v", err)
		}
		l, err := a.Write(ctx, New())
		if err != nil {
			t.Fatal(err)
		}
		keeper := NewKeeper(a, mine, l)
		if err := keeper.Lost(); err != nil {
			t.Fatalf("while it holds the lock: %v", err)
		}
		h, held, err := b.Unlock(ctx)
		if err != nil || !held || h.Operation != "apply" {
			t.Fatalf("unlock: %v, %v, %v", h, held, err)
		}
		theirs, err := b.Lock(ctx, "destroy")
		if err != nil {
			t.Fatalf("lock after unlock: %v", err)
		}
		if err := keeper.Save(ctx, "x", &Run{}); !errors.Is(err, ErrStale) || !errors.Is(keeper.Lost(), ErrStale) {
			t.Errorf("a holder that does not know yet wrote the ledger: %v, lost %v", err, keeper.Lost())
		}
		if got, err := b.Read(ctx); err != nil || len(got.Runs) != 0 || got.Serial != l.Serial {
			t.Errorf("after unlock: %+v, %v", got, err)
		}
		defer theirs.Release()
		time.Sleep(renewTime)
		if err := mine.Hold(ctx); !errors.Is(err, ErrLost) {
			t.Errorf("hold of a lock that was broken: %v, want ErrLost", err)
		}
		if k := NewKeeper(a, mine, l); !errors.Is(k.Lost(), ErrLost) {
			t.Errorf("lost: %v, want ErrLost", k.Lost())
		}
		if err := theirs.Hold(ctx); err != nil {
			t.Errorf("hold of the other: %v", err)
		}
	})
}

func TestAKilledHolderBlocksForAMinute(t *testing.T) {
	m := newMemory()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		a, b := &Remote{Store: m, Place: "there"}, &Remote{Store: m, Place: "there"}
		held, err := a.Lock(ctx, "apply")
		if err != nil {
			t.Fatal(err)
		}
		held.(*leaseLock).end() // nobody renews it any more
		<-held.(*leaseLock).done
		if _, err := b.Lock(ctx, "apply"); err == nil {
			t.Error("the lock of a process that was just killed was given away")
		}
		time.Sleep(leaseTime)
		again, err := b.Lock(ctx, "apply")
		if err != nil {
			t.Fatalf("after its time: %v", err)
		}
		again.Release()
	})
}

// TestStorageThatIsDown: nobody writes to Azure who cannot renew.
func TestStorageThatIsDown(t *testing.T) {
	m := newMemory()
	synctest.Test(t, func(t *testing.T) {
		a := &Remote{Store: m, Place: "there"}
		held, err := a.Lock(t.Context(), "apply")
		if err != nil {
			t.Fatal(err)
		}
		defer held.Release()
		m.fail(errors.New("503"))
		time.Sleep(leaseTime / 2)
		if err := held.Hold(t.Context()); err == nil || errors.Is(err, ErrLost) {
			t.Errorf("while the lease lasts: %v, want an error that is not ErrLost", err)
		}
		time.Sleep(leaseTime)
		if err := held.Hold(t.Context()); !errors.Is(err, ErrLost) {
			t.Errorf("after the lease's time: %v, want ErrLost", err)
		}
		m.fail(nil)
		if err := held.Hold(t.Context()); err != nil {
			t.Errorf("once storage answers and nobody took it: %v", err)
		}
	})
}

func TestHistoryKeepsTheLatest(t *testing.T) {
	ctx := t.Context()
	r := &Remote{Store: newMemory(), Place: "there", History: 3}
	l, _ := r.Read(ctx)
	for range 7 {
		var err error
		if l, err = r.Write(ctx, l); err != nil {
			t.Fatal(err)
		}
	}
	got, err := r.Versions(ctx)
	if err != nil || !slices.Equal(got, []int{5, 6, 7}) {
		t.Errorf("versions %v, %v; want the last three", got, err)
	}
	if old, err := r.Version(ctx, 6); err != nil || old.Serial != 6 {
		t.Errorf("version 6: %d, %v", old.Serial, err)
	}
}

func TestEncryption(t *testing.T) {
	ctx := t.Context()
	m := newMemory()
	r := &Remote{Store: m, Place: "there", Seal: &Seal{Passphrase: "correct horse"}}
	l, _ := r.Read(ctx)
	l.Runs["secret-spike"] = &Run{}
	if _, err := r.Write(ctx, l); err != nil {
		t.Fatal(err)
	}
	if err := r.Keep(ctx, "spike/manifest.json", []byte("secret-spike")); err != nil {
		t.Fatal(err)
	}
	for name, b := range m.blobs {
		if strings.Contains(string(b), "secret-spike") {
			t.Errorf("%s can be read by anybody", name)
		}
	}
	if b, err := (&Remote{Store: m, Seal: &Seal{Passphrase: "correct horse"}}).Kept(ctx, "spike/manifest.json"); err != nil || string(b) != "secret-spike" {
		t.Errorf("kept: %q, %v", b, err)
	}
	tests := map[string]struct {
		seal *Seal
		want string
	}{
		"no passphrase":    {nil, "encryption block"},
		"wrong passphrase": {&Seal{Passphrase: "wrong"}, "not the one"},
		"wrong key":        {&Seal{Key: "AGE-SECRET-KEY-1QQQ"}, "age-keygen"},
	}
	for name, tt := range tests {
		_, err := (&Remote{Store: m, Place: "there", Seal: tt.seal}).Read(ctx)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want one that says %q", name, err, tt.want)
		}
	}
}

func TestLocalFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	f := NewLocal(path)
	if _, err := f.Write(t.Context(), New()); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", st.Mode(), err)
	}
	for content, want := range map[string]string{
		`{"format":1,`:  "is damaged",
		`{"format":99}`: "has format 99, this flowctl knows 2",
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Read(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want one that says %q", content, err, want)
		}
		if _, err := f.Write(t.Context(), New()); err == nil {
			t.Errorf("%s was overwritten", content)
		}
	}
}

func TestChangesAreNotedOnce(t *testing.T) {
	var e Entry
	at := time.Date(2026, 11, 12, 12, 0, 0, 0, time.UTC)
	notes := []struct {
		c    Change
		want bool
	}{
		{Change{At: at, What: Switched}, true},
		{Change{At: at, What: Switched}, false},
		{Change{At: at, What: SwitchedOn}, true},
		{Change{At: at, What: Switched}, true},
		{Change{At: at, What: Moved, Text: "to a"}, true},
		{Change{At: at, What: Moved, Text: "to b"}, true},
		{Change{At: at, What: Switched}, false},
	}
	for i, n := range notes {
		if got := e.Note(n.c); got != n.want {
			t.Errorf("note %d, %s: %v, want %v", i, n.c.What, got, n.want)
		}
	}
}

func TestPrior(t *testing.T) {
	noon := time.Date(2026, 11, 12, 12, 0, 0, 0, time.UTC)
	inv := plan.Investigation{Name: "spike", Window: time.Hour}
	rec := &plan.Recording{ID: "/w/flowLogs/n"}
	run := &Run{Started: noon, Ends: noon.Add(2 * time.Hour), Left: []Left{{What: "/x", Session: "vm", Reason: "off", WayOut: "start it"}}, Sessions: map[string]*Entry{
		"done":    {Digest: "d", Fetched: &Fetched{}},
		"there":   {Created: noon, Session: plan.Session{Watcher: "/w"}, Seen: &Seen{Recording: rec}},
		"reused":  {Created: noon, Reused: true, Session: plan.Session{Watcher: "/w"}},
		"refused": {Failed: &Failed{}, Session: plan.Session{Watcher: "/w"}},
	}}
	p := run.Prior(inv, nil, noon)
	if len(p.Collected) != 1 || len(p.Started) != 1 || p.Started["there"].Session.Deadline != noon.Add(time.Hour) || !p.Over.IsZero() {
		t.Errorf("%+v", p)
	}
	if p = run.Prior(inv, nil, noon.Add(time.Hour)); !p.Over.Equal(noon.Add(time.Hour)) {
		t.Errorf("over %s, want the end of the file's window", p.Over)
	}
	run.Stopped = true
	if p = run.Prior(inv, nil, noon.Add(time.Hour)); !p.Over.IsZero() {
		t.Errorf("over %s before it was stopped", p.Over)
	}
	if fs := run.LeftBehind(); len(fs) != 1 || fs[0].Code != plan.LeftBehind || !strings.Contains(fs[0].Detail, "start it") {
		t.Errorf("left behind: %+v", fs)
	}
	if p := (*Run)(nil).Prior(inv, nil, noon); len(p.Collected)+len(p.Started) != 0 {
		t.Errorf("of nothing: %+v", p)
	}
}
