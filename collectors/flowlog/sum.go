package flowlog

import "flowctl/collectors/flow"

// mark is how much was read before something.
type mark struct{ records, observations, groups int }

func (q *fastPath) mark() mark {
	return mark{len(*q.out), len(q.observed.all), len(q.observed.groups)}
}

// drop takes back what was read of the record.
func (q *fastPath) drop() {
	*q.out, *q.keys = (*q.out)[:q.first.records], (*q.keys)[:q.first.records]
	q.observed.clear(q.first)
}

// around is what is said around tuples, in the records or the group of them.
type around struct{ target, log, point, acl, rule *flow.ID }

// each calls f for what was read since first.
func (q *fastPath) each(first mark, f func(around)) {
	for out := (*q.out)[first.records:]; len(out) > 0; out = out[1:] {
		f(around{&out[0].Target, &out[0].Log, &out[0].Point, &out[0].ACL, &out[0].Rule})
	}
	for g := q.observed.groups[first.groups:]; len(g) > 0; g = g[1:] {
		f(around{&g[0].target, &g[0].log, &g[0].point, &g[0].acl, &g[0].rule})
	}
}

// observe passes tuples that are to be added up, the first of which the cursor
// is in. It reports whether it is in one that is not.
func (q *fastPath) observe() bool {
	s := q.observed
	group := len(s.groups)
	if q.grouped {
		group--
	}
	k, i := len(s.all), q.i
	all, texts, b := s.all[:len(s.texts)], s.texts, q.b
	inside := true
	for {
		if k == len(texts) {
			s.room()
			all, texts = s.all[:len(s.texts)], s.texts
		}
		f := &texts[k]
		n := observeTuple((*tupleText)(b[i:]), &all[k], f, s.vector)
		if n == 0 || i+n >= q.n {
			break
		}
		f.at, f.group = uint32(i+timeLength+1), uint32(group)
		k++
		i += n + 1
		if b[i] != ',' || b[i+1] != '"' {
			inside = false
			break
		}
		i += 2
	}
	if k > len(s.all) && !q.grouped {
		q.grouped = true
		s.groups = append(s.groups, observedGroup{target: q.target, log: q.log, point: q.point, acl: q.acl, rule: q.rule})
	}
	s.all, q.i = s.all[:k], i
	return inside
}

// resolve finds the flows of the observations from the one numbered first on,
// while their text is still there. It reports false if one is no flow: then
// tuples do not end where they seemed to.
func (d *document) resolve(first int) bool {
	s := &d.observed
	for k := first; k < len(s.all); k++ {
		f := &s.texts[k]
		g := &s.groups[f.group]
		if g.contexts[f.variant] == 0 {
			g.contexts[f.variant] = s.sums.Context(g.context(f.variant)) + 1
		}
		s.all[k].Context = g.contexts[f.variant] - 1
	}
	return len(s.all) == first ||
		s.sums.Resolve(s.all[first:], func(i int) (flow.Key, bool) { return d.flow(&s.texts[first+i]) })
}

func (g *observedGroup) context(variant uint8) flow.Context {
	c := flow.Context{
		Class: flow.VNetLog, Point: g.point, Log: g.log, Target: g.target, Rule: g.rule, ACL: g.acl,
		Direction: flow.Inbound, Encryption: flow.Encryption(variant >> 2), Denied: variant&2 != 0,
	}
	if variant&1 != 0 {
		c.Direction = flow.Outbound
	}
	return c
}

// flow reads the text of a flow.
func (d *document) flow(f *flowText) (k flow.Key, ok bool) {
	const from = timeLength + 1
	at := int(f.at) - from
	if d.fast.seen.fastKey((*tupleText)(d.b[at:]), from, &k) == from+int(f.length)-1 {
		return k, true
	}
	var fields [13][]byte
	split(d.b[at:][:from+int(f.length)], &fields)
	return k, parseKey(&fields, &k) == fine
}

// give counts what was resolved, and gives it on once it is much.
func (d *document) give() {
	s := &d.observed
	d.settle()
	if s.sums != nil && !d.stopped { // also without observations: flows of records that were dropped take room
		d.stopped = !s.sums.Count(s.all, d.yield)
	}
	s.clear(mark{})
}

// end gives on what was counted.
func (d *document) end() {
	if d.observed.sums != nil && !d.stopped {
		d.stopped = !d.observed.sums.Flush(d.yield)
	}
}

// clear forgets what came after m.
func (s *observed) clear(m mark) {
	s.all, s.groups = s.all[:m.observations], s.groups[:m.groups]
}
