package summary

import (
	"errors"
	"sync"
	"sync/atomic"

	"flowctl/collectors/aggregate"
)

// lineParts is how many parts the lines of a long answer are in.
const (
	lineParts = 64
	lineShift = 64 - 6 // the upper bits of a hash say the part, the lower ones the slot there
)

// lineBatch is how many sums wait for a part: so many that a lock and the way
// to memory are shared, and so few that those of all parts stay near.
const lineBatch = 32

// manyLines are the lines of an answer of which there can be millions, as by
// address. Every builder has one, and all put their sums into one place, as the
// workers of a Table do with their rows.
type manyLines struct {
	*lineStore
	waiting [lineParts]waitingLines
	sink    uint64 // keeps loads alive that only warm the cache
}

// lineStore is what the builders' manyLines of one answer share. What is more
// than most goes to a temporary file, part by part.
type lineStore struct {
	width int // of keys
	wide  int // sums that a line has
	most  int // lines in memory
	used  atomic.Int64
	parts [lineParts]linePart

	mu   sync.Mutex // of what follows
	file *aggregate.Spill
	full bool // nothing can be written to a file
}

type linePart struct {
	mu sync.Mutex // while builders add
	lines
}

// waitingLines are sums on their way to one part.
type waitingLines struct {
	n      int
	hashes [lineBatch]uint64
	keys   []byte
	sums   []group
}

// newManyLines returns lines of wide sums each, which may take so many bytes of
// memory.
func newManyLines(width, wide, bytes int) *manyLines {
	s := &lineStore{width: width, wide: wide, most: max(minLines, bytes/(width+wide*bytesPerSum))}
	for i := range s.parts {
		s.parts[i].lines = lines{width: width, wide: wide}
	}
	return &manyLines{lineStore: s}
}

// bytesPerSum is what a sum of a line takes in memory, about.
const bytesPerSum = 120

// minLines is what is held in memory however small the budget.
const minLines = 20_000

// another is for another goroutine.
func (m *manyLines) another() *manyLines { return &manyLines{lineStore: m.lineStore} }

// line returns empty sums that will be added to the line with a key. They are
// valid until the next ones.
func (m *manyLines) line(key []byte) []group {
	hash := hashBytes(key)
	i := hash >> lineShift
	w := &m.waiting[i]
	if w.n == lineBatch {
		m.flush(int(i))
	}
	if w.sums == nil {
		w.keys, w.sums = make([]byte, lineBatch*m.width), make([]group, lineBatch*m.wide)
	}
	n := w.n
	w.n++
	w.hashes[n] = hash
	copy(w.keys[n*m.width:], key)
	sums := w.sums[n*m.wide:][:m.wide]
	begin(sums)
	return sums
}

// flushAll adds all that waits. Sums that line gave are not to be used then.
func (m *manyLines) flushAll() {
	for i := range m.waiting {
		m.flush(i)
		m.waiting[i] = waitingLines{}
	}
}

func (m *manyLines) flush(i int) {
	w, p := &m.waiting[i], &m.parts[i]
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.len()
	m.sink += p.warm(w.hashes[:w.n])
	for k := range w.n {
		key := w.keys[k*m.width : (k+1)*m.width]
		mergeAll(p.at(p.find(key, w.hashes[k])), w.sums[k*m.wide:])
	}
	w.n = 0
	m.account(i, p.len()-before)
}

// account notes that part i, which is locked, has more lines, and moves it to
// the file if that is too much.
func (s *lineStore) account(i, more int) {
	p := &s.parts[i]
	if all := s.used.Add(int64(more)); all <= int64(s.most) || p.len() < s.most/lineParts/2 {
		return
	}
	if n := p.len(); s.keep(i, p.encode(nil)) {
		p.reset()
		s.used.Add(-int64(n))
	}
}

// keep writes b to the file, as a part of part i. Without a file, memory has to
// do.
func (s *lineStore) keep(i int, b []byte) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file == nil && !s.full {
		file, err := aggregate.NewSpill()
		s.file, s.full = file, err != nil
	}
	s.full = s.full || s.file.Append(i, b) != nil
	return !s.full
}

// each calls f for every line, which is valid during the call, and uses them
// up. The error says that lines could not be read back.
func (s *lineStore) each(f func(key []byte, sums []group)) error {
	if s.file == nil {
		for i := range s.parts {
			s.parts[i].each(f)
		}
		return nil
	}
	var errs []error
	var buf []byte
	all := lines{width: s.width, wide: s.wide} // of one part at a time, in the same memory
	for i := range s.parts {
		all.reset()
		s.parts[i].each(func(key []byte, sums []group) { mergeAll(all.at(all.of(key)), sums) })
		s.parts[i].lines = lines{}
		errs = append(errs, s.file.Each(i, &buf, all.decode))
		all.each(f)
	}
	errs = append(errs, s.file.Close())
	s.file = nil
	return errors.Join(errs...)
}
