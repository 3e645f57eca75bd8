package azure

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"time"

	"flowctl/plan"

	"github.com/google/go-cmp/cmp"
)

func TestDelay(t *testing.T) {
	tests := map[string]struct {
		n      int
		after  time.Duration
		jitter float64
		want   time.Duration
	}{
		"first, at least":      {0, 0, 0, 500 * time.Millisecond},
		"first, at most":       {0, 0, 1, time.Second},
		"grows":                {3, 0, 1, 8 * time.Second},
		"is bounded":           {60, 0, 1, 30 * time.Second},
		"told":                 {0, 17 * time.Second, 0, 17 * time.Second},
		"told, with jitter":    {5, 17 * time.Second, 1, 18 * time.Second},
		"told something silly": {0, 24 * time.Hour, 0, 5 * time.Minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := retry{jitter: func() float64 { return tt.jitter }}
			if got := r.delay(tt.n, tt.after); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	tests := map[string]struct {
		header map[string]string
		want   time.Duration
	}{
		"none":           {nil, 0},
		"seconds":        {map[string]string{"Retry-After": "10"}, 10 * time.Second},
		"milliseconds":   {map[string]string{"Retry-After-Ms": "250", "Retry-After": "1"}, 250 * time.Millisecond},
		"date":           {map[string]string{"Retry-After": "Sat, 21 Nov 2026 12:00:30 GMT", "Date": "Sat, 21 Nov 2026 12:00:00 GMT"}, 30 * time.Second},
		"date in a past": {map[string]string{"Retry-After": "Sat, 21 Nov 2026 11:00:30 GMT", "Date": "Sat, 21 Nov 2026 12:00:00 GMT"}, 0},
		"nonsense":       {map[string]string{"Retry-After": "soon"}, 0},
		"negative":       {map[string]string{"Retry-After": "-5"}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			resp := &http.Response{Header: http.Header{}}
			for k, v := range tt.header {
				resp.Header.Set(k, v)
			}
			if got := retryAfter(resp); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestOutcome(t *testing.T) {
	tests := map[string]struct {
		err  error
		want outcome
	}{
		"none":                  {nil, done},
		"429":                   {&refusal{status: 429}, busy},
		"busy watcher":          {&refusal{status: 409, code: "AnotherOperationInProgress"}, busy},
		"busy watcher, wrapped": {fmt.Errorf("x: %w", &refusal{status: 400, code: "RetryableErrorDueToAnotherOperation"}), busy},
		"superseded operation":  {&refusal{status: 200, code: "CanceledAndSupersededDueToAnotherOperation"}, busy},
		"500":                   {&refusal{status: 500}, unclear},
		"503":                   {&refusal{status: 503}, unclear},
		"408":                   {&refusal{status: 408}, unclear},
		"operation broke":       {&refusal{status: 200, code: "InternalServerError"}, unclear},
		"odd success":           {&refusal{status: 200}, unclear},
		"operation refused":     {&refusal{status: 200, code: "VMAgentMissing"}, refused},
		"connection":            {errors.New("reset"), unclear},
		"409":                   {&refusal{status: 409, code: "ScopeLocked"}, refused},
		"403":                   {&refusal{status: 403}, refused},
		"sign in":               {fmt.Errorf("x: %w", &identityError{}), refused},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := outcomeOf(tt.err); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

func TestBusyIsWaitedOutLonger(t *testing.T) {
	clock := newStepClock()
	r := retry{clock: clock, log: slog.New(slog.DiscardHandler), again: 3, jitter: func() float64 { return 0 }}
	attempts := 0
	err := r.write(context.Background(),
		func(context.Context) error { attempts++; return &refusal{status: 429, after: time.Minute} },
		func(context.Context) (bool, error) { return false, nil })
	check(t, err, "429")
	if attempts != 32 || clock.Now().Sub(newStepClock().now) != 31*time.Minute {
		t.Errorf("%d attempts in %s, want 32 in 31m", attempts, clock.Now().Sub(newStepClock().now))
	}
}

func TestReadsAreTriedAgain(t *testing.T) {
	a := newARM()
	p, clock := newTestProvider(t, a)
	a.fail = func(what string, n int) *fault {
		return map[int]*fault{1: {status: 503}, 2: {reset: true}, 3: {status: 429, after: "7"}}[n]
	}
	_, err := p.Status(context.Background(), plan.Recording{ID: watcher + "/flowLogs/one", Mechanism: plan.FlowLog})
	check(t, err, "404 ResourceNotFound")
	if got := a.sequence(); got != "GET GET GET GET" {
		t.Errorf("requests %s", got)
	}
	want := []time.Duration{500 * time.Millisecond, time.Second, 7 * time.Second}
	if diff := cmp.Diff(want, clock.slept); diff != "" {
		t.Errorf("slept (-want +got)\n%s", diff)
	}
	if p.Calls() != 4 {
		t.Errorf("%d calls counted, want 4", p.Calls())
	}
}

func TestReadsWaitOutThrottling(t *testing.T) {
	a := newARM()
	p, clock := newTestProvider(t, a)
	a.fail = func(_ string, n int) *fault {
		if n <= 2*defaultRetries {
			return &fault{status: 429, after: "10"}
		}
		return nil
	}
	_, err := p.Status(context.Background(), plan.Recording{ID: watcher + "/flowLogs/one", Mechanism: plan.FlowLog})
	check(t, err, "404 ResourceNotFound")
	if d := clock.Now().Sub(newStepClock().now); d != 100*time.Second {
		t.Errorf("waited %s, want 1m40s", d)
	}
}

func TestReadsAreNotTriedForEver(t *testing.T) {
	a := newARM()
	p, _ := newTestProvider(t, a)
	a.fail = always("GET", fault{reset: true})
	_, err := p.Status(context.Background(), plan.Recording{ID: watcher + "/flowLogs/one", Mechanism: plan.FlowLog})
	check(t, err, "connection reset by peer")
	if len(a.requests) != defaultRetries+1 {
		t.Errorf("%d requests, want %d", len(a.requests), defaultRetries+1)
	}
}

func TestPlainErrors(t *testing.T) {
	tests := map[string]struct {
		err  error
		want string
	}{
		"signed address": {
			&url.Error{Op: "Get", URL: "https://a.example/b/c?sig=secret", Err: errors.New("no route")},
			"GET https://a.example/b/c: no route",
		},
		"refusal":       {&refusal{status: 403, code: "AuthorizationFailed", message: "No."}, "403 AuthorizationFailed: No."},
		"without words": {&refusal{status: 404, code: "BlobNotFound"}, "404 BlobNotFound"},
		"operation":     {&refusal{status: 200, code: "Broken", message: "No."}, "operation failed Broken: No."},
		"with a hint":   {&refusal{status: 403, code: "AuthorizationPermissionMismatch", message: "No."}, "403 AuthorizationPermissionMismatch: No; give the identity that flowctl signs in with the role Storage Blob Data Reader on the account"},
		"anything":      {errors.New("x"), "x"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := plain(tt.err).Error(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSentence(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"arm":          {`{"error":{"code":"X","message":"Do\r\nnot.\u001b[31m"}}`, "Do not. [31m"},
		"only details": {`{"error":{"code":"X","message":"","details":[{"code":"Y","message":"Because."}]}}`, "Because."},
		"bare":         {`{"code":"X","message":"Bare."}`, "Bare."},
		"blob":         {"<?xml version=\"1.0\"?><Error><Code>X</Code><Message>No.\nRequestId:1\nTime:2</Message></Error>", "No."},
		"neither":      {"<html>busy", ""},
		"nothing":      {"", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := sentence([]byte(tt.body)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
