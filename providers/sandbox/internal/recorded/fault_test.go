package recorded

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"flowctl/providers/sandbox/internal/blob"
	"flowctl/providers/sandbox/internal/world"
)

// one is the flow log's only blob of a network interface at the moment.
func (s *stage) one(prefix string) (blob.Blob, bool) {
	s.Helper()
	for _, name := range s.there("", "") {
		if strings.HasPrefix(name, prefix) {
			return s.blob(name)
		}
	}
	return blob.Blob{}, false
}

// recordsIn is how many records a blob has.
func recordsIn(b blob.Blob) int { return max(0, len(b.Blocks)-2) }

// grow watches the first blob of a new flow log for a while, beside that of a
// world without the fault, and returns how many records each had in every
// minute.
func grow(t *testing.T, more string) (got, usual []int) {
	t.Helper()
	s, plain := stageWith(t, more), newStage(t)
	for _, x := range []*stage{s, plain} {
		x.flowLog("a", x.vnet.ID)
	}
	name, last := "", ""
	for minute := range 110 {
		s.clock.now, plain.clock.now = s.clock.now.Add(time.Minute), plain.clock.now.Add(time.Minute)
		if name == "" {
			if all := plain.there("", ""); len(all) > 0 {
				name = all[0]
			}
		}
		b, ok := s.blob(name)
		u, _ := plain.blob(name)
		got, usual = append(got, recordsIn(b)), append(usual, recordsIn(u))
		if !ok || minute%10 != 0 {
			continue
		}
		text := s.content(b)
		if int64(len(text)) != b.Size() || !strings.HasPrefix(text, `{"records":[{`) || !strings.HasSuffix(text, "}]}") {
			t.Fatalf("the blob is not whole: %d bytes of %d", len(text), b.Size())
		}
		if !strings.HasPrefix(text, strings.TrimSuffix(last, "]}")) {
			t.Fatal("what was there changed")
		}
		last = text
	}
	return got, usual
}

// at is the value of a minute before the first.
func at(all []int, i int) int {
	if i < 0 {
		return 0
	}
	return all[i]
}

func TestBlobsThatAreLate(t *testing.T) {
	got, usual := grow(t, "\nfault \"f\" {\n operation = \"flow_log.record\"\n effect = \"late\"\n delay = \"20m\"\n}\n")
	for i := range got {
		if got[i] != at(usual, i-20) {
			t.Fatalf("minute %d: %d records, want those of 20 minutes before, %d", i, got[i], at(usual, i-20))
		}
	}
	if got[len(got)-1] == 0 {
		t.Error("they never come")
	}
}

func TestBlobsThatNeverCome(t *testing.T) {
	got, usual := grow(t, "\nfault \"f\" {\n operation = \"flow_log.record\"\n effect = \"never\"\n}\n")
	if got[len(got)-1] != 0 || usual[len(usual)-1] == 0 {
		t.Errorf("%d records of usually %d", got[len(got)-1], usual[len(usual)-1])
	}
	got, usual = grow(t, "\nfault \"f\" {\n operation = \"flow_log.record\"\n effect = \"never\"\n after = \"10m\"\n}\n")
	if end := got[len(got)-1]; end == 0 || end >= usual[len(usual)-1] {
		t.Errorf("from 10 minutes on: %d records of usually %d", end, usual[len(usual)-1])
	}
}

func TestBlobsThatStayShort(t *testing.T) {
	got, usual := grow(t, "\nfault \"f\" {\n operation = \"flow_log.record\"\n effect = \"short\"\n blocks = 3\n delay = \"30m\"\n}\n")
	short := 0
	for i := range got {
		if got[i] == usual[i]-3 {
			short++
		}
	}
	if short < 30 {
		t.Errorf("the last 3 blocks are missing in %d of %d minutes", short, len(got))
	}
	if end := got[len(got)-1]; end != usual[len(usual)-1] {
		t.Errorf("in the end %d records of %d", end, usual[len(usual)-1])
	}
	got, usual = grow(t, "\nfault \"f\" {\n operation = \"flow_log.record\"\n effect = \"short\"\n blocks = 3\n}\n")
	if end := got[len(got)-1]; end != usual[len(usual)-1]-3 {
		t.Errorf("for ever short: %d records of %d", end, usual[len(usual)-1])
	}
}

