package operation

import (
	"fmt"
	"iter"
	"maps"
	"path"
	"path/filepath"

	"flowctl/collectors"
	"flowctl/collectors/minutes"
	"flowctl/collectors/summary"
	"flowctl/plan/session"
)

// runs are the results folders that were found among other paths. Each is read
// in its own window and with its own names.
type runs struct {
	found    summary.Options // what they know
	followed []minutes.Followed
}

// items yields what a run collected. A run that cannot be read is an error of its
// folder, and others go on.
func (r *runs) items(folder string) iter.Seq2[collectors.Item, error] {
	return func(yield func(collectors.Item, error) bool) {
		f := session.Folder{Path: folder}
		m, err := f.Manifest()
		var sum collectors.Sum
		if err == nil {
			sum, err = folderSum(f, m, nil)
		}
		if err != nil {
			yield(collectors.Item{Path: folder}, err)
			return
		}
		r.add(folder, sum.Options)
		r.followed = append(r.followed, sum.Followed...)
		for item, err := range sum.Items {
			item.Path = path.Join(filepath.ToSlash(folder), item.Path)
			item.Start, item.End = sum.Start, sum.End
			if !yield(item, err) {
				return
			}
		}
	}
}

// add takes over what a run knows.
func (r *runs) add(folder string, o summary.Options) {
	if r.found.SHA256 == nil {
		r.found.SHA256 = map[string]string{}
	}
	for name, sum := range maps.All(o.SHA256) {
		r.found.SHA256[path.Join(filepath.ToSlash(folder), name)] = sum
	}
	if r.found.Tags == nil || o.Tags != nil && o.Tags.Date > r.found.Tags.Date {
		r.found.Tags = o.Tags
	}
	r.found.Dictionary = append(r.found.Dictionary, o.Dictionary...)
	r.found.Inventories = append(r.found.Inventories, o.Inventories...)
	for _, c := range o.Coverage {
		r.found.Coverage = append(r.found.Coverage, summary.Coverage{Code: c.Code, Text: fmt.Sprintf("%s: %s", folder, c.Text)})
	}
}

// late adds what was found.
func (r *runs) late(s *collectors.Sum) {
	s.Followed = append(s.Followed, r.followed...)
	o := &s.Options
	o.Dictionary = append(o.Dictionary, r.found.Dictionary...)
	o.Inventories = append(o.Inventories, r.found.Inventories...)
	o.Coverage = append(o.Coverage, r.found.Coverage...)
	if o.Tags == nil {
		o.Tags = r.found.Tags
	}
	if o.SHA256 == nil {
		o.SHA256 = r.found.SHA256
	}
}
