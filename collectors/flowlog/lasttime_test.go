package flowlog

import (
	"testing"
	"time"
)

func TestLastTime(t *testing.T) {
	at := time.Date(2026, 11, 12, 8, 5, 0, 0, time.UTC)
	tests := map[string]struct {
		end string
		ok  bool
	}{
		"a record":         {`{"records":[{"time":"2026-11-12T08:04:00Z","x":1},{"time":"2026-11-12T08:05:00.0000000Z","macAddress":"00"}]}`, true},
		"spaces":           {`"time" : "2026-11-12T08:05:00Z"`, true},
		"cut in the last":  {`{"time":"2026-11-12T08:05:00Z","y":[1,2,3]},{"time":"2026-11-1`, true},
		"another time":     {`{"time":"2026-11-12T08:05:00Z","y":{"time":"soon"}}`, true},
		"no time":          {`["1731398400000,10.0.0.1,10.0.0.2"]}]}`, false},
		"a number":         {`{"time":17}`, false},
		"nothing":          {``, false},
		"the key and then": {`{"time"`, false},
	}
	for name, tt := range tests {
		got, ok := LastTime([]byte(tt.end))
		if ok != tt.ok || ok && !got.Equal(at) {
			t.Errorf("%s: %v, %v", name, got, ok)
		}
	}
}
