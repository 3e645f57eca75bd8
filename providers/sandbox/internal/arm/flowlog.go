package arm

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"flowctl/plan"
)

// FlowLogSettings are the properties of a flow log that clients set, as ARM
// writes them.
type FlowLogSettings struct {
	Target     plan.ID `json:"targetResourceId"`
	TargetGUID string  `json:"targetResourceGuid"`
	Storage    plan.ID `json:"storageId"`
	Enabled    bool    `json:"enabled"`
	Analytics  struct {
		Workspace *Analytics `json:"networkWatcherFlowAnalyticsConfiguration,omitempty"`
	} `json:"flowAnalyticsConfiguration"`
	Retention struct {
		Days    int  `json:"days"`
		Enabled bool `json:"enabled"`
	} `json:"retentionPolicy"`
	Format struct {
		Type    string `json:"type"`
		Version int    `json:"version"`
	} `json:"format"`
	Filter      string `json:"enabledFilteringCriteria,omitempty"`
	RecordTypes string `json:"recordTypes,omitempty"`
}

// Analytics sends a flow log to Traffic Analytics.
type Analytics struct {
	Enabled         bool    `json:"enabled"`
	WorkspaceID     string  `json:"workspaceId,omitempty"`
	WorkspaceRegion string  `json:"workspaceRegion,omitempty"`
	Workspace       plan.ID `json:"workspaceResourceId,omitempty"`
	Interval        int     `json:"trafficAnalyticsInterval"`
}

// fill sets what clients left out, as the service does.
func (s *FlowLogSettings) fill(version string) {
	if s.Format.Type == "" && s.Format.Version == 0 && !strings.EqualFold(s.Target.Type(), nsgType) && version >= sinceFlowLogJSON {
		s.Format.Type, s.Format.Version = "FlowLogJSON", 2
	}
	if s.Format.Type == "" {
		s.Format.Type = "JSON"
	}
	if s.Format.Version == 0 {
		s.Format.Version = 1
	}
	if a := s.Analytics.Workspace; a != nil && a.Interval == 0 {
		a.Interval = 60
	}
}

// sinceFlowLogJSON is the first api-version in which flow logs of networks
// have that format unless a client says otherwise, and in which they show
// their filter also if they have none (recordings ps-vnet-flow-log-*,
// cli-vnet-flow-log-create).
const sinceFlowLogJSON = "2024-01-01"

func (s *FlowLogSettings) run(since time.Time) Run {
	return Run{Target: s.Target, Storage: s.Storage, Since: since.UTC(), RecordTypes: s.RecordTypes, Filter: s.Filter}
}

// end ends what the log records at the moment.
func (l *FlowLog) end(now time.Time) {
	if n := len(l.Runs); n > 0 && l.Runs[n-1].Until.IsZero() {
		last := &l.Runs[n-1]
		last.Until = now.UTC()
		if !last.Until.After(last.Since) { // it never began
			l.Runs = l.Runs[:n-1]
		}
	}
}

// restart makes the log record by its settings from now on.
func (l *FlowLog) restart(now time.Time) {
	want := l.Settings.run(now)
	if n := len(l.Runs); n > 0 && l.Runs[n-1].Until.IsZero() && l.Settings.Enabled {
		last := l.Runs[n-1]
		last.Since = want.Since
		if last == want {
			return
		}
	}
	l.end(now)
	if l.Settings.Enabled {
		l.Runs = append(l.Runs, want)
	}
}

// BlobPrefix is the beginning of the names of the log's blobs, up to /y=.
func (l *FlowLog) BlobPrefix() string {
	return "flowLogResourceID=/" + strings.ToUpper(l.ID.Subscription()+"_"+l.ID.ResourceGroup()+"/"+
		l.ID.Parent().Name()+"_"+l.ID.Name())
}

func (l *FlowLog) state(now time.Time) string {
	switch {
	case !l.Gone.IsZero():
		return "Deleting"
	case now.Before(l.Ready):
		return "Updating"
	case l.Fate.failed():
		return "Failed"
	}
	return "Succeeded"
}

