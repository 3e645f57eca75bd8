package summary

import (
	"slices"

	"flowctl/collectors/aggregate"
	"flowctl/plan/question"
)

// groups adds rows up by the values of some fields.
type groups struct {
	name      string
	where     func(*enriched) truth // nil for all
	condition *question.Expr        // where, as it was asked
	names     []string              // of the fields that it asks for
	asks      []field               // of where
	by        []field
	top       int
	asked     question.Order
	order     func(a, b lineSums) int // nil for the usual order
	sort      *sorting                // by a dimension, before order; nil for none

	width int  // of the lines' keys
	sided bool // lines have a second sum: of what left and what arrived where it was seen
	total lineSum
	doubt doubt
	pairs bool       // no line is of two pairs of addresses, so lines are those of the pair at hand
	many  *manyLines // nil if there can be but few lines
	// What says the line of a row, if that is little: then lines holds them, and
	// their numbers + 1 are known by spot and direction, by protocol and port, or
	// by the one byte of their key.
	depends dependence
	lines   lines
	points  []uint32
	ports   [2][]uint32 // TCP, UDP
	bytes   []uint32

	match, ends []*enriched // of the conversation at hand
	keyA, keyB  []byte      // scratch

	tcp    bool       // lines have a sum of what the headers of TCP say
	priced bool       // lines have a sum of what they cost
	halved bool       // rows are of one direction of bytes each
	quotes *quotes    // of those that are priced
	parts  []enriched // scratch

	counts aggregate.FlowTCP // what the headers of TCP said
	solo   [1]*enriched      // scratch

	time  []bool // of by: which are steps of time; lines that differ in these alone
	step  int64  // are one to what counts; length of the first in seconds, 0 if there is none
	blind bool   // keys are without them

	single bool // each line is a flow: seen is what is known of those of the pair at hand
	seen   map[string]*seen
	naming *naming

	shown   []line  // once all is added: the lines to show,
	ordered bool    // of which, after the last cut, as many as are shown are first and in their order,
	rest    lineSum // the sum of the others,
	count   uint64  // and how many there are

	rows              []string             // what having asks of lines
	having            func(lineSums) truth // nil for all
	excluded, unclear uint64               // lines that it left out, and of which it says nothing
}

// lineSum is what a line adds up.
type lineSum struct {
	all  group
	ends group // of questions about sides: sent is what left, received what arrived
	cost group // of those about money, see cost.go
	tcp  group // of those about TCP, see flowtcp.go
}

func (v *lineSum) sums() lineSums { return lineSums{&v.all, &v.ends, &v.cost, &v.tcp} }

func (v *lineSum) merge(o lineSums) {
	v.all.merge(o.all)
	v.ends.merge(o.ends)
	v.cost.merge(o.cost)
	v.tcp.merge(o.tcp)
}

// lineSums are the sums of a line, wherever they are.
type lineSums struct{ all, ends, cost, tcp *group }

// noEnds are the sums of questions that are not about sides, money or TCP.
var noEnds = newGroup()

func (g *groups) sumsOf(sums []group) lineSums {
	v := lineSums{&sums[0], &noEnds, &noEnds, &noEnds}
	if g.sided {
		v.ends = &sums[1]
	}
	if g.priced {
		v.cost = &sums[1+number(g.sided)]
	}
	if g.tcp {
		v.tcp = &sums[len(sums)-1]
	}
	return v
}

const defaultTop = 20

func newGroups(name string, top int, where func(*enriched) truth, by ...string) *groups {
	g := &groups{name: name, where: where, top: top, total: newLineSum(), rest: newLineSum()}
	g.depends = onPoint | onPort
	for _, n := range by {
		f, ok := lookupField(n)
		g.halved = g.halved || n == question.PriceClass
		if !ok {
			panic("summary: no field " + n) // Compile refuses such names
		}
		g.by = append(g.by, f)
		g.width += f.width
		g.depends &= f.depends
	}
	g.timed(by)
	g.lines.width, g.lines.wide = g.width, 1
	g.pairs = slices.Contains(by, "source.address") && slices.Contains(by, "destination.address")
	return g
}

func newLineSum() lineSum { return lineSum{newGroup(), newGroup(), newGroup(), newGroup()} }

