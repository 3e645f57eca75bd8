package plan

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Prior is what is known of an investigation's earlier runs.
type Prior struct {
	Collected map[string]string // session print → digest of the settings it was collected with
	Past      []Known           // what was collected, in the order of their prints
	Reading   []Known           // logs of others that the run under way reads, in the order of their prints
	Started   map[string]Known  // by print, what was started and is not removed yet
	Watches   []string          // addresses of the file's watches; nil if that is not known
	Moved     map[string]string // address of a watch → the address it had before
	Over      time.Time         // the time box of the run under way ended then; zero if it did not
}

// Known is a session that an earlier run started, and how it was last seen.
type Known struct {
	Session   Session
	Digest    string
	Recording *Recording // nil if it was never seen
}

// Diff compares the sessions that an investigation wants with what is there
// and what was started before, and returns what to do: in the order of want,
// then what nothing asks for any more. What was started is followed by its
// identity, so a change of the file stops nothing by accident. Diff does no I/O
// and does not depend on the order of have.
func Diff(inv Investigation, want []Session, have []Recording, prior Prior, now time.Time) []Change {
	d := differ{inv: inv, have: have, prior: prior, now: now, taken: map[string]bool{}, byPrint: map[string][]*known{}, byTarget: map[string][]*known{}}
	d.started = d.all()
	for _, k := range d.started {
		d.byPrint[k.print()] = append(d.byPrint[k.print()], k)
		d.byTarget[k.recording().Target.Key()] = append(d.byTarget[k.recording().Target.Key()], k)
	}
	found := make([]*known, len(want))
	for i, s := range want { // each takes its own, before any takes what was renamed
		found[i] = d.own(s)
	}
	var changes []Change
	for i, s := range want {
		if found[i] == nil {
			found[i] = d.renamed(s)
		}
		changes = append(changes, d.session(s, found[i])...)
	}
	changes = append(changes, d.rest()...)
	return append(changes, d.reading(changes)...)
}

type differ struct {
	inv   Investigation
	have  []Recording
	prior Prior
	now   time.Time
	taken map[string]bool // keys of recordings that a session answers for

	started           []*known
	byPrint, byTarget map[string][]*known
}

// known is what was started for a session.
type known struct {
	id      ID
	ledger  *Known     // nil if no ledger tells of it
	there   *Recording // nil if it is not in Azure
	watches []string
}

// own returns what was started for s under its print, or under the one that it
// had before its watch moved; nil if nothing was.
func (d differ) own(s Session) *known {
	prints := []string{s.Fingerprint()}
	for _, w := range s.Watches {
		if from := d.prior.Moved[w]; from != "" {
			prints = append(prints, Fingerprint(from, s.Target.ID, s.Mechanism))
		}
	}
	for _, print := range prints {
		for _, k := range d.byPrint[print] {
			if !d.taken[k.id.Key()] {
				d.taken[k.id.Key()] = true
				return k
			}
		}
	}
	return nil
}

// renamed returns what was started for the same target in the same way by a
// watch that the file has no more: the watch has another name now.
func (d differ) renamed(s Session) *known {
	for _, k := range d.byTarget[s.Target.ID.Key()] {
		if d.taken[k.id.Key()] || !k.like(s) || !d.dropped(k.watches) {
			continue
		}
		d.taken[k.id.Key()] = true
		return k
	}
	return nil
}

// all lists what was started, by the ledger and by the names in Azure, in the
// order of the ids.
func (d differ) all() []*known {
	byID := map[string]*known{}
	for _, k := range d.prior.Started {
		id := k.Session.ResourceID()
		if k.Recording != nil && k.Recording.ID != "" {
			id = k.Recording.ID
		}
		byID[id.Key()] = &known{id: id, ledger: &k, watches: k.Session.Watches}
	}
	for _, r := range d.have {
		k := byID[r.ID.Key()]
		switch {
		case k != nil:
			k.there = &r
		case d.inv.Made(r):
			byID[r.ID.Key()] = &known{id: r.ID, there: &r, watches: d.watchesOf(r)}
		}
	}
	out := make([]*known, 0, len(byID))
	for _, key := range slices.Sorted(maps.Keys(byID)) {
		if k := byID[key]; k.there != nil || k.ledger.Recording != nil { // else it may never have come to be
			out = append(out, k)
		}
	}
	return out
}

// watchesOf is what a flow log's tags tell; nil if they do not.
func watchesOf(r Recording) []string {
	if w := r.Tags[TagWatch]; w != "" {
		return []string{w}
	}
	return nil
}

