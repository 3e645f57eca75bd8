package summary

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
	"flowctl/plan/question"
)

// A guess is a condition made up, with what is true of it of a row of which the state and
// the text of each field are known: by tables of Kleene's logic, not by code that
// conditions are compiled to.
type guess struct {
	src string
	is  truth
}

// rowFacts are the state and the text of every field of a row.
type rowFacts struct {
	states map[string]state
	texts  map[string]string
}

// factsOf reads them from the row, field by field.
func factsOf(n *naming, s *enriched) rowFacts {
	f := rowFacts{map[string]state{}, map[string]string{}}
	for _, q := range question.Fields() {
		if q.Name == question.PriceClass || q.Type == question.Moment {
			continue
		}
		field, _ := lookupField(q.Name)
		f.states[q.Name], f.texts[q.Name] = field.stateOf(s), field.value(n, s)
	}
	return f
}

// compared is what a comparison of a field's text says, of which holds is the outcome if
// there is a value; none is what no value says.
func (f rowFacts) compared(name string, holds bool, none truth) truth {
	switch f.states[name] {
	case unknown:
		return undecided
	case absent:
		return none
	}
	return truthOf(holds)
}

// atom makes a condition on one field up.
func (f rowFacts) atom(r *rand.Rand, names []string) guess {
	name := names[r.IntN(len(names))]
	q, _ := question.Lookup(name)
	text := f.texts[name]
	if r.IntN(8) == 0 {
		is := f.compared(name, true, no)
		return guess{"has(" + name + ")", is}
	}
	if q.Type == question.Number {
		value, _ := strconv.Atoi(text)
		other := []int{0, 22, 443, 50000, 65535, value}[r.IntN(6)]
		op := []string{"==", "!=", "<", ">="}[r.IntN(4)]
		holds := map[string]bool{"==": value == other, "!=": value == other, "<": value < other, ">=": value >= other}[op]
		is := f.compared(name, holds, no)
		if op == "!=" {
			is = is.not()
		}
		return guess{fmt.Sprintf("%s %s %d", name, op, other), is}
	}
	others := map[string][]string{"protocol": {"TCP", "UDP"}, "service": {"https", "ssh"}, "destination.service": {"https", "ssh"}}[name]
	switch {
	case q.Type == question.Address:
		others = []string{"10.0.0.4", "20.0.0.1", "fd00::1"}
	case q.Values != nil:
		others = q.Values
	case others == nil:
		others = []string{"vm-a", "spoke", "x"}
	}
	if text != "" && !strings.Contains(text, "<") {
		others = append(slices.Clone(others), text)
	}
	value := others[r.IntN(len(others))]
	if _, special := map[string]bool{"scope": true, "source.scope": true, "destination.scope": true, "local.scope": true, "remote.scope": true, "nic": true}[name]; special || value == "" || value == question.Unknown || value == "other" || strings.HasPrefix(text, "0x") || text == "ARP" && value == "ARP" {
		return f.atom(r, names) // of which more may be known than the text says, see TestNoValue
	}
	equal := f.compared(name, strings.EqualFold(text, value), no)
	switch r.IntN(4) {
	case 0:
		return guess{fmt.Sprintf("%s != %q", name, value), equal.not()}
	case 1:
		return guess{fmt.Sprintf("contains([%q, %q], %s)", value, value, name), equal}
	case 2:
		if q.Type == question.Text && f.states[name] != unknown && q.Values == nil {
			return guess{fmt.Sprintf("startswith(%s, %q)", name, value[:1]), f.compared(name, strings.HasPrefix(strings.ToLower(text), strings.ToLower(value[:1])), no)}
		}
	}
	return guess{fmt.Sprintf("%q == %s", value, name), equal}
}

