package identity

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
)

// met is a record and where it is met.
type met struct {
	id     flow.RecordID
	source string
}

// traffic is records of a few logs and hours in sources that share some.
func traffic(r *rand.Rand, sources, records int) []met {
	var all []met
	for range records {
		id := flow.RecordID{
			Log: flow.ID(1 + r.IntN(2)), Point: flow.ID(1 + r.IntN(2)), Minute: int64(r.IntN(5*60)) - 60,
			Content: [2]uint64{r.Uint64N(3), r.Uint64N(2)},
		}
		if r.IntN(20) == 0 {
			id.Minute = flow.NoMinute
		}
		all = append(all, met{id, fmt.Sprintf("s%03d", r.IntN(sources))})
	}
	return all
}

// meet meets records in sources, each by a goroutine of its own, and returns what
// counts by record and what is repeated by source.
func meet(t *testing.T, s *Set, all []met) (counted map[flow.RecordID]int, repeats []flow.Repeat) {
	t.Helper()
	bySource := map[string][]met{}
	for _, m := range all {
		bySource[m.source] = append(bySource[m.source], m)
	}
	counted = map[flow.RecordID]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for path, list := range bySource {
		wg.Go(func() {
			source := s.Source(path, 0)
			for _, m := range list {
				met, err := source.Meet(m.id)
				if err != nil {
					t.Error(err)
				}
				if met.Again {
					s.Lost(flow.Repeat{Source: met.Loser, Records: 1})
					continue
				}
				mu.Lock()
				counted[m.id]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return counted, s.Repeats()
}

// TestOnce wants each record once and the first source by name credited for
// it, in any order, with all pages in memory or nearly none.
func TestOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 6 {
		all := traffic(r, 1+3*round, 2000)
		first, holds := map[flow.RecordID]string{}, map[string]uint64{}
		for _, m := range all {
			holds[m.source]++
			if f, ok := first[m.id]; !ok || m.source < f {
				first[m.id] = m.source
			}
		}
		for _, f := range first {
			holds[f]--
		}
		var want []flow.Repeat
		for i := range 1 + 3*round {
			if name := fmt.Sprintf("s%03d", i); holds[name] > 0 {
				want = append(want, flow.Repeat{Source: name, Records: holds[name]})
			}
		}
		for _, bytes := range []int64{1 << 30, 0} {
			s := New(bytes)
			s.most = min(s.most, 600+int(bytes))
			r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			counted, repeats := meet(t, s, all)
			for id := range first {
				if counted[id] != 1 {
					t.Fatalf("%+v counts %d times", id, counted[id])
				}
			}
			if diff := cmp.Diff(want, repeats); len(counted) != len(first) || diff != "" {
				t.Fatalf("%d records count, want %d; repeats -want +got\n%s", len(counted), len(first), diff)
			}
			if spilled := s.file.f != nil; spilled != (bytes == 0) {
				t.Errorf("%d bytes: in the file %t", bytes, spilled)
			}
			if held := int(s.held.Load()); bytes == 0 && held > s.most+6*512*bytesPerRecord {
				t.Errorf("%d bytes are in memory, of %d", held, s.most)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestManyRepeats wants the sources that are told one by one to be the first by
// name, in whatever order they come.
func TestManyRepeats(t *testing.T) {
	n := mostRepeats + 50
	for _, order := range [][]int{rand.Perm(n), rand.Perm(n)} {
		s := New(0)
		for range 2 {
			for _, i := range order {
				s.Lost(flow.Repeat{Source: fmt.Sprintf("%06d", i), Records: 1, Packets: 2, IPBytes: 3, Measured: flow.Packets})
			}
		}
		got := s.Repeats()
		if len(got) != mostRepeats+1 || got[0] != (flow.Repeat{Source: "000000", Records: 2, Packets: 4, IPBytes: 6, Measured: flow.Packets}) ||
			got[mostRepeats] != (flow.Repeat{Records: 100, Packets: 200, IPBytes: 300, Measured: flow.Packets}) {
			t.Errorf("%d repeats, from %+v to %+v", len(got), got[0], got[len(got)-1])
		}
	}
}

// TestNoRoom wants an error where pages can go nowhere.
func TestNoRoom(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/none")
	if _, err := os.Stat(os.TempDir()); err == nil {
		t.Skip("the temporary folder is not named by the environment")
	}
	s := New(0)
	s.most = 1536
	source := s.Source("s", 0)
	var failed error
	for hour := range int64(10) {
		for i := range uint64(100) {
			if _, err := source.Meet(flow.RecordID{Minute: hour * 60, Content: [2]uint64{i, 1}}); err != nil {
				failed = err
			}
		}
	}
	if failed == nil {
		t.Error("no error")
	}
}

// TestViews wants each view of a record to be told of those in which it was
// counted before.
func TestViews(t *testing.T) {
	s := New(0)
	id := flow.RecordID{Content: [2]uint64{1, 2}}
	for _, step := range []struct {
		view uint32
		want Met
	}{
		{7, Met{}}, {7, Met{Again: true, Loser: "s"}}, {3, Met{Again: true, Loser: "s", Counted: []uint32{7}}},
		{5, Met{Again: true, Loser: "s", Counted: []uint32{3, 7}}}, {3, Met{Again: true, Loser: "s"}}, {7, Met{Again: true, Loser: "s"}},
	} {
		got, err := s.Source("s", step.view).Meet(id)
		if diff := cmp.Diff(step.want, got); err != nil || diff != "" {
			t.Errorf("view %d: error %v, -want +got\n%s", step.view, err, diff)
		}
	}
}
