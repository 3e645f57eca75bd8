package summary

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
)

// Figure is a number that may not have been measured. What was not measured
// is null in JSON and never 0.
type Figure struct {
	N     uint64
	Known bool
}

// Known returns the measured figure n.
func Known(n uint64) Figure { return Figure{n, true} }

// known returns n if ok and an unknown figure if not.
func known(n uint64, ok bool) Figure {
	if !ok {
		return Figure{}
	}
	return Figure{n, true}
}

// Plus is the sum of what is known of both: it is known if one of them is.
func (f Figure) Plus(g Figure) Figure { return Figure{f.N + g.N, f.Known || g.Known} }

func (f Figure) String() string {
	if !f.Known {
		return "unknown"
	}
	return strconv.FormatUint(f.N, 10)
}

// MarshalJSON writes the number or null.
func (f Figure) MarshalJSON() ([]byte, error) { return f.appendJSON(nil), nil }

func (f Figure) appendJSON(b []byte) []byte {
	if !f.Known {
		return append(b, "null"...)
	}
	return strconv.AppendUint(b, f.N, 10)
}

// UnmarshalJSON reads a number or null.
func (f *Figure) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		*f = Figure{}
		return nil
	}
	n, err := strconv.ParseUint(string(b), 10, 64)
	if err != nil {
		return fmt.Errorf("figure %q is not a number from 0 to 2^64-1", b)
	}
	*f = Figure{n, true}
	return nil
}

// Instant is a time in Unix nanoseconds, or flow.NoTime. In JSON it is a
// string as in RFC 3339 with nine decimals in UTC, or null.
type Instant int64

// Known reports whether there is a time at all.
func (t Instant) Known() bool { return int64(t) != flow.NoTime }

// Time returns t in UTC; the zero time if there is none.
func (t Instant) Time() time.Time {
	if !t.Known() {
		return time.Time{}
	}
	return time.Unix(0, int64(t)).UTC()
}

func (t Instant) String() string {
	if !t.Known() {
		return "unknown"
	}
	return string(t.appendText(nil))
}

// MarshalJSON writes the time or null.
func (t Instant) MarshalJSON() ([]byte, error) { return t.appendJSON(nil), nil }

func (t Instant) appendJSON(b []byte) []byte {
	if !t.Known() {
		return append(b, "null"...)
	}
	b = append(b, '"')
	b = t.appendText(b)
	return append(b, '"')
}

// appendText does what AppendFormat would, several times faster.
func (t Instant) appendText(b []byte) []byte {
	u := t.Time()
	year, month, day := u.Date()
	hour, minute, second := u.Clock()
	for _, f := range [...]struct {
		n, width int
		sep      byte
	}{
		{year, 4, '-'}, {int(month), 2, '-'}, {day, 2, 'T'}, {hour, 2, ':'}, {minute, 2, ':'}, {second, 2, '.'}, {u.Nanosecond(), 9, 'Z'},
	} {
		b = appendDigits(b, f.n, f.width)
		b = append(b, f.sep)
	}
	return b
}

func appendDigits(b []byte, n, width int) []byte {
	for range width {
		b = append(b, '0')
	}
	for i := len(b) - 1; n > 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return b
}

// UnmarshalJSON reads an RFC 3339 time or null.
func (t *Instant) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		*t = Instant(flow.NoTime)
		return nil
	}
	var u time.Time
	if err := json.Unmarshal(b, &u); err != nil {
		return fmt.Errorf("time %s is not as in RFC 3339: %w", b, err)
	}
	if *t = Instant(u.UnixNano()); !t.Time().Equal(u) {
		return fmt.Errorf("time %s is not between the years 1678 and 2262, in which times have room", b)
	}
	return nil
}

// instant returns t, or no time for the bounds of an empty span.
func instant(t int64) Instant {
	if t == aggregate.NoFirst || t == aggregate.NoLast {
		return Instant(flow.NoTime)
	}
	return Instant(t)
}

// volume is t as documents show it.
func volume(t aggregate.Tally) Volume {
	return Volume{known(t.Packets, t.Marks.Packets()), known(t.FrameBytes, t.Marks.Frames()), known(t.IPBytes, t.Marks.IPBytes())}
}
