package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFirst keeps the row of the others, which is not one of those that are counted.
func TestFirst(t *testing.T) {
	rows := [][]string{{"a"}, {"b"}, {"c"}, {"7 others"}}
	for most, want := range map[int]struct {
		rows [][]string
		left int
	}{
		0: {rows, 0}, 2: {[][]string{{"a"}, {"b"}, {"7 others"}}, 1}, 3: {rows, 0}, 9: {rows, 0},
	} {
		got, left := Table{Rows: rows, Others: true}.First(most)
		if diff := cmp.Diff(want.rows, got); diff != "" || left != want.left {
			t.Errorf("%d: %d left, want %d (-want +got):\n%s", most, left, want.left, diff)
		}
	}
	if got, left := (Table{Rows: rows}).First(2); len(got) != 2 || left != 2 {
		t.Errorf("without others: %v, %d left", got, left)
	}
}
