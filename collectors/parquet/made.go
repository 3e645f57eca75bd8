package parquet

import (
	"encoding/json"
	"fmt"
	"io"

	"flowctl/collectors/flow"
)

// Made returns what the flows of a file were read from, and how many rows it has; all is
// false if it does not name every source.
func Made(r io.ReaderAt, size int64) (from []flow.Source, all bool, rows uint64, err error) {
	t, err := readTail(r, size)
	if err != nil {
		return nil, false, 0, err
	}
	var s sources
	if text := t.pairs[SourcesKey]; text != "" {
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			return nil, false, 0, fmt.Errorf("its metadata %s is damaged: %w", SourcesKey, err)
		}
	}
	files := 0
	for _, n := range s.Statuses {
		files += n
	}
	for _, x := range s.First {
		from = append(from, flow.Source{Path: x.Path, Kind: x.Kind, Status: x.Status, Detail: x.Detail, Bytes: x.Bytes, Records: x.Records, View: x.View})
	}
	return from, files == len(from) && files > 0, uint64(max(0, t.meta.NumRows)), nil
}

// ReadNames gives what a file says of inventories and dictionaries to in, and no flow.
func ReadNames(r io.ReaderAt, size int64, in flow.Input) error {
	t, err := readTail(r, size)
	if err != nil {
		return err
	}
	in.Minutes, in.Successors, in.Hosts = nil, nil, nil
	in.Source, in.Skipped = &flow.Source{}, &flow.Skipped{}
	var told Told
	return told.Add(t.pairs, in)
}