// watchesOf is the watch that r was started for, which captures tell by the
// fingerprint in their name alone: it is that of one of the file's watches, or nobody
// knows it.
func (d differ) watchesOf(r Recording) []string {
	if w := watchesOf(r); w != nil {
		return w
	}
	n, _ := ParseName(r.ID.Name())
	for _, now := range d.prior.Watches {
		for _, w := range []string{now, d.prior.Moved[now]} {
			if w != "" && Fingerprint(w, r.Target, r.Mechanism) == n.Fingerprint {
				return []string{w}
			}
		}
	}
	return nil
}

func (k known) print() string {
	if k.ledger != nil {
		return k.ledger.Session.Fingerprint()
	}
	n, _ := ParseName(k.id.Name())
	return n.Fingerprint
}

// recording is how it is there, or how it was last seen.
func (k known) recording() *Recording {
	if k.there != nil || k.ledger == nil {
		return k.there
	}
	r := Recording{ID: k.id, Mechanism: k.ledger.Session.Mechanism, Target: k.ledger.Session.Target.ID, Storage: k.ledger.Session.Storage}
	if k.ledger.Recording != nil {
		r = *k.ledger.Recording
		r.ID = k.id
	}
	return &r
}

// like reports whether k records what s asks for: a target has one flow log;
// of captures, which can be many, the settings must be the same.
func (k known) like(s Session) bool {
	r := k.recording()
	if r.Mechanism != s.Mechanism || !r.Target.Is(s.Target.ID) {
		return false
	}
	return s.Mechanism == FlowLog || Differs(s, *r) == ""
}

// collectedAs reports whether what s asks for was collected for a watch that has
// another name by now.
func (d differ) collectedAs(s Session) bool {
	digest := s.Digest()
	return slices.ContainsFunc(d.prior.Past, func(k Known) bool {
		moved := slices.ContainsFunc(s.Watches, func(w string) bool { return slices.Contains(k.Session.Watches, d.prior.Moved[w]) })
		return k.Digest == digest && k.Session.Target.ID.Is(s.Target.ID) && (moved || d.prior.Watches != nil && d.dropped(k.Session.Watches))
	})
}

// dropped reports whether none of the watches is in the file any more, as far
// as that is known.
func (d differ) dropped(watches []string) bool {
	return !slices.ContainsFunc(watches, func(w string) bool { return slices.Contains(d.prior.Watches, w) })
}

func (d differ) session(s Session, k *known) []Change {
	switch {
	case k != nil && d.inv.Standing():
		return append([]Change{d.kept(s, *k)}, d.tookOver(s, *k)...)
	case d.inv.Standing():
		return d.flowLog(s)
	case k != nil:
		return append([]Change{d.existing(s, *k)}, d.tookOver(s, *k)...)
	case d.prior.Collected[s.Fingerprint()] == s.Digest() || d.collectedAs(s):
		return []Change{{Leave, "recorded and collected before", &s, nil}}
	case d.inv.Past:
		return d.recorded(s)
	case !d.prior.Over.IsZero():
		return d.late(s)
	case s.Mechanism == FlowLog:
		return d.earlier(s, d.flowLog(s))
	}
	return []Change{{Create, s.Why, &s, nil}}
}

// existing says what becomes of what is there for s.
func (d differ) existing(s Session, k known) Change {
	r, n := k.recording(), d.deadline(k)
	open := d.now.Before(n)
	diff := Differs(s, *r)
	edited := diff != "" && (k.ledger == nil || k.ledger.Digest != s.Digest())
	switch {
	case k.there == nil:
		return Change{Finish, "is not in Azure any more: what it recorded is collected", following(s, k, n), r}
	case open && strings.EqualFold(r.Provisioning, "failed"):
		return Change{Replace, "an interrupted run left it in state " + r.Provisioning, &s, r}
	case open && edited:
		return Change{Replace, "is there with another " + diff + ": collected, then replaced", &s, r}
	case open && diff != "":
		return Change{Keep, "somebody else changed its " + diff + "; it goes on until " + n.Format(time.RFC3339), following(s, k, n), r}
	case open:
		return Change{Keep, "is there, until " + n.Format(time.RFC3339), following(s, k, n), r}
	}
	return Change{Finish, "its time ended " + n.Format(time.RFC3339), following(s, k, n), r}
}

