package arm

import (
	"slices"
	"strings"
	"sync"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/world"
)

// living is a world as the resources of a state make it.
type living struct {
	*world.World
	byID map[string]any // its resources by the keys of their ids
}

func newLiving(w *world.World) *living {
	l := &living{w, map[string]any{}}
	put := func(id plan.ID, r any) { l.byID[id.Key()] = r }
	for _, v := range w.VNets {
		put(v.ID, v)
		for _, n := range v.Subnets {
			put(n.ID, n)
		}
	}
	for _, n := range w.NSGs {
		put(n.ID, n)
	}
	for _, n := range w.NICs {
		put(n.ID, n)
	}
	for _, p := range w.PublicIPs {
		put(p.ID, p)
	}
	for _, v := range w.VMs {
		put(v.ID, v)
	}
	for _, v := range w.ScaleSets {
		put(v.ID, v)
		for _, i := range v.Instances {
			put(i.ID, i)
		}
	}
	for _, a := range w.Accounts {
		put(a.ID, a)
	}
	for _, g := range w.Gateways {
		put(g.ID, g)
	}
	for _, e := range w.Endpoints {
		put(e.ID, e)
	}
	return l
}

// lives remembers what the last states have made of the world.
type lives struct {
	mu     sync.Mutex
	first  *living
	known  map[liveKey]*living
	models map[*Event]*traffic.Model // by the last change
}

type liveKey struct {
	last    *Event
	pending int // deletions that have not come to their end
}

const maxLives = 16

// Live is the world as it is at now.
func (s *Server) Live(st *State, now time.Time) *world.World { return s.liveAt(st, now).World }

func (q *request) live(st *State) *living { return q.liveAt(st, q.now) }

func (s *Server) liveAt(st *State, now time.Time) *living {
	if len(st.History) == 0 {
		return s.lives.first
	}
	key := liveKey{last: st.History[len(st.History)-1]}
	over := map[string]*Resource{}
	for _, e := range st.History {
		if e.Put == nil && now.Before(e.At) {
			key.pending++
			continue
		}
		over[e.ID.Key()] = e.Put
	}
	s.lives.mu.Lock()
	l := s.lives.known[key]
	s.lives.mu.Unlock()
	if l != nil {
		return l
	}
	l = newLiving(s.become(over))
	s.lives.keep(key, l)
	return l
}

// then is the world as it was at a time, changes of that moment included.
func (s *Server) then(st *State, at time.Time) *living {
	var last *Event
	over := map[string]*Resource{}
	n := 0
	for _, e := range st.History {
		if !e.At.After(at) {
			over[e.ID.Key()], last = e.Put, e
			n++
		}
	}
	if last == nil {
		return s.lives.first
	}
	key := liveKey{last: last, pending: -n}
	s.lives.mu.Lock()
	l := s.lives.known[key]
	s.lives.mu.Unlock()
	if l == nil {
		l = newLiving(s.become(over))
		s.lives.keep(key, l)
	}
	return l
}

func (l *lives) keep(key liveKey, v *living) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil || len(l.known) >= maxLives {
		l.known = map[liveKey]*living{}
	}
	l.known[key] = v
}

// Model is the traffic of the world and of what clients have made of it.
func (s *Server) Model(st *State) *traffic.Model {
	if len(st.History) == 0 {
		return s.model
	}
	last := st.History[len(st.History)-1]
	s.lives.mu.Lock()
	m := s.lives.models[last]
	s.lives.mu.Unlock()
	if m != nil {
		return m
	}
	m = traffic.New(s.world, s.changes(st)...)
	s.lives.mu.Lock()
	defer s.lives.mu.Unlock()
	if s.lives.models == nil || len(s.lives.models) >= maxLives {
		s.lives.models = map[*Event]*traffic.Model{}
	}
	s.lives.models[last] = m
	return m
}

// changes are the worlds that there were, in the order of time.
func (s *Server) changes(st *State) []traffic.Since {
	events := slices.Clone(st.History)
	slices.SortStableFunc(events, func(a, b *Event) int { return a.At.Compare(b.At) })
	var all []traffic.Since
	over := map[string]*Resource{}
	for i, e := range events {
		if !talks(e.ID) {
			continue
		}
		over[e.ID.Key()] = e.Put
		if i+1 < len(events) && events[i+1].At.Equal(e.At) && talks(events[i+1].ID) {
			continue
		}
		all = append(all, traffic.Since{At: e.At, World: s.become(over)})
	}
	return all
}

// talks reports whether traffic depends on a resource.
func talks(id plan.ID) bool {
	typ := strings.ToLower(id.Type())
	return strings.HasPrefix(typ, "microsoft.network/") || strings.HasPrefix(typ, "microsoft.compute/virtualmachine")
}

// become is the world with some of its resources as clients have left them;
// nil are those that are gone.
func (s *Server) become(over map[string]*Resource) *world.World {
	v := &lens{s: s, over: over}
	done := map[string]bool{}
	var put []any
	var gone []plan.ID
	for _, key := range slices.Sorted(mapKeys(over)) {
		id := plan.ID(key)
		switch kindOf(id.Type()).acts {
		case byUsers:
			continue
		case asPart:
			id = id.Parent()
		}
		if done[id.Key()] {
			continue
		}
		done[id.Key()] = true
		m := v.get(id)
		if m == nil {
			gone = append(gone, id)
			continue
		}
		if lives := kindOf(m.Type).lives; lives != nil {
			put = append(put, lives(v, m)...)
		}
		gone = append(gone, v.lost(m)...)
	}
	return s.world.With(put, gone)
}

func mapKeys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}
