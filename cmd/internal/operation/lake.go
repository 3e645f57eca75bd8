//go:build lake

package operation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"flowctl/collectors"
	"flowctl/collectors/lake"
	"flowctl/collectors/summary"
)

// InLake is what was put into a lake.
type InLake struct {
	Table    string // its folder
	File     string // empty if there was nothing new
	Size     int64
	Files    int // that are in now
	Known    int // that were in already
	Problems collectors.Problems
}

// AddToLake keeps the flows of what is new of some files as Parquet in a lake.
func AddToLake(ctx context.Context, s Settings, folder string, o SummarizeOptions) (in InLake, err error) {
	if strings.Contains(folder, "://") {
		return in, fmt.Errorf("%s: a lake is a folder of this machine; copy it to storage as a whole, metadata included", folder)
	}
	l, err := lake.Open(ctx, folder)
	if err != nil {
		return in, fmt.Errorf("lake %s: %w", folder, err)
	}
	in.Table = l.Table()
	var runs runs
	args := collectors.Args{List: o.Paths, Open: s.opener(o.MetadataHost), Start: o.Start, End: o.End, Run: runs.items}
	items, digests, problems := collectors.Fingerprints(ctx, args.Walk(ctx))
	if in.Problems = problems; ctx.Err() != nil {
		return in, ctx.Err()
	}
	known := l.Files()
	seen := map[string]bool{}
	for _, d := range known {
		seen[d] = true
	}
	fresh := map[string]string{}
	items = slices.DeleteFunc(items, func(i collectors.Item) bool {
		digest := digests[i.Path]
		if was, ok := known[i.Path]; ok && was != digest && err == nil {
			err = fmt.Errorf("%s has changed since it was added: what is in a lake cannot be taken back, and its flows would count twice. Add hours that are over", i.Path)
		}
		if seen[digest] {
			in.Known++
			return true
		}
		seen[digest], fresh[i.Path] = true, digest
		return false
	})
	if err != nil || len(items) == 0 {
		return in, err
	}
	h := sha256.New()
	for _, p := range slices.Sorted(maps.Keys(fresh)) {
		fmt.Fprintln(h, fresh[p])
	}
	in.File = filepath.Join(in.Table, "data", hex.EncodeToString(h.Sum(nil))[:32]+".parquet")
	if err := os.MkdirAll(filepath.Dir(in.File), 0o700); err != nil {
		return in, err
	}
	sum := collectors.Sum{Late: runs.late, Memory: o.Memory, Options: summary.Options{Dictionary: s.Names, Inventories: s.Inventories}, Progress: o.Progress}
	sum.Items = func(yield func(collectors.Item, error) bool) {
		for _, i := range items {
			if !yield(i, nil) {
				return
			}
		}
	}
	if s.Tags != nil {
		sum.Options.Tags = s.Tags.List
	}
	doc, problems, err := sumFlows(ctx, sum, in.File, s.Version)
	if err != nil {
		return in, err
	}
	if err := doc.Conversations.Close(); err != nil {
		return in, err
	}
	in.Problems.Count += problems.Count
	in.Problems.First = append(in.Problems.First, problems.First...)
	if st, err := os.Stat(in.File); err == nil {
		in.Size = st.Size()
	}
	in.Files = len(fresh)
	if err := l.Add(ctx, in.File, fresh); err != nil {
		return in, errors.Join(fmt.Errorf("lake %s: %w", folder, err), os.Remove(in.File))
	}
	return in, nil
}