// flowLogDoc has the order of keys that recordings show.
type flowLogDoc struct {
	Name       string  `json:"name"`
	ID         plan.ID `json:"id"`
	Etag       string  `json:"etag"`
	Properties struct {
		ProvisioningState string `json:"provisioningState"`
		FlowLogSettings
		Filter      *string `json:"enabledFilteringCriteria,omitempty"` // these stand for those of the settings
		RecordTypes string  `json:"recordTypes,omitempty"`
	} `json:"properties"`
	Type     string            `json:"type"`
	Location string            `json:"location"`
	Tags     map[string]string `json:"tags,omitempty"`
	Identity json.RawMessage   `json:"identity,omitempty"`
}

func (q *request) flowLogDoc(st *State, w *Watcher, l *FlowLog) flowLogDoc {
	doc := flowLogDoc{Name: l.ID.Name(), ID: l.ID, Etag: q.etag(w), Type: watcherType + "/flowLogs",
		Location: l.Location, Tags: l.Tags, Identity: q.flowLogIdentity(l)}
	doc.Properties.ProvisioningState, doc.Properties.FlowLogSettings = l.state(q.now), l.Settings
	_, doc.Properties.TargetGUID, _ = q.targetOf(st, l.Settings.Target)
	p := &doc.Properties
	p.RecordTypes = l.Settings.RecordTypes
	reads := q.r.Method == http.MethodGet && q.param("api-version") >= sinceFlowLogJSON
	if l.Settings.Filter != "" || l.FilterSent || reads {
		p.Filter = &l.Settings.Filter
	}
	if !l.Settings.Enabled { // a log that is off shows no retention
		doc.Properties.Retention.Days, doc.Properties.Retention.Enabled = 0, false
	}
	return doc
}

func (q *request) flowLogID(w *Watcher) plan.ID { return w.ID + "/flowLogs/" + plan.ID(q.path["name"]) }

func (q *request) listFlowLogs() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	w, err := q.findWatcher(st)
	if err != nil {
		return reply{}, err
	}
	var all []*FlowLog
	for _, l := range st.FlowLogs {
		if l.ID.Parent().Is(w.ID) && there(l.Gone, q.now) {
			all = append(all, l)
		}
	}
	return paged(q, all, func(l *FlowLog) flowLogDoc { return q.flowLogDoc(st, w, l) })
}

func (q *request) findFlowLog(st *State) (*Watcher, *FlowLog, error) {
	return findChild(q, st, "flowLogs", st.flowLog)
}

func (q *request) getFlowLog() (reply, error) {
	st, err := q.State()
	if err != nil {
		return reply{}, err
	}
	w, l, err := q.findFlowLog(st)
	if err != nil {
		return reply{}, err
	}
	return ok(q.flowLogDoc(st, w, l)) // without a header for the etag, which captures have
}

// flowLogIdentity is the identity of a flow log as the service writes it:
// userAssigned with a small letter, and who each one is once the write is done
// (recording ps-vnet-flow-log-managed-identity).
func (q *request) flowLogIdentity(l *FlowLog) json.RawMessage {
	var doc map[string]any
	if len(l.Identity) == 0 || json.Unmarshal(l.Identity, &doc) != nil {
		return l.Identity
	}
	switch kind := text(doc, "type"); {
	case kind == "" || strings.EqualFold(kind, "none"):
		return nil
	case strings.EqualFold(kind, "userAssigned"):
		doc["type"] = "userAssigned"
	}
	users := object(doc, "userAssignedIdentities")
	for name := range users {
		who := map[string]any{"principalId": "", "clientId": ""}
		if !q.now.Before(l.Ready) {
			who["principalId"], who["clientId"] = q.world.GUID("principal of "+strings.ToLower(name)), q.world.GUID("client of "+strings.ToLower(name))
		}
		users[name] = who
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return l.Identity
	}
	return raw
}

