package identity

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"flowctl/collectors/table"
)

// file keeps pages that are not in use.
type file struct {
	f     *os.File
	end   int64
	pages map[pageKey]extent
}

// extent is where a page lies.
type extent struct{ at, length int64 }

// use returns the page of a log and hour, from memory or the file, and makes
// room for it.
func (s *Set) use(key pageKey) (*page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock++
	p := s.pages[key]
	if p == nil {
		if err := s.makeRoom(); err != nil {
			return nil, err
		}
		p = &page{held: &s.held}
		if err := s.file.restore(key, p); err != nil {
			return nil, fmt.Errorf("read back which records were met: %w", err)
		}
		s.pages[key] = p
	}
	p.used = s.clock
	return p, nil
}

// makeRoom moves the pages that were not asked for longest to the file, if
// there are more records in memory than there may be: so many that it need not
// do so for every page.
func (s *Set) makeRoom() error {
	if s.held.Load() < int64(s.most) {
		return nil
	}
	byUse := slices.SortedFunc(maps.Keys(s.pages), func(a, b pageKey) int { return cmp.Compare(s.pages[a].used, s.pages[b].used) })
	for _, key := range byUse {
		if s.held.Load() < int64(s.most)*3/4 {
			break
		}
		if err := s.file.keep(key, s.pages[key]); err != nil {
			return fmt.Errorf("note which records were met: %w", err)
		}
		delete(s.pages, key)
	}
	return nil
}

// keep writes a page, which is gone then.
func (f *file) keep(key pageKey, p *page) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.f == nil {
		var err error
		if f.f, err = os.CreateTemp("", "flowctl-records-*"); err != nil {
			return err
		}
		os.Remove(f.f.Name()) // fails on Windows, where Close does it
		f.pages = map[pageKey]extent{}
	}
	b := p.marshal()
	if _, err := f.f.WriteAt(b, f.end); err != nil {
		return err
	}
	f.pages[key] = extent{f.end, int64(len(b))}
	f.end += int64(len(b))
	p.held.Add(-p.bytes())
	p.gone, p.records, p.index = true, nil, table.Index{}
	return nil
}

// restore fills p with the page that was written, if one was.
func (f *file) restore(key pageKey, p *page) error {
	at, ok := f.pages[key]
	if !ok {
		return nil
	}
	b := make([]byte, at.length)
	if _, err := f.f.ReadAt(b, at.at); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	delete(f.pages, key)
	return p.unmarshal(b)
}

// Close removes the temporary file.
func (s *Set) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file.f == nil {
		return nil
	}
	err := s.file.f.Close()
	if e := os.Remove(s.file.f.Name()); e != nil && !errors.Is(e, os.ErrNotExist) {
		err = errors.Join(err, e)
	}
	s.file = file{}
	return err
}

// marshal writes the sources, with their lengths, and then the records.
func (p *page) marshal() []byte {
	b := binary.AppendUvarint(nil, uint64(len(p.sources)))
	for _, s := range p.sources {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	for _, s := range p.records {
		b = binary.LittleEndian.AppendUint64(b, s.hash[0])
		b = binary.LittleEndian.AppendUint64(b, s.hash[1])
		b = binary.LittleEndian.AppendUint32(b, s.source)
		b = binary.LittleEndian.AppendUint32(b, s.views)
	}
	return b
}

var errDamaged = errors.New("the temporary file is damaged")

func (p *page) unmarshal(b []byte) error {
	next := func() (uint64, bool) {
		v, n := binary.Uvarint(b)
		b = b[max(n, 0):]
		return v, n > 0
	}
	n, ok := next()
	for ; ok && n > 0; n-- {
		var length uint64
		if length, ok = next(); !ok || length > uint64(len(b)) {
			return errDamaged
		}
		p.source(string(b[:length]))
		b = b[length:]
	}
	if !ok || len(b)%bytesPerRecord != 0 {
		return errDamaged
	}
	for ; len(b) > 0; b = b[bytesPerRecord:] {
		hash := [2]uint64{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])}
		p.meet(record{hash, binary.LittleEndian.Uint32(b[16:]), binary.LittleEndian.Uint32(b[20:])})
	}
	return nil
}
