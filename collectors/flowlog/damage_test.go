package flowlog

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/flowlog/flowlogtest"
)

// TestDamage reads a blob of five records of which the third is damaged in
// many ways, and wants the others, the damage counted and its place.
func TestDamage(t *testing.T) {
	good := []string{vnet(tupleB), vnet(tupleE), vnet(tupleE, tupleD), vnet(tupleD), vnet(tupleB, tupleE)}
	third := good[2]
	at := len(records(good[:2]...)) - 1
	k := strings.Index(third, tupleD)
	corrupt := "record is damaged"
	tests := map[string]struct {
		third  string
		lines  int    // of the damaged record
		reason string // empty if nothing is lost
		inside bool   // the place is within the record
	}{
		"no opening quote":         {third: third[:k-1] + third[k:], reason: corrupt},
		"no closing quote":         {third: third[:k+len(tupleD)] + third[k+len(tupleD)+1:], reason: corrupt},
		"no quote of a key":        {third: strings.Replace(third, `"macAddress"`, `"macAddress`, 1), reason: corrupt},
		"no comma between tuples":  {third: strings.Replace(third, `","`+tupleD, `""`+tupleD, 1), reason: corrupt},
		"two commas":               {third: strings.Replace(third, `","`+tupleD, `",,"`+tupleD, 1), reason: corrupt},
		"trailing comma":           {third: strings.Replace(third, `"]}]}]}}`, `",]}]}]}}`, 1), reason: corrupt},
		"no comma between keys":    {third: strings.Replace(third, `,"macAddress"`, `"macAddress"`, 1), reason: corrupt},
		"no colon":                 {third: strings.Replace(third, `"macAddress":`, `"macAddress"`, 1), reason: corrupt},
		"no bracket":               {third: strings.Replace(third, `"]}]}]}}`, `"}]}]}}`, 1), reason: corrupt},
		"no brace at the end":      {third: third[:len(third)-1], reason: corrupt},
		"no ends at all":           {third: third[:len(third)-8], reason: corrupt},
		"a brace too much":         {third: strings.Replace(third, `"]}]}]}}`, `"]}}]}]}}`, 1), reason: corrupt},
		"cut in a tuple":           {third: third[:k+20], reason: corrupt},
		"cut in a key":             {third: third[:50], reason: corrupt},
		"cut after the brace":      {third: `{`, reason: corrupt},
		"control character":        {third: strings.Replace(third, "203.0.113.77", "203.0\n113.77", 1), reason: corrupt},
		"bad escape":               {third: strings.Replace(third, "203.0", `203\q0`, 1), reason: corrupt},
		"zeros":                    {third: third[:k] + strings.Repeat("\x00", 40) + third[k+40:], reason: corrupt},
		"bits in a key":            {third: strings.Replace(third, `"flowRecords":{`, "\"flowRecords\"\x9a{", 1), reason: corrupt},
		"bits in a number":         {third: strings.Replace(third, `n":4`, `n":t`, 1), reason: corrupt},
		"bits in a tuple":          {third: strings.Replace(third, "203.0", "2\xb33.0", 1), lines: 1, reason: "tuple has a bad address", inside: true},
		"binary between records":   {third: "\x00\x01\xff\xfe" + third, lines: 2, reason: "bytes between records that are not JSON"},
		"text between records":     {third: third + "}oops{", lines: 2, reason: "bytes between records that are not JSON", inside: true},
		"a second comma":           {third: "," + third, lines: 2},
		"no record":                {third: "", lines: 0},
		"brackets between records": {third: "]]}" + third, lines: 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			data := []byte(records(good[0], good[1], tt.third, good[3], good[4]))
			var want []string
			for i, r := range []string{good[0], good[1], third, good[3], good[4]} {
				res := readAll([]byte(r), both["reference"])
				if i == 2 {
					res.records = res.records[:tt.lines]
				}
				want = append(want, res.lines()...)
			}
			for how, o := range both {
				res := readAll(data, o)
				if diff := cmp.Diff(want, res.lines()); diff != "" {
					t.Errorf("%s: -want +got\n%s", how, diff)
				}
				checkSkips(t, how, res, tt.reason, at, tt.inside)
			}
		})
	}
}

func checkSkips(t *testing.T, how string, res *result, reason string, at int, inside bool) {
	t.Helper()
	if reason == "" {
		if len(res.skipped) > 0 {
			t.Errorf("%s: skipped %v, want nothing", how, res.skips())
		}
		return
	}
	if res.err != nil || res.source.Status != flow.Corrupt || len(res.skipped) == 0 {
		t.Fatalf("%s: error %v, status %s, skipped %v", how, res.err, res.source.Status, res.skips())
	}
	s := res.skipped[0]
	if s.Reason != reason || inside == (s.Offset == int64(at)) || s.Offset < int64(at) {
		t.Errorf("%s: skipped %v, want %s at %d", how, res.skips(), reason, at)
	}
}

