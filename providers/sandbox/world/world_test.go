package world

import "testing"

func TestBuiltin(t *testing.T) {
	w, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	t.Log(len(w.NICs), len(w.Traffic))
}
