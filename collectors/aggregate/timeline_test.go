package aggregate

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/flow/flowtest"
)

// moment is a record of the timeline's tests.
type moment struct {
	k       Context
	private bool
	r       flow.Record
}

func moments(r *rand.Rand, n int, span int64) []moment {
	list := make([]moment, n)
	for i := range list {
		m := &list[i]
		m.k = Context{Point: flow.ID(r.IntN(3)), Direction: flow.Direction(r.IntN(3)), Verdict: Verdict(r.IntN(2))}
		m.private = r.IntN(2) == 0
		m.r = flow.Record{Last: r.Int64N(span) - span/2, Measured: flow.Packets | flow.IPBytes, Sent: flow.Count{Packets: r.Uint64N(9), IPBytes: r.Uint64N(99)}, Received: flow.Count{Packets: 1}}
		m.r.State = []flow.State{flow.Begin, flow.Continue, flow.End, flow.Deny}[r.IntN(4)]
		if r.IntN(30) == 0 {
			m.r.Last = flow.NoTime
		}
	}
	return list
}

// steps are those of a timeline with traffic, by group and time.
func steps(t *testing.T, l *Timeline) map[SeriesKey]map[int64]MinuteStep {
	t.Helper()
	if l.First <= l.Last && l.Last-l.First >= MaxSteps {
		t.Fatalf("%d steps", l.Last-l.First+1)
	}
	out := map[SeriesKey]map[int64]MinuteStep{}
	for k, s := range l.Groups {
		for i, st := range s.Steps {
			if st == (MinuteStep{}) {
				continue
			}
			if out[k] == nil {
				out[k] = map[int64]MinuteStep{}
			}
			out[k][(s.Base+int64(i))<<l.Shift] = st
		}
	}
	return out
}

// oracleSteps adds records up in a map, by steps as long as the timeline's.
func oracleSteps(list []moment, shift uint) map[SeriesKey]map[int64]MinuteStep {
	out := map[SeriesKey]map[int64]MinuteStep{}
	for _, m := range list {
		if m.r.Last == flow.NoTime {
			continue
		}
		long := Minute << shift
		n := m.r.Last / long
		if m.r.Last < n*long {
			n--
		}
		k := SeriesKey{m.k.Point, m.k.Class, m.k.Direction, m.k.Verdict == Denied, m.private}
		if out[k] == nil {
			out[k] = map[int64]MinuteStep{}
		}
		st := out[k][n<<shift]
		st.Sum.Add(&Tally{Packets: m.r.Sent.Packets + m.r.Received.Packets, IPBytes: m.r.Sent.IPBytes, Marks: marksOf(&m.r)})
		switch m.r.State {
		case flow.Begin:
			st.Begun++
		case flow.Deny:
			st.Denied++
		}
		out[k][n<<shift] = st
	}
	return out
}

// TestTimeline compares timelines with a map, for times near and far, in one and
// merged, whatever comes first.
func TestTimeline(t *testing.T) {
	for name, span := range map[string]int64{"minutes": 20 * Minute, "hours": 3000 * Minute, "years": 1 << 58} {
		t.Run(name, func(t *testing.T) {
			for seed := range flowtest.Seeds(20) {
				r := rand.New(rand.NewPCG(seed, 8))
				list := moments(r, 300, span)
				one, a, b := newTimeline(), newTimeline(), newTimeline()
				for i := range list {
					m := &list[i]
					into := &a
					if r.IntN(3) == 0 {
						into = &b
					}
					for _, l := range []*Timeline{&one, into} {
						l.add(l.of(m.k, m.private), &m.r, marksOf(&m.r))
					}
				}
				want := oracleSteps(list, one.Shift)
				if diff := cmp.Diff(want, steps(t, &one)); diff != "" {
					t.Fatalf("seed %d, in one (-want +got):\n%.2000s", seed, diff)
				}
				empty := newTimeline()
				a.merge(&empty)
				if a.merge(&b); a.Shift != one.Shift {
					t.Fatalf("seed %d: merged steps are 2^%d minutes, want 2^%d", seed, a.Shift, one.Shift)
				}
				if diff := cmp.Diff(want, steps(t, &a)); diff != "" {
					t.Fatalf("seed %d, merged (-want +got):\n%.2000s", seed, diff)
				}
			}
		})
	}
}

