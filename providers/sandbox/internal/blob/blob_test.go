package blob

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var epoch = time.Date(2026, 11, 12, 8, 0, 0, 0, time.UTC)

// still is a clock that stands.
type still time.Time

func (s still) Now() time.Time                             { return time.Time(s) }
func (s still) Sleep(context.Context, time.Duration) error { return nil }

// fixed is a source with one container of made-up blobs.
type fixed map[string]string

func (f fixed) Account(name string) (Account, bool) {
	a := Account{Name: name, Tenant: "tenant", SharedKey: name != "locked", Secret: []byte("secret of " + name)}
	if name == "keyed" {
		a.Keys = [][]byte{[]byte("first key"), []byte("second key")}
	}
	return a, slices.Contains([]string{"acct", "locked", "keyed"}, name)
}

func (f fixed) Containers(account string) ([]Container, error) {
	return []Container{{Name: "made", Modified: epoch}}, nil
}

func (f fixed) Names(account, container, prefix, from string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var names []string
		for name := range f {
			if container == "made" && name >= from && strings.HasPrefix(name, prefix) {
				names = append(names, name)
			}
		}
		slices.Sort(names)
		for _, name := range names {
			if !yield(name, nil) {
				return
			}
		}
	}
}

func (f fixed) Blob(account, container, name string) (Blob, bool, error) {
	text, ok := f[name]
	if !ok || container != "made" || text == "later" {
		return Blob{}, false, nil
	}
	return Blob{ETag: "0x8D1", Created: epoch, Modified: epoch, ContentType: "application/octet-stream",
		Blocks: []Block{{"aWQx", 3}, {"aWQy", int64(len(text)) - 3}},
		Copy: func(w io.Writer, offset, length int64) error {
			_, err := io.WriteString(w, text[offset:offset+length])
			return err
		}}, true, nil
}

func service(t testing.TB, dir string) *Service {
	up, err := OpenUploads(dir)
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{Source: fixed{"a/1": "0123456789", "a/2": "0123456789", "b": "0123456789", "c": "later"}, Uploads: up, Clock: still(epoch.Add(time.Hour)), PageSize: 2})
}