// TestCut cuts a blob at every place and wants all records before it.
func TestCut(t *testing.T) {
	rs := []string{vnet(tupleB), vnet(tupleE, tupleD), nsg("1", "1487282421,192.0.2.95,10.1.0.4,51529,5358,T,I,D")}
	data := records(rs...)
	ends, tuples := []int{}, []int{1, 3, 4}
	for i := range rs {
		ends = append(ends, len(records(rs[:i+1]...))-2)
	}
	for cut := range len(data) {
		want := 0
		for i, end := range ends {
			if cut >= end {
				want = tuples[i]
			}
		}
		for how, o := range both {
			res := readAll([]byte(data[:cut]), o)
			if len(res.records) != want {
				t.Fatalf("%s: %d tuples in the first %d bytes, want %d", how, len(res.records), cut, want)
			}
			if want > 0 && (res.err != nil || res.source.Status != flow.Truncated) {
				t.Fatalf("%s: the first %d bytes: status %s, error %v", how, cut, res.source.Status, res.err)
			}
		}
	}
}

// TestSame damages blobs at random and wants the fast path and the reference decoder to
// read the same from them.
func TestSame(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var blobs [][]byte
	for _, s := range seeds(t) {
		if len(s) < 20_000 {
			blobs = append(blobs, s)
		}
	}
	for range 3000 {
		data := mutate(r, blobs[r.IntN(len(blobs))], blobs[r.IntN(len(blobs))])
		readSame(t, data, MaxRecord)
		readSame(t, data, 2000)
	}
}

// mutate changes a few places of data, for example into pieces of other.
func mutate(r *rand.Rand, data, other []byte) []byte {
	data = bytes.Clone(data)
	for range 1 + r.IntN(3) {
		if len(data) == 0 {
			return data
		}
		i := r.IntN(len(data))
		j := min(len(data), i+1+r.IntN(1+r.IntN(40)))
		switch r.IntN(6) {
		case 0:
			data[i] ^= 1 << r.IntN(8)
		case 1:
			data[i] = `"\,:{}[]0 `[r.IntN(10)]
		case 2:
			data = append(data[:i:i], data[j:]...)
		case 3:
			data = append(append(data[:j:j], data[i:j]...), data[j:]...)
		case 4:
			if len(other) > 0 {
				k := r.IntN(len(other))
				data = append(append(data[:i:i], other[k:min(len(other), k+50)]...), data[i:]...)
			}
		case 5:
			data = data[:j]
		}
	}
	return data
}

// readSame reads data both ways and compares.
func readSame(t *testing.T, data []byte, maxRecord int) {
	t.Helper()
	fast := readAll(data, options{maxRecord: maxRecord})
	reference := readAll(data, options{maxRecord: maxRecord, reference: true})
	show := func(r *result) string {
		return fmt.Sprintf("%q\n%q\n%+v\n%v\n%v", r.lines(), r.skips(), r.source, r.err, &r.met)
	}
	if q, p := show(fast), show(reference); q != p {
		t.Fatalf("%q (records up to %d bytes)\nquick: %s\nplain: %s", data, maxRecord, q, p)
	}
	sumsSame(t, data, 0, maxRecord)
	if fast.source.Bytes != int64(len(data)) {
		t.Fatalf("%q\n%d bytes read of %d", data, fast.source.Bytes, len(data))
	}
}

// seeds are the files that tests begin with.
func seeds(tb testing.TB) [][]byte {
	var all [][]byte
	for _, m := range []map[string]edge{shapes, troubles} {
		for _, e := range m {
			all = append(all, []byte(e.data))
		}
	}
	for _, row := range tupleRows {
		all = append(all, []byte(records(vnet(tupleB, row.tuple))))
	}
	for _, s := range []flowlogtest.Spec{{Flows: 5}, {Flows: 5, Version: 1}, {Flows: 5, Version: 2}, {Flows: 5, IPv6: 1}} {
		data, _ := blob(tb, s)
		all = append(all, data)
	}
	slices.SortFunc(all, bytes.Compare)
	return all
}

// FuzzRead looks for input on which the reader fails or hangs, or that its
// two ways read differently.
func FuzzRead(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		readSame(t, data, MaxRecord)
		readSame(t, data, 700)
	})
}
