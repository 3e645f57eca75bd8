package azure

import (
	"fmt"
	"hash/maphash"
)

// The most that a listing may have.
const (
	maxPages = 1_000_000
	maxEmpty = 10_000 // pages without anything, one after the other
)

// markers are the pages of a listing that were asked for. A service that
// sends one again, or never ends, would be listed for ever.
type markers struct {
	seed  maphash.Seed
	seen  map[uint64]struct{}
	empty int
}

// next notes the marker of the next page, which is empty at the end, and
// whether there was something on this one.
func (m *markers) next(marker string, something bool) error {
	if m.seen == nil {
		m.seed, m.seen = maphash.MakeSeed(), map[uint64]struct{}{}
	}
	if m.empty++; something {
		m.empty = 0
	}
	if marker == "" {
		return nil
	}
	hash := maphash.String(m.seed, marker)
	if _, ok := m.seen[hash]; ok {
		return final{fmt.Errorf("the listing comes back to a page that it had (marker %q); it would never end", oneLine(marker))}
	}
	m.seen[hash] = struct{}{}
	if m.empty > maxEmpty || len(m.seen) > maxPages {
		return final{fmt.Errorf("the listing does not end: %d pages, the last %d of them empty", len(m.seen), m.empty)}
	}
	return nil
}