// following is s as the session that is there under k's name.
func following(s Session, k known, deadline time.Time) *Session {
	s.Name, s.Watcher, s.Deadline = k.id.Name(), k.id.Parent(), deadline
	s.CreateWatcher, s.InstallAgent = false, ""
	return &s
}

// deadline is when what is there ends: as the ledger of the run under way
// says, else as its name does.
func (d differ) deadline(k known) time.Time {
	if k.ledger != nil && !k.ledger.Session.Deadline.IsZero() {
		return k.ledger.Session.Deadline
	}
	return k.recording().Deadline()
}

// rest is what was started and no session asks for. Where the file has its
// watch no more, it ends now; else, and where that is not known, it is followed
// to its end: its target may be gone, or no longer be selected.
func (d differ) rest() []Change {
	var out []Change
	for _, k := range d.started {
		if !d.taken[k.id.Key()] {
			out = append(out, d.unasked(*k))
		}
	}
	return out
}

func (d differ) unasked(k known) Change {
	r, n := k.recording(), d.deadline(k)
	s := SessionOf(*r)
	switch {
	case k.ledger != nil:
		s = k.ledger.Session
	case k.watches != nil:
		s.Watches = k.watches
	}
	f := following(s, k, n)
	switch {
	case d.inv.Standing():
		return d.given(f, k)
	case k.there == nil:
		return Change{Finish, "is not in Azure any more: what it recorded is collected", f, r}
	case !d.now.Before(n):
		return Change{Finish, "its time ended " + n.Format(time.RFC3339), f, r}
	case k.ledger != nil && d.prior.Watches != nil && d.dropped(k.watches):
		return Change{Delete, "nothing in the file asks for it any more: ended now, collected, then removed", f, r}
	}
	return Change{Keep, "nothing in the file selects it any more: followed until " + n.Format(time.RFC3339), f, r}
}

// SessionOf is what a recording tells of its session, for a ledger that was
// lost. What it cannot tell, such as a capture's watch, stays open.
func SessionOf(r Recording) Session {
	watches := watchesOf(r)
	if watches == nil {
		watches = []string{"unknown"}
	}
	return Session{
		Name: r.ID.Name(), Watches: watches, Why: "is there", Mechanism: r.Mechanism,
		Target: Target{Kind: kindOf(r.Target), ID: r.Target, Location: r.Location}, Within: r.Within,
		Watcher: r.ID.Parent(), Storage: r.Storage, Deadline: r.Deadline(), Tags: r.Tags, FlowLog: r.FlowLog, Capture: r.Capture,
	}
}

func kindOf(target ID) string {
	switch typ := strings.ToLower(target.Type()); {
	case strings.HasSuffix(typ, "/subnets"):
		return "subnet"
	case strings.HasSuffix(typ, "/networkinterfaces"):
		return "nic"
	case strings.HasSuffix(typ, "/virtualmachines"):
		return "vm"
	case strings.HasSuffix(typ, "/virtualmachinescalesets"):
		return "vmss"
	}
	return "vnet"
}

// Differs names the first setting in which r is not what s asks for; empty if
// there is none.
func Differs(s Session, r Recording) string {
	switch {
	case !s.Target.ID.Is(r.Target):
		return "target"
	case !s.Storage.Is(r.Storage):
		return "storage account"
	case s.FlowLog != nil && r.FlowLog != nil:
		return fieldDiff(*s.FlowLog, *r.FlowLog)
	case s.Capture != nil && r.Capture != nil:
		return fieldDiff(anyProtocol(*s.Capture), anyProtocol(*r.Capture))
	}
	return ""
}

// anyProtocol is c with filters for any protocol written as those that name
// none: Azure shows both as Any.
func anyProtocol(c CaptureSpec) CaptureSpec {
	c.Filters = slices.Clone(c.Filters)
	for i := range c.Filters {
		if c.Filters[i].Protocol == "Any" {
			c.Filters[i].Protocol = ""
		}
	}
	return c
}

// fieldDiff returns the JSON name of the first field in which a and b differ;
// empty and absent lists are the same.
func fieldDiff(a, b any) string {
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	for i := range va.NumField() {
		fa, fb := va.Field(i), vb.Field(i)
		if fa.Kind() == reflect.Slice && fa.Len() == 0 && fb.Len() == 0 {
			continue
		}
		if !reflect.DeepEqual(fa.Interface(), fb.Interface()) {
			name, _, _ := strings.Cut(va.Type().Field(i).Tag.Get("json"), ",")
			return strings.ReplaceAll(name, "_", " ")
		}
	}
	return ""
}