// addSolo counts flows that one row tells all of.
func (g *groups) addSolo(s *enriched) {
	switch g.test(s) {
	case yes:
		g.see(s)
		g.total.all.add(s)
		g.addPrice(&g.total.cost, s)
		if g.sided {
			g.total.ends.addEnd(s)
		}
		for _, s := range g.directions(s) {
			to := g.of(s)
			to[0].add(s)
			g.price(to, s)
			if g.sided {
				to[1].addEnd(s)
			}
		}
		if g.tcp {
			g.addSoloTCP(s)
		}
	case undecided:
		g.doubt.add(s, g.asks)
	}
}

// add counts the rows of one flow: those that match, once per line of
// the answer. Where the points that saw it belong to different lines, as
// with rules, every such line has it.
func (g *groups) add(rows []*enriched, dedupe *deduplicator) {
	match := g.match[:0]
	open := 0
	for _, s := range rows {
		switch g.test(s) {
		case yes:
			match = append(match, s)
		case undecided:
			open++
		}
	}
	if g.match = match; !someInside(match) {
		match = match[:0]
	}
	if open > 0 {
		g.leave(rows, dedupe)
	}
	g.see(match...)
	kept, _ := dedupe.flow(match)
	for _, s := range kept {
		g.total.all.add(s)
		g.addPrice(&g.total.cost, s)
	}
	g.addTCP(&g.total.tcp, match)
	if g.sided {
		g.addEnds(&g.total.ends, match, dedupe)
	}
	match, others := g.untold(match)
	passed := slices.ContainsFunc(match, (*enriched).passed)
	for len(match) > 0 {
		line, rest := g.line(match)
		if passed && !slices.ContainsFunc(line, (*enriched).passed) {
			g.addKept(line, nil, dedupe) // what was captured is of what passed
		} else {
			g.addKept(line, others, dedupe)
		}
		match = rest
	}
}

// untold takes those rows out which do not say in which line they belong, and of which
// others do. A capture does not know a verdict: where a flow log saw the same flow at the
// same time, its packets are of the log's line.
func (g *groups) untold(rows []*enriched) (told, others []*enriched) {
	n := partitionFunc(rows, g.tells)
	if n == 0 || n == len(rows) {
		return rows, nil
	}
	k := n + partitionFunc(rows[n:], func(s *enriched) bool {
		return !slices.ContainsFunc(rows[:n], func(o *enriched) bool { return o.mayBeOf(s) })
	})
	return rows[:k], rows[k:]
}

// mayBeOf reports whether a flow log's row may be of packets that a capture saw: its
// counts are of the minutes before.
func (s *enriched) mayBeOf(capture *enriched) bool {
	a, b := s.row, capture.row
	return s.point.Class < aggregate.Capture && capture.point.Class == aggregate.Capture &&
		a.First-lead*aggregate.Minute <= b.Last && b.First <= a.Last+aggregate.Minute
}

// tells reports whether a row says in which line it belongs.
func (g *groups) tells(s *enriched) bool {
	for i := range g.by {
		if !g.by[i].knows(s) {
			return false
		}
	}
	return true
}

func (g *groups) test(s *enriched) truth {
	if g.where == nil {
		return yes
	}
	return g.where(s)
}

// line are the rows of the first one's line, and those of further ones.
func (g *groups) line(rows []*enriched) (line, rest []*enriched) {
	g.blind = g.step > 0 || g.halved
	g.keyA = g.key(g.keyA[:0], rows[0])
	if g.oneLine(rows) {
		return rows, nil
	}
	line = rows[:0:0]
	for _, s := range rows {
		if g.sameLine(s) {
			line = append(line, s)
		} else {
			rest = append(rest, s)
		}
	}
	return line, rest
}

// addKept counts the rows of one line, and others as of the first one's.
func (g *groups) addKept(line, others []*enriched, dedupe *deduplicator) {
	for _, s := range others {
		o := *s
		o.like = line[0]
		line = append(line[:len(line):len(line)], &o)
	}
	kept, _ := dedupe.flow(line)
	if len(kept) == 0 && !someInside(line) {
		return
	}
	if g.blind = false; g.step > 0 || g.halved {
		g.addSteps(g.directions(kept...), false)
		g.addStepsTCP(line)
		if g.sided {
			g.eachEnd(line, dedupe, func(kept []*enriched) { g.addSteps(g.directions(kept...), true) })
		}
		return
	}
	to := g.of(line[0])
	for _, s := range kept {
		to[0].add(s)
		g.price(to, s)
	}
	if g.tcp {
		g.addTCP(&to[len(to)-1], line)
	}
	if g.sided {
		g.addEnds(&to[1], line, dedupe)
	}
}

