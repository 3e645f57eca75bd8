package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// virtual opens a sandbox whose time passes only by Sleep.
func virtual(t *testing.T, o Options) *Sandbox {
	t.Helper()
	o.Clock = new(float64)
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func provider(t *testing.T, s *Sandbox) plan.Provider {
	t.Helper()
	p, err := s.Provider()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// pass lets the world's time pass.
func pass(t *testing.T, s *Sandbox, d time.Duration) {
	t.Helper()
	if err := s.Clock().Sleep(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

// scene is what the tests record, picked out of the world.
type scene struct {
	vnet    *world.VNet
	vm      *world.VM
	account *world.StorageAccount
	watcher plan.ID
}

func pick(t *testing.T, w *world.World) scene {
	t.Helper()
	var s scene
	taken := map[string]bool{}
	for _, l := range w.FlowLogs {
		taken[l.Target.Key()], taken[l.Storage.ID.Key()] = true, true
	}
	for _, v := range w.VMs {
		if n := v.NICs[0].Subnet.VNet; s.vm == nil && v.Agent && v.Power == "running" && !taken[n.ID.Key()] && v.Location == w.Regions[0] {
			s.vm, s.vnet = v, n
		}
	}
	for _, a := range w.Accounts {
		if !taken[a.ID.Key()] && a.Location == s.vm.Location && a.SharedKey && strings.HasPrefix(a.SKU, "Standard") {
			s.account = a
		}
	}
	for _, nw := range w.Watchers {
		if nw.Location == s.vm.Location {
			s.watcher = nw.ID
		}
	}
	return s
}

func (s scene) flowLog(until time.Time) plan.Session {
	return plan.Session{Name: "mine", Mechanism: plan.FlowLog, Watcher: s.watcher, Storage: s.account.ID, Deadline: until,
		Target: plan.Target{Kind: "vnet", ID: s.vnet.ID, Location: s.vnet.Location}, Tags: map[string]string{"a": "b"}, FlowLog: &plan.FlowLogSpec{}}
}

func (s scene) capture(spec plan.CaptureSpec) plan.Session {
	return plan.Session{Name: "cap", Mechanism: plan.PacketCapture, Watcher: s.watcher, Storage: s.account.ID,
		Target: plan.Target{Kind: "vm", ID: s.vm.ID, Location: s.vm.Location}, Capture: &spec}
}

func list(t *testing.T, b plan.Blobs, container, prefix string) []plan.Blob {
	t.Helper()
	var all []plan.Blob
	for x, err := range b.List(t.Context(), container, prefix) {
		if errors.Is(err, plan.ErrNotFound) {
			return nil // no container yet
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, x)
	}
	return all
}

func read(t *testing.T, b plan.Blobs, x plan.Blob, offset, length int64) []byte {
	t.Helper()
	r, err := b.Open(t.Context(), x, offset, length)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const flowLogs = "insights-logs-flowlogflowevent"

func TestAFlowLogFromStartToEnd(t *testing.T) {
	s := virtual(t, Options{PageSize: 3})
	p, sc := provider(t, s), pick(t, s.World)
	began := s.Clock().Now()
	rec, err := p.Start(t.Context(), sc.flowLog(began.Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.Blobs(t.Context(), sc.account.BlobURL)
	if err != nil {
		t.Fatal(err)
	}
	prefix := "flowLogResourceID=/" + strings.ToUpper(s.World.Subscription) + "_" + strings.ToUpper(sc.watcher.ResourceGroup()) +
		"/" + strings.ToUpper(sc.watcher.Name()) + "_MINE/"
	if all := list(t, b, flowLogs, prefix); len(all) > 0 {
		t.Errorf("blobs at once: %v", all)
	}
	pass(t, s, 6*time.Minute)
	all := list(t, b, flowLogs, prefix)
	if len(all) == 0 {
		t.Fatal("no blob after 6 minutes")
	}
	x := all[0]
	if !strings.HasPrefix(x.Name, prefix+began.UTC().Format("y=2006/m=01/d=02/h=15/m=00/macAddress=")) || !strings.HasSuffix(x.Name, "/PT1H.json") {
		t.Errorf("name %s", x.Name)
	}
	early := blobIsWhole(t, b, x)
	pass(t, s, 10*time.Minute)
	if _, err := b.Open(t.Context(), x, 0, -1); err == nil {
		t.Errorf("the version of 10 minutes ago can still be read")
	}
	y, err := b.Stat(t.Context(), flowLogs, x.Name)
	if err != nil {
		t.Fatal(err)
	}
	late := blobIsWhole(t, b, y)
	if len(late) <= len(early) || !bytes.HasPrefix(late, early[:len(early)-2]) {
		t.Errorf("%d bytes did not grow to %d by appending", len(early), len(late))
	}
	if err := p.Remove(t.Context(), rec); err != nil {
		t.Fatal(err)
	}
	pass(t, s, 2*time.Hour)
	z, err := b.Stat(t.Context(), flowLogs, x.Name)
	if err != nil {
		t.Fatalf("the data went with the flow log: %v", err)
	}
	end := blobIsWhole(t, b, z)
	pass(t, s, 5*time.Hour)
	if again := list(t, b, flowLogs, prefix); len(again) != len(all) && len(again) > 2*len(all) {
		t.Errorf("a removed flow log goes on: %d blobs", len(again))
	}
	if z, _ = b.Stat(t.Context(), flowLogs, x.Name); int64(len(end)) != z.Size {
		t.Errorf("a removed flow log grew from %d to %d", len(end), z.Size)
	}
}

// blobIsWhole checks a flow log's blob against its block list and returns it.
func blobIsWhole(t *testing.T, b plan.Blobs, x plan.Blob) []byte {
	t.Helper()
	whole := read(t, b, x, 0, -1)
	if int64(len(whole)) != x.Size {
		t.Errorf("%d bytes of a blob of %d", len(whole), x.Size)
	}
	var doc struct{ Records []json.RawMessage }
	if err := json.Unmarshal(whole, &doc); err != nil {
		t.Errorf("blob is no JSON: %v", err)
	}
	sizes, err := b.Blocks(t.Context(), x)
	if err != nil {
		t.Fatal(err)
	}
	if len(sizes) < 3 || sizes[0] != 12 || sizes[len(sizes)-1] != 2 || len(sizes)-2 != len(doc.Records) {
		t.Errorf("blocks %v of %d records", sizes, len(doc.Records))
	}
	var at int64
	for i, n := range sizes {
		part := read(t, b, x, at, n)
		if !bytes.Equal(part, whole[at:at+n]) {
			t.Errorf("block %d is not what the whole blob has there", i)
		}
		if i > 1 && i < len(sizes)-1 && part[0] != ',' {
			t.Errorf("block %d begins with %q", i, part[:1])
		}
		at += n
	}
	return whole
}

func TestACaptureFromStartToEnd(t *testing.T) {
	s := virtual(t, Options{})
	p, sc := provider(t, s), pick(t, s.World)
	rec, err := p.Start(t.Context(), sc.capture(plan.CaptureSpec{Duration: 2 * time.Minute, MaxBytes: 64 << 20, BytesPerPacket: 96}))
	if err != nil {
		t.Fatal(err)
	}
	b, err := p.Blobs(t.Context(), sc.account.BlobURL)
	if err != nil {
		t.Fatal(err)
	}
	state := func() plan.Recording {
		r, err := p.Status(t.Context(), rec)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := state(); r.State != plan.CaptureRunning {
		t.Errorf("state %s", r.State)
	}
	pass(t, s, 2*time.Minute)
	r := state()
	if r.State != plan.CaptureStopped || r.StopReason != "TimeExceeded" {
		t.Errorf("state %s, reason %s", r.State, r.StopReason)
	}
	name := strings.TrimPrefix(r.Path, sc.account.BlobURL+"network-watcher-logs/")
	pass(t, s, 10*time.Second)
	x, err := b.Stat(t.Context(), "network-watcher-logs", name)
	if err != nil {
		t.Fatal(err)
	}
	whole := read(t, b, x, 0, -1)
	if int64(len(whole)) != x.Size || len(whole) < 24 || !bytes.HasPrefix(whole, []byte{0xd4, 0xc3, 0xb2, 0xa1}) {
		t.Errorf("%d bytes of %d, beginning %x", len(whole), x.Size, whole[:min(8, len(whole))])
	}
	if part := read(t, b, x, 100, 500); !bytes.Equal(part, whole[100:600]) {
		t.Errorf("bytes 100 to 599 differ from those of the whole")
	}
	if err := p.Remove(t.Context(), rec); err != nil {
		t.Fatal(err)
	}
	if again := list(t, b, "network-watcher-logs", ""); len(again) != 1 || again[0].Size != x.Size {
		t.Errorf("after removal the container holds %v", again)
	}
}

func TestTwoProcessesOnOneFolder(t *testing.T) {
	dir := t.TempDir()
	one := virtual(t, Options{Dir: dir})
	sc := pick(t, one.World)
	rec, err := provider(t, one).Start(t.Context(), sc.flowLog(one.Clock().Now().Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	two := virtual(t, Options{Dir: dir})
	pass(t, two, time.Hour)
	if !one.Clock().Now().Equal(two.Clock().Now()) {
		t.Errorf("one is at %v, two at %v", one.Clock().Now(), two.Clock().Now())
	}
	p := provider(t, two)
	if _, err := p.Start(t.Context(), sc.flowLog(two.Clock().Now().Add(time.Hour))); err == nil {
		t.Error("the other process could start the same flow log again")
	}
	b, err := p.Blobs(t.Context(), sc.account.BlobURL)
	if err != nil {
		t.Fatal(err)
	}
	if len(list(t, b, flowLogs, "")) == 0 {
		t.Error("the other process sees no blob")
	}
	if err := p.Remove(t.Context(), rec); err != nil {
		t.Fatal(err)
	}
	recs, err := provider(t, one).Recordings(t.Context(), []plan.Watcher{{ID: sc.watcher, Location: sc.vnet.Location}})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range recs {
		if r.ID.Is(rec.ID) {
			t.Error("the first process still sees what the second removed")
		}
	}
}

func TestDamagedFolder(t *testing.T) {
	for _, name := range []string{"arm.json", "clock.json", "blobs.json"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := New(Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "remove the folder "+dir) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSeedChangesTraffic(t *testing.T) {
	seed := int64(7)
	a, b := virtual(t, Options{}), virtual(t, Options{Seed: &seed})
	if a.World.Seed == b.World.Seed || a.World.Subscription != b.World.Subscription {
		t.Errorf("seeds %d and %d, subscriptions %s and %s", a.World.Seed, b.World.Seed, a.World.Subscription, b.World.Subscription)
	}
}
