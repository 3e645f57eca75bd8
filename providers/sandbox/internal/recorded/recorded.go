// Package recorded is what Azure writes into the sandbox's storage accounts:
// the hour blobs of flow logs and the files of packet captures. None of them
// is stored. A blob is made from the world's traffic when it is read, and
// exists as soon as Azure would have written it.
//
// Names and block layout are those of the pages "Read flow logs" and "Manage
// virtual network flow logs" of Azure Network Watcher's documentation.
package recorded

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"flowctl/plan"
	"flowctl/providers/sandbox/internal/arm"
	"flowctl/providers/sandbox/internal/blob"
	"flowctl/providers/sandbox/internal/fault"
	"flowctl/providers/sandbox/internal/traffic"
	"flowctl/providers/sandbox/internal/world"
)

// Options are what a Source draws from.
type Options struct {
	World  *world.World
	ARM    *arm.Server // knows what records what, and the traffic
	Clock  plan.Clock
	Faults *fault.Set // of the world; nil: none
}

// Source implements blob.Source.
type Source struct {
	o     Options
	sizes *sizes

	mu    sync.Mutex
	drawn *view
	seen  map[[2]string]blob.Container // containers that are there for good
	none  map[[2]string]emptiness      // those that had no blob yet
}

var _ blob.Source = (*Source)(nil)

// New returns the source of a world's recordings.
func New(o Options) *Source {
	return &Source{o: o, sizes: newSizes(), seen: map[[2]string]blob.Container{}, none: map[[2]string]emptiness{}}
}

// view is what one state of ARM means for the storage accounts.
type view struct {
	state *arm.State
	model *traffic.Model
	logs  map[string][]*hourly // by account, in the order of their names
	files map[place][]arm.File // in the order of their names
	runs  []run
	hours map[int64]string // fingerprints, see before
	mu    sync.Mutex
}

// place is a container of an account.
type place struct{ account, container string }

// view returns the meaning of ARM's present state, which is worked out once
// for each.
func (s *Source) view() (*view, error) {
	st, err := s.o.ARM.State()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drawn == nil || s.drawn.state != st {
		v := &view{state: st, model: s.o.ARM.Model(st), files: map[place][]arm.File{}, hours: map[int64]string{}}
		if err := s.drawLogs(v); err != nil {
			return nil, err
		}
		s.drawFiles(v)
		s.drawn = v
	}
	return s.drawn, nil
}

// drawFiles lists the captures' files. Where two have one name the later
// capture wrote over the earlier one's.
func (s *Source) drawFiles(v *view) {
	byName := map[place]map[string]arm.File{}
	for _, c := range v.state.Captures {
		for _, f := range s.o.ARM.Files(v.state, c) {
			at := place{f.Account, f.Container}
			if byName[at] == nil {
				byName[at] = map[string]arm.File{}
			}
			byName[at][f.Name] = f
		}
	}
	for at, files := range byName {
		v.files[at] = slices.SortedFunc(maps.Values(files), func(a, b arm.File) int { return cmp.Compare(a.Name, b.Name) })
	}
}

// Account returns the account of that name.
func (s *Source) Account(name string) (blob.Account, bool) {
	st, err := s.o.ARM.State()
	if err != nil {
		return blob.Account{}, false
	}
	a := s.account(st, name)
	if a == nil {
		return blob.Account{}, false
	}
	keys := s.o.World.AccountKeys(a.ID)
	return blob.Account{Name: a.Name, Tenant: s.o.World.TenantOf(a.ID), SharedKey: a.SharedKey, Keys: blob.DecodeKeys(keys), Secret: blob.NewSecret(keys),
		ID: a.ID, Region: a.Location, Closed: closed(a)}, true
}

// account is the account of that name, or nil.
func (s *Source) account(st *arm.State, name string) *world.StorageAccount {
	return s.o.ARM.Account(st, name, s.o.Clock.Now())
}

// Containers lists the containers that hold a blob, as Azure makes them when
// it writes the first.
func (s *Source) Containers(account string) ([]blob.Container, error) {
	v, err := s.view()
	if err != nil {
		return nil, err
	}
	names, now := map[string]bool{}, s.o.Clock.Now()
	for _, h := range v.logs[account] {
		names[h.container] = true
	}
	for at := range v.files {
		if at.account == account {
			names[at.container] = true
		}
	}
	var all []blob.Container
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if c, ok := s.container(v, now, account, name); ok {
			all = append(all, c)
		}
	}
	return all, nil
}

// container looks for the first blob in a container, once; where there is none yet,
// once for each time and state.
func (s *Source) container(v *view, now time.Time, account, name string) (blob.Container, bool) {
	key := [2]string{account, name}
	s.mu.Lock()
	c, ok := s.seen[key]
	none := s.none[key] == emptiness{v, now} && s.o.Faults.Empty() // which can be lifted at any time
	s.mu.Unlock()
	if ok || none {
		return c, ok
	}
	for blobName := range s.names(v, now, place{account, name}, span{}) {
		if b, ok := s.blob(v, now, account, name, blobName); ok {
			c := blob.Container{Name: name, Modified: b.Created}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.seen[key] = c
			return c, true
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.none[key] = emptiness{v, now}
	return blob.Container{}, false
}

// emptiness is when a container had no blob.
type emptiness struct {
	of *view
	at time.Time
}

// Names yields the names that blobs in a container have or may come to have.
func (s *Source) Names(account, container, prefix, from string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		v, err := s.view()
		if err != nil {
			yield("", err)
			return
		}
		for name := range s.names(v, s.o.Clock.Now(), place{account, container}, span{prefix, from}) {
			if !yield(name, nil) {
				return
			}
		}
	}
}

func (s *Source) names(v *view, now time.Time, in place, want span) iter.Seq[string] {
	return func(yield func(string) bool) {
		files := v.files[in]
		for name := range s.logNames(v, now, in, want) {
			for len(files) > 0 && files[0].Name < name {
				if want.has(files[0].Name) && !yield(files[0].Name) {
					return
				}
				files = files[1:]
			}
			if !yield(name) {
				return
			}
		}
		for _, f := range files {
			if want.has(f.Name) && !yield(f.Name) {
				return
			}
		}
	}
}

// span is a part of the names of a container.
type span struct{ prefix, from string }

func (p span) has(name string) bool { return name >= p.from && strings.HasPrefix(name, p.prefix) }

// mayHave reports whether any name that begins with start can be in the span.
func (p span) mayHave(start string) bool {
	if !strings.HasPrefix(start, p.prefix) && !strings.HasPrefix(p.prefix, start) {
		return false
	}
	return start >= p.from || strings.HasPrefix(p.from, start)
}

// Blob returns one blob as it is now.
func (s *Source) Blob(account, container, name string) (blob.Blob, bool, error) {
	v, err := s.view()
	if err != nil {
		return blob.Blob{}, false, err
	}
	b, ok := s.blob(v, s.o.Clock.Now(), account, container, name)
	return b, ok, nil
}

func (s *Source) blob(v *view, now time.Time, account, container, name string) (blob.Blob, bool) {
	files := v.files[place{account, container}]
	i, ok := slices.BinarySearchFunc(files, name, func(f arm.File, name string) int { return cmp.Compare(f.Name, name) })
	if ok {
		return s.captureBlob(v, now, files[i])
	}
	return s.logBlob(v, now, account, container, name)
}