func ask(s *Service, method, url, body string, headers ...string) *httptest.ResponseRecorder {
	if strings.HasPrefix(url, "/") {
		url = "https://acct.blob.core.windows.net" + url
	}
	r := httptest.NewRequest(method, url, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer x")
	r.Header.Set("x-ms-version", "2026-12-06")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
		if value == "" {
			r.Header.Del(name)
		}
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestReading(t *testing.T) {
	s := service(t, "")
	modified := "If-Modified-Since: " + epoch.Format(http.TimeFormat)
	tests := map[string]struct {
		method, url string
		headers     []string
		status      int
		code, body  string
	}{
		"whole":                {"GET", "/made/b", nil, 200, "", "0123456789"},
		"encoded slash":        {"GET", "/made/a%2F1", nil, 200, "", "0123456789"},
		"by path":              {"GET", "https://127.0.0.1:1/acct/made/a/1", nil, 200, "", "0123456789"},
		"range":                {"GET", "/made/b", []string{"Range: bytes=2-4"}, 206, "", "234"},
		"open range":           {"GET", "/made/b", []string{"Range: bytes=8-"}, 206, "", "89"},
		"range past the end":   {"GET", "/made/b", []string{"Range: bytes=8-99"}, 206, "", "89"},
		"x-ms-range first":     {"GET", "/made/b", []string{"Range: bytes=0-0", "x-ms-range: bytes=1-1"}, 206, "", "1"},
		"range behind the end": {"GET", "/made/b", []string{"Range: bytes=10-"}, 416, "InvalidRange", ""},
		"suffix range":         {"GET", "/made/b", []string{"Range: bytes=-3"}, 200, "", "0123456789"},
		"no range":             {"GET", "/made/b", []string{"Range: lines=1-2"}, 200, "", "0123456789"},
		"huge range":           {"GET", "/made/b", []string{"Range: bytes=99999999999999999999-"}, 200, "", "0123456789"},
		"match":                {"GET", "/made/b", []string{`If-Match: "0x8D1"`}, 200, "", "0123456789"},
		"no match":             {"GET", "/made/b", []string{`If-Match: "0x8D2"`}, 412, "ConditionNotMet", ""},
		"none match":           {"GET", "/made/b", []string{`If-None-Match: "0x8D1"`}, 304, "ConditionNotMet", ""},
		"none match others":    {"GET", "/made/b", []string{`If-None-Match: "0x8D2"`}, 200, "", "0123456789"},
		"not modified":         {"GET", "/made/b", []string{modified}, 304, "ConditionNotMet", ""},
		"unmodified":           {"GET", "/made/b", []string{"If-Unmodified-Since: " + epoch.Add(-time.Hour).Format(http.TimeFormat)}, 412, "ConditionNotMet", ""},
		"head":                 {"HEAD", "/made/b", nil, 200, "", ""},
		"head of none":         {"HEAD", "/made/x", nil, 404, "BlobNotFound", ""},
		"no blob":              {"GET", "/made/x", nil, 404, "BlobNotFound", ""},
		"not written yet":      {"GET", "/made/c", nil, 404, "BlobNotFound", ""},
		"no container":         {"GET", "/none/x", nil, 404, "ContainerNotFound", ""},
		"no account":           {"GET", "https://other.blob.core.windows.net/made/b", nil, 404, "ResourceNotFound", ""},
		"anonymous":            {"GET", "/made/b", []string{"Authorization: "}, 401, "NoAuthenticationInformation", ""},
		"shared key":           {"GET", "/made/b", []string{"Authorization: SharedKey acct:x"}, 200, "", "0123456789"},
		"sas":                  {"GET", "/made/b?sv=2026-02-06&sr=b&sp=r&se=2026-11-13&sig=x", []string{"Authorization: "}, 200, "", "0123456789"},
		"locked":               {"GET", "https://locked.blob.core.windows.net/made/b", []string{"Authorization: SharedKey locked:x"}, 403, "KeyBasedAuthenticationNotPermitted", ""},
		"method":               {"POST", "/made/b", nil, 405, "UnsupportedHttpVerb", ""},
		"lease":                {"PUT", "/made/b?comp=lease", nil, 400, "InvalidHeaderValue", ""},
		"marker":               {"GET", "/made?restype=container&comp=list&marker=x", nil, 400, "InvalidQueryParameterValue", ""},
		"no results":           {"GET", "/made?restype=container&comp=list&maxresults=0", nil, 400, "OutOfRangeQueryParameterValue", ""},
		"list of none":         {"GET", "/none?restype=container&comp=list", nil, 404, "ContainerNotFound", ""},
		"container":            {"HEAD", "/made?restype=container", nil, 200, "", ""},
	}
	for name, tt := range tests {
		w := ask(s, tt.method, tt.url, "", tt.headers...)
		if w.Code != tt.status || w.Header().Get("x-ms-error-code") != tt.code {
			t.Errorf("%s: %d %q, want %d %q", name, w.Code, w.Header().Get("x-ms-error-code"), tt.status, tt.code)
		}
		if tt.code == "" && w.Body.String() != tt.body {
			t.Errorf("%s: body %q, want %q", name, w.Body, tt.body)
		}
		if tt.code != "" && tt.method != "HEAD" && tt.status != 304 && !strings.Contains(w.Body.String(), "<Error><Code>"+tt.code+"</Code>") {
			t.Errorf("%s: error document %q", name, w.Body)
		}
		if w.Header().Get("x-ms-version") != "2026-12-06" || w.Header().Get("x-ms-request-id") == "" {
			t.Errorf("%s: headers %v", name, w.Header())
		}
	}
}

func TestHeaders(t *testing.T) {
	s := service(t, "")
	tests := map[string]struct {
		w    *httptest.ResponseRecorder
		want map[string]string
	}{
		"get": {ask(s, "GET", "/made/b", "", "Range: bytes=2-4"), map[string]string{"Content-Range": "bytes 2-4/10", "Content-Length": "3",
			"ETag": `"0x8D1"`, "Last-Modified": "Thu, 12 Nov 2026 08:00:00 GMT", "x-ms-blob-type": "BlockBlob", "Accept-Ranges": "bytes", "Date": "Thu, 12 Nov 2026 09:00:00 GMT"}},
		"head":       {ask(s, "HEAD", "/made/b", ""), map[string]string{"Content-Length": "10", "x-ms-creation-time": "Thu, 12 Nov 2026 08:00:00 GMT"}},
		"range":      {ask(s, "GET", "/made/b", "", "Range: bytes=10-"), map[string]string{"Content-Range": "bytes */10"}},
		"anonymous":  {ask(s, "GET", "/made/b", "", "Authorization: "), map[string]string{"WWW-Authenticate": "Bearer authorization_uri=https://login.microsoftonline.com/tenant/oauth2/authorize resource_id=https://storage.azure.com"}},
		"block list": {ask(s, "GET", "/made/b?comp=blocklist", ""), map[string]string{"ETag": `"0x8D1"`, "x-ms-blob-content-length": "10", "Content-Type": "application/xml"}},
	}
	for name, tt := range tests {
		for h, want := range tt.want {
			if got := tt.w.Header().Get(h); got != want {
				t.Errorf("%s: %s is %q, want %q", name, h, got, want)
			}
		}
	}
	want := byteOrderMark + `<?xml version="1.0" encoding="utf-8"?><BlockList><CommittedBlocks><Block><Name>aWQx</Name><Size>3</Size></Block>` +
		`<Block><Name>aWQy</Name><Size>7</Size></Block></CommittedBlocks></BlockList>`
	if got := tests["block list"].w.Body.String(); got != want {
		t.Errorf("block list\n%s, want\n%s", got, want)
	}
}

func TestListing(t *testing.T) {
	s := service(t, "")
	for _, path := range []string{"/made/a/15", "/made/zz"} {
		if w := ask(s, "PUT", path, "x", "x-ms-blob-type: BlockBlob"); w.Code != 201 {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	tests := map[string]struct {
		query string
		want  string
		pages int
	}{
		"all":          {"", "a/1 a/15 a/2 b zz", 3},
		"one by one":   {"&maxresults=1", "a/1 a/15 a/2 b zz", 5},
		"prefix":       {"&prefix=a/1", "a/1 a/15", 1},
		"level":        {"&delimiter=/", "[a/] b zz", 2},
		"level, small": {"&delimiter=/&maxresults=1", "[a/] b zz", 3},
		"below":        {"&delimiter=/&prefix=a/", "a/1 a/15 a/2", 2},
		"nothing":      {"&prefix=q", "", 1},
	}
	for name, tt := range tests {
		var got []string
		pages, marker := 0, ""
		for more := true; more; pages++ {
			w := ask(s, "GET", "/made?restype=container&comp=list"+tt.query+"&marker="+marker, "")
			var doc struct {
				Blobs struct {
					Entries []struct {
						XMLName xml.Name
						Name    string
					} `xml:",any"`
				}
				NextMarker string
			}
			if err := xml.Unmarshal([]byte(strings.TrimPrefix(w.Body.String(), byteOrderMark)), &doc); err != nil {
				t.Fatalf("%s: %v in %s", name, err, w.Body)
			}
			for _, e := range doc.Blobs.Entries {
				if e.XMLName.Local == "BlobPrefix" {
					e.Name = "[" + e.Name + "]"
				}
				got = append(got, e.Name)
			}
			marker, more = doc.NextMarker, doc.NextMarker != ""
		}
		if strings.Join(got, " ") != tt.want || pages != tt.pages {
			t.Errorf("%s: %q in %d pages, want %q in %d", name, got, pages, tt.want, tt.pages)
		}
	}
}

func TestWriting(t *testing.T) {
	block := "x-ms-blob-type: BlockBlob"
	steps := []struct {
		what, method, path, body string
		headers                  []string
		status                   int
		code                     string
	}{
		{"create", "PUT", "/made/n", "one", []string{block, "If-None-Match: *"}, 201, ""},
		{"create again", "PUT", "/made/n", "two", []string{block, "If-None-Match: *"}, 409, "BlobAlreadyExists"},
		{"wrong version", "PUT", "/made/n", "two", []string{block, `If-Match: "0x1"`}, 412, "ConditionNotMet"},
		{"match of none", "PUT", "/made/m", "two", []string{block, "If-Match: *"}, 412, "ConditionNotMet"},
		{"overwrite", "PUT", "/made/n", "two", []string{block}, 201, ""},
		{"page blob", "PUT", "/made/n", "", []string{"x-ms-blob-type: PageBlob"}, 400, "InvalidHeaderValue"},
		{"copy", "PUT", "/made/n", "", []string{"x-ms-copy-source: https://x/y"}, 404, "CannotVerifyCopySource"},
		{"block id", "PUT", "/made/n?comp=block&blockid=!", "x", nil, 400, "InvalidQueryParameterValue"},
		{"block list", "PUT", "/made/n?comp=blocklist", "<BlockList><Latest>QQ==</Latest></BlockList>", nil, 400, "InvalidBlockList"},
		{"no xml", "PUT", "/made/n?comp=blocklist", "<", nil, 400, "InvalidXmlDocument"},
		{"container name", "PUT", "/A?restype=container", "", nil, 400, "InvalidResourceName"},
		{"source's container", "PUT", "/made?restype=container", "", nil, 409, "ContainerAlreadyExists"},
		{"over a source's blob", "PUT", "/made/b", "mine", []string{block}, 201, ""},
		{"its content", "GET", "/made/b", "", nil, 200, ""},
		{"delete a source's blob", "DELETE", "/made/a/1", "", nil, 202, ""},
		{"it is gone", "GET", "/made/a/1", "", nil, 404, "BlobNotFound"},
		{"delete twice", "DELETE", "/made/a/1", "", nil, 404, "BlobNotFound"},
		{"delete another version", "DELETE", "/made/n", "", []string{`If-Match: "0x1"`}, 412, "ConditionNotMet"},
		{"delete", "DELETE", "/made/n", "", nil, 202, ""},
	}
	dir := t.TempDir()
	for name, s := range map[string]*Service{"memory": service(t, ""), "disk": service(t, dir)} {
		for _, st := range steps {
			w := ask(s, st.method, st.path, st.body, st.headers...)
			if w.Code != st.status || w.Header().Get("x-ms-error-code") != st.code {
				t.Errorf("%s, %s: %d %q, want %d %q", name, st.what, w.Code, w.Header().Get("x-ms-error-code"), st.status, st.code)
			}
		}
	}
	again := service(t, dir)
	if w := ask(again, "GET", "/made/b", "", "Range: bytes=1-2"); w.Body.String() != "in" {
		t.Errorf("another process reads %q", w.Body)
	}
	if w := ask(again, "GET", "/made/a/1", ""); w.Code != 404 {
		t.Errorf("another process finds what was deleted: %d", w.Code)
	}
	files, err := os.ReadDir(filepath.Join(dir, "blobs"))
	if err != nil || len(files) != 1 {
		t.Errorf("%d files for one uploaded blob (%v)", len(files), err)
	}
}

// TestBatchWithoutEmptyLine: the SDK for JavaScript ends the requests of a
// batch without an empty line.
func TestBatchWithoutEmptyLine(t *testing.T) {
	s := service(t, "")
	for _, end := range []string{"", "\r\n"} {
		body := "--b\r\nContent-Type: application/http\r\nContent-ID: 0\r\n\r\nDELETE /made/none HTTP/1.1\r\nAuthorization: Bearer x\r\n" + end + "\r\n--b--\r\n"
		w := ask(s, "POST", "/made?restype=container&comp=batch", body, "Content-Type: multipart/mixed; boundary=b")
		if w.Code != 202 || !strings.Contains(w.Body.String(), "HTTP/1.1 404 Not Found") || !strings.Contains(w.Body.String(), "BlobNotFound") {
			t.Errorf("%q: %d %s", end, w.Code, w.Body)
		}
	}
}

func TestUploadsAreLimited(t *testing.T) {
	up, err := OpenUploads(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := up.keep(strings.NewReader("12345"), 4); err == nil || !strings.Contains(err.Error(), "RequestBodyTooLarge") {
		t.Errorf("error %v", err)
	}
	if files, _ := os.ReadDir(up.dir); len(files) > 0 {
		t.Errorf("what was refused is kept: %v", files)
	}
}

func TestHost(t *testing.T) {
	for host, want := range map[string]bool{"a.blob.core.windows.net": true, "A.BLOB.localhost:8443": true,
		"management.azure.com": false, "localhost": false, "127.0.0.1:1": false, "blob.example": false} {
		if Host(host) != want {
			t.Errorf("Host(%q) is %v", host, !want)
		}
	}
}

func FuzzService(f *testing.F) {
	s := service(f, "")
	for _, path := range []string{"/", "/made", "/made/b", "/made/a%2F1", "/\x00/\xff"} {
		for _, query := range []string{"", "comp=list", "restype=container&comp=list&delimiter=/", "comp=blocklist", "comp=block&blockid=QQ==",
			"restype=container&comp=list&delimiter=%ff&prefix=%ff", "restype=container", "comp=list&marker=2!4!QQ=="} {
			f.Add("GET", path, query, "bytes=1-2", "")
			f.Add("PUT", path, query, "", "<BlockList><Latest>QQ==</Latest></BlockList>")
		}
	}
	f.Fuzz(func(t *testing.T, method, path, query, span, body string) {
		r, err := http.NewRequest(method, "https://acct.blob.core.windows.net/", strings.NewReader(body))
		if err != nil {
			return
		}
		r.URL.Path, r.URL.RawQuery = path, query
		r.Header.Set("Authorization", "Bearer x")
		r.Header.Set("x-ms-blob-type", "BlockBlob")
		r.Header.Set("Range", span)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 && w.Code != 501 {
			t.Errorf("%s %s?%s: %d %s", method, path, query, w.Code, w.Body)
		}
		if n := w.Header().Get("Content-Length"); method == "GET" && w.Code != 304 && n != fmt.Sprint(w.Body.Len()) {
			t.Errorf("%s %s?%s: %s bytes announced, %d sent", method, path, query, n, w.Body.Len())
		}
	})
}