// TestIntervals counts what a reader added up by the minute as its records.
func TestIntervals(t *testing.T) {
	names := flow.NewNames()
	single, sums := New(names), New(names)
	point := names.Of("000000000001")
	for minute := range int64(7) {
		for _, denied := range []bool{false, true} {
			r := flow.Record{Key: flow.Key{Src: flow.Addr4(10 << 24), Dst: flow.Addr4(10<<24 | 1)}, Point: point, First: minute * Minute, Last: minute * Minute,
				Measured: flow.Packets | flow.IPBytes, Sent: flow.Count{Packets: 2, IPBytes: 30}, State: flow.End}
			if denied {
				r.State, r.Measured, r.Sent = flow.Deny, 0, flow.Count{}
			}
			single.Add(0, flow.Batch{r})
			v := flow.Interval{Context: flow.Context{Point: point, Denied: denied}, Private: true, Start: minute * Minute,
				Packets: r.Sent.Packets, IPBytes: r.Sent.IPBytes, Measured: r.Measured, Records: 1}
			if !denied {
				v.Ended = 1
			}
			sums.AddIntervals([]flow.Interval{v})
		}
	}
	want, got := steps(t, &single.Timeline), steps(t, &sums.Timeline)
	for _, m := range []map[SeriesKey]map[int64]MinuteStep{want, got} { // marks of an end are those of rows
		for _, s := range m {
			for n, st := range s {
				st.Sum.Marks &^= Ended | Opened
				s[n] = st
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%.2000s", diff)
	}
	if single.FlowLogs != sums.FlowLogs || single.FlowLogs.Ended != 7 || single.FlowLogs.denied != 7 {
		t.Errorf("states %+v, of sums %+v", single.FlowLogs, sums.FlowLogs)
	}
}

// TestTCPSum adds up what TCP headers showed, in any parts.
func TestTCPSum(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	var one, a, b TCPSum
	for range 500 {
		x := flow.TCP{Seen: flow.TCPSeen(r.IntN(32)), Answered: r.Uint32N(1000), Confirmed: r.Uint32N(1000)}
		x.Sent = flow.TCPCount{SYN: 1, Retransmitted: uint16(r.IntN(5)), RetransmittedBytes: r.Uint32N(100), FIN: 1}
		x.Received = flow.TCPCount{SYNACK: 1, RST: uint8(r.IntN(2)), DupACKs: 3, ZeroWindow: 1, KeepAlive: 2}
		one.add(&x)
		if r.IntN(2) == 0 {
			a.add(&x)
		} else {
			b.add(&x)
		}
	}
	if a.merge(&b); a != one {
		t.Errorf("in two parts %+v, in one %+v", a, one)
	}
	if one.SYN != one.SYNACK || one.DupACKs != 3*one.SYN || one.Answered.Most > 999 || one.Answered.Least > one.Answered.Most || !one.Partly {
		t.Errorf("%+v", one)
	}
	var none TCPSum
	none.add(&flow.TCP{Answered: 7, Sent: flow.TCPCount{SYN: 3}})
	if none != (TCPSum{}) {
		t.Error("what no header showed is counted")
	}
	none.merge(&one)
	if none != one {
		t.Error("merged into nothing it is not the same")
	}
}

// TestStep wants the step of a time to be the one in which a record of that time is
// counted, also before 1970 and after steps grew.
func TestStep(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 12))
	for range 50 {
		l := newTimeline()
		far := int64(1) << (36 + r.IntN(16))
		var times []int64
		for range 30 {
			times = append(times, r.Int64N(2*far)-far)
		}
		s := l.of(Context{}, false)
		for _, at := range times {
			l.add(s, &flow.Record{First: at, Last: at, State: flow.Continue, Sent: flow.Count{Packets: 1}}, MeasuredPackets)
		}
		want := map[int64]uint64{}
		for _, at := range times {
			want[l.Step(at)]++
		}
		got := map[int64]uint64{}
		for i := range s.Steps {
			if n := s.Steps[i].Sum.Packets; n > 0 {
				got[s.Base+int64(i)] = n
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("steps of %d minutes: -want +got\n%s", 1<<l.Shift, diff)
		}
		if l.First > l.Last || l.Last-l.First >= MaxSteps {
			t.Fatalf("steps from %d to %d", l.First, l.Last)
		}
	}
}
