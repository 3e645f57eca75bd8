package azure

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"flowctl/plan"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v9"
)

// flowLogs are the flow logs of a subscription.
type flowLogs struct{ p *Provider }

func (flowLogs) noun() string       { return "flow log" }
func (flowLogs) collection() string { return "flowLogs" }

func (f flowLogs) get(ctx context.Context, at place) (plan.Recording, error) {
	resp, err := f.p.network.NewFlowLogsClient().Get(ctx, at.group, at.watcher, at.name, nil)
	if err != nil {
		return plan.Recording{ID: at.id, Mechanism: plan.FlowLog}, plain(err)
	}
	r := flowLogRecording(&resp.FlowLog)
	r.ID = at.id
	if resp.ID != nil {
		r.ID = plan.ID(*resp.ID)
	}
	return r, nil
}

func (f flowLogs) put(ctx context.Context, at place, s plan.Session) error {
	body, err := f.body(ctx, s)
	if err != nil {
		return err
	}
	c := f.p.network.NewFlowLogsClient()
	_, accepted, err := operate(ctx, f.p, func(ctx context.Context) (*runtime.Poller[armnetwork.FlowLogsClientCreateOrUpdateResponse], error) {
		return c.BeginCreateOrUpdate(ctx, at.group, at.watcher, at.name, body, nil)
	})
	return created(accepted, err)
}

// created forgives that a resource cannot be seen yet right after it was
// created: the caller reads it with patience.
func created(accepted bool, err error) error {
	if accepted && isNotFound(err) {
		return nil
	}
	return err
}

func (f flowLogs) remove(ctx context.Context, at place) error {
	c := f.p.network.NewFlowLogsClient()
	_, _, err := operate(ctx, f.p, func(ctx context.Context) (*runtime.Poller[armnetwork.FlowLogsClientDeleteResponse], error) {
		return c.BeginDelete(ctx, at.group, at.watcher, at.name, nil)
	})
	return err
}

// stop switches a flow log off, and Traffic Analytics in the same write: Azure
// refuses a log that is off with analytics that are on. All else stays as it is;
// the tag that says when the log ends says now.
func (f flowLogs) stop(ctx context.Context, at place) error {
	return f.rewrite(ctx, at, func(body *armnetwork.FlowLog) {
		body.Properties.Enabled = to.Ptr(false)
		if a := body.Properties.FlowAnalyticsConfiguration; a != nil && a.NetworkWatcherFlowAnalyticsConfiguration != nil {
			a.NetworkWatcherFlowAnalyticsConfiguration.Enabled = to.Ptr(false)
		}
		if body.Tags[plan.TagExpires] != nil {
			body.Tags[plan.TagExpires] = to.Ptr(f.p.clock.Now().UTC().Format(time.RFC3339))
		}
	})
}

// extend writes into the tag when the log ends.
func (f flowLogs) extend(ctx context.Context, at place, end time.Time) error {
	return f.rewrite(ctx, at, func(body *armnetwork.FlowLog) {
		if body.Tags == nil {
			body.Tags = map[string]*string{}
		}
		body.Tags[plan.TagExpires] = to.Ptr(end.UTC().Format(time.RFC3339))
	})
}

// rewrite changes a log that is on, and leaves all else of it as it is.
func (f flowLogs) rewrite(ctx context.Context, at place, change func(*armnetwork.FlowLog)) error {
	c := f.p.network.NewFlowLogsClient()
	resp, err := c.Get(ctx, at.group, at.watcher, at.name, nil)
	if err != nil {
		return plain(err)
	}
	was := resp.Properties
	if was == nil || !val(was.Enabled) {
		return nil
	}
	body := armnetwork.FlowLog{Location: resp.Location, Tags: resp.Tags, Identity: resp.Identity, Properties: &armnetwork.FlowLogPropertiesFormat{
		TargetResourceID: was.TargetResourceID, StorageID: was.StorageID, Enabled: was.Enabled, Format: was.Format, RetentionPolicy: was.RetentionPolicy,
		RecordTypes: was.RecordTypes, EnabledFilteringCriteria: was.EnabledFilteringCriteria, FlowAnalyticsConfiguration: was.FlowAnalyticsConfiguration,
	}}
	change(&body)
	_, _, err = operate(ctx, f.p, func(ctx context.Context) (*runtime.Poller[armnetwork.FlowLogsClientCreateOrUpdateResponse], error) {
		return c.BeginCreateOrUpdate(ctx, at.group, at.watcher, at.name, body, nil)
	})
	return err
}

func (f flowLogs) ended(ctx context.Context, at place) (bool, error) {
	r, err := f.get(ctx, at)
	return err == nil && !r.Enabled, err
}

