package azure

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestRealClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := Real{}.Now()
		if err := (Real{}).Sleep(t.Context(), time.Hour); err != nil {
			t.Error(err)
		}
		if d := time.Since(began); d != time.Hour {
			t.Errorf("slept %s, want an hour", d)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := (Real{}).Sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want the context's", err)
		}
		if err := (Real{}).Sleep(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v of an ended context, want its", err)
		}
	})
}
