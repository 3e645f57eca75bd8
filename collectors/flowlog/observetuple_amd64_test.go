package flowlog

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unsafe"

	"flowctl/collectors/flow"
)

// tuples makes up tuples of VNet flow logs, most of them of the usual form.
func tuples(r *rand.Rand) string {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	number := func() string { return fmt.Sprint(r.Uint64N(10 * pow10[r.IntN(8)])) }
	addr := func() string {
		if r.IntN(8) == 0 {
			return pick("fd12::1", "2603:1020:5:3::8c", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff")
		}
		return fmt.Sprintf("%d.%d.%d.%d", r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256))
	}
	counters := []string{number(), number(), number(), number()}
	if r.IntN(3) == 0 {
		counters = []string{"0", "0", "0", "0"}
	}
	return strings.Join([]string{
		fmt.Sprint(1_500_000_000_000 + r.Int64N(9e11)), addr(), addr(), fmt.Sprint(r.IntN(65536)), fmt.Sprint(r.IntN(65536)),
		pick("6", "17", "6", "1"), pick("I", "O"), pick("B", "C", "E", "D"), pick("NX", "X", "NX_HW_NOT_SUPPORTED"), strings.Join(counters, ","),
	}, ",") + `"`
}

// slowObservation makes an observation of what parseTuple finds in the tuple that ends
// at end.
func slowObservation(t *testing.T, b *tupleText, end int) (int, flow.Observation, flowText) {
	t.Helper()
	var r flow.Record
	if why := parseTuple(b[:end], vnet4, &r); why != fine {
		t.Fatalf("%s: %v", b[:end], why)
	}
	const from = timeLength + 1
	comma := from - 1
	for range 6 {
		comma += 1 + bytes.IndexByte(b[comma+1:], ',')
	}
	f := flowText{length: uint8(comma - from), variant: variant(r.Encryption, r.State, r.Direction)}
	return end, flow.Observation{
		Hash: b.hash(from, comma-from), Time: r.First, State: r.State, Measured: r.Measured != 0,
		Counters: [4]uint64{r.Sent.Packets, r.Sent.IPBytes, r.Received.Packets, r.Received.IPBytes},
	}, f
}

// TestParseTupleAVX2 checks that the usual form is known with vector instructions, and
// that they find just what is found without, also in what is damaged.
func TestParseTupleAVX2(t *testing.T) {
	if !hasAVX2 {
		if os.Getenv("CI") != "" {
			t.Fatal("this processor has no AVX2: CI would prove nothing")
		}
		t.Skip("this processor has no AVX2")
	}
	r := rand.New(rand.NewPCG(1, 2))
	var known, all int
	for n := range 300_000 {
		text := []byte(tuples(r) + `,"` + tuples(r) + strings.Repeat(" ", 8))
		for range n % 4 {
			text[r.IntN(len(text)/2)] = `0123456789,,,"": XNB./;IO`[r.IntN(25)]
		}
		var b tupleText
		copy(b[:], text)
		end, _ := observeTupleAVX2(&b, &flow.Observation{}, &hashKeys)
		var want flow.Observation
		var place flowText
		length := observeTupleScalar(&b, &want, &place)
		if n%4 == 0 {
			all++
		}
		if end == 0 {
			continue
		}
		if n%4 == 0 {
			known++
		}
		var got flow.Observation
		var at flowText
		l := observeTuple(&b, &got, &at, true)
		if l == 0 && length == 0 {
			continue
		}
		if length == 0 { // a last counter of eight digits, say
			var fields [13][]byte
			var key flow.Key
			if split(b[:end], &fields); parseKey(&fields, &key) != fine {
				continue // is found out when the flow is looked for
			}
			length, want, place = slowObservation(t, &b, end)
		}
		if l != length || l != end || got != want || at != place {
			t.Fatalf("%s:\n%d %+v %+v, want\n%d %+v %+v", text, l, got, at, length, want, place)
		}
	}
	if known < all/3 {
		t.Errorf("%d of %d tuples were known", known, all)
	}
}

// TestObservationOffsets checks what observeTupleAVX2 takes for granted.
func TestObservationOffsets(t *testing.T) {
	var s flow.Observation
	if unsafe.Offsetof(s.Hash) != 0 || unsafe.Offsetof(s.Counters) != 16 || unsafe.Offsetof(s.Time) != 48 {
		t.Errorf("%d, %d, %d: the constants in observetuple_amd64.s are others", unsafe.Offsetof(s.Hash), unsafe.Offsetof(s.Counters), unsafe.Offsetof(s.Time))
	}
}
