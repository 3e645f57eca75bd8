package flowlog

import (
	"bytes"
	"time"
)

// LastTime returns the time of the last record that begins in b, which is the
// end of a flow log; false if none does.
func LastTime(b []byte) (time.Time, bool) {
	key := []byte(`"time"`)
	for at := bytes.LastIndex(b, key); at >= 0; at = bytes.LastIndex(b[:at], key) {
		text := bytes.TrimLeft(b[at+len(key):], ": \t\r\n")
		if len(text) == 0 || text[0] != '"' {
			continue
		}
		end := bytes.IndexByte(text[1:], '"')
		if end < 0 {
			continue
		}
		if t, err := time.Parse(time.RFC3339Nano, string(text[1:1+end])); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