// joined makes a condition of others up.
func (f rowFacts) joined(r *rand.Rand, names []string, depth int) guess {
	if depth == 0 || r.IntN(4) == 0 {
		return f.atom(r, names)
	}
	a, b := f.joined(r, names, depth-1), f.joined(r, names, depth-1)
	lowest := func(x, y truth) truth { // no before undecided before yes
		rank := map[truth]int{no: 0, undecided: 1, yes: 2}
		if rank[x] < rank[y] {
			return x
		}
		return y
	}
	switch r.IntN(4) {
	case 0:
		return guess{"!(" + a.src + ")", a.is.not()}
	case 1:
		return guess{"(" + a.src + ") || (" + b.src + ")", lowest(a.is.not(), b.is.not()).not()}
	case 2:
		c := f.joined(r, names, depth-1)
		is := map[truth]truth{yes: b.is, no: c.is}[a.is]
		if a.is == undecided {
			if is = undecided; b.is == c.is {
				is = b.is
			}
		}
		return guess{"(" + a.src + ") ? (" + b.src + ") : (" + c.src + ")", is}
	}
	return guess{"(" + a.src + ") && (" + b.src + ")", lowest(a.is, b.is)}
}

// TestConditionLaw compiles conditions made up, over all fields, and wants of a row of
// each kind of source what the tables say.
func TestConditionLaw(t *testing.T) {
	met := map[truth]int{}
	for name, k := range rowKinds() {
		names := flow.NewNames()
		r := k.record(names)
		p := newLocator(k.inv)
		p.called.use(p.vms, nil)
		table := aggregate.New(names)
		table.Add(0, flow.Batch{r})
		table.Ready()
		var s enriched
		for i := range table.Parts {
			if rows := &table.Parts[i].Rows; rows.N > 0 {
				row := rows.At(0)
				s.fill(row, rows.Frames(0), pointOf(table.Contexts[row.Context], names, p), p)
			}
		}
		n := &naming{names: names, locator: p}
		facts := factsOf(n, &s)
		fields := slices.Sorted(maps.Keys(facts.states))
		for seed := range uint64(250) {
			g := facts.joined(rand.New(rand.NewPCG(seed, 13)), fields, 3)
			met[g.is]++
			if got := Compile(question.Question{Where: where(t, g.src)}).where(n, &s); got != g.is {
				t.Fatalf("%s, seed %d: %s\nis %d, want %d", name, seed, g.src, got, g.is)
			}
		}
	}
	if met[yes] < 100 || met[no] < 100 || met[undecided] < 100 {
		t.Errorf("met %v", met)
	}
}

// TestAnswersDoNotDependOnTheWay asks questions of all sorts about one traffic that was
// counted in other orders, by several workers, and in part from temporary files: all
// answer the same.
func TestAnswersDoNotDependOnTheWay(t *testing.T) {
	w := newWorld(21, 4, 200)
	all := records(w, 12_000)
	for i := range all { // something that is not told at once
		if i%50 == 0 {
			all[i].First, all[i].Last = flow.NoTime, flow.NoTime
		}
	}
	questions := func() []*Question {
		list := []*Question{
			asked(t, "", "", "source.address", "destination.address"), asked(t, `verdict == "denied"`, "-flows", "local.address", "rule"), asked(t, "", "", "time(5m)", "port"),
			asked(t, `time >= "2026-05-09T10:20:00Z" && port != 22`, "-last", "destination.address"), asked(t, `scope == "internet"`, "-cost", "source.address"), asked(t, "", "rate", "price_class", "service"),
			CompileFlows(question.Question{Name: "flows", Top: 50, Order: question.Order{Measure: "duration"}}), asked(t, "", "first", "source.port"),
		}
		list = append(list, Compile(question.Question{Name: "having", By: []string{"source.address", "source.port"}, Having: rowsWhere(t, `bytes > 50000 || denied > 1`), Top: 7}))
		return list
	}
	answers := func(table *aggregate.Table, qs []*Question) string {
		return text(t, table, Options{Questions: qs})
	}
	table := func() *aggregate.Table {
		tb := aggregate.New(w.names)
		tb.Steps(ClockOf(questions()))
		return tb
	}
	one := table()
	one.Add(0, all)
	want := answers(one, questions())
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 14))
		shuffled := slices.Clone(all)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		for _, limit := range []int{0, 400} {
			tables := []*aggregate.Table{table(), table(), table()}
			for _, tb := range tables {
				if limit > 0 {
					tb.Limit = limit
				}
			}
			for some := range slices.Chunk(shuffled, 90) {
				tables[r.IntN(3)].Add(0, some)
			}
			spilled := len(tables[1].Spills) + len(tables[2].Spills)
			tables[0].Merge(tables[1])
			tables[0].Merge(tables[2])
			if (spilled > 0) != (limit > 0) {
				t.Fatalf("limit %d: %d temporary files", limit, spilled)
			}
			if got := answers(tables[0], questions()); got != want {
				a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
				for i := range a {
					if i >= len(b) || a[i] != b[i] {
						t.Fatalf("seed %d, limit %d: line %d is\n%s, want\n%s", seed, limit, i, strings.Join(b[max(0, i-6):min(len(b), i+3)], "\n"), strings.Join(a[max(0, i-6):min(len(a), i+3)], "\n"))
					}
				}
			}
		}
	}
}

