package arm

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// CaptureSettings are the properties of a packet capture, as ARM writes them.
type CaptureSettings struct {
	Target          plan.ID         `json:"target"`
	Scope           CaptureScope    `json:"scope"`
	TargetType      string          `json:"targetType"`
	BytesPerPacket  *int64          `json:"bytesToCapturePerPacket"`
	BytesPerSession *int64          `json:"totalBytesPerSession,omitempty"` // not of a continuous capture: recording ps-packet-capture-vm-ring-buffer
	TimeLimit       *int64          `json:"timeLimitInSeconds,omitempty"`
	Storage         CaptureStorage  `json:"storageLocation"`
	Continuous      *bool           `json:"continuousCapture,omitempty"`
	Ring            *CaptureRing    `json:"captureSettings,omitempty"`
	Filters         []CaptureFilter `json:"filters"`
	LastQuery       string          `json:"queryPacketCaptureLastOperationId,omitempty"`
}

// CaptureScope are the instances of a scale set that are captured.
type CaptureScope struct {
	Include []string `json:"include"`
	Exclude []string `json:"exclude"`
}

// CaptureStorage is where a capture is written.
type CaptureStorage struct {
	Storage   plan.ID `json:"storageId,omitempty"`
	Path      string  `json:"storagePath"`
	FilePath  string  `json:"filePath,omitempty"`
	LocalPath string  `json:"localPath,omitempty"`
}

// CaptureFilter is one filter; an empty field is any.
type CaptureFilter struct {
	Protocol      string `json:"protocol"`
	LocalAddress  string `json:"localIPAddress"` // "" where a client said nothing: recording java-packet-capture-storage-filters
	LocalPort     string `json:"localPort"`
	RemoteAddress string `json:"remoteIPAddress"`
	RemotePort    string `json:"remotePort"`
}

// CaptureRing are the settings of a continuous capture.
type CaptureRing struct {
	Files     *int64 `json:"fileCount"`
	FileSize  *int64 `json:"fileSizeInBytes"`
	TimeLimit *int64 `json:"sessionTimeLimitInSeconds"`
}

// The types of target.
const (
	targetVM  = "AzureVM"
	targetSet = "AzureVMSS"
)

// fill sets what clients left out, as the service does.
func (s *CaptureSettings) fill() {
	orElse := func(p **int64, v int64) {
		if *p == nil {
			*p = &v
		}
	}
	orElse(&s.BytesPerPacket, 0)
	if !s.ring() {
		orElse(&s.BytesPerSession, 1<<30)
		orElse(&s.TimeLimit, 18000)
	} else {
		s.BytesPerSession, s.TimeLimit = nil, nil
	}
	s.LastQuery = ""
	if s.TargetType == "" {
		s.TargetType = targetVM
	}
	if s.Scope.Include == nil {
		s.Scope.Include = []string{}
	}
	if s.Scope.Exclude == nil {
		s.Scope.Exclude = []string{}
	}
	if s.Filters == nil {
		s.Filters = []CaptureFilter{}
	}
	if s.ring() {
		if s.Ring == nil {
			s.Ring = &CaptureRing{}
		}
		orElse(&s.Ring.Files, 10)
		orElse(&s.Ring.FileSize, 100<<20)
		orElse(&s.Ring.TimeLimit, 86400)
	}
}

// spell writes the instances of a scope as the service does: by their ids, of
// which a client may have given the number only (recording cli-packet-capture-vmss).
func (s *CaptureSettings) spell(set *world.ScaleSet) {
	for _, list := range [][]string{s.Scope.Include, s.Scope.Exclude} {
		for i, name := range list {
			for _, of := range set.Instances {
				if of.Number == name || of.ID.Is(plan.ID(name)) {
					list[i] = string(of.ID)
				}
			}
		}
	}
}

// ring reports whether the capture keeps the last of several files.
func (s *CaptureSettings) ring() bool { return s.Continuous != nil && *s.Continuous }

// stop ends the capture at a moment, unless it was stopped before.
func (c *Capture) stop(now time.Time) {
	if c.Stopped.IsZero() {
		c.Stopped = now.UTC()
	}
}

func (c *Capture) state(now time.Time) string {
	switch {
	case !c.Gone.IsZero():
		return "Deleting"
	case now.Before(c.Start):
		return "Updating"
	case c.Fate.failed():
		return "Failed"
	}
	return "Succeeded"
}

type captureDoc struct {
	Name       string  `json:"name"`
	ID         plan.ID `json:"id"`
	Etag       string  `json:"etag"`
	Properties struct {
		ProvisioningState string `json:"provisioningState"`
		CaptureSettings
	} `json:"properties"`
	Type string `json:"type"`

	early, first bool // before there was a scope, and before there was a type
}

// MarshalJSON leaves out what early versions of the service do not have
// (recordings net-packet-capture-2017, net-fluent-packet-capture-2018, and those
// of 2019 and 2020).
func (d captureDoc) MarshalJSON() ([]byte, error) {
	type all captureDoc
	text, err := json.Marshal(all(d))
	if err != nil || !d.early {
		return text, err
	}
	var doc, props map[string]json.RawMessage
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(doc["properties"], &props); err != nil {
		return nil, err
	}
	delete(props, "scope")
	delete(props, "targetType")
	if d.first {
		delete(doc, "type")
	}
	if doc["properties"], err = json.Marshal(props); err != nil {
		return nil, err
	}
	return json.Marshal(doc)
}

