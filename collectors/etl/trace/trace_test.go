package trace_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"flowctl/collectors/etl/etltest"
	"flowctl/collectors/etl/trace"
)

// numbered is an event that is known by a number.
func numbered(n uint32, at int64) etltest.Event {
	return etltest.Event{Provider: etltest.PktMon, ID: 7, At: at, Data: binary.LittleEndian.AppendUint32(nil, n)}
}

// read returns the numbers of events, in order, and their times.
func read(t *testing.T, b []byte) (*trace.Trace, []uint32, []int64) {
	t.Helper()
	tr, err := trace.Open(bytes.NewReader(b), int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	var all []uint32
	var times []int64
	for e := range tr.Events() {
		all = append(all, binary.LittleEndian.Uint32(e.Data))
		times = append(times, e.Time)
	}
	return tr, all, times
}

// TestOrder spreads events over buffers as processors do, in any order of the
// file: they come in the order of time, and of equal times in that of the file.
func TestOrder(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		cpus := 1 + r.IntN(4)
		tr := etltest.Trace{Packed: seed%2 == 0, Buffers: make([]etltest.Buffer, 0, 20)}
		perCPU := make([][]etltest.Buffer, cpus)
		at, total := int64(0), 1+r.IntN(200)
		for n := range total {
			at += r.Int64N(50_000_000) + 1000
			c := r.IntN(cpus)
			if len(perCPU[c]) == 0 || r.IntN(10) == 0 {
				perCPU[c] = append(perCPU[c], etltest.Buffer{CPU: uint8(c)})
			}
			last := &perCPU[c][len(perCPU[c])-1]
			last.Events = append(last.Events, numbered(uint32(n), at))
		}
		for _, bs := range perCPU {
			tr.Buffers = append(tr.Buffers, bs...)
		}
		if r.IntN(2) == 0 { // as a ring leaves them
			r.Shuffle(len(tr.Buffers), func(i, j int) { tr.Buffers[i], tr.Buffers[j] = tr.Buffers[j], tr.Buffers[i] })
		}
		_, all, times := read(t, tr.Bytes())
		if len(all) != total || !slices.IsSorted(all) || !slices.IsSorted(times) {
			t.Fatalf("seed %d: %d of %d events: %v at %v", seed, len(all), total, all, times)
		}
	}
}

func TestTime(t *testing.T) {
	var want []int64
	b := etltest.Buffer{}
	for i, at := range []int64{0, 1, 9_999_999, 10_000_000, 86_400 * 10_000_000, 400 * 86_400 * 10_000_000} {
		b.Events = append(b.Events, numbered(uint32(i), at))
		want = append(want, etltest.Nanoseconds(at))
	}
	tr, _, times := read(t, etltest.Trace{Build: 26100, Buffers: []etltest.Buffer{b}}.Bytes())
	if !slices.Equal(times, want) {
		t.Errorf("times %v, want %v", times, want)
	}
	if tr.Start != etltest.StartUnix || tr.Build != 26100 || tr.End != 0 {
		t.Errorf("start %d, build %d, end %d", tr.Start, tr.Build, tr.End)
	}
}

// TestPack unpacks what was packed: noise, runs whose matches overlap what they
// make, and matches of every way to write a length.
func TestPack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		var data []byte
		for len(data) < 1+r.IntN(5000) {
			data = append(data, bytes.Repeat([]byte{byte(r.IntN(3))}, r.IntN(40))...)
			data = append(data, byte(r.Uint32()))
		}
		if n%20 == 0 {
			data = append(data, make([]byte, []int{9, 24, 25, 30, 290, 9000}[n/20%6])...)
		}
		e := etltest.Event{Provider: etltest.PktMon, ID: 7, Data: data}
		file := etltest.Trace{Packed: true, Buffers: []etltest.Buffer{{Events: []etltest.Event{e}}}}.Bytes()
		tr, err := trace.Open(bytes.NewReader(file), int64(len(file)), nil)
		if err != nil || len(tr.Damaged) > 0 {
			t.Fatalf("%d bytes: %v, %v", len(data), err, tr.Damaged)
		}
		for got := range tr.Events() {
			if !bytes.Equal(got.Data, data) {
				t.Fatalf("%d bytes came back as %d others", len(data), len(got.Data))
			}
		}
	}
}

