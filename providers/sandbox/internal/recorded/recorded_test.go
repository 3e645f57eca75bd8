package recorded

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/arm"
	"flowctl/providers/sandbox/internal/blob"
	"flowctl/providers/sandbox/internal/fault"
	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/world"
)

// hands is a clock that is moved by hand.
type hands struct{ now time.Time }

func (h *hands) Now() time.Time                                 { return h.now }
func (h *hands) Sleep(_ context.Context, d time.Duration) error { h.now = h.now.Add(d); return nil }

// stage is a source with the ARM that tells it what to make.
type stage struct {
	*testing.T
	*Source
	clock   *hands
	srv     *arm.Server
	vnet    *world.VNet
	account *world.StorageAccount
	watcher plan.ID
}

func newStage(t *testing.T) *stage { return stageWith(t, "") }

// stageWith is a stage in the built-in world with more in it.
func stageWith(t *testing.T, more string) *stage {
	t.Helper()
	w, err := world.Parse("test.hcl", append(world.BuiltinSource(), more...))
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{T: t, clock: &hands{w.Epoch}}
	m := traffic.New(w)
	faults, err := fault.Open(t.Context(), w, "", w.Epoch)
	if err != nil {
		t.Fatal(err)
	}
	if s.srv, err = arm.New(arm.Options{World: w, Model: m, Clock: s.clock, Faults: faults}); err != nil {
		t.Fatal(err)
	}
	s.Source = New(Options{World: w, ARM: s.srv, Clock: s.clock, Faults: faults})
	used := map[string]bool{}
	for _, l := range w.FlowLogs {
		used[l.Target.Key()], used[l.Storage.ID.Key()] = true, true
	}
	for _, v := range w.VNets {
		if !used[v.ID.Key()] && v.Location == w.Regions[0] && len(m.NICs(v.ID)) > 1 {
			s.vnet = v
		}
	}
	for _, a := range w.Accounts {
		if !used[a.ID.Key()] && a.Location == s.vnet.Location && a.SharedKey && strings.HasPrefix(a.SKU, "Standard") {
			s.account = a
		}
	}
	for _, nw := range w.Watchers {
		if nw.Location == s.vnet.Location {
			s.watcher = nw.ID
		}
	}
	return s
}

