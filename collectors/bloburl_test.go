package collectors

import "testing"

func TestBlobURLsByHostAndByPath(t *testing.T) {
	tests := map[string]struct{ url, container, name string }{
		"by host":      {"https://logs.blob.core.windows.net/box/a/b.cap", "box", "a/b.cap"},
		"by address":   {"http://127.0.0.1:10000/account/box/a/b.cap", "box", "a/b.cap"},
		"by address 6": {"https://[::1]:8443/account/box/b.cap", "box", "b.cap"},
		"localhost":    {"https://localhost:8443/account/box/a/b.cap", "box", "a/b.cap"},
		"no blob":      {"https://localhost:8443/account/box", "", ""},
		"no URL":       {"box/a", "", ""},
	}
	for name, tt := range tests {
		container, blob, err := SplitBlobURL(tt.url)
		if container != tt.container || blob != tt.name || (err == nil) != (tt.name != "") {
			t.Errorf("%s: %q, %q, %v", name, container, blob, err)
		}
	}
}