// A log that is removed goes on to lack its last blocks, and loses none that
// it had.
func TestShortBlobsDoNotShrink(t *testing.T) {
	s := stageWith(t, "\nfault \"f\" {\n operation = \"flow_log.record\"\n effect = \"short\"\n blocks = 3\n delay = \"15m\"\n}\n")
	s.flowLog("a", s.vnet.ID)
	s.clock.now = s.clock.now.Add(12 * time.Minute)
	before, ok := s.one("")
	if !ok {
		t.Fatal("no blob after 12 minutes")
	}
	s.write("DELETE", "/flowLogs/a", "")
	last := recordsIn(before)
	for range 30 {
		s.clock.now = s.clock.now.Add(time.Minute)
		b, _ := s.one("")
		if recordsIn(b) < last {
			t.Fatalf("%d records became %d", last, recordsIn(b))
		}
		last = recordsIn(b)
	}
	if last <= recordsIn(before) {
		t.Errorf("the last blocks never came: %d, then %d", recordsIn(before), last)
	}
}

func TestFaultsOfOneInterface(t *testing.T) {
	base := newStage(t)
	nics := theModel(base).NICs(base.vnet.ID)
	s := stageWith(t, fmt.Sprintf("\nfault \"f\" {\n operation = \"flow_log.record\"\n target = %q\n effect = \"never\"\n}\n", nics[0].Name))
	s.flowLog("a", s.vnet.ID)
	s.clock.now = s.clock.now.Add(30 * time.Minute)
	for _, name := range s.there("", "") {
		if strings.Contains(name, nics[0].MAC) {
			t.Errorf("there is %s", name)
		}
	}
	if len(s.there("", "")) == 0 {
		t.Error("the other interfaces have no blobs")
	}
}

// capture makes a capture of a minute and returns its file when it has been
// there for a while.
func capture(t *testing.T, s *stage) (account, container, name string) {
	t.Helper()
	var vm *world.VM
	for _, v := range s.o.World.VMs {
		if v.Agent && v.Power == "running" && v.Location == s.vnet.Location {
			vm = v
		}
	}
	s.write("PUT", "/packetCaptures/p", fmt.Sprintf(`{"properties":{"target":%q,"timeLimitInSeconds":60,"totalBytesPerSession":100000,"storageLocation":{"storageId":%q}}}`, vm.ID, s.account.ID))
	st, err := s.srv.State()
	if err != nil {
		t.Fatal(err)
	}
	f := s.srv.Files(theState(s), st.Captures[0])[0]
	return f.Account, f.Container, f.Name
}

func TestFilesOfCaptures(t *testing.T) {
	plain := newStage(t)
	account, container, name := capture(t, plain)
	plain.clock.now = plain.clock.now.Add(2 * time.Minute)
	whole, ok, err := plain.Blob(account, container, name)
	if err != nil || !ok {
		t.Fatalf("no file: %v", err)
	}
	tests := map[string]struct {
		fault       string
		soon, later int64 // bytes after 2 and after 20 minutes; -1: no blob
	}{
		"late":           {"effect = \"late\"\n delay = \"10m\"", -1, whole.Size()},
		"never":          {"effect = \"never\"", -1, -1},
		"short":          {"effect = \"short\"\n bytes = \"100B\"", whole.Size() - 100, whole.Size() - 100},
		"short at first": {"effect = \"short\"\n bytes = \"100B\"\n delay = \"10m\"", whole.Size() - 100, whole.Size()},
		"another":        {"effect = \"never\"\n target = \"vm-none\"", whole.Size(), whole.Size()},
	}
	for label, tt := range tests {
		t.Run(label, func(t *testing.T) {
			s := stageWith(t, "\nfault \"f\" {\n operation = \"packet_capture.upload\"\n "+tt.fault+"\n}\n")
			capture(t, s)
			for _, want := range []int64{tt.soon, tt.later} {
				s.clock.now = s.clock.now.Add(2 * time.Minute)
				b, ok, err := s.Blob(account, container, name)
				if err != nil || ok != (want >= 0) || ok && (b.Size() != want || int64(len(s.content(b))) != want) {
					t.Errorf("after %v: %v, %d bytes (%v), want %d", s.clock.now.Sub(s.o.World.Epoch), ok, b.Size(), err, want)
				}
				s.clock.now = s.clock.now.Add(18 * time.Minute)
			}
		})
	}
}
