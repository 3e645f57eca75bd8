package storage

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	type want struct{ account, container, prefix, sas, err string }
	tests := map[string]want{
		"https://logs.blob.core.windows.net/c":                           {"https://logs.blob.core.windows.net", "c", "", "", ""},
		"HTTPS://Logs.blob.core.windows.net/c/":                          {"https://logs.blob.core.windows.net", "c", "", "", ""},
		"https://logs.blob.core.windows.net/c/resourceId=/A/y=2026":      {"https://logs.blob.core.windows.net", "c", "resourceId=/A/y=2026", "", ""},
		"https://logs.blob.core.windows.net/c/flowLogResourceID%3D%2FA/": {"https://logs.blob.core.windows.net", "c", "flowLogResourceID=/A/", "", ""},
		"https://logs.blob.core.windows.net/c/a%20b.cap?sv=1&sig=s%2B":   {"https://logs.blob.core.windows.net", "c", "a b.cap", "sv=1&sig=s%2B", ""},
		"http://127.0.0.1:10000/devstoreaccount1/c/p":                    {"http://127.0.0.1:10000/devstoreaccount1", "c", "p", "", ""},
		"https://localhost:8443/logs/c":                                  {"https://localhost:8443/logs", "c", "", "", ""},
		"https://localhost:8443/logs":                                    {err: "names no container"},
		"https://logs.blob.core.windows.net":                             {err: "insights-logs-flowlogflowevent"},
		"https://logs.blob.core.windows.net/c?sv=secret":                 {err: "put the URL in quotes"},
		"http://logs.blob.core.windows.net/c?sig=secret":                 {err: "is not https"},
		"https://logs.dfs.core.windows.net/c?sig=secret":                 {err: "logs.blob.core.windows.net"},
		"https://logs.blob.core.windows.net/%zz?sig=secret":              {err: "no URL that can be read"},
	}
	for arg, want := range tests {
		p, err := Parse(arg)
		if err != nil {
			if want.err == "" || !strings.Contains(err.Error(), want.err) || strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: %v, want %q", arg, err, want.err)
			}
			continue
		}
		got := want
		got.account, got.container, got.prefix, got.sas = p.Account, p.Container, p.Prefix, p.SAS
		if got != want || want.err != "" {
			t.Errorf("%s: %+v, want %+v", arg, got, want)
		}
	}
	for arg, want := range map[string]string{
		"https://a.b/c?sig=secret#x": "https://a.b/c", "https://u:secret@a.b/c@d": "https://a.b/c@d", "https://a.b/c": "https://a.b/c",
	} {
		if got := WithoutQuery(arg); got != want {
			t.Errorf("%s without query: %s", arg, got)
		}
	}
}

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
		container, blob, err := Split(tt.url)
		if container != tt.container || blob != tt.name || (err == nil) != (tt.name != "") {
			t.Errorf("%s: %q, %q, %v", name, container, blob, err)
		}
	}
}

func TestSplit(t *testing.T) {
	c, n, err := Split("https://a.blob.core.windows.net/logs/x/y%20z.cap")
	if err != nil || c != "logs" || n != "x/y z.cap" {
		t.Errorf("%q, %q, %v", c, n, err)
	}
	for _, s := range []string{"", "x", "https://a/", "https://a/logs", "https://a/logs/", ":", "/logs/x"} {
		if _, _, err := Split(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
}
