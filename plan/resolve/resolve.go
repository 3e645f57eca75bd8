// Package resolve finds what an investigation's watches select in what the
// subscriptions hold, chooses how each target is recorded and where Azure
// writes, and says what would fail before anything is done.
package resolve

import (
	"fmt"
	"reflect"
	"time"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
	"flowctl/plan/config"
	"flowctl/plan/region"
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
	r := &resolver{inv: inv, inventories: inventories, indexes: map[string]*plan.Index{}, logged: map[string]int{}, said: map[string]bool{}}
	r.window(now)
	for _, nsg := range []bool{false, true} { // views last: they can use what others log
		for _, w := range inv.Watches {
			if (w.Kind == config.NSG) == nsg {
				r.watch(w)
			}
		}
	}
	r.call()
	return Result{r.header(), r.sessions, r.views, r.findings}, r.diags
}

// call tells targets of one watch and one name apart.
func (r *resolver) call() {
	ids := map[string][]plan.ID{}
	for _, s := range r.sessions {
		ids[s.Watches[0]] = append(ids[s.Watches[0]], s.Target.ID)
	}
	for watch, all := range ids {
		called := plan.CalledAmong(all)
		for i := range r.sessions {
			if t := &r.sessions[i].Target; r.sessions[i].Watches[0] == watch && called.Name(t.ID) != t.ID.Name() {
				t.Called = called.Name(t.ID)
			}
		}
	}
}

type resolver struct {
	inv         *config.Investigation
	inventories map[string]*plan.Inventory
	indexes     map[string]*plan.Index // by alias, once they are needed
	sessions    []plan.Session
	logged      map[string]int // by key of the target: the session with its flow log
	views       []plan.View
	findings    []plan.Finding
	said        map[string]bool // what findings there are
	diags       hcl.Diagnostics
}

// index is that of the inventory that a target is from.
func (r *resolver) index(t plan.Target) *plan.Index {
	if r.indexes[t.Provider] == nil {
		r.indexes[t.Provider] = r.inventories[t.Provider].Index()
	}
	return r.indexes[t.Provider]
}

func (r *resolver) header() plan.Investigation {
	i := r.inv
	return plan.Investigation{
		Name: i.Name, Reason: i.Reason, Owner: i.Owner, Ticket: i.Ticket,
		Window: i.Window, Start: i.Start, End: i.End, Past: i.Past, MaxTotalBytes: i.MaxTotalBytes, AlignedStart: i.AlignedStart, Monitor: i.Monitor,
	}
}

