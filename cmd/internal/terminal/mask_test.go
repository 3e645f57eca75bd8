package terminal

import "testing"

func TestMaskKeepsPlaces(t *testing.T) {
	in := "a = \"\x1b[2J\u009b\"\n\tb\r\n"
	if got, want := string(Mask([]byte(in))), "a = \"?[2J??\"\n\tb\r\n"; got != want {
		t.Errorf("Mask = %q, want %q", got, want)
	}
}
