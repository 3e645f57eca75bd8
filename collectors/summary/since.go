package summary

// Since is what changed in an answer since another run.
type Since struct {
	Run     string         `json:"run,omitempty"`     // the other one
	Missing string         `json:"missing,omitempty"` // why nothing is compared
	Counts  map[string]int `json:"counts,omitempty"`  // rows by what became of them, those of the same amount as same
	*Comparison
}

// SinceOf is a comparison with a run, of which only so many changes are kept.
func SinceOf(run string, c *Comparison, most int) *Since {
	s := &Since{Run: run, Counts: map[string]int{"same": c.Same}, Comparison: c}
	for _, r := range c.Changes {
		s.Counts[r.Change]++
	}
	c.Changes = c.Changes[:min(most, len(c.Changes))]
	return s
}
