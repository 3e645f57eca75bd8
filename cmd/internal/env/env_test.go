package env

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

// broken takes a few bytes and then nothing more, as a full device does.
type broken struct{ room int }

var errFull = errors.New("no space left on device")

func (b *broken) Write(p []byte) (int, error) {
	if b.room < len(p) {
		return b.room, errFull
	}
	b.room -= len(p)
	return len(p), nil
}

// An output remembers that something of it was lost, also when nobody looked.
func TestOutput(t *testing.T) {
	o := &Output{Writer: &broken{room: 3}}
	for range 4 {
		io.WriteString(o, "x")
	}
	if !errors.Is(o.Err(), errFull) {
		t.Errorf("after the device was full: %v", o.Err())
	}
	var b bytes.Buffer
	whole := &Output{Writer: &b}
	io.WriteString(whole, "all")
	if whole.Err() != nil || b.String() != "all" {
		t.Errorf("%q, %v", b.String(), whole.Err())
	}
}

func TestGetenvTakesTheLast(t *testing.T) {
	e := Env{Environ: []string{"A=1", "FLOWCTL_DIR=x", "A=2=3"}}
	if e.Getenv("A") != "2=3" || e.Getenv("B") != "" || e.Root() != "x" || (&Env{}).Root() != ".flowctl" {
		t.Errorf("%q, %q, %q", e.Getenv("A"), e.Getenv("B"), e.Root())
	}
}
