package command

import (
	"fmt"
	"strings"
	"time"

	"flowctl/collectors/storage"
	"flowctl/plan"
	"flowctl/plan/config"
	"flowctl/providers"
)

// opener returns what opens storage accounts. Each is opened once, so that a
// token serves all that is read of it.
func opener(env *Env, metadataHost string) func(storage.Place) (plan.Blobs, error) {
	opened := map[[2]string]plan.Blobs{}
	return func(p storage.Place) (plan.Blobs, error) {
		key := [2]string{p.Account, p.SAS}
		if b, ok := opened[key]; ok {
			return b, nil
		}
		b, err := providers.OpenStorage(p.Account, p.SAS, metadataHost, providers.Env{Dir: env.Root(), Log: env.log})
		if err == nil {
			opened[key] = b
		}
		return b, err
	}
}

// window reads the times between which things count. Both are zero if neither
// is given; else the end is now and the start is before all flow logs.
func window(start, end string, now time.Time) (from, to time.Time, err error) {
	if start == "" && end == "" {
		return from, to, nil
	}
	from, to = time.Unix(0, 0).UTC(), now.UTC()
	if start != "" {
		if from, err = instant("--start", start, now); err != nil {
			return from, to, err
		}
	}
	if end != "" {
		if to, err = instant("--end", end, now); err != nil {
			return from, to, err
		}
	}
	if !to.After(from) {
		return from, to, fmt.Errorf("--start %s is not before the end, %s", from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	return from, to, nil
}

// instant reads a time, or a duration before now.
func instant(flag, text string, now time.Time) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC(), nil
	}
	d, err := config.ParseDuration(strings.TrimPrefix(text, "-"))
	if err != nil {
		return time.Time{}, fmt.Errorf("%s %q: write a time as RFC 3339, with a zone, such as %s, or a duration before now, such as -6h or -2d",
			flag, text, now.UTC().Truncate(time.Hour).Format(time.RFC3339))
	}
	return now.Add(-d).UTC(), nil
}
