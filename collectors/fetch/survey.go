package fetch

import (
	"context"

	"flowctl/plan"
	"flowctl/plan/apply"
)

// Hours lists what a flow log has in storage, or in its workspace, of a window, hour by hour: files of interfaces that
// the session is about, and their size. Hours of which nothing is there are left out.
func (c Collector) Hours(ctx context.Context, w apply.Want) ([]plan.Hour, error) {
	if w.Recording.InWorkspace() {
		j, err := c.rowsJob(w)
		if err != nil {
			return nil, err
		}
		return j.hours(ctx, w.Start, w.End)
	}
	j, err := c.job(ctx, w)
	if err != nil {
		return nil, err
	}
	var out []plan.Hour
	for hour, blobs := range j.listed(ctx) {
		if !hour.Before(w.End) { // it is read for records that were stamped late
			break
		}
		h := plan.Hour{Start: hour}
		for b, err := range blobs {
			if err != nil {
				return out, err
			}
			h.Files, h.Bytes = h.Files+1, h.Bytes+b.Size
		}
		if h.Files > 0 {
			out = append(out, h)
		}
	}
	return out, nil
}
