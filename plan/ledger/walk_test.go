package ledger

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"flowctl/plan"
)

var seed = flag.Uint64("seed", 0, "walk this seed alone, and print each step")

// TestWalks lets a session live through random faults, changes by others, lost
// ledgers and jumps of time, as the table says, against a small model of
// Resource Manager. What users are promised is checked after every step, and
// once the faults stop, everything must come to its end.
func TestWalks(t *testing.T) {
	if *seed != 0 {
		if err := walk(*seed, t.Logf); err != nil {
			t.Fatal(err)
		}
		return
	}
	for n := range uint64(3000) {
		if err := walk(n+1, func(string, ...any) {}); err != nil {
			t.Fatalf("seed %d: %v; go test ./plan/ledger -run TestWalks -seed %d -v shows it", n+1, err, n+1)
		}
	}
}

// model is one name in Resource Manager, and the data that its recording has
// written. Writes take ticks.
type model struct {
	there, on, foreign bool
	creating, deleting int
	written            int // minutes of data of ours, in storage
}

func (m *model) tick(minutes, inTime int) {
	if m.there && m.on && !m.foreign && m.creating == 0 {
		m.written += inTime
	}
	if m.creating > 0 {
		m.creating--
	}
	if m.deleting > 0 {
		if m.deleting--; m.deleting == 0 {
			m.there, m.on, m.foreign = false, false, false
		}
	}
}

func (m *model) recording(k Kind) (plan.Recording, error) {
	if !m.there {
		return plan.Recording{}, plan.ErrNotFound
	}
	r := plan.Recording{Mechanism: plan.FlowLog, Target: "/t", Storage: "/s", Enabled: m.on, FlowLog: &plan.FlowLogSpec{}}
	if k == Capture {
		r.Mechanism, r.FlowLog, r.Capture, r.State = plan.PacketCapture, nil, &plan.CaptureSpec{}, plan.CaptureStopped
		if m.on {
			r.State = plan.CaptureRunning
		}
	}
	switch {
	case m.foreign:
		r.Tags = map[string]string{plan.TagOwner: "b"}
	case m.deleting > 0:
		r.Provisioning = "Deleting"
	case m.creating > 0:
		r.Provisioning = "Creating"
	}
	return r, nil
}

// walker is one session on its way.
type walker struct {
	rnd        *rand.Rand
	kind       Kind
	session    plan.Session
	arm        model
	entry      Entry
	saved      Entry
	now        time.Time
	start, end time.Time
	fetched    int // minutes of data that were brought
	lost       bool
	faults     bool
	log        func(string, ...any)
}

const settle = 5 * time.Minute

func walk(seed uint64, log func(string, ...any)) error {
	rnd := rand.New(rand.NewPCG(seed, 11))
	began := time.Date(2026, 11, 12, 8, 0, 0, 0, time.UTC)
	w := &walker{rnd: rnd, kind: []Kind{Log, Capture}[rnd.IntN(2)], now: began, faults: true, log: log}
	w.session = plan.Session{Mechanism: plan.FlowLog, Target: plan.Target{ID: "/t"}, Storage: "/s", FlowLog: &plan.FlowLogSpec{}, Tags: map[string]string{plan.TagOwner: "a"}}
	if w.kind == Capture {
		w.session.Mechanism, w.session.FlowLog, w.session.Capture = plan.PacketCapture, nil, &plan.CaptureSpec{}
	}
	w.entry = Entry{Session: w.session}
	w.saved = w.entry
	w.start = began.Add(time.Duration(rnd.IntN(20)-5) * time.Minute)
	w.end = w.start.Add(time.Duration(5+rnd.IntN(60)) * time.Minute)
	for range 10 + rnd.IntN(60) {
		w.disturb()
		if err := w.step(); err != nil {
			return err
		}
		w.pass(rnd.IntN(8))
	}
	w.faults = false
	for range 80 {
		if err := w.step(); err != nil {
			return err
		}
		w.pass(3)
	}
	return w.atTheEnd()
}

func (w *walker) pass(minutes int) {
	left := int(w.end.Sub(w.now) / time.Minute)
	w.arm.tick(minutes, max(0, min(minutes, left)))
	w.now = w.now.Add(time.Duration(minutes) * time.Minute)
}

