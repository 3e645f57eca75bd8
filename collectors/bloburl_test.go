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

func TestSplitBlobURL(t *testing.T) {
	c, n, err := SplitBlobURL("https://a.blob.core.windows.net/logs/x/y%20z.cap")
	if err != nil || c != "logs" || n != "x/y z.cap" {
		t.Errorf("%q, %q, %v", c, n, err)
	}
	for _, s := range []string{"", "x", "https://a/", "https://a/logs", "https://a/logs/", ":", "/logs/x"} {
		if _, _, err := SplitBlobURL(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}
