package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"flowctl/cmd/internal/terminal"
	"flowctl/plan"
	"flowctl/plan/state"
)

type statusOptions struct {
	source
	json bool
}

func newStatus(env *Env) *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:     "status [PATH]",
		Short:   "Show what is recording and what was recorded",
		Example: "  flowctl status investigation.hcl\n  flowctl status --json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.at(args)
			return runStatus(cmd.Context(), env, o)
		},
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.json, "json", false, "print the status as JSON")
	return cmd
}

// statusDoc is the stable JSON form of a status.
type statusDoc struct {
	Format         string     `json:"format"`
	Now            time.Time  `json:"now"`
	Investigations []standing `json:"investigations"`
}

type standing struct {
	Name     string          `json:"name"`
	Ends     *time.Time      `json:"ends"`
	Finished *time.Time      `json:"finished"`
	Results  string          `json:"results,omitempty"`
	Sessions []sessionStatus `json:"sessions"`
}

type sessionStatus struct {
	Name      string         `json:"name"` // of the resource
	Mechanism plan.Mechanism `json:"mechanism"`
	Target    plan.ID        `json:"target"`
	State     string         `json:"state"` // as Azure says, or where flowctl stands
	Reason    string         `json:"reason,omitempty"`
	Reused    bool           `json:"reused,omitempty"`
	There     bool           `json:"there"` // in Azure
	Deadline  *time.Time     `json:"deadline"`
}

func runStatus(ctx context.Context, env *Env, o statusOptions) error {
	ws, err := o.open(ctx, env)
	if err != nil {
		return err
	}
	doc := statusDoc{Format: "1", Now: ws.now(), Investigations: []standing{}}
	var errs []error
	for _, inv := range ws.config.Investigations {
		s, err := ws.standing(ctx, inv.Name)
		doc.Investigations = append(doc.Investigations, s)
		errs = append(errs, err)
	}
	if o.json {
		return errors.Join(append(errs, writeJSON(env, doc))...)
	}
	statusText(env.Stdout, doc)
	return errors.Join(errs...)
}

// standing joins what Azure shows of an investigation with what the state
// remembers of it.
func (ws *workspace) standing(ctx context.Context, name string) (standing, error) {
	s := standing{Name: name, Sessions: []sessionStatus{}}
	there, err := ws.ours(ctx, name)
	for _, r := range there {
		n, _ := plan.ParseName(r.ID.Name())
		s.Sessions = append(s.Sessions, statusOf(r, n))
		s.Ends = &n.Deadline
	}
	run := ws.snapshot.Runs[name]
	if run == nil {
		return s, err
	}
	s.Ends, s.Results = &run.Ends, relative(run.Results)
	if !run.Finished.IsZero() {
		s.Finished = &run.Finished
	}
	s.remember(run, there)
	return s, err
}

func statusOf(r plan.Recording, n plan.Name) sessionStatus {
	st := sessionStatus{Name: r.ID.Name(), Mechanism: r.Mechanism, Target: r.Target, There: true, Deadline: &n.Deadline, Reason: r.StopReason}
	switch {
	case r.Mechanism == plan.PacketCapture:
		st.State = string(r.State)
	case r.Enabled:
		st.State = "recording"
	default:
		st.State = "disabled"
	}
	return st
}

// remember adds the sessions that are not in Azure any more, or never were
// ours.
func (s *standing) remember(run *state.Run, there []plan.Recording) {
	known := map[string]bool{}
	for _, r := range there {
		known[r.ID.Name()] = true
	}
	for _, m := range byAddress(run.Sessions) {
		if known[m.Session.Name] {
			continue
		}
		s.Sessions = append(s.Sessions, sessionStatus{
			Name: m.Session.Name, Mechanism: m.Session.Mechanism, Target: m.Session.Target.ID,
			State: string(m.Phase), Reason: m.Reason, Reused: m.Reused, There: m.Reused,
		})
	}
}

// byAddress lists sessions in the order of their watches and targets.
func byAddress(sessions map[string]*state.Session) []*state.Session {
	return slices.SortedFunc(maps.Values(sessions), func(a, b *state.Session) int {
		return cmp.Or(cmp.Compare(a.Session.Address(), b.Session.Address()), cmp.Compare(a.Session.Name, b.Session.Name))
	})
}

// ours lists what flowctl made for an investigation, captures with their
// state.
func (ws *workspace) ours(ctx context.Context, name string) ([]plan.Recording, error) {
	var out []plan.Recording
	var errs []error
	for _, alias := range ws.aliases() {
		for _, r := range ws.recordings[alias] {
			n, ok := plan.ParseName(r.ID.Name())
			if !ok || n.Investigation != name {
				continue
			}
			if r.Mechanism == plan.PacketCapture {
				got, err := ws.providers[alias].Status(ctx, r)
				if errs = append(errs, err); err == nil {
					r = got
				}
			}
			out = append(out, r)
		}
	}
	return out, errors.Join(errs...)
}

func statusText(w io.Writer, d statusDoc) {
	for _, i := range d.Investigations {
		switch {
		case i.Finished != nil:
			fmt.Fprintf(w, "%s: finished; results in %s\n", i.Name, i.Results)
		case i.Ends == nil:
			fmt.Fprintf(w, "%s: not started\n", i.Name)
		case d.Now.Before(*i.Ends):
			fmt.Fprintf(w, "%s: recording, %s left, until %s\n", i.Name, i.Ends.Sub(d.Now).Round(time.Second), i.Ends.UTC().Format("2006-01-02 15:04:05 MST"))
		default:
			fmt.Fprintf(w, "%s: over since %s; flowctl apply collects and removes what is there\n", i.Name, i.Ends.UTC().Format("2006-01-02 15:04:05 MST"))
		}
		tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, s := range i.Sessions {
			fmt.Fprintf(tw, "  %s\t%s\t%s\t%s\n", s.Mechanism, terminal.Escape(s.Target.Name()), s.word(), terminal.Escape(s.Reason))
		}
		tw.Flush()
	}
}

func (s sessionStatus) word() string {
	if s.Reused {
		return s.State + " (reused)"
	}
	return s.State
}