// addEnds adds what left and what arrived at each end of a flow that rows saw.
func (g *groups) addEnds(to *group, rows []*enriched, dedupe *deduplicator) {
	g.eachEnd(rows, dedupe, func(kept []*enriched) {
		for _, s := range kept {
			to.addEnd(s)
		}
	})
}

// eachEnd calls add with what counts of each end of a flow that rows saw.
func (g *groups) eachEnd(rows []*enriched, dedupe *deduplicator, add func(kept []*enriched)) {
	for _, low := range []bool{true, false} {
		g.ends = g.ends[:0]
		for _, s := range rows {
			if e := s.local(); e == source && (s.row.Src == s.low()) == low || e == destination && (s.row.Dst == s.low()) == low {
				g.ends = append(g.ends, s)
			}
		}
		kept, _ := dedupe.flow(g.ends)
		add(kept)
	}
}

// sameLine reports whether s belongs to the line with the key in keyA.
func (g *groups) sameLine(s *enriched) bool {
	g.keyB = g.key(g.keyB[:0], s)
	return string(g.keyB) == string(g.keyA)
}

func (g *groups) oneLine(rows []*enriched) bool {
	for _, s := range rows[1:] {
		if !g.sameLine(s) {
			return false
		}
	}
	return true
}

func (g *groups) key(b []byte, s *enriched) []byte {
	b = slices.Grow(b, g.width)[:g.width]
	at := 0
	for i := range g.by {
		f := &g.by[i]
		if g.blind && (g.time[i] || g.by[i].name == question.PriceClass) {
			clear(b[at : at+f.width])
		} else {
			of := s
			if s.like != nil && !g.time[i] && f.name != question.PriceClass {
				of = s.like
			}
			f.put(b[at:at+f.width], of)
		}
		at += f.width
	}
	return b
}

// of returns what is added to the line that s belongs to. It is valid until it
// is called again.
func (g *groups) of(s *enriched) []group {
	switch {
	case g.depends&onPoint != 0:
		if s.like != nil {
			s = s.like
		}
		return g.known(&g.points, (s.point.number*directions+int(s.direction))*2+number(s.refused), s)
	case g.depends&onPort == 0 || s.row.Port == 0:
	case s.row.Proto == protoTCP && s.point.Class != aggregate.NoIP:
		return g.known(&g.ports[0], int(s.row.Port), s)
	case s.row.Proto == protoUDP && s.point.Class != aggregate.NoIP:
		return g.known(&g.ports[1], int(s.row.Port), s)
	}
	g.keyB = g.key(g.keyB[:0], s)
	if g.width == 1 {
		return g.known(&g.bytes, int(g.keyB[0]), s)
	}
	if g.many != nil {
		return g.many.line(g.keyB)
	}
	return g.lines.at(g.lines.of(g.keyB))
}

// few reports whether there can be but few lines at a time.
func (g *groups) few() bool { return g.depends != 0 || g.width == 1 || g.pairs }

// endPair ranks the lines of a pair of addresses of which all is added.
func (g *groups) endPair(n *naming) {
	g.lines.each(func(key []byte, sums []group) { g.offer(key, g.sumsOf(sums), n) })
	g.lines.reset()
	clear(g.seen)
}

// flush adds all that is still on its way to its line.
func (g *groups) flush() {
	if g.many != nil {
		g.many.flushAll()
	}
}

// known returns the line that s belongs to, which is looked up once for all rows
// that have the place i in list.
func (g *groups) known(list *[]uint32, i int, s *enriched) []group {
	if i >= len(*list) {
		*list = append(*list, make([]uint32, i+1-len(*list))...)
	}
	if (*list)[i] == 0 {
		g.keyB = g.key(g.keyB[:0], s)
		(*list)[i] = uint32(g.lines.of(g.keyB)) + 1
	}
	return g.lines.at(int((*list)[i]) - 1)
}

func (g *groups) texts(n *naming, b []byte) []string {
	texts := make([]string, 0, len(g.by))
	for i := range g.by {
		f := &g.by[i]
		texts = append(texts, f.text(n, b[:f.width]))
		b = b[f.width:]
	}
	return texts
}
