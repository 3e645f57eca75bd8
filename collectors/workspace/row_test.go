package workspace

import "testing"

// TestNumbers reads counters as exports and spreadsheets write them. What may be two numbers
// is none.
func TestNumbers(t *testing.T) {
	const bad = ^uint64(0)
	for text, want := range map[string]uint64{
		"0": 0, "42": 42, "2.0": 2, "2,0": 2, "1e3": 1000, "2,000": 2000, "12,345,678": 12_345_678, "1.234.567": 1_234_567, "999,999": 999_999, "0.000": 0, "1234.000": 1234,
		"2.000": bad, "2.345": bad, "1,5": bad, "1,23,456": bad, "-1": bad, "1,000,00": bad, ",000": 0, "x": bad, "18446744073709551615": 1<<64 - 1, "1e30": bad,
	} {
		var r row
		r.text[1] = text
		n, known, err := r.number(1, "bytes")
		if want == bad && want != n && err != nil && !known {
			continue
		}
		if err != nil || !known || n != want {
			t.Errorf("%s: %d, known %v, %v; want %d", text, n, known, err, want)
		}
	}
	if n, known, err := new(row).number(1, "bytes"); n != 0 || known || err != nil {
		t.Errorf("nothing: %d, known %v, %v", n, known, err)
	}
}
