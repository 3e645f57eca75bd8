package parquet

import (
	"bytes"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// TestFrame wants of a frame that stores data what was put into it.
func TestFrame(t *testing.T) {
	z, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, size := range []int{0, 1, 255, 128<<10 - 1, 128 << 10, 128<<10 + 1, 300_000} {
		data := bytes.Repeat([]byte("0123456789a"), size/11+1)[:size]
		var b []byte
		for part := range frame(data) {
			b = append(b, part...)
		}
		got, err := z.DecodeAll(b, nil)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes: %d bytes came back, %v", size, len(got), err)
		}
	}
}
