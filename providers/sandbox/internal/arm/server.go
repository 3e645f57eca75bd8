// Package arm is the sandbox's Azure Resource Manager: an http.Handler that
// answers for the subscriptions of a world as ARM, the network, compute and
// storage resource providers do. It keeps only what clients made or changed;
// all else is read from the world. Nothing runs in the background: what an
// operation, a flow log or a capture has come to follows from the clock.
//
// Status codes, headers and bodies are those that recordings of Azure's own
// traffic show (azure-cli's test recordings) and the models of the Azure SDK
// state; error codes that no source states are chosen after Azure's habits.
package arm

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/fault"
	"flowctl/providers/sandbox/internal/store"
	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/world"
)

// Options are what a Server serves from.
type Options struct {
	World    *world.World
	Model    *traffic.Model
	Clock    plan.Clock
	Dir      string // where changes are kept; empty: in memory
	PageSize int    // of lists that have pages; 0: as Azure's
	Logger   *slog.Logger
	Faults   *fault.Set // of the world; nil: none

	Real func() time.Time // real time, by which tokens end; nil: time.Now

	Containers Containers // of the Blob service; nil: none
}

// Server is the ARM of one world.
type Server struct {
	world      *world.World
	model      *traffic.Model
	clock      plan.Clock
	real       func() time.Time
	file       *store.File[State]
	fresh      *State // of the world before anybody touched it
	page       int
	log        *slog.Logger
	routes     []route
	operations []string // as faults name them
	origin     *base
	lives      lives
	byID       map[string]any // the world's own resources by the keys of their ids

	ends   endCache
	graph  graph
	faults *fault.Set
	rates  *rates
	stale  memories
	vain   vain

	containers Containers
}

// defaultPage is how many resources a page of most lists holds.
const defaultPage = 1000

// New returns the server of a world.
func New(o Options) (*Server, error) {
	f, err := store.Open[State](o.Dir, "arm.json")
	if err != nil {
		return nil, err
	}
	s := &Server{world: o.World, model: o.Model, clock: o.Clock, file: f, page: o.PageSize, log: o.Logger, routes: routes(), operations: Operations(),
		faults: o.Faults, rates: newRates(o.World)}
	s.containers, s.real = o.Containers, o.Real
	if s.real == nil {
		s.real = time.Now
	}
	if s.page <= 0 {
		s.page = defaultPage
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.origin, s.lives.first = compile(s.world), newLiving(s.world)
	s.byID = s.lives.first.byID
	s.fresh = seed(s.world)
	if _, err := s.State(); err != nil {
		return nil, err
	}
	return s, nil
}

// State is everything that clients made or changed, and when; shared, not to
// be changed.
func (s *Server) State() (*State, error) {
	st, err := s.file.Read()
	if err != nil {
		return nil, err
	}
	if st.Format == 0 {
		return s.fresh, nil
	}
	return st, s.check(st)
}

// check refuses the state of another world, whose ids this one would not know.
func (s *Server) check(st *State) error {
	if st.Format != stateFormat || st.World != worldName(s.world) {
		return fmt.Errorf("the sandbox's state is of format %d and of the world %q, not of format %d and %q; "+
			"remove the sandbox's folder to start anew, or give this world another one",
			st.Format, st.World, stateFormat, worldName(s.world))
	}
	return nil
}

// update changes the state. An error from change leaves it as it was.
func (s *Server) update(ctx context.Context, change func(*State) error) error {
	return s.file.Update(ctx, func(st *State) error {
		if st.Format == 0 {
			*st = *seed(s.world)
		}
		if err := s.check(st); err != nil {
			return err
		}
		if err := change(st); err != nil {
			return err
		}
		st.prune(s.clock.Now())
		st.Resources = s.pruned(st.Resources, s.clock.Now())
		return nil
	})
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := &request{Server: s, r: r, now: s.clock.Now(), query: r.URL.Query()}
	rep, err := q.serve()
	if err != nil {
		rep = q.refusal(err)
	}
	if fault.Of(q.struck, world.ResetAfter) != nil {
		fault.Cut(r)
	}
	q.write(w, rep)
}