func (r *resolver) window(now time.Time) {
	i := r.inv
	if i.End.IsZero() || now.Before(i.End) {
		return
	}
	r.findings = append(r.findings, plan.Finding{
		Code: plan.WindowOver, Severity: plan.Error, Summary: "Window is over",
		Detail: fmt.Sprintf("Investigation %q ended %s, and it is %s. Azure records only what is to come, and no flow log that is there covers what the file watches: set a later end, a window such as \"2h\", or a time that somebody recorded, as flowctl plan --coverage shows.",
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
	if !r.expand(w, found) {
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
func (r *resolver) expand(w config.Watch, found []plan.Target) bool {
	any := false
	for _, t := range found {
		switch w.Kind {
		case config.NSG:
			any = r.nsg(w, t) || any
		case config.VM, config.VMSS:
			any = r.machine(w, t) || any
		default:
			any = r.flowLog(w, t, "VNet flow log, which sees every interface of its target") || any
		}
	}
	return any
}

func (r *resolver) machine(w config.Watch, t plan.Target) bool {
	any := false
	if r.inv.Past {
		return r.recorded(w, t)
	}
	if w.Capture != nil {
		if install, ok := r.captureable(w, t); ok {
			any = r.capture(w, t, install)
		}
	}
	if w.FlowLog == nil {
		return any
	}
	parts := interfaces(r.index(t), t)
	if len(parts) == 0 {
		r.withoutNIC(w, t)
	}
	for _, nic := range parts {
		any = r.flowLog(w, nic, "flow log on an interface of "+t.ID.Name()) || any
	}
	return any
}

func (r *resolver) capture(w config.Watch, t plan.Target, install string) bool {
	spec := w.Capture.Spec
	spec.Duration = min(spec.Duration, r.inv.Window)
	s := plan.Session{
		Mechanism: plan.PacketCapture, Target: t, Capture: &spec, InstallAgent: install,
		Why: "packet capture by the machine's Network Watcher agent",
	}
	if install != "" {
		s.Why += ", which is installed for it and removed afterwards"
	}
	return r.add(w, s, w.Capture.Range)
}

func (r *resolver) flowLog(w config.Watch, t plan.Target, why string) bool {
	spec, at := plan.FlowLogSpec{}, w.Range
	if w.FlowLog != nil { // there is none where a machine is to be captured
		spec, at = w.FlowLog.Spec, w.FlowLog.Range
	}
	if i := r.flowLogOn(t.ID); i >= 0 {
		return r.share(w, i, spec)
	}
	s := plan.Session{
		Mechanism: plan.FlowLog, Target: t, Within: holders(func() *plan.Index { return r.index(t) }, t.ID),
		FlowLog: &spec, Why: why,
	}
	return r.add(w, s, at)
}

// flowLogOn finds the session that logs id; Azure has one flow log a target.
func (r *resolver) flowLogOn(id plan.ID) int {
	if i, ok := r.logged[id.Key()]; ok {
		return i
	}
	return -1
}

func (r *resolver) share(w config.Watch, i int, spec plan.FlowLogSpec) bool {
	s := &r.sessions[i]
	if !reflect.DeepEqual(spec, *s.FlowLog) && !r.inv.Past {
		r.fail("Conflicting flow logs", fmt.Sprintf("Watches %s and %s ask for different flow logs on %s, and Azure has one flow log a target. Give both the same flow_log block, or drop one.",
			s.Watches[0], w.Address(), s.Target.ID.Name()), w.FlowLog.Range)
		return false
	}
	s.Watches = append(s.Watches, w.Address())
	return true
}

// add completes a session with its watcher and storage account.
func (r *resolver) add(w config.Watch, s plan.Session, at hcl.Range) bool {
	s.Watches = []string{w.Address()}
	inv := r.inventories[s.Target.Provider]
	watcher, there := watcherIn(inv, s.Target.Location)
	if r.inv.Past {
		return r.readOnly(s, watcher)
	}
	if !there && !r.inv.CreateWatchers {
		r.warn(w, s.Target.ID, at, plan.WatcherMissing, "No Network Watcher",
			fmt.Sprintf("Subscription %s has no Network Watcher in %s, which %s needs. Let flowctl make it with create_watchers = true in the investigation; or make it with: az network watcher configure --locations %s --enabled true --resource-group NetworkWatcherRG",
				inv.Subscription, s.Target.Location, s.Target.ID.Name(), s.Target.Location))
		return false
	}
	account, ok := r.storage(w, s, at)
	if !ok {
		return false
	}
	s.Watcher, s.Storage, s.CreateWatcher = watcher.ID, account.ID, !there
	if s.Mechanism == plan.FlowLog {
		r.logged[s.Target.ID.Key()] = len(r.sessions)
	}
	r.sessions = append(r.sessions, s)
	return true
}

// watcherIn returns the watcher of a region; if there is none, the one that
// Azure would make by itself, in its usual group and with its usual name.
func watcherIn(inv *plan.Inventory, location string) (w plan.Watcher, there bool) {
	for _, w := range inv.Watchers {
		if region.Same(w.Location, location) {
			return w, true
		}
	}
	at := region.Name(location)
	id := fmt.Sprintf("/subscriptions/%s/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/NetworkWatcher_%s", inv.Subscription, at)
	return plan.Watcher{ID: plan.ID(id), Location: at}, false
}

func (r *resolver) fail(summary, detail string, at hcl.Range) {
	r.diags = append(r.diags, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: at.Ptr()})
}

// warn adds a finding about a target, unless the watch said the same of
// another one.
func (r *resolver) warn(w config.Watch, target plan.ID, at hcl.Range, code, summary, detail string) {
	key := code + "\x00" + w.Address() + "\x00" + detail
	if r.said[key] {
		return
	}
	r.said[key] = true
	r.findings = append(r.findings, plan.Finding{
		Code: code, Severity: plan.Warning, Summary: summary, Detail: detail,
		Watch: w.Address(), Target: target, File: at.Filename, Line: at.Start.Line,
	})
}
