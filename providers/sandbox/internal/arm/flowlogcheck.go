package arm

import (
	"net/http"
	"slices"
	"strings"

	"flowctl/plan/region"
	"flowctl/providers/sandbox/internal/traffic"
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
		func() error { return q.allowed(st, at, watcherType+"/flowLogs", nil) },
		func() error {
			if !validName(q.path["name"]) {
				return errName(q.path["name"])
			}
			return nil
		},
		func() error { return q.free(st, w.ID, at) },
		func() error { return q.checkFlowLogTarget(st, w, old, want) },
		func() error {
			a, err := q.checkStorage(st, s.Storage, at, w.Location)
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
	if want.Location != "" && !region.Same(want.Location, w.Location) {
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
	if !isNSG && !slices.Contains(flowLogTargets, kind) {
		return errInvalid("targetResourceId", "'%s' is not a virtual network, subnet or network interface.", target)
	}
	if err := q.near(st, target, at, w.Location); err != nil {
		return err
	}
	if err := q.unlockedAt(st, target, "write"); err != nil {
		return err
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
	case !strings.EqualFold(s.Format.Type, "JSON") && !strings.EqualFold(s.Format.Type, "FlowLogJSON"):
		return errInvalid("format.type", "'%s' is not JSON or FlowLogJSON.", s.Format.Type)
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
