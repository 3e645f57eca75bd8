package operation

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"flowctl/plan"
	"flowctl/plan/ledger"
)

// Imported is a recording that an investigation has taken over.
type Imported struct {
	Name      string // of the investigation
	Session   plan.Session
	Recording plan.Recording
	Ends      time.Time
}

// Import takes a flow log or a packet capture that is in Azure for what a watch of the
// file asks for: it is noted in the ledger, and from then on followed, collected and
// removed as if flowctl had made it. In Azure nothing is changed. What is not exactly
// what the file declares, or is somebody else's, is refused.
func (op *Operation) Import(ctx context.Context, watch string, id plan.ID) (Imported, error) {
	plans, err := op.plans(ctx)
	if err != nil {
		return Imported{}, err
	}
	rec, err := op.find(ctx, id)
	if err != nil {
		return Imported{}, fmt.Errorf("import %s: %w", id, err)
	}
	var declared []string
	for _, p := range plans {
		for _, c := range p.Changes {
			if !slices.Contains(c.Session.Watches, watch) {
				continue
			}
			if c.Session.Mechanism == rec.Mechanism && c.Target().Is(rec.Target) {
				return op.takeIn(ctx, p, c, rec)
			}
			declared = append(declared, describe(c.Session.Mechanism, c.Target()))
		}
	}
	if declared == nil {
		return Imported{}, fmt.Errorf("import %s: the file has no watch %s that selects anything; it has %s", rec.ID.Name(), watch, strings.Join(op.watches(), ", "))
	}
	return Imported{}, fmt.Errorf("import %s: it is a %s, and watch %s asks for %s", rec.ID.Name(), describe(rec.Mechanism, rec.Target), watch, strings.Join(declared, ", "))
}

func describe(m plan.Mechanism, target plan.ID) string {
	return strings.ReplaceAll(string(m), "_", " ") + " of " + target.Name()
}

func (op *Operation) watches() []string {
	var out []string
	for _, inv := range op.Config.Investigations {
		out = append(out, addresses(inv)...)
	}
	return out
}

// find is the recording of an id as it is now.
func (op *Operation) find(ctx context.Context, id plan.ID) (plan.Recording, error) {
	all := op.allRecordings()
	i := slices.IndexFunc(all, func(r plan.Recording) bool { return r.ID.Is(id) })
	if i < 0 {
		return plan.Recording{}, errors.New("no flow log or packet capture with this id is on a Network Watcher that the file's providers see; it is the resource id, as az network watcher flow-log show prints it")
	}
	if all[i].Mechanism == plan.FlowLog {
		return all[i], nil
	}
	return op.providerOf(all[i]).Status(ctx, all[i])
}

// takeIn notes rec as what was started for a change, if it is what the file declares and
// nobody else's.
func (op *Operation) takeIn(ctx context.Context, p plan.Plan, c plan.Change, rec plan.Recording) (Imported, error) {
	if p.Investigation.Standing() {
		return Imported{}, fmt.Errorf("import %s for %s: what is there already cannot be taken over by a monitor; flowctl apply reads it and leaves it alone", rec.ID.Name(), c.Session.Address())
	}
	if err := op.importable(p, c, rec); err != nil {
		return Imported{}, fmt.Errorf("import %s for %s: %w", rec.ID.Name(), c.Session.Address(), err)
	}
	if err := op.lock.Hold(ctx); err != nil {
		return Imported{}, err
	}
	inv, now := p.Investigation, op.now()
	run := op.ledger.Runs[inv.Name]
	if run == nil {
		run = &ledger.Run{Owner: inv.Owner, Sessions: map[string]*ledger.Entry{}}
		run.Started, run.Ends = inv.TimeBox(now)
		run.Results = filepath.Join(op.resultsOf(inv.Name), run.Ends.UTC().Format(resultsTime))
		op.ledger.Runs[inv.Name] = run
	}
	s := *c.Session
	s.Name, s.Watcher, s.Deadline, s.CreateWatcher, s.InstallAgent = rec.ID.Name(), rec.ID.Parent(), run.Ends, false, ""
	e := &ledger.Entry{
		Session: s, Digest: c.Session.Digest(), Created: run.Started, Seen: &ledger.Seen{At: now, Recording: &rec},
		Intended: ledger.Intended{At: now, By: ledger.Who() + " (imported)", File: op.Config.Path},
	}
	if !rec.Started.IsZero() {
		e.Created = rec.Started
	}
	run.Sessions[s.Fingerprint()] = e
	_, err := op.backend.Write(context.WithoutCancel(ctx), op.ledger)
	return Imported{inv.Name, s, rec, run.Ends}, err
}

// importable says why rec cannot be taken for what a change asks for.
func (op *Operation) importable(p plan.Plan, c plan.Change, rec plan.Recording) error {
	inv, run := p.Investigation, op.ledger.Runs[p.Investigation.Name]
	n, named := plan.ParseName(rec.ID.Name())
	switch {
	case p.Finished:
		return errors.New("the run is over, and its results stay; flowctl apply --again records anew")
	case inv.Made(rec) || run.Has(rec.ID):
		return errors.New("it is this investigation's already; flowctl apply goes on with it")
	case named && n.Investigation != inv.Name:
		return fmt.Errorf("it is investigation %q's, as its name says", n.Investigation)
	case named:
		return errors.New("it is of an investigation of the same name that somebody else owns")
	case c.Action != plan.Create && c.Action != plan.Reuse:
		return errors.New("something is recorded for that already, or was")
	}
	for name, other := range op.ledger.Runs {
		if other.Finished.IsZero() && other.Has(rec.ID) {
			return fmt.Errorf("investigation %q has it already", name)
		}
	}
	for tag, want := range map[string]string{plan.TagInvestigation: inv.Name, plan.TagOwner: inv.Owner} {
		if is := rec.Tags[tag]; is != "" && is != want {
			return fmt.Errorf("its tag %s says %q, and the file %q", tag, is, want)
		}
	}
	switch diff := plan.Differs(*c.Session, rec); {
	case diff != "":
		return fmt.Errorf("its %s is not what the file declares; change one or the other, and import it then", diff)
	case rec.Mechanism == plan.FlowLog && !rec.Enabled:
		return errors.New("it is switched off: switch it on first")
	case rec.Mechanism == plan.PacketCapture && rec.State == plan.CaptureError:
		return errors.New("it has failed, and holds nothing")
	}
	return nil
}
