package fetch

import (
	"strings"
	"testing"
	"time"

	"flowctl/collectors/storage/storagetest"
	"flowctl/plan"
)

// The newest record is that of the blob which was written last, however long
// the record is.
func TestNewest(t *testing.T) {
	record := func(minute string, n int) string {
		return `{"time":"2026-11-12T08:` + minute + `:00Z","tuples":"` + strings.Repeat("x", n) + `"}`
	}
	want := func(minute int) time.Time { return time.Date(2026, 11, 12, 8, minute, 0, 0, time.UTC) }
	tests := map[string]struct {
		blobs map[string]string
		want  time.Time
		reads int
	}{
		"nothing":       {nil, time.Time{}, 0},
		"no record yet": {map[string]string{blobName(hour, "000D3A000001"): head + end}, time.Time{}, 1},
		"two":           {map[string]string{blobName(hour, "000D3A000001"): head + record("01", 10) + "," + record("07", 10) + end}, want(7), 1},
		"a long one":    {map[string]string{blobName(hour, "000D3A000001"): head + record("01", 10) + "," + record("07", 3<<20) + end}, want(7), 3},
		"the hour after": {map[string]string{
			blobName(hour, "000D3A000001"):                head + record("59", 10) + end,
			blobName(hour.Add(time.Hour), "000D3A000001"): head + record("02", 10) + end,
		}, want(2), 1},
	}
	for name, tt := range tests {
		a := storagetest.Of(tt.blobs)
		f := fetchOf(t, a)
		if got, _, err := f.newest(t.Context()); err != nil || !got.Equal(tt.want) || len(a.Seen().Reads) != tt.reads {
			t.Errorf("%s: %v, %v after %d reads, want %v after %d", name, got, err, len(a.Seen().Reads), tt.want, tt.reads)
		}
	}
	f := captureOf(t, &storagetest.Account{})
	f.session.Mechanism = plan.PacketCapture
	if got, _, err := f.newest(t.Context()); err != nil || !got.IsZero() {
		t.Errorf("a capture: %v, %v", got, err)
	}
}
