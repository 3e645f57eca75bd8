package arm

import (
	"encoding/json"
	"slices"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/world"
)

// stateFormat is raised when an older sandbox's file cannot be read any more.
const stateFormat = 3

// State is what clients made or changed. Deleted flow logs and captures stay
// in it, as their data stays in the storage accounts.
type State struct {
	Format     int                      `json:"format"`
	World      string                   `json:"world"`
	Watchers   []*Watcher               `json:"watchers"`
	FlowLogs   []*FlowLog               `json:"flow_logs"`
	Captures   []*Capture               `json:"packet_captures,omitempty"`
	Extensions []*Extension             `json:"extensions,omitempty"`
	Resources  []*Resource              `json:"resources,omitempty"` // that clients made, changed or deleted
	History    []*Event                 `json:"history,omitempty"`   // of these
	Operations []*Operation             `json:"operations,omitempty"`
	Upgrades   map[string]Upgrade       `json:"upgrades,omitempty"` // of scale set instances, by the key of their id
	Lifecycles []*Lifecycle             `json:"lifecycles,omitempty"`
	Providers  map[string]*Registration `json:"registrations,omitempty"` // those that are or were not registered, by namespace
}

// Watcher is a Network Watcher.
type Watcher struct {
	ID       plan.ID           `json:"id"`
	Location string            `json:"location"`
	GUID     string            `json:"guid"`
	Tags     map[string]string `json:"tags,omitempty"`
	Serial   int               `json:"serial"` // of the writes to it and its children
	Gone     time.Time         `json:"gone,omitzero"`
}

// FlowLog is a flow log, there or gone.
type FlowLog struct {
	ID       plan.ID           `json:"id"`
	GUID     string            `json:"guid"`
	Location string            `json:"location"`
	Tags     map[string]string `json:"tags,omitempty"`
	Identity json.RawMessage   `json:"identity,omitempty"`
	Settings FlowLogSettings   `json:"settings"`

	FilterSent bool `json:"filter_sent,omitempty"` // also an empty filter is shown

	Ready time.Time `json:"ready,omitzero"` // end of the last write
	Gone  time.Time `json:"gone,omitzero"`  // end of the deletion
	Runs  []Run     `json:"runs"`
	Fate  *Fate     `json:"fate,omitempty"`
}

// Run is a time in which a flow log recorded with the same settings.
type Run struct {
	Target      plan.ID   `json:"target"`
	Storage     plan.ID   `json:"storage"`
	Since       time.Time `json:"since"`
	Until       time.Time `json:"until,omitzero"`
	RecordTypes string    `json:"record_types,omitempty"`
	Filter      string    `json:"filter,omitempty"`
}

// Capture is a packet capture, there or gone.
type Capture struct {
	ID       plan.ID         `json:"id"`
	GUID     string          `json:"guid"`
	Settings CaptureSettings `json:"settings"`
	Created  time.Time       `json:"created"`
	Start    time.Time       `json:"start"` // the end of its creation
	Stopped  time.Time       `json:"stopped,omitzero"`
	Gone     time.Time       `json:"gone,omitzero"`
	Fate     *Fate           `json:"fate,omitempty"`
}

// Extension is a VM extension that was installed, changed or removed.
type Extension struct {
	ID       plan.ID           `json:"id"`
	Location string            `json:"location"`
	Settings ExtensionSettings `json:"settings"`
	Tags     map[string]string `json:"tags,omitempty"`
	Ready    time.Time         `json:"ready,omitzero"`
	Gone     time.Time         `json:"gone,omitzero"`
}

// there reports whether something that is gone at t is there at now.
func there(gone, now time.Time) bool { return gone.IsZero() || now.Before(gone) }

func worldName(w *world.World) string { return w.Name + " " + w.Subscription }

// seed is the state of a world that nobody has touched.
func seed(w *world.World) *State {
	st := &State{Format: stateFormat, World: worldName(w), Lifecycles: seedLifecycles(w), Providers: seedProviders(w)}
	for _, nw := range w.Watchers {
		st.Watchers = append(st.Watchers, &Watcher{ID: nw.ID, Location: nw.Location, GUID: nw.GUID, Tags: nw.Tags})
	}
	for _, l := range w.FlowLogs {
		log := &FlowLog{ID: l.ID, GUID: l.GUID, Location: l.Watcher.Location, Tags: l.Tags,
			Settings: FlowLogSettings{Target: l.Target, Storage: l.Storage.ID, Enabled: l.Enabled,
				RecordTypes: l.RecordTypes, Filter: l.Filter}}
		log.Settings.Retention.Days, log.Settings.Retention.Enabled = l.RetentionDays, l.RetentionDays > 0
		log.Settings.fill(sinceFlowLogJSON)
		if l.Enabled {
			log.Runs = []Run{log.Settings.run(l.Created)}
		}
		st.FlowLogs = append(st.FlowLogs, log)
	}
	return st
}

// first is the first of a list that fits, or nil.
func first[T any](all []*T, fits func(*T) bool) *T {
	if i := slices.IndexFunc(all, fits); i >= 0 {
		return all[i]
	}
	return nil
}

// watcher returns the watcher with that id, or nil.
func (st *State) watcher(id plan.ID, now time.Time) *Watcher {
	return first(st.Watchers, func(w *Watcher) bool { return w.ID.Is(id) && there(w.Gone, now) })
}

// flowLog returns the flow log with that id, or nil.
func (st *State) flowLog(id plan.ID, now time.Time) *FlowLog {
	return first(st.FlowLogs, func(l *FlowLog) bool { return l.ID.Is(id) && there(l.Gone, now) })
}

// flowLogOn returns the flow log that has the target, or nil.
func (st *State) flowLogOn(target plan.ID, now time.Time) *FlowLog {
	return first(st.FlowLogs, func(l *FlowLog) bool { return l.Settings.Target.Is(target) && there(l.Gone, now) })
}

// capture returns the capture with that id, or nil.
func (st *State) capture(id plan.ID, now time.Time) *Capture {
	return first(st.Captures, func(c *Capture) bool { return c.ID.Is(id) && there(c.Gone, now) })
}

// keepOperations is how long the outcome of an operation can be asked for.
const keepOperations = 24 * time.Hour

// prune forgets operations that ended long ago and watchers that are gone.
func (st *State) prune(now time.Time) {
	st.Operations = slices.DeleteFunc(st.Operations, func(o *Operation) bool { return now.Sub(o.End) > keepOperations })
	st.Watchers = slices.DeleteFunc(st.Watchers, func(w *Watcher) bool { return !there(w.Gone, now) })
}
