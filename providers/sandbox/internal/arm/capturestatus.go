package arm

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/world"
)

// File is one file that a capture leaves in a storage account.
type File struct {
	ID        plan.ID // of the capture
	Account   string  // name
	Container string
	Name      string
	Capture   traffic.Capture
	From, To  time.Time // of its packets
	Size      int64
	Written   time.Time // when it appears
}

// uploadTime is how long after its end a capture's file appears.
const uploadTime = 4 * time.Second

// machine is one VM or scale set instance that a capture records.
type machine struct {
	id     plan.ID
	number string // of an instance; empty for a VM
}

// machines are those that a capture records. A scale set's instances are
// included or excluded; those that do not run record nothing.
func (s *Server) machines(st *State, c *Capture) []machine {
	settings := &c.Settings
	// A set is as it was when the capture began, however it was scaled since.
	of := s.then(st, c.Start).byID[settings.Target.Key()]
	if of == nil { // one that is being made
		of = s.liveAt(st, c.Start).byID[settings.Target.Key()]
	}
	switch r := of.(type) {
	case *world.VM:
		return []machine{{id: r.ID}}
	case *world.ScaleSet:
		var all []machine
		for _, i := range r.Instances {
			if i.Power == "running" && settings.covers(i) {
				all = append(all, machine{i.ID, i.Number})
			}
		}
		for _, v := range r.Machines {
			if v.Power == "running" && settings.coversID(v.ID, "") {
				all = append(all, machine{id: v.ID})
			}
		}
		return all
	}
	return nil
}

// traffic is the part of a capture that one machine records.
func (c *Capture) traffic(target plan.ID) traffic.Capture {
	s := &c.Settings
	t := traffic.Capture{Target: target, Start: c.Start, Snap: *s.BytesPerPacket}
	if !s.ring() {
		t.TimeLimit, t.MaxBytes = time.Duration(*s.TimeLimit)*time.Second, *s.BytesPerSession
	}
	for _, f := range s.Filters {
		t.Filters = append(t.Filters, f.plan())
	}
	if s.ring() {
		t.Ring = &traffic.Ring{Files: int(*s.Ring.Files), FileSize: *s.Ring.FileSize}
		t.TimeLimit, t.MaxBytes = time.Duration(*s.Ring.TimeLimit)*time.Second, 0
	}
	return t
}

func (f CaptureFilter) plan() plan.CaptureFilter {
	return plan.CaptureFilter{Protocol: f.Protocol, LocalAddress: f.LocalAddress, LocalPort: f.LocalPort,
		RemoteAddress: f.RemoteAddress, RemotePort: f.RemotePort}
}

// ending is when and why one machine's part of a capture ends.
type ending struct {
	at     time.Time
	reason string
	size   int64
}

// endCache remembers endings, which cost the model some work.
type endCache struct {
	mu    sync.Mutex
	known map[endKey]ending
}

type endKey struct {
	capture string
	machine plan.ID
	stopped time.Time
	model   *traffic.Model
}

// maxEndings is how many endings are remembered before all are forgotten.
const maxEndings = 10_000

func (s *Server) ending(st *State, c *Capture, m machine) ending {
	model := s.Model(st)
	key := endKey{c.GUID, m.id, c.Stopped, model}
	s.ends.mu.Lock()
	e, ok := s.ends.known[key]
	s.ends.mu.Unlock()
	if ok {
		return e
	}
	stop := c.Stopped
	if !stop.IsZero() && stop.Before(c.Start) {
		stop = c.Start
	}
	t := c.traffic(m.id)
	e.at, e.reason, e.size = model.CaptureEnd(t, stop)
	e = c.Fate.cutShort(e, func(at time.Time) int64 { return model.CaptureSize(t, at) })
	s.ends.mu.Lock()
	defer s.ends.mu.Unlock()
	if s.ends.known == nil || len(s.ends.known) >= maxEndings {
		s.ends.known = map[endKey]ending{}
	}
	s.ends.known[key] = e
	return e
}

// lastEnding is the ending of the whole capture: that of the machine that
// records longest.
func (s *Server) lastEnding(st *State, c *Capture) (last ending) {
	for _, m := range s.machines(st, c) {
		e := s.ending(st, c, m)
		if e.at.IsZero() {
			return e
		}
		if e.at.After(last.at) {
			last = e
		}
	}
	return last
}

