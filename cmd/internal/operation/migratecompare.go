package operation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"flowctl/collectors/fetch"
	"flowctl/collectors/migration"
	"flowctl/plan"
	"flowctl/plan/apply"
	"flowctl/plan/session"
)

// Now is the time of the subscriptions' provider.
func (m *Migrator) Now() time.Time { return m.op.now() }

// Compare reads what NSG flow logs and the flow logs that cover them wrote in a time,
// and compares it flow by flow. What it fetches is removed in the end.
func (m *Migrator) Compare(ctx context.Context, start, end time.Time) (*migration.Comparison, error) {
	dir, err := os.MkdirTemp("", "flowctl-migrate-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var older, newer, groups []string
	for _, l := range m.logs {
		groups = append(groups, string(l.NSG))
		older = append(older, l.ID.Key())
		for _, id := range l.Covering() {
			if key := id.Key(); !slices.Contains(newer, key) {
				newer = append(newer, key)
			}
		}
	}
	switch {
	case len(older) == 0:
		return nil, errors.New("no NSG flow log is there to compare with")
	case len(newer) == 0:
		return nil, errors.New("no flow log of a network records what an NSG flow log does: flowctl migrate nsg --out FILE writes a monitor of those that would")
	}
	all := map[string]*migration.Interface{}
	for i, keys := range [][]string{older, newer} {
		files, err := m.fetch(ctx, filepath.Join(dir, fmt.Sprint(i)), keys, start, end)
		if err != nil {
			return nil, err
		}
		for mac, names := range files {
			if all[mac] == nil {
				all[mac] = &migration.Interface{MAC: mac}
			}
			if i == 0 {
				all[mac].Old = names
			} else {
				all[mac].New = names
			}
		}
	}
	c := migration.New(start, end, groups)
	for _, mac := range slices.Sorted(maps.Keys(all)) {
		if err := c.Add(ctx, *all[mac]); err != nil {
			return nil, err
		}
	}
	c.Finish()
	return c, nil
}

// fetch brings what flow logs wrote, and returns the files by interface.
func (m *Migrator) fetch(ctx context.Context, dir string, keys []string, start, end time.Time) (map[string][]string, error) {
	collected := make([][]session.Artifact, len(keys))
	folder := func(i int) session.Folder { return session.Folder{Path: filepath.Join(dir, fmt.Sprint(i))} }
	transfer := fetch.NewTransfer()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(sweptAtOnce)
	for i, key := range keys {
		g.Go(func() error {
			r, alias := m.recording(key)
			s := plan.Session{Mechanism: plan.FlowLog, Target: plan.Target{ID: r.Target, Location: r.Location, Provider: alias}}
			if _, err := session.Create(folder(i).Path); err != nil {
				return err
			}
			c := fetch.Collector{Folder: folder(i), Providers: m.op.providers, Inventories: m.op.allInventories(), Transfer: transfer}
			var err error
			collected[i], err = c.Collect(ctx, apply.Want{Session: s, Recording: r, Start: start, End: end})
			if err != nil && !errors.Is(err, plan.ErrNotFound) {
				return fmt.Errorf("flow log %s: %w", r.ID.Name(), err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out := map[string][]string{}
	for i, list := range collected {
		for _, a := range list {
			mac, _, _ := strings.Cut(strings.TrimSuffix(path.Base(a.Path), ".json"), "_")
			out[mac] = append(out[mac], filepath.Join(folder(i).Path, filepath.FromSlash(a.Path)))
		}
	}
	return out, nil
}

// recording is the flow log with a key, and the alias of its provider.
func (m *Migrator) recording(key string) (plan.Recording, string) {
	for _, alias := range m.op.aliases() {
		for _, r := range m.op.recordings[alias] {
			if r.ID.Key() == key {
				return r, alias
			}
		}
	}
	return plan.Recording{}, ""
}
