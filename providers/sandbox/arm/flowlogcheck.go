package arm

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"flowctl/plan"
	"flowctl/providers/sandbox/traffic"
)

// flowLogTargets are the resource types that new flow logs may have.
var flowLogTargets = []string{"microsoft.network/virtualnetworks", "microsoft.network/virtualnetworks/subnets", "microsoft.network/networkinterfaces"}

// checkFlowLog refuses what the service would not do. old is nil if the log is
// to be made.
func (q *request) checkFlowLog(st *State, w *Watcher, old, want *FlowLog) error {
	at := q.flowLogID(w)
	s := want.Settings
	for _, check := range []func() error{
		func() error { return q.needRegistered(st, "Microsoft.Insights") },
		func() error {
			if !validName(q.path["name"]) {
				return errName(q.path["name"])
			}
			return nil
		},
		func() error { return q.free(st, w.ID, at) },
		func() error { return q.checkFlowLogTarget(st, w, old, want) },
		func() error {
			a, err := q.checkStorage(s.Storage, at, w.Location)
			if err == nil && s.Retention.Enabled && s.Retention.Days > 0 && a.Kind != "StorageV2" {
				err = errInvalid("retentionPolicy", "Retention needs a general purpose v2 storage account; %s is of kind %s.", a.Name, a.Kind)
			}
			return err
		},
		func() error { return checkFlowLogSettings(s) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (q *request) checkFlowLogTarget(st *State, w *Watcher, old, want *FlowLog) error {
	at, target := q.flowLogID(w), want.Settings.Target
	if want.Location != "" && !sameRegion(want.Location, w.Location) {
		return refuse(http.StatusBadRequest, "InvalidResourceLocation", "The location '%s' of flow log %s is not that of its network watcher, '%s'.",
			want.Location, at.Name(), w.Location)
	}
	if target == "" {
		return errInvalid("targetResourceId", "It is required.")
	}
	kind := strings.ToLower(target.Type())
	isNSG := kind == strings.ToLower(nsgType)
	if isNSG && (old == nil || !old.Settings.Target.Is(target)) {
		return refuse(http.StatusBadRequest, "NsgFlowLogCreationBlocked", "Creation of NSG flow logs is blocked since June 30, 2025; "+
			"NSG flow logs will be retired on September 30, 2027. Create a virtual network flow log instead.")
	}
	location, _, found := q.targetOf(target)
	switch {
	case !isNSG && !slices.Contains(flowLogTargets, kind):
		return errInvalid("targetResourceId", "'%s' is not a virtual network, subnet or network interface.", target)
	case !found || !sameRegion(location, w.Location):
		return errReference(target, at)
	}
	if other := st.flowLogOn(target, q.now); other != nil && !other.ID.Is(at) {
		return refuse(http.StatusBadRequest, "CannotCreateMoreThanOneFlowLogPerTargetResource",
			"The target resource %s has the flow log %s already. Only one flow log per target resource is supported.", target, other.ID)
	}
	return nil
}

func checkFlowLogSettings(s FlowLogSettings) error {
	switch {
	case s.Retention.Days < 0 || s.Retention.Days > 365:
		return errInvalid("retentionPolicy.days", "%d is not between 0 and 365.", s.Retention.Days)
	case !strings.EqualFold(s.Format.Type, "JSON"):
		return errInvalid("format.type", "'%s' is not JSON.", s.Format.Type)
	case s.Format.Version != 1 && s.Format.Version != 2:
		return errInvalid("format.version", "%d is not 1 or 2.", s.Format.Version)
	}
	if a := s.Analytics.Workspace; a != nil && a.Interval != 10 && a.Interval != 60 {
		return errInvalid("trafficAnalyticsInterval", "%d is not 10 or 60.", a.Interval)
	}
	if a := s.Analytics.Workspace; a != nil && a.Enabled && !s.Enabled {
		return errInvalid("flowAnalyticsConfiguration", "Traffic analytics must be disabled together with the flow log.")
	}
	for t := range strings.SplitSeq(s.RecordTypes, ",") {
		if s.RecordTypes != "" && !slices.Contains([]string{"B", "C", "E", "D"}, strings.TrimSpace(t)) {
			return errInvalid("recordTypes", "'%s' is not a list of B, C, E and D.", s.RecordTypes)
		}
	}
	if _, err := traffic.ParseFilter(s.Filter); err != nil {
		return errInvalid("enabledFilteringCriteria", "%v.", err)
	}
	return nil
}

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
	want := &FlowLog{Settings: body.settings()}
	want.Settings.Target = body.Target
	if len(body.Analytics) > 0 {
		if err := json.Unmarshal(body.Analytics, &want.Settings.Analytics); err != nil {
			return reply{}, errInvalid("flowAnalyticsConfiguration", "%v.", err)
		}
		want.Settings.fill()
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
		location, _, found := q.targetOf(body.Target)
		if !found || !sameRegion(location, w.Location) {
			return errReference(body.Target, w.ID)
		}
		doc := legacyFlowLog{Target: body.Target}
		if l := st.flowLogOn(body.Target, q.now); l != nil {
			doc = legacyOf(l)
		}
		op, err := q.begin(st, body.Target, w.Location, queryTime, http.StatusOK, doc)
		if err != nil {
			return err
		}
		rep = q.accepted(op)
		return nil
	})
	return rep, err
}
