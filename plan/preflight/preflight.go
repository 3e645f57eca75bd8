// Package preflight says, before anything is done, what would fail, what will
// be missing and what it costs: findings from a plan and from what was read of
// Azure. Check and Cost are pure; what they need beyond inventories and
// recordings, Ask fetches through plan.Checker.
// The codes are described in cmd/flowctl/docs/findings.md.
package preflight

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
	"flowctl/plan/config"
)

// Input is all that findings rest on.
type Input struct {
	Config      *config.Investigation
	Plan        plan.Plan // with its changes; its findings are not looked at
	Inventories map[string]*plan.Inventory
	Indexes     map[string]*plan.Index // of inventories, by alias; what is missing is made anew each time
	Recordings  []plan.Recording       // of all providers
	Facts       Facts
}

// Check returns what there is to say, errors first, then in the order of the
// file. It does no I/O.
func Check(in Input) []plan.Finding {
	c := newChecker(in)
	checks := []func(*checker){
		(*checker).window, (*checker).skew, (*checker).changes, (*checker).machines, (*checker).storage, (*checker).lifecycles,
		(*checker).locks, (*checker).registrations, (*checker).quotas, (*checker).policies, (*checker).watchers,
		(*checker).otherLogs, (*checker).names, (*checker).filters, (*checker).unseen, (*checker).settings,
		(*checker).permissions, (*checker).budget, (*checker).unread,
	}
	if in.Config.Past { // nothing is made
		checks = []func(*checker){(*checker).changes, (*checker).permissions, (*checker).unread}
	}
	for _, check := range checks {
		check(c)
	}
	Sort(c.findings)
	return c.findings
}

// Sort puts errors first, then warnings, then what is good to know; each in
// the order of the file.
func Sort(fs []plan.Finding) {
	rank := map[plan.Severity]int{plan.Error: 0, plan.Warning: 1, plan.Info: 2}
	slices.SortStableFunc(fs, func(a, b plan.Finding) int {
		return cmp.Or(cmp.Compare(rank[a.Severity], rank[b.Severity]), strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Code, b.Code))
	})
}

// Once leaves of findings that say the same of several watches the most severe.
func Once(fs []plan.Finding) []plan.Finding {
	Sort(fs)
	said := map[[2]string]bool{}
	return slices.DeleteFunc(fs, func(f plan.Finding) bool {
		key := [2]string{f.Code, f.Detail}
		before := said[key]
		said[key] = true
		return before
	})
}

// checker goes through a plan and collects findings.
type checker struct {
	Input
	indexes  map[string]*plan.Index
	watches  map[string]config.Watch // by address
	accounts map[string]account      // by key
	findings []plan.Finding
	said     map[string]bool
}

// account is a storage account with the inventory that it is in.
type account struct {
	plan.StorageAccount
	inventory *plan.Inventory
}

func newChecker(in Input) *checker {
	c := &checker{Input: in, indexes: map[string]*plan.Index{}, watches: map[string]config.Watch{}, accounts: map[string]account{}, said: map[string]bool{}}
	for alias, inv := range in.Inventories {
		if c.indexes[alias] = in.Indexes[alias]; c.indexes[alias] == nil {
			c.indexes[alias] = inv.Index()
		}
		for _, a := range inv.Accounts {
			c.accounts[a.ID.Key()] = account{a, inv}
		}
	}
	for _, w := range in.Config.Watches {
		c.watches[w.Address()] = w
	}
	return c
}

// index is that of the inventory which a session's target is from.
func (c *checker) index(s *plan.Session) *plan.Index {
	if x := c.indexes[s.Target.Provider]; x != nil {
		return x
	}
	return (&plan.Inventory{}).Index()
}

func (c *checker) inventory(s *plan.Session) *plan.Inventory {
	if inv := c.Inventories[s.Target.Provider]; inv != nil {
		return inv
	}
	return &plan.Inventory{}
}

func (c *checker) watch(s *plan.Session) config.Watch { return c.watches[s.Watches[0]] }

// sessions lists the sessions of changes with one of the actions.
func (c *checker) sessions(actions ...plan.Action) []*plan.Session {
	var out []*plan.Session
	for _, ch := range c.Plan.Changes {
		if ch.Session != nil && slices.Contains(actions, ch.Action) {
			out = append(out, ch.Session)
		}
	}
	return out
}

// made are the sessions that apply starts.
func (c *checker) made() []*plan.Session { return c.sessions(plan.Create, plan.Replace, plan.Update) }

// logged are those that are flow logs and are read in the end, whoever made them.
func (c *checker) logged() []*plan.Session {
	return slices.DeleteFunc(c.sessions(plan.Create, plan.Replace, plan.Update, plan.Keep, plan.Finish, plan.Reuse), func(s *plan.Session) bool { return s.Mechanism != plan.FlowLog })
}

// remaining is how much of the time box is left; of a monitor, how long after it was written
// a record is read.
func (c *checker) remaining() time.Duration {
	if m := c.Config.Monitor; m != nil {
		return m.Every + plan.Late
	}
	from := c.Plan.Made
	if c.Config.Start.After(from) {
		from = c.Config.Start
	}
	return c.Plan.Ends.Sub(from)
}

// about is what a finding is about.
type about struct {
	watch  string
	target plan.ID
	at     hcl.Range
}

// on is about a session, at a place of the file.
func on(s *plan.Session, at hcl.Range) about { return about{s.Watches[0], s.Target.ID, at} }

// say adds a finding, unless the same was said before: of one cause people want
// to hear once, however many watches it is about.
func (c *checker) say(sev plan.Severity, code string, a about, summary, detail string, args ...any) {
	text := fmt.Sprintf(detail, args...)
	key := code + "\x00" + text
	if c.said[key] {
		return
	}
	c.said[key] = true
	c.findings = append(c.findings, plan.Finding{
		Code: code, Severity: sev, Summary: summary, Detail: text,
		Watch: a.watch, Target: a.target, File: a.at.Filename, Line: a.at.Start.Line,
	})
}

// changes says what the flow logs that are there mean for the plan.
func (c *checker) changes() {
	for _, f := range plan.Warn(c.Plan.Changes, c.Recordings) {
		at := c.watches[f.Watch].Range
		f.File, f.Line = at.Filename, at.Start.Line
		c.findings = append(c.findings, f)
	}
}

// few names the first things of many.
func few(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// covers reports whether scope is id or above it.
func covers(scope, id plan.ID) bool {
	return strings.HasPrefix(id.Key()+"/", scope.Key()+"/")
}
