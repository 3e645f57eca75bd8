package parquet

import (
	"encoding/json"
	"fmt"
	"maps"

	"flowctl/collectors/flow"
)

// Meta is what a file says of its flows beside the flows.
type Meta struct {
	Version string        // of the flowctl that writes
	Sources []flow.Source // what the flows were read from
	Skipped []flow.Skip   // what could not be read there
	Hosts   *flow.Hosts   // host names of addresses; nil for none
	// Inventories is JSON of what gives names, for Input.Inventories of whoever
	// reads the file; empty for none.
	Inventories []byte
	// Dictionary is JSON of what people call networks, for Input.Dictionary likewise.
	Dictionary []byte
	// Minutes is JSON of which minutes the flows are of, for Input.Minutes likewise.
	Minutes []byte
	// Successors is JSON of which captures go on with others, for Input.Successors.
	Successors []byte
}

// The most that a file keeps of sources and of what was skipped. Of the rest
// it keeps how many there were.
const (
	mostSources = 1000
	mostSkipped = 1000
)

// sources is the metadata under SourcesKey.
type sources struct {
	Kinds    map[flow.Kind]int   `json:"kinds"`    // how many sources with records there are of each
	Empty    map[flow.Kind]int   `json:"empty"`    // how many without
	Statuses map[flow.Status]int `json:"statuses"` // how many sources there are with each
	Again    again               `json:"again"`
	First    []source            `json:"first"` // the first of them
}

// again is what captures have more than once, as flow.Source has it.
type again struct {
	Captures   int    `json:"captures"`
	Packets    uint64 `json:"packets"`
	IPBytes    uint64 `json:"ip_bytes"`
	FrameBytes uint64 `json:"frame_bytes"`
}

func (a *again) add(s *flow.Source) {
	if s.Again.Packets == 0 {
		return
	}
	a.Captures += max(1, s.AgainIn)
	a.Packets += s.Again.Packets
	a.IPBytes += s.Again.IPBytes
	a.FrameBytes += s.Again.FrameBytes
}

// source is one file or blob that flows were read from.
type source struct {
	Path    string      `json:"path"`
	Kind    flow.Kind   `json:"kind"`
	Status  flow.Status `json:"status"`
	Detail  string      `json:"detail"`
	Bytes   int64       `json:"bytes"`
	Records uint64      `json:"records"`
	View    string      `json:"view,omitempty"` // what of it was wanted
}

// skip is one element of the metadata under SkippedKey.
type skip struct {
	Source string `json:"source"`
	Reason string `json:"reason"`
	Count  uint64 `json:"count"`
	Offset int64  `json:"offset"`
}

// host is one element of the metadata under HostsKey.
type host struct {
	Address string `json:"address"`
	Name    string `json:"name"`
	How     string `json:"how"`
}

func sourcesOf(all []flow.Source) sources {
	s := sources{Kinds: map[flow.Kind]int{}, Empty: map[flow.Kind]int{}, Statuses: map[flow.Status]int{}, First: []source{}}
	for _, x := range all {
		files := max(1, x.Files)
		s.Statuses[x.Status] += files
		s.Again.add(&x)
		kinds, empty := x.Holding(), x.Empty
		if x.Records == 0 && x.Kind != flow.Parquet && x.Kind != flow.Engine {
			kinds, empty = nil, kinds
		}
		for _, k := range kinds {
			s.Kinds[k] += files
		}
		if x.Status != flow.Unreadable {
			for _, k := range empty {
				s.Empty[k] += files
			}
		}
		if len(s.First) < mostSources {
			s.First = append(s.First, source{x.Path, x.Kind, x.Status, x.Detail, x.Bytes, x.Records, x.View})
		}
	}
	return s
}

func skippedOf(all []flow.Skip) []skip {
	list := []skip{}
	for i, x := range all {
		if i >= mostSkipped {
			last := &list[mostSkipped-1]
			*last = skip{"", "of further sources or for further reasons", last.Count + x.Count, 0}
			continue
		}
		list = append(list, skip(x))
	}
	return list
}

func hostsOf(h *flow.Hosts) []host {
	list := []host{}
	if h == nil {
		return list
	}
	for a, names := range h.All() {
		for _, n := range names {
			list = append(list, host{a.String(), n.Name, n.How})
		}
	}
	return list
}

// Pairs are the keys and values of the file's metadata.
func (m Meta) Pairs() (map[string]string, error) {
	out := map[string]string{FormatKey: Format, VersionKey: m.Version, InventoriesKey: string(m.Inventories), DictionaryKey: string(m.Dictionary), MinutesKey: string(m.Minutes), SuccessorsKey: string(m.Successors)}
	for key, v := range map[string]any{
		SourcesKey: sourcesOf(m.Sources), SkippedKey: skippedOf(m.Skipped), HostsKey: hostsOf(m.Hosts),
	} {
		b, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		out[key] = string(b)
	}
	maps.DeleteFunc(out, func(_, v string) bool { return v == "" })
	return out, nil
}
