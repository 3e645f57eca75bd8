package parquet

import (
	"slices"

	"flowctl/collectors/flow"
)

// Observations writes the observations of one flow cache, which knows the flow of
// each by a number: its addresses and texts are looked up once, and not with every
// row. It is for one goroutine.
type Observations struct {
	to         *Writer
	last       *part // that took the last ones
	cache      flow.Cache
	generation uint32
	// group is the row group that the numbers of known flows are of, and age how
	// many there have been, so that older ones are not valid.
	group *part
	turns int // of the group
	age   uint32
	known []knownFlow // by slot

	traits  []knownTraits // by context and class
	classes []uint64      // what is alike of the flows of a class

	wanted func(flow.ID) bool
	sink   uint64 // keeps loads alive that only warm the cache
}

// knownFlow is a flow in a context, with its numbers in a row group.
type knownFlow struct {
	age              uint32
	src, dst         uint32
	srcPort, dstPort uint16
	class            uint32 // of its protocol and whether it has ports
}

// knownTraits are the traits of flows of one context and class, by state and
// whether it was measured.
type knownTraits struct {
	age     uint32
	numbers [observationKinds]uint32 // + 1; 0 for those that did not come
}

// observationKinds is how many kinds of observations a flow has: by state, but for the
// unknown, and whether it was measured.
const observationKinds = 2 * uint(flow.Deny)

// How many classes and contexts have their traits known: more than there are
// in most logs, and few enough for memory.
const (
	mostClasses  = 8
	mostContexts = 1 << 12
)

// unwanted is the source of a flow that is left out.
const unwanted = 1<<32 - 1

// Observations returns what writes the observations of a cache.
func (p *Writer) Observations(cache flow.Cache) *Observations {
	return &Observations{to: p, cache: cache}
}

// Want leaves out, from now on, what other ACLs decided than those that f names.
func (s *Observations) Want(f func(flow.ID) bool) { s.wanted, s.age = f, s.age+1 }

// Add appends observations that were resolved, but for those outside.
func (s *Observations) Add(all []flow.Observation) {
	to := s.to.take(s.last)
	defer s.to.give(to)
	s.last = to
	s.renew(to)
	for some := range slices.Chunk(all, warmed) {
		s.warm(some, to)
		for i := range some {
			s.add(&some[i], to)
		}
	}
}

func (s *Observations) add(t *flow.Observation, to *part) {
	if s.cache.IsOutside(t.Time) {
		return
	}
	if to.full() {
		s.to.flush(to)
		s.renew(to)
	}
	k := s.flow(t, to)
	if k.src != unwanted && !s.row(k, t, to) {
		s.to.flush(to)
		s.renew(to)
		s.row(s.flow(t, to), t, to)
	}
}

// warmed is how many observations wait for memory together.
const warmed = 64

// warm loads what adding observations will need of what is known of flows, and for
// those that are not known, of the flows and of the addresses' numbers.
func (s *Observations) warm(some []flow.Observation, to *part) {
	var fresh [warmed]int
	n := 0
	for i := range some {
		fresh[n] = i
		if at := int(some[i].Row); at >= len(s.known) || s.known[at].age != s.age {
			n++
		}
	}
	src, dst := to.addresses[0], to.addresses[1]
	var numbers [warmed][2]int
	for i, k := range fresh[:n] {
		key, _ := s.cache.Flow(&some[k])
		numbers[i] = [2]int{src.index.Peek(src.hash(key.Src)), dst.index.Peek(dst.hash(key.Dst))}
	}
	for _, at := range numbers[:n] {
		s.sink += src.list[max(0, at[0])].Lo + dst.list[max(0, at[1])].Lo
	}
}

// renew forgets what is known if flows or row groups have other numbers now.
func (s *Observations) renew(to *part) {
	if generation := s.cache.Generation(); s.group != to || s.turns != to.turns || s.generation != generation {
		s.group, s.turns, s.generation = to, to.turns, generation
		s.age++
	}
}

