// Package identity knows which records of flow logs were met in a run, so that
// each counts once: copies, replicas, earlier downloads of a growing hour and
// second deliveries hold the same records again.
//
// Records are told apart by flow.RecordID. They are kept in pages, one for each
// log and hour: files come in about that order, so that few pages are in use at
// a time and the others can wait in a temporary file. A page in use takes 24
// bytes for a record, and about 16 to find it. Which of the sources that hold
// a record has the credit depends on their names alone: the first by name.
//
// What was left: to compare tuples. Real logs repeat tuples within a record, so
// that equal tuples are no sign of a copy.
package identity

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"flowctl/collectors/flow"
)

// Set is the records of a run. Use New.
type Set struct {
	most int          // bytes in memory
	held atomic.Int64 // of them

	mu      sync.Mutex
	pages   map[pageKey]*page
	clock   uint64
	file    file
	views   views
	repeats repeats
}

// pageKey is a log and an hour since 1970.
type pageKey struct {
	log  flow.ID
	hour int64
}

// leastBytes is what is held in memory however small the budget.
const leastBytes = 24 << 10

// New returns an empty set that keeps about so many bytes in memory.
func New(bytes int64) *Set {
	return &Set{most: int(max(leastBytes, bytes)), pages: map[pageKey]*page{}}
}

// Source returns what meets the records of a source for the set. It is for one
// goroutine; a source may have several. View is the number of what is wanted of
// the source's records, such as those of a window.
func (s *Set) Source(path string, view uint32) *Source {
	return &Source{set: s, path: path, view: view, alone: s.views.single(view)}
}

// Source meets the records of one source.
type Source struct {
	set    *Set
	path   string
	view   uint32
	alone  uint32 // number of the set of view alone
	key    pageKey
	page   *page
	known  bool // number is that of path in page
	number uint32
}

// Met is what is known of a record that was met.
type Met struct {
	Again bool   // it was met before
	Loser string // the source that loses it to another: this one, or one whose name comes later
	// Counted are the views in which it was counted so far, of one that was met
	// before and not in this view; nil otherwise.
	Counted []uint32
}

// Meet notes a record.
func (m *Source) Meet(id flow.RecordID) (Met, error) {
	key := pageKey{id.Log, hourOf(id.Minute)}
	for {
		if m.page == nil || m.key != key {
			page, err := m.set.use(key)
			if err != nil {
				return Met{}, err
			}
			m.page, m.key, m.known = page, key, false
		}
		if met, ok := m.meet(id); ok {
			return met, nil
		}
		m.page = nil // it went to the file meanwhile
	}
}

func (m *Source) meet(id flow.RecordID) (met Met, ok bool) {
	p := m.page
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.gone {
		return Met{}, false
	}
	if !m.known {
		m.number, m.known = p.source(m.path), true
	}
	old, again := p.meet(record{hashOf(id), m.number, m.alone})
	if !again {
		return Met{}, true
	}
	met = Met{Again: true, Loser: max(p.sources[old.source], m.path)}
	if old.views == m.alone {
		return met, true
	}
	if with, more := m.set.views.with(old.views, m.view); more {
		p.find(old.hash).views = with
		met.Counted = m.set.views.of(old.views)
	}
	return met, true
}

func hourOf(minute int64) int64 {
	if minute == flow.NoMinute {
		return minute
	}
	return (minute - (minute%60+60)%60) / 60
}

// Lost notes what a source holds of a record that is credited to another.
func (s *Set) Lost(r flow.Repeat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.repeats.add(r)
}

// Repeats returns what was noted, by source in the order of their names. There
// are at most so many sources; the sum of all others comes last, with no name.
func (s *Set) Repeats() []flow.Repeat {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.repeats.list()
}

// mostRepeats is how many sources with repeated records are told one by one.
const mostRepeats = 1000

// repeats are those of the first sources by name, and the sum of the others.
// Once there are too many, only names before the last of them are let in, so
// that the order of arrival does not show.
type repeats struct {
	all    map[string]*flow.Repeat
	others flow.Repeat
}

func (r *repeats) add(n flow.Repeat) {
	if r.all == nil {
		r.all = map[string]*flow.Repeat{}
	}
	if at := r.all[n.Source]; at != nil {
		at.Add(n)
		return
	}
	if len(r.all) >= mostRepeats {
		last := ""
		for name := range r.all {
			last = max(last, name)
		}
		if n.Source > last {
			r.others.Add(n)
			return
		}
		r.others.Add(*r.all[last])
		delete(r.all, last)
	}
	r.all[n.Source] = &n
}

func (r *repeats) list() []flow.Repeat {
	var list []flow.Repeat
	for _, one := range r.all {
		list = append(list, *one)
	}
	slices.SortFunc(list, func(a, b flow.Repeat) int { return cmp.Compare(a.Source, b.Source) })
	if r.others.Records > 0 {
		list = append(list, r.others)
	}
	return list
}