// flowLogBody is what a PUT says. What it leaves out takes the defaults.
type flowLogBody struct {
	Location   string            `json:"location"`
	Tags       map[string]string `json:"tags"`
	Identity   json.RawMessage   `json:"identity"`
	Properties struct {
		FlowLogSettings
		Enabled *bool   `json:"enabled"`
		Filter  *string `json:"enabledFilteringCriteria"`
	} `json:"properties"`
}

func (b *flowLogBody) settings(version string) FlowLogSettings {
	s := b.Properties.FlowLogSettings
	if b.Properties.Filter != nil {
		s.Filter = *b.Properties.Filter
	}
	s.Enabled = b.Properties.Enabled == nil || *b.Properties.Enabled
	s.TargetGUID = ""
	s.fill(version)
	return s
}

func (q *request) putFlowLog() (reply, error) {
	var body flowLogBody
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	return q.writeFlowLog(&FlowLog{Location: body.Location, Tags: body.Tags, Identity: body.Identity, Settings: body.settings(q.param("api-version")),
		FilterSent: body.Properties.Filter != nil})
}

// writeFlowLog creates the flow log in the path or changes it to want.
func (q *request) writeFlowLog(want *FlowLog) (rep reply, err error) {
	err = q.update(q.r.Context(), func(st *State) error {
		w, err := q.parent(st, "flowLogs")
		if err != nil {
			return err
		}
		l, code, err := q.setFlowLog(st, w, want)
		if err != nil {
			return err
		}
		op, err := q.begin(st, l.ID, w.Location, flowLogWriteTime, http.StatusOK, nil)
		if err != nil {
			return err
		}
		rep = q.started(op, code, q.flowLogDoc(st, w, l))
		return nil
	})
	return rep, err
}

// setFlowLog puts want under its name into the state.
func (q *request) setFlowLog(st *State, w *Watcher, want *FlowLog) (l *FlowLog, code int, err error) {
	old := st.flowLog(q.flowLogID(w), q.now)
	if err := q.checkFlowLog(st, w, old, want); err != nil {
		return nil, 0, err
	}
	l, code = old, http.StatusOK
	if old == nil {
		code = http.StatusCreated
		l = &FlowLog{ID: q.flowLogID(w), GUID: q.world.GUID(string(q.flowLogID(w)) + q.now.String()), Location: w.Location}
		st.FlowLogs = append(st.FlowLogs, l)
	}
	w.Serial++
	l.Tags, l.Identity, l.Settings, l.FilterSent, l.Fate = want.Tags, want.Identity, want.Settings, want.FilterSent, nil
	l.Ready = q.now.Add(flowLogWriteTime)
	l.restart(l.Ready)
	return l, code, q.retain(st, l)
}

func (q *request) patchFlowLog() (rep reply, err error) {
	var body struct {
		Tags map[string]string `json:"tags"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	err = q.update(q.r.Context(), func(st *State) error {
		w, l, err := q.findFlowLog(st)
		if err != nil {
			return err
		}
		if err := q.free(st, w.ID, l.ID); err != nil {
			return err
		}
		w.Serial++
		l.Tags = body.Tags
		rep, err = tagged(q.etag(w), q.flowLogDoc(st, w, l))
		return err
	})
	return rep, err
}

func (q *request) deleteFlowLog() (rep reply, err error) {
	err = q.update(q.r.Context(), func(st *State) error {
		w, l, err := q.findFlowLog(st)
		if err != nil {
			rep = reply{status: http.StatusNoContent}
			return nil
		}
		if err := q.free(st, w.ID, l.ID); err != nil {
			return err
		}
		w.Serial++
		l.end(q.now)
		l.Gone = q.now.Add(deleteTime)
		op, err := q.begin(st, l.ID, w.Location, deleteTime, http.StatusNoContent, nil)
		if err != nil {
			return err
		}
		rep = q.accepted(op)
		return nil
	})
	return rep, err
}
