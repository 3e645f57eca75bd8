package apply

import (
	"slices"
	"strings"

	"flowctl/plan"
	"flowctl/plan/ledger"
	"flowctl/plan/session"
)

// Azure writes an interface's records to one flow log, the most specific one. Where
// somebody makes another one in mid-window, or takes the followed one away and has
// another, the records go there: that log is read as well, from then on.

// takenOver notes the flow logs of others that came to write records of t's target since
// the run began, and reads them. Records says that t's own log still records.
func (r *Run) takenOver(t *tracked, records bool) {
	before := r.readFromTheStart()
	var names []string
	var targets []plan.ID
	for _, rec := range r.azure.takers(t, records) {
		if !before[rec.ID.Key()] {
			names, targets = append(names, onTarget(rec)), append(targets, rec.Target)
			r.readInstead(t, rec, records)
		}
	}
	switch text := strings.Join(names, ", "); {
	case text != "":
		r.changed(t, ledger.Change{What: ledger.TakenOver, Text: text, Targets: targets})
	case hasChange(t.entry, ledger.TakenOver, ledger.Returned) && records:
		r.changed(t, ledger.Change{What: ledger.Returned})
	}
}

// replaced looks for logs of others that go on where t's own one was deleted.
func (r *Run) replaced(t *tracked) {
	if t.isLog() && !t.entry.Reused && t.drop == "" && r.clock.Now().Before(r.run.Ends) && hasChange(t.entry, ledger.Deleted, "") {
		r.takenOver(t, false)
	}
}

// readFromTheStart are the ids of others' logs that took nothing over.
func (r *Run) readFromTheStart() map[string]bool {
	out := map[string]bool{}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.run.Sessions {
		if e.Reused && e.Since.IsZero() && e.Seen != nil && e.Seen.Recording != nil {
			out[e.Seen.Recording.ID.Key()] = true
		}
	}
	for _, c := range r.Plan.Changes {
		if c.Action == plan.Reuse && r.run.Sessions[r.keyFor(c)] == nil {
			out[c.Recording.ID.Key()] = true
		}
	}
	return out
}

// readInstead reads rec beside t from now on, unless it is read already.
func (r *Run) readInstead(t *tracked, rec plan.Recording, records bool) {
	what, ok := plan.Instead(t.session, rec, records)
	if !ok {
		return
	}
	what.Name, what.Tags = rec.ID.Name(), nil
	now := r.clock.Now()
	n := &tracked{
		change: plan.Change{Action: plan.Reuse, Session: &what, Recording: &rec}, session: what, rec: rec, ends: r.run.Ends, since: now, next: now,
		entry: &ledger.Entry{
			Session: what, Digest: what.Digest(), Reused: true, Since: now.Truncate(minute), Created: now,
			Intended: ledger.Intended{At: now, By: ledger.Who(), File: r.File}, Seen: &ledger.Seen{At: now, Recording: &rec},
		},
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if n.key = r.keyFor(n.change); r.run.Sessions[n.key] != nil || r.provide(n) != nil {
		return
	}
	r.run.Sessions[n.key] = n.entry.Clone()
	n.place = len(r.manifest.Sessions)
	r.manifest.Sessions = append(r.manifest.Sessions, r.session(n))
	n.standing = n.stands()
	r.joining = append(r.joining, n)
	r.noted++
}

// keyFor is where the ledger has what is read by a change: beside what was started for
// the same session, and beside other logs that are read for it.
func (r *Run) keyFor(c plan.Change) string {
	key, name := c.Session.Fingerprint(), c.Recording.ID.Name()
	if e := r.run.Sessions[key]; e != nil && !(e.Reused && e.Session.Name == name) {
		key += "@" + name
	}
	return key
}

// setAside keeps what was read for a session of a log that writes no more, where
// another recording takes its place.
func (r *Run) setAside(key, name string) {
	if e := r.run.Sessions[key]; e != nil && e.Reused && e.Session.Name != name {
		r.run.Sessions[key+"@"+e.Session.Name] = e
		delete(r.run.Sessions, key)
		for i := range r.manifest.Sessions {
			if r.manifest.Sessions[i].Fingerprint == key {
				r.manifest.Sessions[i].Fingerprint = key + "@" + e.Session.Name
			}
		}
	}
}

// tookOver reports whether c reads a log that came to write what one that the run
// remembers should have.
func (r *Run) tookOver(c plan.Change) bool {
	for _, e := range r.run.Sessions {
		if _, ok := plan.Instead(e.Session, *c.Recording, false); ok && e.Kind() == ledger.Log && !e.Created.IsZero() && e.Intended.By != foundInAzure {
			return true
		}
	}
	return false
}

// join takes up what came to be read meanwhile.
func (r *Run) join() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tracked = append(r.tracked, r.joining...)
	r.joining = nil
}

// many is how many sessions there are.
func (r *Run) many() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.tracked)
}

// gaps are the times in which t did not record what it was to, with those of which
// another log is read.
func (r *Run) gaps(t *tracked) []ledger.Gap {
	list := append(t.entry.Gaps(r.run.Started, r.run.Ends), r.run.Instead(t.entry)...)
	list = append(list, r.byRows(t)...)
	return slices.DeleteFunc(list, func(g ledger.Gap) bool { return !g.From.Before(g.To) })
}

// byRows are the times of which rows of a workspace are read in the place of t's records.
func (r *Run) byRows(t *tracked) []ledger.Gap {
	var out []ledger.Gap
	for _, c := range r.Plan.Changes {
		if c.Action != plan.Reuse || !c.Recording.InWorkspace() || !c.Recording.Log.Is(t.rec.ID) || !c.Target().Is(t.session.Target.ID) {
			continue
		}
		for _, s := range c.Session.Spans {
			out = append(out, ledger.Gap{From: s.From, To: s.To, Why: "Traffic Analytics in workspace " + c.Recording.ID.Parent().Name() + " is read", Read: true})
		}
	}
	return out
}

// instead says of which log what others took is read, in the report.
func instead(s session.Session) string {
	var logs []string
	for _, g := range s.Gaps {
		text := g.Why + " from " + g.From.UTC().Format("15:04") + " on"
		if g.Read && strings.HasSuffix(g.Why, " is read") && !slices.Contains(logs, text) {
			logs = append(logs, text)
		}
	}
	return strings.Join(logs, ", ")
}
