package aggregate

// Stored is rows that left a table, as AppendRow wrote them: some in temporary
// files, some not.
type Stored struct {
	part   int
	files  []*Spill
	memory []byte
}

// storedRow is about how many bytes a row takes that was stored.
const storedRow = 44

// Rows is how many rows these are, about: those of one key may be several.
func (s *Stored) Rows() int {
	n := int64(len(s.memory))
	for _, f := range s.files {
		n += f.length(s.part)
	}
	return int(n / storedRow)
}

// each calls f with all rows, some at a time. The errors say which are lost.
func (s *Stored) each(buf *[]byte, f func(b []byte, ids []uint32)) []error {
	var errs []error
	for _, file := range s.files {
		if err := file.Each(s.part, buf, func(b []byte) { f(b, file.ids) }); err != nil {
			errs = append(errs, err)
		}
	}
	f(s.memory, nil)
	return errs
}

// Load adds all rows to p.
func (s *Stored) Load(p *Partition, free *Pool, buf *[]byte) []error {
	return s.each(buf, func(b []byte, ids []uint32) { p.decode(b, ids, free) })
}

// Stored is what was stored of partition i, after Ready.
func (t *Table) Stored(i int) *Stored { return &Stored{part: i, files: t.Spills} }

// Shelf keeps rows apart for later: in a temporary file, but for the last of each
// partition. It is for one goroutine.
type Shelf struct {
	file  *Spill
	full  bool // nothing can be written to a file
	files []*Spill
	parts [][]byte
}

// shelfBytes is how much of a partition a shelf has in memory.
const shelfBytes = 32 << 10

// Add puts a row to those of partition i.
func (s *Shelf) Add(i int, r *Row, f FrameBytes) {
	for len(s.parts) <= i {
		s.parts = append(s.parts, nil)
	}
	s.parts[i] = AppendRow(s.parts[i], r, f)
	if len(s.parts[i]) >= shelfBytes && !s.full {
		s.write(i)
	}
}

// write moves the rows of partition i to the file. Without a file, memory has to do.
func (s *Shelf) write(i int) {
	if s.file == nil {
		var err error
		if s.file, err = NewSpill(); err != nil {
			s.file, s.full = nil, true
			return
		}
		s.files = append(s.files, s.file)
	}
	if s.full = s.file.Append(i, s.parts[i]) != nil; !s.full {
		s.parts[i] = s.parts[i][:0]
	}
}

// Merge takes over the rows of o.
func (s *Shelf) Merge(o *Shelf) {
	s.files = append(s.files, o.files...)
	for len(s.parts) < len(o.parts) {
		s.parts = append(s.parts, nil)
	}
	for i, b := range o.parts {
		s.parts[i] = append(s.parts[i], b...)
	}
	*o = Shelf{}
}

// Stored is what lies in partition i.
func (s *Shelf) Stored(i int) *Stored {
	at := &Stored{part: i, files: s.files}
	if i < len(s.parts) {
		at.memory = s.parts[i]
	}
	return at
}

// Close removes the files.
func (s *Shelf) Close() error { return closeAll(s.files) }
