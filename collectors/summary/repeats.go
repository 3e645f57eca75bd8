package summary

import "flowctl/collectors/flow"

// Repeat is what a source holds of records that were met before: in another
// source, which is credited, or in the source itself. The last of many has no
// path and is the sum of the others.
type Repeat struct {
	Path    string `json:"path"`
	Records uint64 `json:"records"`
	Packets Figure `json:"packets"`
	IPBytes Figure `json:"ip_bytes"`
}

// addRepeats counts records that were met before as merged.
func (m *Merged) addRepeats(all []flow.Repeat) {
	for _, r := range all {
		n := Repeat{r.Source, r.Records, known(r.Packets, r.Measured&flow.Packets != 0), known(r.IPBytes, r.Measured&flow.IPBytes != 0)}
		m.Repeats = append(m.Repeats, n)
		m.Records += n.Records
		m.Packets = m.Packets.Plus(n.Packets)
		m.IPBytes = m.IPBytes.Plus(n.IPBytes)
	}
}

// repeatCoverage says that records were met more than once.
func repeatCoverage(all []flow.Repeat, say sayer) {
	var records uint64
	var paths []string
	for _, r := range all {
		records += r.Records
		if r.Source != "" {
			paths = append(paths, r.Source)
		}
	}
	if records > 0 {
		say("records-repeated", "%s met before, in a copy, an earlier download or a second delivery, and counted once: in %s.",
			was(records, "record was", "records were"), some(paths, len(all)))
	}
}
