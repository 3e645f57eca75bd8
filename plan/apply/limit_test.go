package apply

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// TestLimit reaches a limit in the middle of the window: both sessions end then,
// the run says why, and whoever goes on after a kill ends it just so.
func TestLimit(t *testing.T) {
	for _, killed := range []bool{false, true} {
		b := newBench(t)
		r := b.run(flowLog(), capture(90*time.Minute))
		asked := 0
		r.Exceeded = func(recorded map[string]int64, elapsed time.Duration) string {
			if asked++; len(recorded) != 2 {
				t.Errorf("%d sessions are asked about, want 2", len(recorded))
			}
			if elapsed < time.Hour {
				return ""
			}
			return "enough"
		}
		ctx, kill := context.WithCancel(t.Context())
		defer kill()
		if killed {
			b.azure.on["stop hub"] = kill
		}
		err := errors.Join(r.Start(ctx), r.Wait(ctx))
		if killed {
			delete(b.azure.on, "stop hub")
			r = b.run(flowLog(), capture(90*time.Minute))
			err = errors.Join(r.Start(t.Context()), r.Wait(t.Context()))
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, end := r.Window(); end.Before(noon.Add(time.Hour)) || end.After(noon.Add(time.Hour+2*DefaultLimits.Poll)) {
			t.Errorf("killed %t: the window ends at %v, want an hour after noon", killed, end)
		}
		m, err := r.Folder().Manifest()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range m.Sessions {
			if s.Outcome != "removed" || s.Mechanism == "flow_log" && !strings.HasPrefix(s.Reason, "enough") {
				t.Errorf("killed %t: %s is %s, because of %q", killed, s.Target.ID.Name(), s.Outcome, s.Reason)
			}
		}
		if len(b.azure.there) != 0 || asked == 0 {
			t.Errorf("killed %t: %d recordings are left, %d questions", killed, len(b.azure.there), asked)
		}
	}
}