// disturb lets others and accidents happen.
func (w *walker) disturb() {
	switch w.rnd.IntN(24) {
	case 0: // somebody deletes it
		if w.arm.there {
			w.arm.deleting = 1 + w.rnd.IntN(2)
			w.log("others delete it")
		}
	case 1: // or switches it off, or on
		w.arm.on = w.arm.there && !w.arm.on && w.kind == Log
		w.log("others switch it to on=%v", w.arm.on)
	case 2: // the process is killed
		w.entry = *w.saved.Clone()
		w.log("killed")
	case 3: // and the ledger is lost
		w.entry = Entry{Session: w.session}
		w.saved, w.lost = w.entry, true
		w.log("ledger lost")
	case 4: // the machine sleeps
		w.pass(w.rnd.IntN(200))
		w.log("slept until %s", w.now.Format(time.TimeOnly))
	case 5: // somebody has the same name
		if !w.arm.there {
			w.arm = model{there: true, on: true, foreign: true, written: w.arm.written}
			w.log("others take the name")
		}
	case 6:
		if w.arm.foreign {
			w.arm.there, w.arm.foreign, w.arm.on = false, false, false
			w.log("others leave the name")
		}
	}
}

var errFault = errors.New("500")

// step does what the table says, as apply does: what is going to be written
// is saved before, and what was seen after.
func (w *walker) step() error {
	rec, err := w.arm.recording(w.kind)
	if w.faults && w.rnd.IntN(8) == 0 {
		err = errFault
	}
	shown, when := Look(w.session, rec, err), w.when()
	step, why := Next(w.kind, w.entry.Stand(), shown, when)
	w.log("%s %s, shown %s, %s: %s (%s)", w.now.Format(time.TimeOnly), w.entry.Stand(), shown, when, step, why)
	if w.arm.foreign && (step == Start || step == Stop || step == Remove) {
		return fmt.Errorf("%s of what is somebody else's", step)
	}
	w.do(step)
	if w.rnd.IntN(3) > 0 || !w.faults {
		w.saved = *w.entry.Clone()
	}
	return nil
}

func (w *walker) when() When {
	end, s := w.end, settle
	if w.kind == Capture {
		s = 0
	}
	if e := w.entry.Ended; e != nil && e.At.Before(end) {
		end = e.At
	}
	return At(w.now, w.start, end, s)
}

func (w *walker) do(step Step) {
	refused := w.faults && w.rnd.IntN(6) == 0
	silent := w.faults && w.rnd.IntN(6) == 0 // it is done, and the answer is lost
	switch step {
	case Start:
		w.entry.Asked = w.now
		w.saved = *w.entry.Clone()
		if refused || w.arm.there {
			return
		}
		w.arm.there, w.arm.on, w.arm.creating = true, true, w.rnd.IntN(2)
		if !silent {
			w.entry.Created = w.now
		}
	case Adopt:
		w.entry.Created, w.entry.Failed = w.now, nil
	case Stop:
		if w.entry.Ended == nil {
			w.entry.Ended = &Ended{w.now, "end of the window"}
		}
		if !refused {
			w.arm.on = false
		}
	case Report:
		if s := w.entry.Stand(); s == Recording {
			w.entry.Ended = &Ended{w.now, "as seen"}
		} else if s == Collected {
			w.entry.Removed = w.now
		}
	case Fetch:
		if !refused {
			w.fetched = w.arm.written
			w.entry.Fetched = &Fetched{At: w.now}
			if w.entry.Ended == nil {
				w.entry.Ended = &Ended{w.now, "as seen"}
			}
			w.saved = *w.entry.Clone()
		}
	case Remove:
		if !refused {
			w.arm.deleting = 1 + w.rnd.IntN(2)
			if !silent && w.entry.Stand() == Collected {
				w.entry.Removed = w.now
			}
		}
	}
}

func (w *walker) atTheEnd() error {
	switch s := w.entry.Stand(); {
	case w.arm.there && !w.arm.foreign:
		return fmt.Errorf("it is still there; the ledger says %s", s)
	case s != Gone && s != Planned && s != Starting && s != GivenUp:
		return fmt.Errorf("it is gone and the ledger says %s", s)
	case w.fetched != w.arm.written && !w.lost && s == Gone:
		return fmt.Errorf("%d of %d minutes were brought", w.fetched, w.arm.written)
	}
	return nil
}
