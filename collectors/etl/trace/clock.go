package trace

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// Clocks that events are stamped by.
const (
	clockCounter = 1 // QueryPerformanceCounter
	clockSystem  = 2 // FILETIME
	clockCycles  = 3 // of the processor
)

// clock turns time stamps into Unix nanoseconds.
type clock struct {
	kind      uint32
	frequency uint64 // ticks in a second
	zero      int64  // the stamp of the first event
	start     int64  // its time as a FILETIME
}

// epoch is 1970-01-01 as a FILETIME, in units of 100 ns since 1601.
const epoch = 116444736000000000

// noTime stands for what Unix nanoseconds in 63 bits cannot say.
const noTime = math.MinInt64

// unix returns the Unix nanoseconds of a FILETIME, and whether they can be said.
func unix(filetime int64) (int64, bool) {
	d := filetime - epoch
	if filetime < 0 || d > math.MaxInt64/100 || d < math.MinInt64/100 {
		return noTime, false
	}
	return d * 100, true
}

// time returns when an event with a stamp was.
func (c *clock) time(stamp int64) (int64, bool) {
	if c.kind == clockSystem {
		return unix(stamp)
	}
	// The plain product passes 63 bits after some hours.
	d := stamp - c.zero
	negative := d < 0
	if negative {
		d = -d
	}
	hi, lo := bits.Mul64(uint64(d), 10_000_000)
	if d < 0 || hi >= c.frequency {
		return noTime, false
	}
	q, _ := bits.Div64(hi, lo, c.frequency)
	if q > math.MaxInt64/4 {
		return noTime, false
	}
	if negative {
		return unix(c.start - int64(q))
	}
	return unix(c.start + int64(q))
}

// logfile reads the first event of a trace: TRACE_LOGFILE_HEADER.
func (t *Trace) logfile(data []byte) error {
	if len(data) < 0x20 || data[2] != 1 && data[2] != 2 || data[3] != 0xc0 || le.Uint16(data[6:]) != 0 {
		return errors.New("its first event is not the header of a trace")
	}
	size := int(le.Uint16(data[4:]))
	wide := data[2] == 2
	tail := 0xf0 // what follows the pointers and the time zone
	if wide {
		tail = 0xf8
	}
	if size > len(data) || size < 0x20+tail+0x20 {
		return fmt.Errorf("the header of the trace is %d bytes long", size)
	}
	h := data[0x20:size]
	at := func(o int) int64 { return int64(le.Uint64(h[o:])) }
	t.Build = le.Uint32(h[8:])
	mode := le.Uint32(h[0x20:])
	t.Circular = mode&2 != 0 && mode&0x10000 == 0
	t.EventsLost, t.BuffersLost = uint64(le.Uint32(h[0x30:])), uint64(le.Uint32(h[tail+0x1c:]))
	t.clock = clock{
		kind: le.Uint32(h[tail+0x18:]), frequency: uint64(at(tail + 8)),
		zero: int64(le.Uint64(data[0x10:])), start: at(tail + 0x10),
	}
	if t.clock.kind == clockCycles {
		t.clock.frequency = uint64(le.Uint32(h[0x34:])) * 1_000_000
	}
	if !slices.Contains([]uint32{clockCounter, clockSystem, clockCycles}, t.clock.kind) {
		return fmt.Errorf("its clock is of the unknown kind %d", t.clock.kind)
	}
	if t.clock.kind != clockSystem && (t.clock.frequency == 0 || int64(t.clock.frequency) < 0) {
		return errors.New("its clock has no frequency")
	}
	t.Start, _ = unix(t.clock.start)
	if end := at(0x10); end != 0 {
		t.End, _ = unix(end)
	}
	return nil
}
