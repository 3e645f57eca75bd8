package summary

// Move counts what was counted of one source as of another.
func (t *Table) Move(from, to int) {
	if from >= len(t.sources) {
		return
	}
	s := t.sources[from]
	t.sources[from] = sourceSum{first: noFirst, last: noLast}
	for len(t.sources) <= to {
		t.sources = append(t.sources, sourceSum{first: noFirst, last: noLast})
	}
	t.sources[to].merge(s)
}

// Renumber gives sources other numbers: to[i] is that of source i, negative if
// nothing was counted of it. Those that get one number are told together.
func (t *Table) Renumber(to []int) {
	old := t.sources
	t.sources = nil
	for i := range old {
		if i >= len(to) || to[i] < 0 {
			continue
		}
		for len(t.sources) <= to[i] {
			t.sources = append(t.sources, sourceSum{first: noFirst, last: noLast})
		}
		t.sources[to[i]].merge(old[i])
	}
}
