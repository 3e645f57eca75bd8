package parquet

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"flowctl/collectors/flow"
)

// Told is what the metadata of files, or of what an engine was given, say of the
// sources that flows were read from. The zero value is ready.
type Told struct {
	of      sources
	version string // of the flowctl that wrote the last of them
}

// Add takes the pairs of a Meta: what was left out, host names and what else is
// beside flows goes to in.
func (t *Told) Add(pairs map[string]string, in flow.Input) error {
	var from sources
	var skipped []skip
	var hosts []host
	for key, v := range map[string]any{SourcesKey: &from, SkippedKey: &skipped, HostsKey: &hosts} {
		if text := pairs[key]; text != "" {
			if err := json.Unmarshal([]byte(text), v); err != nil {
				return fmt.Errorf("its metadata %s is damaged: %w", key, err)
			}
		}
	}
	for _, s := range skipped {
		in.Skipped.AddN(s.Source, s.Reason, s.Count, s.Offset)
	}
	for _, other := range []struct {
		key  string
		take func([]byte) error
	}{{InventoriesKey, in.Inventories}, {DictionaryKey, in.Dictionary}, {MinutesKey, in.Minutes}, {SuccessorsKey, in.Successors}} {
		if text := pairs[other.key]; text != "" && other.take != nil {
			if err := other.take([]byte(text)); err != nil {
				return fmt.Errorf("its metadata %s is damaged: %w", other.key, err)
			}
		}
	}
	if in.Hosts != nil {
		for _, h := range hosts {
			if a, err := netip.ParseAddr(h.Address); err == nil {
				in.Hosts.Add(flow.AddrOf(a), h.Name, h.How)
			}
		}
	}
	t.version = max(t.version, pairs[VersionKey])
	return t.of.add(&from)
}

// Logs reports whether any of the sources is a flow log with records.
func (t *Told) Logs() bool {
	for k, n := range t.of.Kinds {
		if k.Log() && n > 0 {
			return true
		}
	}
	return false
}

// add adds what others say.
func (s *sources) add(o *sources) error {
	if s.Kinds == nil {
		*s = sources{Kinds: map[flow.Kind]int{}, Empty: map[flow.Kind]int{}, Statuses: map[flow.Status]int{}}
	}
	for k, n := range o.Kinds {
		s.Kinds[k] += n
	}
	for k, n := range o.Empty {
		s.Empty[k] += n
	}
	for status, n := range o.Statuses {
		if n < 0 {
			return errors.New("its metadata " + SourcesKey + " is damaged: less than no sources")
		}
		s.Statuses[status] += n
	}
	s.Again.Captures += o.Again.Captures
	s.Again.Packets += o.Again.Packets
	s.Again.IPBytes += o.Again.IPBytes
	s.Again.FrameBytes += o.Again.FrameBytes
	return nil
}

// Tell describes in src the sources that flows were read from.
func (t *Told) Tell(src *flow.Source) error {
	s := &t.of
	var kinds []string
	for k, n := range s.Kinds {
		src.Holds = append(src.Holds, k)
		kinds = append(kinds, fmt.Sprintf("%d %s", n, k))
	}
	src.Empty = slices.Sorted(maps.Keys(s.Empty))
	src.AgainIn, src.Again = s.Again.Captures, flow.Count{Packets: s.Again.Packets, IPBytes: s.Again.IPBytes, FrameBytes: s.Again.FrameBytes}
	slices.Sort(src.Holds)
	slices.Sort(kinds)
	src.Detail = "flows of " + strings.Join(kinds, ", ") + ", written by flowctl " + t.version
	if len(kinds) == 0 {
		src.Detail = "flows of no source with records, written by flowctl " + t.version
	}
	for status, n := range s.Statuses {
		switch {
		case n == 0 || status == flow.OK:
		case status == flow.Truncated:
			src.Note(flow.Truncated)
		default:
			src.Note(flow.Corrupt) // what could not be read of it is not here
		}
	}
	return nil
}