// flow returns what is known of the flow of t.
func (s *Observations) flow(t *flow.Observation, to *part) *knownFlow {
	at := int(t.Row)
	for at >= len(s.known) {
		s.known = append(s.known, make([]knownFlow, max(256, len(s.known)))...)
	}
	k := &s.known[at]
	if k.age != s.age {
		*k = s.lookUp(t, to)
	}
	return k
}

func (s *Observations) lookUp(t *flow.Observation, to *part) knownFlow {
	key, c := s.cache.Flow(t)
	if s.wanted != nil && !s.wanted(c.ACL) {
		return knownFlow{age: s.age, src: unwanted}
	}
	return knownFlow{
		age: s.age, src: to.addresses[0].number(key.Src), dst: to.addresses[1].number(key.Dst),
		srcPort: key.SrcPort, dstPort: key.DstPort, class: s.class(&key),
	}
}

// class is a number of a flow's traits, but for its context, or mostClasses.
func (s *Observations) class(k *flow.Key) uint32 {
	kind := kindOf(k, true)
	n := slices.Index(s.classes, kind)
	if n < 0 {
		if n = len(s.classes); n < mostClasses {
			s.classes = append(s.classes, kind)
		}
	}
	return uint32(n)
}

// row takes an observation, unless its texts do not fit into the row group.
func (s *Observations) row(k *knownFlow, t *flow.Observation, to *part) bool {
	traits, ok := s.number(k, t, to)
	if !ok {
		return false
	}
	at := len(to.rows)
	to.rows = to.rows[:at+1]
	r := &to.rows[at]
	r.src, r.dst, r.srcPort, r.dstPort, r.traits = k.src, k.dst, k.srcPort, k.dstPort, traits
	if c := &t.Counters; int64(c[0]|c[1]|c[2]|c[3]) >= 0 {
		r.counters = [4]int64{int64(c[0]), int64(c[1]), int64(c[2]), int64(c[3])}
	} else {
		r.counters = to.signed(*c)
	}
	us, nanos := micros(t.Time)
	to.times = append(to.times, us)
	if !to.moments {
		to.lasts = append(to.lasts, us)
	}
	if nanos != 0 {
		to.beside(rest{nanos: [2]uint16{uint16(nanos), uint16(nanos)}})
	}
	return true
}

// number returns the number of the traits of an observation.
func (s *Observations) number(k *knownFlow, t *flow.Observation, to *part) (uint32, bool) {
	kind := 2*uint(t.State-1) + uint(bit(t.Measured))
	at := int(t.Context*mostClasses + k.class)
	if k.class == mostClasses || t.Context >= mostContexts || kind >= observationKinds {
		return s.lookUpTraits(t, to)
	}
	for at >= len(s.traits) {
		s.traits = append(s.traits, make([]knownTraits, max(64, len(s.traits)))...)
	}
	e := &s.traits[at]
	if e.age != s.age {
		*e = knownTraits{age: s.age}
	}
	if n := e.numbers[kind]; n != 0 {
		return n - 1, true
	}
	n, ok := s.lookUpTraits(t, to)
	if ok {
		e.numbers[kind] = n + 1
	}
	return n, ok
}

func (s *Observations) lookUpTraits(t *flow.Observation, to *part) (uint32, bool) {
	key, c := s.cache.Flow(t)
	return to.traits.number(traitsOf(&flow.Record{
		Key: key, Direction: c.Direction, Class: c.Class, State: t.State, Encryption: c.Encryption, Measured: measured(t),
		Point: c.Point, Log: c.Log, Target: c.Target, Rule: c.Rule, ACL: c.ACL,
	}), to.names)
}

// measured is what was measured of an observation.
func measured(t *flow.Observation) flow.Measure {
	if t.Measured {
		return flow.Packets | flow.IPBytes
	}
	return 0
}
