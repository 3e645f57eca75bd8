package summary

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
	"flowctl/plan/question"
)

// amount is what a row of a question about sides says.
type amount struct{ Bytes, Left, Arrived, Flows uint64 }

// ends makes up flows between machines 1 to 6, of which 1 to 4 are watched, and
// addresses of the internet. It returns the records of all watched ends, and what
// left and arrived at each machine.
func ends(seed uint64, names *flow.Names) (all flow.Batch, left, arrived, bytes, flows map[string]uint64) {
	r := rand.New(rand.NewPCG(seed, 3))
	left, arrived, bytes, flows = map[string]uint64{}, map[string]uint64{}, map[string]uint64{}, map[string]uint64{}
	for port := range uint16(60) {
		a, b := 1+r.IntN(6), 1+r.IntN(9) // 7 and above are the internet
		if a == b {
			continue
		}
		sent, received := uint64(100+r.IntN(900)), uint64(100+r.IntN(900))
		k := flow.Key{Src: host(a), Dst: host(b), SrcPort: 1000 + port, DstPort: 443, Proto: protoTCP}
		for _, e := range []struct {
			n               int
			direction       flow.Direction
			leaves, arrives uint64
		}{{a, flow.Outbound, sent, received}, {b, flow.Inbound, received, sent}} {
			if e.n > 4 {
				continue
			}
			all = append(all, flow.Record{
				Key: k, Point: names.Of(macOf(e.n)), First: testStart, Last: testStart, Direction: e.direction, State: flow.End,
				Measured: flow.Packets | flow.IPBytes, Sent: flow.Count{Packets: 1, IPBytes: sent}, Received: flow.Count{Packets: 1, IPBytes: received},
			})
			name := host(e.n).String()
			left[name] += e.leaves
			arrived[name] += e.arrives
			bytes[name] += sent + received
			flows[name]++
		}
	}
	return all, left, arrived, bytes, flows
}

func host(n int) flow.Addr {
	if n > 6 {
		return flow.Addr4(20<<24 | uint32(n))
	}
	return flow.Addr4(10<<24 | uint32(n))
}

// Each watched end has what left and arrived there, whoever opened the flow; a
// flow that was seen at both ends is in the rows of both and once in the total.
func TestSides(t *testing.T) {
	for seed := range flowtest.Seeds(200) {
		names := flow.NewNames()
		all, left, arrived, bytes, flows := ends(seed, names)
		a := askRows(t, names, all, question.Question{By: []string{"local.address"}, Order: question.Order{Measure: "left"}})
		want := map[string]amount{}
		for name := range flows {
			want[name] = amount{bytes[name], left[name], arrived[name], flows[name]}
		}
		got := map[string]amount{}
		var total amount
		for _, r := range a.Rows {
			got[r.Key[0]] = amount{r.IPBytes.N, r.Left.IPBytes.N, r.Arrived.IPBytes.N, r.Flows}
			total.Left, total.Arrived = total.Left+r.Left.IPBytes.N, total.Arrived+r.Arrived.IPBytes.N
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: rows (-want +got):\n%s", seed, diff)
		}
		once := map[flow.Key]uint64{}
		for _, r := range all {
			once[r.Key] = r.Sent.IPBytes + r.Received.IPBytes
		}
		total.Flows = uint64(len(once))
		for _, n := range once {
			total.Bytes += n
		}
		if diff := cmp.Diff(total, amount{a.Total.IPBytes.N, a.Total.Left.IPBytes.N, a.Total.Arrived.IPBytes.N, a.Total.Flows}); diff != "" {
			t.Fatalf("seed %d: total (-want +got):\n%s", seed, diff)
		}
	}
}

// What left does not depend on what the rows are by: over all machines it is
// what left each.
func TestSidesAddUp(t *testing.T) {
	names := flow.NewNames()
	all, left, arrived, _, _ := ends(9, names)
	var want amount
	for name := range left {
		want.Left, want.Arrived = want.Left+left[name], want.Arrived+arrived[name]
	}
	for _, by := range []string{"local.address", "remote.address", "remote.scope", "remote.port", "direction", "protocol", "port"} {
		a := askRows(t, names, all, question.Question{By: []string{by}, Order: question.Order{Measure: "left"}, Top: 100})
		var got amount
		for _, r := range a.Rows {
			got.Left, got.Arrived = got.Left+r.Left.IPBytes.N, got.Arrived+r.Arrived.IPBytes.N
		}
		if got != want {
			t.Errorf("by %s: %v, want %v", by, got, want)
		}
	}
	if a := askRows(t, names, all, question.Question{By: []string{"port"}}); a.Total.Left != nil {
		t.Error("a question without sides says what left")
	}
}

// Rows that having leaves out are counted, and those of which it cannot say.
func TestHaving(t *testing.T) {
	names := flow.NewNames()
	all, _, _, bytes, _ := ends(4, names)
	var most uint64
	for _, n := range bytes {
		most = max(most, n)
	}
	unmeasured := flow.Record{Key: flow.Key{Src: host(5), Dst: host(6), SrcPort: 1, DstPort: 22, Proto: protoTCP}, Point: names.Of(macOf(5)), First: testStart, Last: testStart,
		Direction: flow.Outbound, State: flow.Begin}
	all = append(all, unmeasured)
	tests := []struct {
		having              string
		groups, out, cannot int
		outcome             string
	}{
		{"bytes > 0", 4, 0, 1, Answered},
		{fmt.Sprintf("bytes >= %d", most), 1, 3, 1, Answered},
		{fmt.Sprintf("bytes < %d && flows > 0", most), 3, 1, 1, Answered},
		{"flows > 1000", 0, 5, 0, NothingFound},
		{fmt.Sprintf("bytes > %d", most), 0, 4, 1, CannotAnswer},
		{"!has(bytes)", 1, 4, 0, Answered},
		{"contains([0], bytes) || denied != 0", 0, 4, 1, CannotAnswer},
		{"flows == 1 || left > 0", 5, 0, 0, Answered},
	}
	for _, test := range tests {
		a := askRows(t, names, all, question.Question{By: []string{"local.address"}, Having: rowsWhere(t, test.having), Top: 2})
		if int(a.Groups) != test.groups || int(a.Excluded) != test.out || int(a.Unclear) != test.cannot || a.Outcome != test.outcome {
			t.Errorf("%s: %d rows, %d left out, %d unclear, %s; want %v", test.having, a.Groups, a.Excluded, a.Unclear, a.Outcome, test)
		}
	}
}

func askRows(t *testing.T, names *flow.Names, all flow.Batch, q question.Question) Answer {
	t.Helper()
	table := aggregate.New(names)
	table.Add(0, all)
	doc, err := Of(table, Options{Questions: []*Question{Compile(q)}})
	if err != nil {
		t.Fatal(err)
	}
	return doc.Asks[0]
}