// body is the resource that s asks for. Retention of no days is sent as
// switched off, since what "on, for 0 days" means was never said, and because
// retention rewrites the storage account's lifecycle rules.
func (f flowLogs) body(ctx context.Context, s plan.Session) (armnetwork.FlowLog, error) {
	if s.FlowLog == nil {
		return armnetwork.FlowLog{}, fmt.Errorf("session %s has no settings of a flow log", s.Name)
	}
	spec := *s.FlowLog
	props := &armnetwork.FlowLogPropertiesFormat{
		TargetResourceID: to.Ptr(string(s.Target.ID)),
		StorageID:        to.Ptr(string(s.Storage)),
		Enabled:          to.Ptr(true),
		Format:           &armnetwork.FlowLogFormatParameters{Type: to.Ptr(armnetwork.FlowLogFormatTypeJSON), Version: to.Ptr[int32](2)},
		RetentionPolicy: &armnetwork.RetentionPolicyParameters{
			Days: to.Ptr(int32(spec.RetentionDays)), Enabled: to.Ptr(spec.RetentionDays > 0),
		},
		RecordTypes:              optional(spec.RecordTypes),
		EnabledFilteringCriteria: optional(spec.Filter),
	}
	var err error
	if spec.TrafficAnalytics != nil {
		props.FlowAnalyticsConfiguration, err = f.analytics(ctx, *spec.TrafficAnalytics)
	}
	return armnetwork.FlowLog{Location: to.Ptr(s.Target.Location), Tags: stringPtrs(s.Tags), Properties: props}, err
}

// analytics names the workspace in the three ways in which Azure wants it.
func (f flowLogs) analytics(ctx context.Context, ta plan.TrafficAnalytics) (*armnetwork.TrafficAnalyticsProperties, error) {
	w, err := f.p.workspace(ctx, ta.Workspace)
	if err != nil {
		return nil, fmt.Errorf("read workspace %s for traffic analytics: %w", ta.Workspace.Name(), err)
	}
	return &armnetwork.TrafficAnalyticsProperties{
		NetworkWatcherFlowAnalyticsConfiguration: &armnetwork.TrafficAnalyticsConfigurationProperties{
			Enabled:                  to.Ptr(true),
			WorkspaceID:              to.Ptr(w.Properties.CustomerID),
			WorkspaceRegion:          to.Ptr(w.Location),
			WorkspaceResourceID:      to.Ptr(string(ta.Workspace)),
			TrafficAnalyticsInterval: to.Ptr(int32(ta.Interval)),
		},
	}, nil
}

// workspace is what flowctl needs of a Log Analytics workspace
// (Microsoft.OperationalInsights/workspaces, API version 2023-09-01).
type workspace struct {
	Location   string `json:"location"`
	Properties struct {
		CustomerID string `json:"customerId"` // GUID
	} `json:"properties"`
}

func (p *Provider) workspace(ctx context.Context, id plan.ID) (w workspace, err error) {
	req, err := runtime.NewRequest(ctx, http.MethodGet, runtime.JoinPaths(p.generic.Endpoint(), string(id)))
	if err != nil {
		return w, err
	}
	req.Raw().URL.RawQuery = "api-version=2023-09-01"
	resp, err := p.generic.Pipeline().Do(req)
	if err != nil {
		return w, plain(err)
	}
	if !runtime.HasStatusCode(resp, http.StatusOK) {
		return w, plain(runtime.NewResponseError(resp))
	}
	body, err := runtime.Payload(resp)
	if err != nil {
		return w, plain(err)
	}
	return w, json.Unmarshal(body, &w)
}

// flowLogRecording is l in flowctl's terms. Azure leaves fields out, fills
// analytics that are off with "-", and reports no retention for a disabled
// log.
func flowLogRecording(l *armnetwork.FlowLog) plan.Recording {
	r := plan.Recording{
		ID: plan.ID(val(l.ID)), Mechanism: plan.FlowLog, Location: region(l.Location), Tags: stringMap(l.Tags),
		FlowLog: &plan.FlowLogSpec{},
	}
	props := l.Properties
	if props == nil {
		return r
	}
	r.Target, r.Storage = plan.ID(val(props.TargetResourceID)), plan.ID(val(props.StorageID))
	r.Enabled, r.Provisioning = val(props.Enabled), string(val(props.ProvisioningState))
	r.FlowLog.RecordTypes = recordTypes(val(props.RecordTypes))
	r.FlowLog.Filter = val(props.EnabledFilteringCriteria)
	if rp := props.RetentionPolicy; rp != nil && val(rp.Enabled) {
		r.FlowLog.RetentionDays = int(val(rp.Days))
	}
	r.FlowLog.TrafficAnalytics = trafficAnalytics(props.FlowAnalyticsConfiguration)
	return r
}

const defaultInterval = 60 // minutes, where Azure leaves it out

func trafficAnalytics(p *armnetwork.TrafficAnalyticsProperties) *plan.TrafficAnalytics {
	if p == nil || p.NetworkWatcherFlowAnalyticsConfiguration == nil {
		return nil
	}
	c := p.NetworkWatcherFlowAnalyticsConfiguration
	if !val(c.Enabled) {
		return nil
	}
	ta := &plan.TrafficAnalytics{Interval: int(val(c.TrafficAnalyticsInterval))}
	if id := val(c.WorkspaceResourceID); id != "-" {
		ta.Workspace = plan.ID(id)
	}
	if ta.Interval == 0 {
		ta.Interval = defaultInterval
	}
	return ta
}
