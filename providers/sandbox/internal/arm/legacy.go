package arm

import (
	"encoding/json"
	"net/http"

	"flowctl/plan"
)

// legacyFlowLog is the document of configureFlowLog and queryFlowLogStatus.
type legacyFlowLog struct {
	Target     plan.ID `json:"targetResourceId"`
	Properties struct {
		Storage   plan.ID `json:"storageId"`
		Enabled   bool    `json:"enabled"`
		Retention any     `json:"retentionPolicy,omitempty"`
		Format    any     `json:"format,omitempty"`
	} `json:"properties"`
	Analytics any `json:"flowAnalyticsConfiguration,omitempty"`
}

func legacyOf(l *FlowLog) legacyFlowLog {
	doc := legacyFlowLog{Target: l.Settings.Target, Analytics: l.Settings.Analytics}
	doc.Properties.Storage, doc.Properties.Enabled = l.Settings.Storage, l.Settings.Enabled
	doc.Properties.Retention, doc.Properties.Format = l.Settings.Retention, l.Settings.Format
	return doc
}

// configureFlowLog is the way in which flow logs were made before they were
// resources; it makes or changes the one of its target.
func (q *request) configureFlowLog() (rep reply, err error) {
	var body struct {
		flowLogBody
		Target    plan.ID         `json:"targetResourceId"`
		Analytics json.RawMessage `json:"flowAnalyticsConfiguration"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	want := &FlowLog{Settings: body.settings(q.param("api-version"))}
	want.Settings.Target = body.Target
	if len(body.Analytics) > 0 {
		if err := json.Unmarshal(body.Analytics, &want.Settings.Analytics); err != nil {
			return reply{}, errInvalid("flowAnalyticsConfiguration", "%v.", err)
		}
		want.Settings.fill(q.param("api-version"))
	}
	err = q.update(q.r.Context(), func(st *State) error {
		w, err := q.parent(st, "flowLogs")
		if err != nil {
			return err
		}
		q.path["name"] = legacyName(st.flowLogOn(body.Target, q.now), body.Target)
		l, _, err := q.setFlowLog(st, w, want)
		if err != nil {
			return err
		}
		op, err := q.begin(st, l.ID, w.Location, flowLogWriteTime, http.StatusOK, legacyOf(l))
		if err != nil {
			return err
		}
		rep = q.accepted(op)
		return nil
	})
	return rep, err
}

// legacyName is the name of the target's flow log, or of a new one, as the
// portal would call it.
func legacyName(l *FlowLog, target plan.ID) string {
	if l != nil {
		return l.ID.Name()
	}
	return target.Name() + "-" + target.ResourceGroup() + "-flowlog"
}

func (q *request) queryFlowLogStatus() (rep reply, err error) {
	var body struct {
		Target plan.ID `json:"targetResourceId"`
	}
	if err := q.decode(&body); err != nil {
		return reply{}, err
	}
	err = q.update(q.r.Context(), func(st *State) error {
		w, err := q.findWatcher(st)
		if err != nil {
			return err
		}
		if err := q.near(st, body.Target, w.ID, w.Location); err != nil {
			return err
		}
		doc := legacyFlowLog{Target: body.Target, Analytics: map[string]any{}}
		doc.Properties.Retention = map[string]any{"days": 0, "enabled": false}
		if l := st.flowLogOn(body.Target, q.now); l != nil {
			doc = legacyOf(l)
		}
		rep, err = ok(doc) // at once: recordings cli-configure-flow-log and cli-nsg-flow-log-show
		return err
	})
	return rep, err
}
