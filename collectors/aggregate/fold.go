package aggregate

// Move counts what was counted of one source as of another.
func (t *Table) Move(from, to int) {
	if from >= len(t.Sources) {
		return
	}
	s := t.Sources[from]
	t.Sources[from] = SourceSum{First: NoFirst, Last: NoLast}
	for len(t.Sources) <= to {
		t.Sources = append(t.Sources, SourceSum{First: NoFirst, Last: NoLast})
	}
	t.Sources[to].merge(s)
}

// Renumber gives sources other numbers: to[i] is that of source i, negative if
// nothing was counted of it. Those that get one number are told together.
func (t *Table) Renumber(to []int) {
	old := t.Sources
	t.Sources = nil
	for i := range old {
		if i >= len(to) || to[i] < 0 {
			continue
		}
		for len(t.Sources) <= to[i] {
			t.Sources = append(t.Sources, SourceSum{First: NoFirst, Last: NoLast})
		}
		t.Sources[to[i]].merge(old[i])
	}
}
