package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Prior is what is known of an investigation's earlier runs.
type Prior struct {
	Collected map[string]string // session print → digest of the settings it was collected with
}

// Diff compares the sessions that an investigation wants with what is there
// and returns what to do, in the order of want, then what nothing asks for.
// It does no I/O and does not depend on the order of have.
func Diff(investigation string, want []Session, have []Recording, prior Prior, now time.Time) []Change {
	d := differ{investigation: investigation, have: have, now: now, taken: map[string]bool{}}
	var changes []Change
	for _, s := range want {
		changes = append(changes, d.session(s, prior)...)
	}
	return append(changes, d.orphans()...)
}

type differ struct {
	investigation string
	have          []Recording
	now           time.Time
	taken         map[string]bool // keys of recordings that a session answers for
}

func (d differ) session(s Session, prior Prior) []Change {
	if r := d.ours(s.Print()); r != nil {
		d.taken[r.ID.Key()] = true
		return []Change{d.existing(s, *r)}
	}
	if prior.Collected[s.Print()] == s.Digest() {
		return []Change{{Leave, "recorded and collected before", &s, nil}}
	}
	if s.Mechanism == FlowLog {
		return d.flowLog(s)
	}
	return []Change{{Create, s.Why, &s, nil}}
}

// ours returns the recording that was made for the session with this print.
func (d differ) ours(print string) *Recording {
	i := slices.IndexFunc(d.have, func(r Recording) bool {
		n, ok := ParseName(r.ID.Name())
		return ok && n.Investigation == d.investigation && n.Print == print
	})
	if i < 0 {
		return nil
	}
	return &d.have[i]
}

func (d differ) existing(s Session, r Recording) Change {
	n, _ := ParseName(r.ID.Name())
	if state := strings.ToLower(r.Provisioning); d.now.Before(n.Deadline) && (state == "failed" || state == "deleting") {
		return Change{Replace, "an interrupted run left it in state " + r.Provisioning, &s, &r}
	}
	if diff := Differs(s, r); diff != "" && d.now.Before(n.Deadline) {
		return Change{Replace, "is there with another " + diff, &s, &r}
	}
	s.Name, s.Deadline = r.ID.Name(), n.Deadline
	if d.now.Before(n.Deadline) {
		return Change{Keep, "is there, until " + n.Deadline.Format(time.RFC3339), &s, &r}
	}
	return Change{Finish, "its time ended " + n.Deadline.Format(time.RFC3339), &s, &r}
}

// flowLog reuses what somebody else logs already, on the target itself, on
// what holds it, or on parts of it: Azure writes a NIC's traffic only to the
// most specific log (NIC before subnet before VNet), so a second log would
// take the records away from the first.
func (d differ) flowLog(s Session) []Change {
	var parts []Change
	for _, r := range d.others() {
		switch {
		case r.Target.Is(s.Target.ID) || holds(s.Within, r.Target):
			return []Change{{Reuse, fmt.Sprintf("flow log %s covers it", r.ID.Name()), &s, &r}}
		case holds(r.Within, s.Target.ID):
			part := s
			part.Target.ID, part.Target.Kind, part.Within = r.Target, kindOf(r.Target), r.Within
			parts = append(parts, Change{Reuse, fmt.Sprintf("flow log %s takes the records of this %s", r.ID.Name(), part.Target.Kind), &part, &r})
		}
	}
	return append([]Change{{Create, s.Why, &s, nil}}, parts...)
}

func holds(within []ID, id ID) bool {
	return slices.ContainsFunc(within, id.Is)
}

func kindOf(target ID) string {
	switch typ := strings.ToLower(target.Type()); {
	case strings.HasSuffix(typ, "/subnets"):
		return "subnet"
	case strings.HasSuffix(typ, "/networkinterfaces"):
		return "nic"
	}
	return "vnet"
}

// others lists the flow logs that are not flowctl's and write, by id.
func (d differ) others() []Recording {
	var out []Recording
	for _, r := range d.have {
		if _, ours := ParseName(r.ID.Name()); !ours && r.Mechanism == FlowLog && r.Enabled {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b Recording) int { return strings.Compare(a.ID.Key(), b.ID.Key()) })
	return out
}

// orphans are the recordings of this investigation that no session asks for.
func (d differ) orphans() []Change {
	var out []Change
	for _, r := range d.have {
		n, ok := ParseName(r.ID.Name())
		if ok && n.Investigation == d.investigation && !d.taken[r.ID.Key()] {
			out = append(out, Change{Delete, "nothing in the file asks for it", nil, &r})
		}
	}
	slices.SortFunc(out, func(a, b Change) int { return strings.Compare(a.Recording.ID.Key(), b.Recording.ID.Key()) })
	return out
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
