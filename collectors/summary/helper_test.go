package summary

import (
	"fmt"
	"strings"
	"testing"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/plan/question"
)

// made is one record of a flow log: who, whom, and how much. What is not said is that
// of a flow that went on at macA, seen there when the tests begin.
type made struct {
	src, dst     string
	sport, dport uint16
	proto        uint8
	at           int64 // seconds
	sent, back   uint64
	in           bool
	state        flow.State
	point, rule  string
}

// record is the record of m, of as many packets as it has hundreds of bytes.
func (m made) record(names *flow.Names) flow.Record {
	or := func(text, other string) string {
		if text == "" {
			return other
		}
		return text
	}
	r := flow.Record{
		Key:   flow.Key{Src: addr(or(m.src, "10.0.0.4")), Dst: addr(or(m.dst, "20.0.0.1")), SrcPort: m.sport, DstPort: m.dport, Proto: m.proto},
		First: testStart + m.at*1e9, Last: testStart + m.at*1e9, Direction: flow.Outbound, State: m.state, Encryption: flow.NotEncrypted,
		Point: names.Of(or(m.point, macA)), Rule: names.Of(m.rule),
	}
	if m.in {
		r.Direction = flow.Inbound
	}
	if r.Proto == 0 {
		r.Proto = protoTCP
	}
	if r.State == flow.StateUnknown {
		r.State = flow.Continue
	}
	if r.State == flow.Continue || r.State == flow.End {
		r.Measured = flow.Packets | flow.IPBytes
		r.Sent, r.Received = flow.Count{Packets: (m.sent + 99) / 100, IPBytes: m.sent}, flow.Count{Packets: (m.back + 99) / 100, IPBytes: m.back}
	}
	return r
}

// recordsOf are the records of a log.
func recordsOf(names *flow.Names, list ...made) (b flow.Batch) {
	for _, m := range list {
		b = append(b, m.record(names))
	}
	return b
}

// documentOf is the document of records, with the answers to questions.
func documentOf(t *testing.T, names *flow.Names, all flow.Batch, o Options, questions ...*Question) *Document {
	t.Helper()
	o.Questions = append(o.Questions, questions...)
	table := aggregate.New(names)
	table.Steps(ClockOf(o.Questions))
	table.Add(0, all)
	doc, err := Of(table, o)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// asked is a question of rows by fields, in an order, with a condition; empty for none.
func asked(t *testing.T, where_, order string, by ...string) *Question {
	t.Helper()
	q := question.Question{Name: "q", By: by, Top: 100}
	if where_ != "" {
		q.Where = where(t, where_)
	}
	var problem *question.Problem
	if q.Order, problem = question.ParseOrder(order, append(append([]string{}, by...), SingleOrders()...)...); problem != nil {
		t.Fatal(problem)
	}
	return Compile(q)
}

// lined is an answer in lines: the key, the flows and the IP bytes of each row.
func lined(a Answer) (list []string) {
	for _, r := range a.Rows {
		list = append(list, fmt.Sprintf("%s: %d flows, %s bytes", strings.Join(r.Key, " "), r.Flows, r.IPBytes))
	}
	return list
}
