package operation

import (
	"context"
	"slices"
	"time"

	"flowctl/collectors"
	"flowctl/collectors/summary"
	"flowctl/plan/question"
	"flowctl/plan/session"
)

// What it takes to say when what was asked for went: the files of a run are read once more,
// in rows of steps of time. So that is done of results of a moderate size.
const (
	mostTimed = 256 << 20 // bytes of all files
	timeSteps = 60        // of a window, at most
)

// overTime adds to the answers of a run when it was: what went, and what was denied, in each
// step of the window in which something did.
func overTime(ctx context.Context, sum collectors.Sum, m session.Manifest, doc *summary.Document) error {
	asks := sum.Options.Questions
	var size int64
	for _, a := range m.Artifacts {
		size += a.Size
	}
	if len(asks) == 0 || len(asks) > len(doc.Asks) || size > mostTimed || !sum.End.After(sum.Start) {
		return nil
	}
	step, text := stepOf(sum.End.Sub(sum.Start))
	sum.Flows, sum.Progress = nil, nil
	sum.Options.Questions, sum.Options.Expects, sum.Options.Only = nil, nil, true
	for _, q := range asks {
		sum.Options.Questions = append(sum.Options.Questions, summary.Compile(question.Question{Name: q.Name, Where: q.Where, By: []string{"time(" + text + ")"}, Top: 2 * timeSteps}))
	}
	timed, _, err := sum.Run(ctx)
	if err != nil {
		return err
	}
	for i := range asks {
		if doc.Asks[i].Outcome == summary.Answered {
			doc.Asks[i].Timeline = timelineOf(timed.Asks[i].Rows, step)
		}
	}
	return timed.Conversations.Close()
}

// stepOf is the shortest step of which there are not too many.
func stepOf(window time.Duration) (time.Duration, string) {
	steps := []struct {
		length time.Duration
		text   string
	}{{time.Minute, "1m"}, {5 * time.Minute, "5m"}, {15 * time.Minute, "15m"}, {time.Hour, "1h"}, {6 * time.Hour, "6h"}, {24 * time.Hour, "24h"}}
	for _, s := range steps {
		if window <= timeSteps*s.length {
			return s.length, s.text
		}
	}
	last := steps[len(steps)-1]
	return last.length, last.text
}

// timelineOf are rows by time as a timeline; those without a time are left out.
func timelineOf(rows []summary.Row, step time.Duration) *summary.Timeline {
	t := &summary.Timeline{Seconds: int64(step / time.Second)}
	for _, r := range rows {
		if at, err := time.Parse(time.RFC3339, r.Key[0]); err == nil {
			t.Steps = append(t.Steps, summary.Step{Start: summary.Instant(at.UnixNano()), Volume: r.Volume, Denied: r.Denied})
		}
	}
	slices.SortFunc(t.Steps, func(a, b summary.Step) int { return a.Start.Time().Compare(b.Start.Time()) })
	return t
}
