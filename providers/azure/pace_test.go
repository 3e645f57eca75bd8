package azure

import (
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"
)

// answerOf is an answer that says how many requests are left; negative: it
// does not say.
func answerOf(status, own, global int, after string) *http.Response {
	resp := &http.Response{StatusCode: status, Header: http.Header{}}
	if own >= 0 {
		resp.Header.Set("X-Ms-Ratelimit-Remaining-Subscription-Writes", fmt.Sprint(own))
	}
	if global >= 0 {
		resp.Header.Set("X-Ms-Ratelimit-Remaining-Subscription-Global-Writes", fmt.Sprint(global))
	}
	if after != "" {
		resp.Header.Set("Retry-After", after)
	}
	return resp
}

// TestPace says how long the next three writes wait after an answer.
func TestPace(t *testing.T) {
	const ms = time.Millisecond
	tests := map[string]struct {
		answer *http.Response
		later  time.Duration // before the next
		want   [3]time.Duration
	}{
		"nothing said":       {answerOf(200, -1, -1, ""), 0, [3]time.Duration{}},
		"plenty":             {answerOf(200, 199, 2999, ""), 0, [3]time.Duration{}},
		"at the reserve":     {answerOf(200, 21, -1, ""), 0, [3]time.Duration{0, 100 * ms, 200 * ms}},
		"below the reserve":  {answerOf(200, 10, -1, ""), 0, [3]time.Duration{1100 * ms, 1200 * ms, 1300 * ms}},
		"it fills up":        {answerOf(200, 10, -1, ""), 10 * time.Second, [3]time.Duration{}},
		"shared by all":      {answerOf(200, 199, 10, ""), 0, [3]time.Duration{1100 * ms, 1200 * ms, 1300 * ms}},
		"empty":              {answerOf(429, 0, -1, "17"), 0, [3]time.Duration{19100 * ms, 19200 * ms, 19300 * ms}},
		"of a provider only": {answerOf(429, 150, -1, "17"), 0, [3]time.Duration{}},
		"429 without a word": {answerOf(429, -1, -1, "17"), 0, [3]time.Duration{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			clock := newStepClock()
			p := newPace(clock, slog.New(slog.DiscardHandler))
			p.take("writes")
			p.learn("writes", tt.answer)
			clock.now = clock.now.Add(tt.later)
			for i, want := range tt.want {
				if got := p.take("writes"); got.Round(ms) != want {
					t.Errorf("write %d waits %s, want %s", i, got, want)
				}
			}
			if got := p.take("reads"); got != 0 {
				t.Errorf("a read waits %s because of writes", got)
			}
		})
	}
}

func TestKindOf(t *testing.T) {
	for method, want := range map[string]string{"GET": "reads", "HEAD": "reads", "PUT": "writes", "PATCH": "writes", "POST": "writes", "DELETE": "deletes"} {
		if got := kindOf(method); got != want {
			t.Errorf("%s counts as %s, want %s", method, got, want)
		}
	}
}