// write changes ARM and lets the operation's time pass.
func (s *stage) write(method, path, body string) {
	s.Helper()
	r := httptest.NewRequest(method, "https://management.azure.com"+string(s.watcher)+path+"?api-version=2024-05-01", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer x")
	w := httptest.NewRecorder()
	s.srv.ServeHTTP(w, r)
	if w.Code/100 != 2 {
		s.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	s.clock.now = s.clock.now.Add(15 * time.Second)
}

func (s *stage) flowLog(name string, target plan.ID) {
	s.Helper()
	s.write("PUT", "/flowLogs/"+name, fmt.Sprintf(`{"properties":{"targetResourceId":%q,"storageId":%q}}`, target, s.account.ID))
}

// there lists the blobs that exist.
func (s *stage) there(prefix, from string) (names []string) {
	s.Helper()
	for name, err := range s.Names(s.account.Name, logContainer, prefix, from) {
		if err != nil {
			s.Fatal(err)
		}
		if _, ok := s.blob(name); ok {
			names = append(names, name)
		}
	}
	return names
}

func (s *stage) blob(name string) (blob.Blob, bool) {
	s.Helper()
	b, ok, err := s.Blob(s.account.Name, logContainer, name)
	if err != nil {
		s.Fatal(err)
	}
	return b, ok
}

func (s *stage) content(b blob.Blob) string {
	s.Helper()
	var text strings.Builder
	if err := b.Copy(&text, 0, b.Size()); err != nil {
		s.Fatal(err)
	}
	return text.String()
}

func TestNamesAreInOrderAndCanBeCut(t *testing.T) {
	s := newStage(t)
	s.flowLog("b", s.vnet.ID)
	s.flowLog("a", s.vnet.Subnets[0].ID)
	s.clock.now = s.clock.now.Add(3 * time.Hour)
	all := s.there("", "")
	if !slices.IsSorted(all) || len(all) < 6 {
		t.Fatalf("names %q", all)
	}
	for i, name := range all {
		if got := s.there("", name); !slices.Equal(got, all[i:]) {
			t.Fatalf("from %s: %d names, want %d", name, len(got), len(all)-i)
		}
		for _, n := range []int{20, len(name) - 40, len(name)} {
			want := slices.DeleteFunc(slices.Clone(all), func(x string) bool { return !strings.HasPrefix(x, name[:n]) })
			if got := s.there(name[:n], ""); !slices.Equal(got, want) {
				t.Fatalf("with prefix %s: %d names, want %d", name[:n], len(got), len(want))
			}
		}
	}
	for _, bad := range []string{"", "x", strings.Replace(all[0], "h=", "h=9", 1), strings.Replace(all[0], "PT1H", "PT2H", 1), all[0] + "x", strings.ToLower(all[0])} {
		if _, ok := s.blob(bad); ok {
			t.Errorf("there is a blob %q", bad)
		}
	}
}

func TestBlobGrowsAsTheServiceCommits(t *testing.T) {
	s := newStage(t)
	s.flowLog("a", s.vnet.ID)
	var name, last string
	var tag string
	for range 20 {
		s.clock.now = s.clock.now.Add(time.Minute)
		names := s.there("", "")
		if len(names) == 0 {
			continue
		}
		if name == "" {
			name = names[0]
		}
		b, ok := s.blob(name)
		if !ok {
			t.Fatalf("%s went away", name)
		}
		text := s.content(b)
		if int64(len(text)) != b.Size() || b.Modified.After(s.clock.now) {
			t.Errorf("%d bytes of %d, modified %v at %v", len(text), b.Size(), b.Modified, s.clock.now)
		}
		if last != "" && !strings.HasPrefix(text, strings.TrimSuffix(last, "]}")) {
			t.Errorf("what was there changed")
		}
		if (text == last) != (b.ETag == tag) {
			t.Errorf("etag %s and content do not change together", b.ETag)
		}
		last, tag = text, b.ETag
		for _, cut := range [][2]int64{{0, 12}, {12, 40}, {b.Size() - 2, 2}, {5, b.Size() - 9}} {
			var part strings.Builder
			if err := b.Copy(&part, cut[0], cut[1]); err != nil || part.String() != text[cut[0]:cut[0]+cut[1]] {
				t.Errorf("bytes %v: %q, %v", cut, part.String(), err)
			}
		}
	}
	if name == "" {
		t.Fatal("no blob in 20 minutes")
	}
}

func TestMoreSpecificFlowLogTakesOver(t *testing.T) {
	s := newStage(t)
	nic := theModel(s).NICs(s.vnet.ID)[0]
	s.flowLog("net", s.vnet.ID)
	s.clock.now = s.clock.now.Add(30 * time.Minute)
	s.flowLog("nic", nic.ID)
	s.clock.now = s.clock.now.Add(25 * time.Minute)
	covered := map[string][]string{} // log to minutes of the interface
	for _, name := range s.there("", "") {
		b, _ := s.blob(name)
		var doc struct {
			Records []struct{ Time, MacAddress string }
		}
		if err := json.Unmarshal([]byte(s.content(b)), &doc); err != nil {
			t.Fatal(err)
		}
		for _, r := range doc.Records {
			if log := name[:strings.Index(name, "/y=")]; r.MacAddress == nic.MAC {
				log = log[strings.LastIndexByte(log, '_')+1:]
				covered[log] = append(covered[log], r.Time)
			}
		}
	}
	if len(covered["NET"]) == 0 || len(covered["NIC"]) == 0 {
		t.Fatalf("records %v", covered)
	}
	// Each writes its part of the minute in which one took over from the other.
	minute := len("2006-01-02T15:04")
	if slices.Max(covered["NET"])[:minute] > slices.Min(covered["NIC"])[:minute] {
		t.Errorf("both recorded: the VNet's log until %s, the interface's from %s", slices.Max(covered["NET"]), slices.Min(covered["NIC"]))
	}
}

func TestCaptureAppearsAfterItsEnd(t *testing.T) {
	s := newStage(t)
	var vm *world.VM
	for _, n := range theModel(s).NICs(s.vnet.ID) {
		if n.VM != nil && n.VM.Agent {
			vm = n.VM
		}
	}
	s.write("PUT", "/packetCaptures/a", fmt.Sprintf(`{"properties":{"target":%q,"timeLimitInSeconds":300,"storageLocation":{"storageId":%q}}}`, vm.ID, s.account.ID))
	find := func() (found []string) {
		for name, err := range s.Names(s.account.Name, "network-watcher-logs", "", "") {
			if err != nil {
				t.Fatal(err)
			}
			if _, ok, _ := s.Blob(s.account.Name, "network-watcher-logs", name); ok {
				found = append(found, name)
			}
		}
		return found
	}
	if c, err := s.Containers(s.account.Name); err != nil || len(c) > 0 || len(find()) > 0 {
		t.Errorf("containers %v and files %v while the capture runs (%v)", c, find(), err)
	}
	s.clock.now = s.clock.now.Add(10 * time.Minute)
	if c, err := s.Containers(s.account.Name); err != nil || len(c) != 1 || len(find()) != 1 {
		t.Errorf("containers %v and files %v after its end (%v)", c, find(), err)
	}
}

func TestLargeCaptureStreamsWithFlatMemory(t *testing.T) {
	s := newStage(t)
	var vm *world.VM
	for _, v := range s.o.World.VMs {
		if v.Agent && v.Power == "running" && v.Location == s.vnet.Location && strings.Contains(v.Name, "report") {
			vm = v
		}
	}
	if vm == nil {
		t.Fatal("the built-in world has no report machine any more: name another uploader here")
	}
	s.write("PUT", "/packetCaptures/a", fmt.Sprintf(`{"properties":{"target":%q,"totalBytesPerSession":134217728,"storageLocation":{"storageId":%q}}}`, vm.ID, s.account.ID))
	s.clock.now = s.clock.now.Add(6 * time.Hour)
	for name := range s.Names(s.account.Name, "network-watcher-logs", "", "") {
		b, ok, err := s.Blob(s.account.Name, "network-watcher-logs", name)
		if err != nil || !ok || b.Size() < 64<<20 {
			t.Fatalf("%s: %d bytes, %v", name, b.Size(), err)
		}
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := b.Copy(io.Discard, 0, b.Size()); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if grown := after.HeapSys - before.HeapSys; after.HeapSys > before.HeapSys && grown > 64<<20 {
			t.Errorf("the heap grew by %d for a capture of %d", grown, b.Size())
		}
		return
	}
	t.Fatal("no capture")
}

func TestSizesForgetTheOldest(t *testing.T) {
	s, calls := newSizes(), 0
	get := func(key string) { s.get(key, func() []committed { calls++; return nil }) }
	for i := range maxSizes {
		get(fmt.Sprint(i))
	}
	get("0")
	get("new")
	calls = 0
	get("0")
	get("1")
	if calls != 1 || s.order.Len() > maxSizes {
		t.Errorf("%d measured again, %d remembered", calls, s.order.Len())
	}
}

// theState is the state that s writes of, and theModel its traffic.
func theState(s *stage) *arm.State {
	st, err := s.srv.State()
	if err != nil {
		panic(err)
	}
	return st
}

func theModel(s *stage) *traffic.Model { return s.srv.Model(theState(s)) }
