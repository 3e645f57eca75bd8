package parquet

import (
	"encoding/binary"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// TestBounded refuses runs that state more values than there are rows, or than
// their bytes hold.
func TestBounded(t *testing.T) {
	run := func(n uint64, rest ...byte) []byte { return append(binary.AppendUvarint(nil, n), rest...) }
	tests := map[string]struct {
		b     []byte
		width int
		want  bool
	}{
		"nothing":             {nil, 1, true},
		"one run":             {run(100<<1, 1), 1, true},
		"all rows, packed":    {run(13<<1|1, make([]byte, 13)...), 1, true},
		"too long a run":      {run(1<<31, 1), 1, false},
		"too many runs":       {append(run(60<<1, 1), run(60<<1, 1)...), 1, false},
		"packed without them": {run(13<<1|1, 0, 0), 1, false},
		"run without a value": {run(100 << 1), 9, false},
		"of no width":         {run(100 << 1), 0, true},
		"unended number":      {[]byte{0x80}, 1, false},
		"none, then packed":   {run(1, 8<<1, 1), 8, false},
		"none, then half a billion to the library, which goes on behind the 0": {[]byte{0, 0x95, 0x95, 0x95, 0x95, 4, 0xff, 0xff, 4, 0}, 32, false},
	}
	for name, c := range tests {
		if got := bounded(c.b, c.width, 100); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestShortList refuses a footer that states more row groups than it has bytes.
func TestShortList(t *testing.T) {
	meta := format.FileMetaData{Schema: schema(), RowGroups: thrift.Slice[format.RowGroup]{}}
	b, err := thrift.Marshal(new(thrift.CompactProtocol), &meta)
	if err != nil {
		t.Fatal(err)
	}
	var back format.FileMetaData
	if err := decode(b, &back); err != nil || len(back.Schema) != writtenCount+1 {
		t.Fatalf("%d columns, %v", len(back.Schema), err)
	}
	many := append(b[:len(b)-2:len(b)-2], 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0)
	if err := decode(many, &back); err == nil {
		t.Error("a list of 2^31 row groups is read")
	}
}
