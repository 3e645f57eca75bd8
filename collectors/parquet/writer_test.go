package parquet

import (
	"bytes"
	"errors"
	"testing"

	"flowctl/collectors/flow"
)

// errFull is the error of a disk that is full.
var errFull = errors.New("disk is full")

// disk is one with room for so many bytes.
type disk int

func (d *disk) Write(b []byte) (int, error) {
	if len(b) > int(*d) {
		return 0, errFull
	}
	*d -= disk(len(b))
	return len(b), nil
}

// TestDiskFull wants the error of a disk that is full from Close, whenever it
// comes, and from a second Close too.
func TestDiskFull(t *testing.T) {
	names := flow.NewNames()
	list := logged(1, 50, names)
	size := len(write(t, list, names, 10, Meta{}))
	for room := 0; room < size; room += 997 {
		d := disk(room)
		w, err := newWriter(&d, names, nil, 10)
		if err != nil {
			if !errors.Is(err, errFull) || room >= len(magic) {
				t.Fatal(room, err)
			}
			continue
		}
		w.Add(list)
		_, err = w.Close(Meta{})
		d = disk(size) // room again, but too late
		_, again := w.Close(Meta{})
		if !errors.Is(err, errFull) || !errors.Is(again, errFull) {
			t.Fatalf("room for %d bytes of %d: %v, again %v", room, size, err, again)
		}
	}
}

// TestClosed wants nothing behind the footer.
func TestClosed(t *testing.T) {
	var b bytes.Buffer
	names := flow.NewNames()
	w, err := newWriter(&b, names, nil, 10)
	if err != nil {
		t.Fatal(err)
	}
	list := logged(1, 5, names)
	w.Add(list)
	if _, err := w.Close(Meta{}); err != nil {
		t.Fatal(err)
	}
	size := b.Len()
	w.Add(list)
	if _, err := w.Close(Meta{}); !errors.Is(err, errClosed) || b.Len() != size {
		t.Errorf("closed again: %v, %d bytes of %d", err, b.Len(), size)
	}
}
