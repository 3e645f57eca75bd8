// Package resolve finds what an investigation's watches select in what the
// subscriptions hold, chooses how each target is recorded and where Azure
// writes, and says what would fail before anything is done.
package resolve

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
	"flowctl/plan/config"
)

// Result is what an investigation wants, session by session. Names and
// deadlines of the sessions are set when they start.
type Result struct {
	Investigation plan.Investigation
	Sessions      []plan.Session
	Views         []plan.View
	Findings      []plan.Finding
}

// Investigation resolves inv against the inventories, by provider alias.
func Investigation(inv *config.Investigation, inventories map[string]*plan.Inventory, now time.Time) (Result, hcl.Diagnostics) {
	r := &resolver{inv: inv, inventories: inventories}
	r.window(now)
	for _, nsg := range []bool{false, true} { // views last: they can use what others log
		for _, w := range inv.Watches {
			if (w.Kind == config.NSG) == nsg {
				r.watch(w)
			}
		}
	}
	return Result{r.header(), r.sessions, r.views, r.findings}, r.diags
}

type resolver struct {
	inv         *config.Investigation
	inventories map[string]*plan.Inventory
	sessions    []plan.Session
	views       []plan.View
	findings    []plan.Finding
	diags       hcl.Diagnostics
}

func (r *resolver) header() plan.Investigation {
	i := r.inv
	return plan.Investigation{
		Name: i.Name, Reason: i.Reason, Owner: i.Owner, Ticket: i.Ticket,
		Window: i.Window, Start: i.Start, End: i.End,
	}
}

// WindowOver is the code of the finding that nothing more can be started.
const WindowOver = "window-over"

func (r *resolver) window(now time.Time) {
	i := r.inv
	if i.End.IsZero() || now.Before(i.End) {
		return
	}
	r.findings = append(r.findings, plan.Finding{
		Code: WindowOver, Severity: plan.Error, Summary: "Window is over",
		Detail: fmt.Sprintf("Investigation %q ended %s, and it is %s. Azure records only what is to come: set a later end, or a window such as \"2h\".",
			i.Name, i.End.Format(time.RFC3339), now.Format(time.RFC3339)),
		File: i.WindowRange.Filename, Line: i.WindowRange.Start.Line,
	})
}

func (r *resolver) watch(w config.Watch) {
	inv := r.inventories[w.Provider]
	if inv == nil {
		return // the provider's own error was shown
	}
	found := r.find(w, inv)
	if len(found) == 0 {
		return
	}
	if !r.expand(w, inv, found) {
		r.blockWarnings(w)
	}
}

// blockWarnings turns the warnings about a watch's targets into errors when
// none of its targets is left.
func (r *resolver) blockWarnings(w config.Watch) {
	for i := range r.findings {
		if r.findings[i].Watch == w.Address() {
			r.findings[i].Severity = plan.Error
		}
	}
}

// expand makes the sessions of one watch and reports whether any is there.
func (r *resolver) expand(w config.Watch, inv *plan.Inventory, found []plan.Target) bool {
	any := false
	for _, t := range found {
		switch w.Kind {
		case config.NSG:
			any = r.nsg(w, inv, t) || any
		case config.VM, config.VMSS:
			any = r.machine(w, inv, t) || any
		default:
			any = r.flowLog(w, inv, t, "VNet flow log, which sees every interface of its target") || any
		}
	}
	return any
}

func (r *resolver) machine(w config.Watch, inv *plan.Inventory, t plan.Target) bool {
	any := false
	if w.Capture != nil && r.captureable(w, inv, t) {
		any = r.capture(w, inv, t)
	}
	if w.FlowLog != nil {
		for _, nic := range interfaces(inv, t) {
			any = r.flowLog(w, inv, nic, "flow log on an interface of "+t.ID.Name()) || any
		}
	}
	return any
}

