package flowlog

import (
	"bytes"

	"flowctl/collectors/flow"
)

// flowRecords reads a member of that object in a VNet flow log.
func (q *fastPath) flowRecords(key []byte, _ mark) (uint, bool) {
	if string(key) != "flows" {
		return 0, q.skip(0)
	}
	return hasFlows, q.array((*fastPath).aclFlows)
}

// aclFlows reads an entry of flowRecords.flows: what one ACL decided.
func (q *fastPath) aclFlows() bool {
	q.acl = 0
	return q.object((*fastPath).aclMember)
}

func (q *fastPath) aclMember(key []byte, first mark) (uint, bool) {
	switch string(key) {
	case "aclID":
		id, ok := q.name()
		q.each(first, func(a around) { *a.acl = id })
		q.acl = id
		return hasName, ok
	case "flowGroups":
		return hasFlows, q.array((*fastPath).ruleFlows)
	}
	return 0, q.skip(0)
}

// ruleFlows reads an entry of flowGroups: what one rule of an ACL decided.
func (q *fastPath) ruleFlows() bool {
	q.rule = 0
	return q.object((*fastPath).ruleMember)
}

func (q *fastPath) ruleMember(key []byte, first mark) (uint, bool) {
	switch string(key) {
	case "rule":
		return hasName, q.ruleName(first)
	case "flowTuples":
		return hasFlows, q.tuples()
	}
	return 0, q.skip(0)
}

// ruleName reads a rule, of the tuples to come and of those from first on.
func (q *fastPath) ruleName(first mark) bool {
	id, ok := q.name()
	q.each(first, func(a around) { *a.rule = id })
	q.rule = id
	return ok
}

// nsgProperties reads the properties of a record, which are those of an NSG
// flow log if they have flows.
func (q *fastPath) nsgProperties() bool {
	switch q.peek() {
	case '{':
		return q.object((*fastPath).nsgProperty)
	case '"': // what others left of them
		return false
	}
	return q.skip(0)
}

func (q *fastPath) nsgProperty(key []byte, _ mark) (uint, bool) {
	switch string(key) {
	case "Version":
		return hasVersion, firstTime(&q.has, hasVersion) && q.version()
	case "flows":
		var known bool
		q.rec.kind = flow.NSGFlowLog
		q.layout, known = layoutOf(q.rec.kind, q.rec.version)
		return hasFlows, known && q.array((*fastPath).nsgRuleFlows)
	}
	return 0, q.skip(0)
}

// nsgRuleFlows reads an entry of properties.flows: what one rule decided.
func (q *fastPath) nsgRuleFlows() bool {
	q.rule = 0
	return q.object((*fastPath).nsgRuleMember)
}

func (q *fastPath) nsgRuleMember(key []byte, first mark) (uint, bool) {
	switch string(key) {
	case "rule":
		return hasName, q.ruleName(first)
	case "flows":
		return hasFlows, q.array((*fastPath).nsgInterfaceFlows)
	}
	return 0, q.skip(0)
}

// nsgInterfaceFlows reads what one rule decided at one interface.
func (q *fastPath) nsgInterfaceFlows() bool {
	q.point = q.rec.point
	return q.object((*fastPath).nsgInterfaceMember)
}

func (q *fastPath) nsgInterfaceMember(key []byte, first mark) (uint, bool) {
	switch string(key) {
	case "mac":
		id, ok := q.mac()
		if id == 0 {
			return hasName, ok
		}
		q.each(first, func(a around) { *a.point = id })
		q.point = id
		return hasName, ok
	case "flowTuples":
		return hasFlows, q.tuples()
	}
	return 0, q.skip(0)
}

// tuples reads an array of tuples.
func (q *fastPath) tuples() bool {
	if !q.next('[') {
		return false
	}
	sums := q.observed.sums != nil && !q.single && q.layout == vnet4
	q.grouped = false
	for first := true; ; first = false {
		end, ok := q.element(first)
		if !ok || end {
			return ok
		}
		if !q.next('"') {
			return false
		}
		// What follows a tuple is nearly always the next one.
		for more := true; more; {
			if sums && !q.observe() {
				break
			}
			if !q.tuple() {
				return false
			}
			if more = q.b[q.i] == ',' && q.b[q.i+1] == '"'; more {
				q.i += 2
			}
		}
	}
}

// tuple reads a tuple after its opening quote.
func (q *fastPath) tuple() bool {
	out := *q.out
	if len(out) == cap(out) {
		out = append(out, flow.Record{})
	} else {
		out = out[:len(out)+1]
		out[len(out)-1] = flow.Record{}
	}
	r := &out[len(out)-1]
	var n int
	var key uint64
	if q.layout != vnet4 { // of VNet flow logs come only those that observe does not know
		n, key = q.seen.fastTuple((*tupleText)(q.b[q.i:]), q.layout, r)
	}
	if n != 0 && q.i+n < q.n {
		q.i += n + 1
	} else {
		var kept, ok bool
		if key, kept, ok = q.slowTuple(r); !kept {
			return ok
		}
	}
	r.Point, r.Log, r.Target, r.Rule, r.ACL, r.Class = q.point, q.log, q.target, q.rule, q.acl, q.layout.class()
	*q.out = out
	*q.keys = append(*q.keys, key)
	return true
}

// slowTuple reads a tuple that neither fastTuple nor observe knows. It is kept unless it
// is no tuple; ok is false if only the reference decoder can tell.
func (q *fastPath) slowTuple(r *flow.Record) (key uint64, kept, ok bool) {
	at := q.base + int64(q.i-1)
	n := bytes.IndexByte(q.b[q.i:q.n], '"')
	if n < 0 {
		q.i = q.n
		return 0, false, false
	}
	text := q.b[q.i : q.i+n]
	if !ascii(text) {
		return 0, false, false
	}
	q.i += n + 1
	if why := q.nm.tuple(text, q.layout, r); why != fine {
		q.rec.skips.add(why, 1, at)
		return 0, false, true
	}
	return hashText(flowTextOf(text)), true, true
}