// Ended reports whether no machine records for c any more.
func (s *Server) Ended(st *State, c *Capture, now time.Time) bool {
	e := s.lastEnding(st, c)
	return !e.at.IsZero() && !now.Before(e.at)
}

// Files lists the files that c leaves in storage accounts, those included
// that are not there yet.
func (s *Server) Files(st *State, c *Capture) []File {
	model := s.Model(st)
	account, container, name, ok := blobAt(c.Settings.Storage.Path)
	if !ok || c.Fate.lost() {
		return nil // only on the machine
	}
	var all []File
	for _, m := range s.machines(st, c) {
		e := s.ending(st, c, m)
		if e.at.IsZero() || s.took(st, m, e.at.Add(uploadTime)) {
			continue
		}
		t := c.traffic(m.id)
		for _, f := range model.CaptureFiles(t, e.at) {
			file := File{ID: c.ID, Account: account, Container: container, Name: m.fileName(name), Capture: t,
				From: f.From, To: f.To, Size: f.Size, Written: e.at.Add(uploadTime)}
			if t.Ring != nil {
				file.Name = numbered(file.Name, f.Number)
			}
			all = append(all, file)
		}
	}
	return all
}

// took reports whether a machine that is gone has taken along what it had recorded: it
// writes its file itself, at the capture's end. What it had written by then stays.
func (s *Server) took(st *State, m machine, written time.Time) bool {
	key := m.id.Key()
	return s.then(st, written).byID[key] == nil && slices.ContainsFunc(st.History, func(e *Event) bool {
		return !e.At.After(written) && (e.ID.Key() == key || e.ID.Key() == m.id.Parent().Key())
	})
}

// fileName is where a machine's part of a capture goes: for instances, below
// a folder of the scale set.
func (m machine) fileName(name string) string {
	if m.number == "" {
		return name
	}
	folder := "virtualmachines/" + m.number + "/"
	set := "/virtualmachinescalesets/" + strings.ToLower(m.id.Parent().Name()) + "/"
	if i := strings.Index(name, set); i >= 0 {
		return name[:i+len(set)] + folder + name[i+len(set):]
	}
	i := strings.LastIndexByte(name, '/') + 1
	return name[:i] + folder + name[i:]
}

// captureStatusDoc is the document of queryStatus.
type captureStatusDoc struct {
	Name   string   `json:"name"`
	ID     plan.ID  `json:"id"`
	Start  string   `json:"captureStartTime,omitempty"`
	Status string   `json:"packetCaptureStatus"`
	Reason string   `json:"stopReason,omitempty"`
	Errors []string `json:"packetCaptureError"`
}

// sevenDigits is the time format of queryStatus.
const sevenDigits = "2006-01-02T15:04:05.0000000Z"

// captureStatus tells at once how a capture is; of one that runs the service
// says so with 202 and where to ask again (recording
// ps-packet-capture-vm-ring-buffer).
func (q *request) captureStatus() (rep reply, err error) {
	err = q.update(q.r.Context(), func(st *State) error {
		w, c, err := q.findCapture(st)
		if err != nil {
			return err
		}
		doc := q.statusOf(st, c)
		op, err := q.begin(st, c.ID, w.Location, 0, http.StatusOK, doc)
		if err != nil {
			return err
		}
		c.Settings.LastQuery = op.ID
		rep = reply{status: http.StatusOK, body: doc}
		if doc.Status == "Running" {
			rep.status, rep.header = http.StatusAccepted, http.Header{"Location": {q.operationURL(op, "operationResults")}}
			rep.header.Set("Retry-After", "10") // recordings net-packet-capture-2017, extension-agent-windows-2017
			op.Quiet = true
		}
		return nil
	})
	return rep, err
}

func (q *request) statusOf(st *State, c *Capture) captureStatusDoc {
	doc := captureStatusDoc{Name: c.ID.Name(), ID: c.ID, Status: "Running", Errors: []string{}}
	if q.now.Before(c.Start) {
		doc.Status = "NotStarted"
		return doc
	}
	doc.Start = c.Start.UTC().Format(sevenDigits)
	if q.Ended(st, c, q.now) {
		e := q.lastEnding(st, c)
		doc.Status, doc.Reason = "Stopped", e.reason
		c.Fate.tell(&doc, e)
	}
	return doc
}

// numbered is the name of one file of a continuous capture.
func numbered(name string, n int) string {
	return fmt.Sprintf("%s_%d.cap", strings.TrimSuffix(name, ".cap"), n)
}