func (r *resolver) capture(w config.Watch, inv *plan.Inventory, t plan.Target) bool {
	spec := w.Capture.Spec
	spec.Duration = min(spec.Duration, r.inv.Window)
	s := plan.Session{
		Mechanism: plan.PacketCapture, Target: t, Capture: &spec,
		Why: "packet capture by the machine's Network Watcher agent",
	}
	return r.add(w, inv, s, w.Capture.Range)
}

func (r *resolver) flowLog(w config.Watch, inv *plan.Inventory, t plan.Target, why string) bool {
	spec := w.FlowLog.Spec
	if i := r.flowLogOn(t.ID); i >= 0 {
		return r.share(w, i, spec)
	}
	s := plan.Session{
		Mechanism: plan.FlowLog, Target: t, Within: holders(inv, t.ID),
		FlowLog: &spec, Why: why, Tags: r.tags(),
	}
	return r.add(w, inv, s, w.FlowLog.Range)
}

// flowLogOn finds the session that logs id; Azure has one flow log a target.
func (r *resolver) flowLogOn(id plan.ID) int {
	return slices.IndexFunc(r.sessions, func(s plan.Session) bool {
		return s.Mechanism == plan.FlowLog && s.Target.ID.Is(id)
	})
}

func (r *resolver) share(w config.Watch, i int, spec plan.FlowLogSpec) bool {
	s := &r.sessions[i]
	if !reflect.DeepEqual(spec, *s.FlowLog) {
		r.fail("Conflicting flow logs", fmt.Sprintf("Watches %s and %s ask for different flow logs on %s, and Azure has one flow log a target. Give both the same flow_log block, or drop one.",
			s.Watches[0], w.Address(), s.Target.ID.Name()), w.FlowLog.Range)
		return false
	}
	s.Watches = append(s.Watches, w.Address())
	return true
}

// tags say in Azure itself what a flow log is for; captures cannot have any.
func (r *resolver) tags() map[string]string {
	tags := map[string]string{"flowctl-investigation": r.inv.Name, "flowctl-owner": r.inv.Owner}
	if r.inv.Ticket != "" {
		tags["flowctl-ticket"] = r.inv.Ticket
	}
	return tags
}

// add completes a session with its watcher and storage account.
func (r *resolver) add(w config.Watch, inv *plan.Inventory, s plan.Session, at hcl.Range) bool {
	s.Watches = []string{w.Address()}
	watcher, ok := watcherIn(inv, s.Target.Location)
	if !ok {
		r.warn(w, s.Target.ID, at, "watcher-missing", "No Network Watcher",
			fmt.Sprintf("Subscription %s has no Network Watcher in %s, which %s needs. Create one with: az network watcher configure --locations %s --enabled true --resource-group NetworkWatcherRG",
				inv.Subscription, s.Target.Location, s.Target.ID.Name(), s.Target.Location))
		return false
	}
	account, ok := r.storage(w, s, at)
	if !ok {
		return false
	}
	s.Watcher, s.Storage = watcher.ID, account.ID
	r.sessions = append(r.sessions, s)
	return true
}

func watcherIn(inv *plan.Inventory, location string) (plan.Watcher, bool) {
	for _, w := range inv.Watchers {
		if sameRegion(w.Location, location) {
			return w, true
		}
	}
	return plan.Watcher{}, false
}

func (r *resolver) fail(summary, detail string, at hcl.Range) {
	r.diags = append(r.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: at.Ptr()})
}

// warn adds a finding about a target, unless the watch said the same of
// another one.
func (r *resolver) warn(w config.Watch, target plan.ID, at hcl.Range, code, summary, detail string) {
	said := slices.ContainsFunc(r.findings, func(f plan.Finding) bool {
		return f.Code == code && f.Watch == w.Address() && f.Detail == detail
	})
	if said {
		return
	}
	r.findings = append(r.findings, plan.Finding{
		Code: code, Severity: plan.Warning, Summary: summary, Detail: detail,
		Watch: w.Address(), Target: target, File: at.Filename, Line: at.Start.Line,
	})
}
