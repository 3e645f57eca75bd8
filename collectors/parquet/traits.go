package parquet

import "flowctl/collectors/flow"

// traitList numbers the traits of a row group in the order in which they come.
type traitList struct {
	list   []traits
	known  map[traits]uint32
	recent [256]recentTraits

	texts map[flow.ID]struct{} // that they have
	size  int                  // of the texts
}

// recentTraits are traits that came not long ago.
type recentTraits struct {
	traits
	number uint32 // + 1; 0 for none
}

// maxTexts is how many bytes of texts, other than addresses, a row group may
// have. Texts come from foreign files; those of Azure stay far below.
const maxTexts = 16 << 20

func (l *traitList) reset() {
	if l.known == nil {
		l.known, l.texts = map[traits]uint32{}, map[flow.ID]struct{}{}
	}
	clear(l.known)
	clear(l.texts)
	clear(l.recent[:])
	l.list, l.size = l.list[:0], 0
}

// number returns the number of t. It reports false, and numbers nothing, if
// its texts do not fit into this row group any more.
func (l *traitList) number(t traits, names *flow.Names) (uint32, bool) {
	e := &l.recent[(t.where*31+t.how*7+t.log*3+t.kind)*0x9e3779b97f4a7c15>>56]
	if e.number != 0 && e.traits == t {
		return e.number - 1, true
	}
	n, ok := l.known[t]
	if !ok {
		if n, ok = l.add(t, names); !ok {
			return 0, false
		}
	}
	*e = recentTraits{t, n + 1}
	return n, true
}

// add numbers t. The first of a row group always fit.
func (l *traitList) add(t traits, names *flow.Names) (uint32, bool) {
	size := l.size
	for _, id := range t.ids() {
		if _, ok := l.texts[id]; !ok {
			size += len(names.Text(id))
		}
	}
	if size > maxTexts && len(l.list) > 0 {
		return 0, false
	}
	for _, id := range t.ids() {
		l.texts[id] = struct{}{}
	}
	l.size = size
	n := uint32(len(l.list))
	l.list, l.known[t] = append(l.list, t), n
	return n, true
}

// column numbers the values of a column of traits: slots are the numbers in
// its dictionary, by number of the traits, from 1 on; 0 stands for no value.
func (l *traitList) column(col int, slots []uint32) (dictionary, outPlaces []uint32) {
	numbers := map[uint32]uint32{}
	slots = slots[:0]
	for i := range l.list {
		v, ok := l.list[i].value(col)
		n := numbers[v]
		if ok && n == 0 {
			dictionary = append(dictionary, v)
			n = uint32(len(dictionary))
			numbers[v] = n
		}
		if !ok {
			n = 0
		}
		slots = append(slots, n)
	}
	return dictionary, slots
}
