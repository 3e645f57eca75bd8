package collectors

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"flowctl/collectors/flow"
)

// The most sources that are told one by one: of more than mostNamed, those
// that were read well are told together, and of the others those beyond
// mostBad.
const (
	mostNamed = 2000
	mostBad   = 1000
)

// sourceList is the list of sources, in memory that does not grow with their number.
//
// What a table counts of a source it counts under a number. The first sources
// have one each. A later one has that of the worker that reads it, and only
// when it was read it is clear what becomes of it; then the worker moves what
// it counted to a number of its own or to that of all that are alike.
type sourceList struct {
	named   int // see mostNamed
	bad     int // see mostBad
	workers int // have the first numbers

	mu     sync.Mutex
	count  int
	listed []*sourceEntry // by number, from workers on
	groups map[sourceClass]*sourceEntry
	late   int // that are told although there were too many
}

// sourceEntry is an element of the list: a source, or several that are alike.
type sourceEntry struct {
	flow.Source
	number   int
	position int // among all sources; of several, that of the first
	group    bool
	own      bool         // what is wanted of it is not what is wanted of all
	grouped  *sourceEntry // stands for it now
}

// sourceClass is what sources must have in common to be told together.
type sourceClass struct {
	kind   flow.Kind
	status flow.Status
	silent bool
}

func newSourceList(workers int) *sourceList {
	return &sourceList{named: mostNamed, bad: mostBad, workers: workers, groups: map[sourceClass]*sourceEntry{}}
}

// begin enters a source. It has no number of its own if number is negative.
func (r *sourceList) begin(path string) (src *sourceEntry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	src = &sourceEntry{Source: flow.Source{Path: path}, number: -1, position: r.count}
	r.count++
	if r.count <= r.named {
		r.list(src)
	}
	return src
}

// single are the sources that are told one by one.
func (r *sourceList) single() []*sourceEntry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.listed), func(s *sourceEntry) bool { return s.group })
}

// list gives src a number of its own.
func (r *sourceList) list(src *sourceEntry) {
	src.number = r.workers + len(r.listed)
	r.listed = append(r.listed, src)
}

// keep gives src, which is read by several workers, a number of its own.
func (r *sourceList) keep(src *sourceEntry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list(src)
}

// settle gives src, which was read and has no number, its own or that of
// those alike, and returns it.
func (r *sourceList) settle(src *sourceEntry) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if src.Status != flow.OK && r.late < r.bad {
		r.late++
		r.list(src)
		return src.number
	}
	return r.groupEntry(src).number
}

// groupEntry lists src together with those of its class.
func (r *sourceList) groupEntry(src *sourceEntry) *sourceEntry {
	k := sourceClass{src.Kind, src.Status, src.Records == 0}
	g := r.groups[k]
	if g == nil {
		g = &sourceEntry{Source: src.Source, position: src.position, group: true}
		g.Source.Path, g.Source.Files = folderPath(src.Path), 0
		g.Source.Bytes, g.Source.Records, g.Source.Points, g.Source.Holds, g.Source.Remarks = 0, 0, nil, nil, nil
		r.list(g)
		r.groups[k] = g
	}
	src.grouped = g
	g.position = min(g.position, src.position)
	g.Path = commonFolder(g.Path, src.Path)
	g.Files += max(1, src.Files)
	g.Bytes += src.Bytes
	g.Records += src.Records
	for _, m := range src.Remarks {
		g.Remark(m.Code, m.Text, m.Count)
	}
	if g.Detail != src.Detail {
		g.Detail = ""
	}
	g.Points = union(g.Points, src.Points, mostGroupPoints)
	g.Holds = union(g.Holds, src.Holds, len(g.Holds)+len(src.Holds))
	return g
}

// mostGroupPoints is how many points a group names, as many as a source does.
const mostGroupPoints = 8

func union[T cmp.Ordered](a, b []T, most int) []T {
	for _, v := range b {
		if len(a) < most && !slices.Contains(a, v) {
			a = append(a, v)
		}
	}
	return a
}

// end returns the sources to tell, in their order, and for each number in the
// table the index of its source there, or -1 if nothing is counted under it.
func (r *sourceList) end() (all []flow.Source, to []int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count > r.named {
		for _, src := range slices.Clone(r.listed) {
			if src.Status == flow.OK && !src.group {
				r.groupEntry(src)
			}
		}
	}
	list := slices.DeleteFunc(slices.Clone(r.listed), func(s *sourceEntry) bool { return s.grouped != nil })
	slices.SortStableFunc(list, func(a, b *sourceEntry) int { return cmp.Compare(a.position, b.position) })
	index := map[*sourceEntry]int{}
	for i, s := range list {
		index[s] = i
		slices.Sort(s.Holds)
		all = append(all, s.Source)
	}
	to = slices.Repeat([]int{-1}, r.workers)
	for _, s := range r.listed {
		if s.grouped != nil {
			s = s.grouped
		}
		to = append(to, index[s])
	}
	return all, to
}

// folderPath is the folder of a path or URL.
func folderPath(path string) string {
	return path[:strings.LastIndexAny(path, `/\`)+1]
}

// commonFolder is the part of folder in which path lies too.
func commonFolder(folder, path string) string {
	for !strings.HasPrefix(path, folder) {
		folder = folderPath(strings.TrimRight(folder, `/\`))
	}
	return folder
}