// TestApartAddsUp wants traffic of different addresses, counted apart and together, to
// add up in every sum that a document has.
func TestApartAddsUp(t *testing.T) {
	for seed := range flowtest.Seeds(25) {
		r := rand.New(rand.NewPCG(seed, 15))
		names := flow.NewNames()
		var parts [2]flow.Batch
		for i := range 80 {
			side := i % 2
			m := made{src: fmt.Sprintf("10.%d.0.%d", side, r.IntN(5)), dst: fmt.Sprintf("20.%d.0.%d", side, r.IntN(5)), sport: uint16(1000 + i), dport: []uint16{443, 22}[r.IntN(2)],
				at: r.Int64N(600), sent: uint64(r.IntN(900)), back: uint64(r.IntN(900)), state: []flow.State{flow.Begin, flow.Continue, flow.Deny, flow.End}[r.IntN(4)], rule: []string{"a", "b"}[r.IntN(2)]}
			parts[side] = append(parts[side], m.record(names))
		}
		sums := func(all flow.Batch) map[string]uint64 {
			doc := documentOf(t, names, all, Options{Top: 1000}, asked(t, `port == 443`, "", "rule", "time(1m)"))
			out := map[string]uint64{"flows": doc.Total.Flows, "bytes": doc.Total.IPBytes.N, "packets": doc.Total.Packets.N, "denied": doc.Total.Denied.N, "records": doc.Total.Records, "conversations": doc.Total.Conversations}
			for _, a := range append([]Answer{doc.Talkers, doc.Egress, doc.Services, doc.Rules, doc.Encryption, doc.Scopes}, doc.Asks...) {
				for _, row := range a.Rows {
					key := a.Name + " " + strings.Join(row.Key, " ")
					out[key+" bytes"] += row.IPBytes.N
					out[key+" flows"] += row.Flows
					out[key+" denied"] += row.Denied.N
				}
			}
			for _, s := range doc.Timeline.Steps {
				out["at "+s.Start.String()] += s.IPBytes.N
				out["begun at "+s.Start.String()] += s.Begun.N
			}
			for c := range doc.Conversations.All() {
				out[c.A+" "+c.B] += c.IPBytesAB.N + c.IPBytesBA.N
			}
			return out
		}
		want := sums(parts[0])
		for k, n := range sums(parts[1]) {
			want[k] += n
		}
		got := sums(append(slices.Clone(parts[0]), parts[1]...))
		for k, n := range want {
			if got[k] != n {
				t.Fatalf("seed %d: %s is %d together and %d apart", seed, k, got[k], n)
			}
		}
	}
}