func (q *request) captureDoc(w *Watcher, c *Capture) captureDoc {
	doc := captureDoc{Name: c.ID.Name(), ID: c.ID, Etag: q.etag(w), Type: watcherType + "/packetCaptures"}
	doc.Properties.ProvisioningState, doc.Properties.CaptureSettings = c.state(q.now), c.Settings
	version := q.param("api-version")
	doc.early, doc.first = version < "2021", version < "2019"
	return doc
}

func (q *request) captureID(w *Watcher) plan.ID {
	return w.ID + "/packetCaptures/" + plan.ID(q.path["name"])
}

func (q *request) findCapture(st *State) (*Watcher, *Capture, error) {
	return findChild(q, st, "packetCaptures", st.capture)
}

func (q *request) listCaptures() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	w, err := q.findWatcher(st)
	if err != nil {
		return reply{}, err
	}
	var docs []captureDoc
	for _, c := range st.Captures {
		if c.ID.Parent().Is(w.ID) && there(c.Gone, q.now) {
			d := q.captureDoc(w, c)
			d.Properties.LastQuery = "" // recording cli-packet-capture-vmss
			docs = append(docs, d)
		}
	}
	return whole(docs)
}

func (q *request) getCapture() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	w, c, err := q.findCapture(st)
	if err != nil {
		return reply{}, err
	}
	return tagged(q.etag(w), q.captureDoc(w, c))
}

func (q *request) putCapture() (rep reply, err error) {
	var body struct {
		Properties CaptureSettings `json:"properties"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	body.Properties.fill()
	err = q.update(q.r.Context(), func(st *State) error {
		w, err := q.parent(st, "packetCaptures")
		if err != nil {
			return err
		}
		c := &Capture{ID: q.captureID(w), Settings: body.Properties, Created: q.now.UTC(), Start: q.now.Add(captureStartTime).UTC()}
		c.GUID = q.world.GUID(string(c.ID) + q.now.String())
		if err := q.checkCapture(st, w, c); err != nil {
			return err
		}
		if set, ok := q.described(st, c.Settings.Target).(*world.ScaleSet); ok {
			c.Settings.spell(set)
		}
		q.setPath(st, c)
		w.Serial++
		st.Captures = append(st.Captures, c)
		op, err := q.begin(st, c.ID, w.Location, captureStartTime, http.StatusOK, nil)
		if err != nil {
			return err
		}
		rep = q.started(op, http.StatusCreated, q.captureDoc(w, c))
		return nil
	})
	return rep, err
}

// captureContainer is where captures are written unless their maker says so.
const captureContainer = "network-watcher-logs"

// setPath makes up the blob's address if the client gave none: the target's id
// in lower case, and the time of creation.
func (q *request) setPath(st *State, c *Capture) {
	s := &c.Settings.Storage
	a, ok := q.described(st, s.Storage).(*world.StorageAccount)
	if !ok || s.Path != "" {
		return
	}
	t := c.Created
	s.Path = fmt.Sprintf("%s%s%s/%s/packetcapture_%s_%03d.cap", q.blobURL(a), captureContainer,
		strings.ToLower(string(c.Settings.Target)), t.Format("2006/01/02"), t.Format("15_04_05"), t.Nanosecond()/int(time.Millisecond))
}

func (q *request) stopCapture() (rep reply, err error) {
	err = q.update(q.r.Context(), func(st *State) error {
		w, c, err := q.findCapture(st)
		if err != nil {
			return err
		}
		if err := q.free(st, w.ID, c.ID); err != nil {
			return err
		}
		takes := quickDeleteTime
		if !q.Ended(st, c, q.now) {
			c.stop(q.now)
			takes = captureStopTime
		}
		w.Serial++
		op, err := q.begin(st, c.ID, w.Location, takes, http.StatusOK, nil)
		if err != nil {
			return err
		}
		op.Stop = true
		rep = q.accepted(op)
		return nil
	})
	return rep, err
}

// deleteCapture removes the record of a capture; the file stays. One that
// still runs is stopped.
func (q *request) deleteCapture() (rep reply, err error) {
	err = q.update(q.r.Context(), func(st *State) error {
		w, c, err := q.findCapture(st)
		if err != nil {
			rep = reply{status: http.StatusNoContent}
			return nil
		}
		if err := q.free(st, w.ID, c.ID); err != nil {
			return err
		}
		takes := deleteTime
		if q.now.Before(c.Start) {
			takes = quickDeleteTime
		}
		if !q.Ended(st, c, q.now) {
			c.stop(q.now)
		}
		w.Serial++
		c.Gone = q.now.Add(takes)
		op, err := q.begin(st, c.ID, w.Location, takes, http.StatusNoContent, nil)
		if err != nil {
			return err
		}
		rep = q.accepted(op)
		return nil
	})
	return rep, err
}