// TestExtended passes the items between an event's header and its data.
func TestExtended(t *testing.T) {
	item := func(linked uint16) []byte {
		b := binary.LittleEndian.AppendUint16(nil, 16)
		b = binary.LittleEndian.AppendUint16(b, 0x0b)
		b = binary.LittleEndian.AppendUint16(b, linked)
		return append(binary.LittleEndian.AppendUint16(b, 8), "12345678"...)
	}
	e := numbered(5, 1)
	e.Items = append(item(1), item(0)...)
	if _, all, _ := read(t, etltest.Trace{Buffers: []etltest.Buffer{{Events: []etltest.Event{e}}}}.Bytes()); !slices.Equal(all, []uint32{5}) {
		t.Errorf("events %v", all)
	}
}

// TestLost says what a trace lacks.
func TestLost(t *testing.T) {
	bs := []etltest.Buffer{}
	for _, n := range []uint64{1, 2, 5, 6} {
		bs = append(bs, etltest.Buffer{Sequence: n, Events: []etltest.Event{numbered(uint32(n), int64(n))}})
	}
	tr, _, _ := read(t, etltest.Trace{EventsLost: 3, BuffersLost: 1, Buffers: bs}.Bytes())
	if tr.EventsLost != 3 || tr.BuffersLost != 1 || tr.Missing != 2 {
		t.Errorf("lost %d events, %d buffers, %d missing", tr.EventsLost, tr.BuffersLost, tr.Missing)
	}
	if tr, _, _ = read(t, etltest.Trace{Mode: 2, Buffers: bs}.Bytes()); tr.Missing != 0 || !tr.Circular {
		t.Errorf("a ring misses %d", tr.Missing)
	}
}

// TestDamage keeps all that is whole around damage, and says where it is.
func TestDamage(t *testing.T) {
	whole := etltest.Trace{Buffers: []etltest.Buffer{
		{Events: []etltest.Event{numbered(1, 1), numbered(2, 2), numbered(3, 3)}},
		{Events: []etltest.Event{numbered(4, 4)}},
	}}.Bytes()
	second := bytes.Index(whole, binary.LittleEndian.AppendUint32(nil, 2)) - 0x50
	for _, row := range []struct {
		name   string
		data   []byte
		want   []uint32
		reason string
	}{
		{"an event without a mark", change(whole, second+3, 0), []uint32{1, 4}, "an event of kind"},
		{"an event of no size", change(whole, second, 0, 0), []uint32{1, 4}, "0 bytes long"},
		{"an event beyond its buffer", change(whole, second+1, 0xff), []uint32{1, 4}, "bytes long"},
		{"a cut", whole[:len(whole)-10], []uint32{1, 2, 3}, "the last buffer is cut"},
		{"bytes after the end", append(bytes.Clone(whole), 1, 2, 3), []uint32{1, 2, 3, 4}, "3 bytes after the last buffer"},
	} {
		tr, all, _ := read(t, row.data)
		if !slices.Equal(all, row.want) || !strings.Contains(fmt.Sprint(tr.Damaged), row.reason) {
			t.Errorf("%s: events %v, damaged %v", row.name, all, tr.Damaged)
		}
	}
}

func change(b []byte, at int, to ...byte) []byte {
	b = bytes.Clone(b)
	copy(b[at:], to)
	return b
}

// TestForeign refuses what is no trace.
func TestForeign(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("plain text, which people call .etl too"), make([]byte, 4096), bytes.Repeat([]byte{0xff}, 4096)} {
		if _, err := trace.Open(bytes.NewReader(b), int64(len(b)), nil); len(b) > 0 && !errors.Is(err, trace.ErrFormat) {
			t.Errorf("%.20q: %v", b, err)
		}
		if trace.Detect(b) {
			t.Errorf("%.20q is taken for a trace", b)
		}
	}
	for _, packed := range []bool{false, true} {
		if !trace.Detect(etltest.Trace{Packed: packed}.Bytes()) {
			t.Errorf("packed %v: not detected", packed)
		}
	}
}

// FuzzOpen looks for bytes on which the reader fails, hangs or takes memory.
func FuzzOpen(f *testing.F) {
	for _, packed := range []bool{false, true} {
		f.Add(etltest.Trace{Packed: packed, Buffers: []etltest.Buffer{{Events: []etltest.Event{
			numbered(1, 1), etltest.Component(1, 2, "a", "b", 2), etltest.Reasons(3, map[uint32]string{1: "x"}),
		}}}}.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		looked, came := 0, 0
		tr, err := trace.Open(bytes.NewReader(b), int64(len(b)), func(*trace.Event) { looked++ })
		if err != nil {
			return
		}
		for range tr.Events() {
			came++
		}
		if looked != came {
			t.Fatalf("%d events were looked at, %d came", looked, came)
		}
	})
}
