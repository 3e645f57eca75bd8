package sandbox

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// infer fills in what a recorder left out and the answer tells.
func infer(x *interaction) bool {
	path, ok := strings.CutSuffix(x.Path, "?(query not recorded)")
	if !ok {
		return true
	}
	if x.Sent == nil {
		x.Sent = map[string]string{}
	}
	switch lease := x.Headers["x-ms-lease-id"]; {
	case strings.Count(path, "/") == 1 && (x.Method == "PUT" && x.Status == 201 || x.Method == "DELETE" && x.Status == 202):
		x.Path = path + "?restype=container"
	case lease != "" && x.Status == 201:
		x.Path, x.Sent["x-ms-lease-action"], x.Sent["x-ms-lease-duration"] = path+"?comp=lease", "acquire", "15"
	case x.Headers["x-ms-lease-time"] != "":
		x.Path, x.Sent["x-ms-lease-action"], x.Sent["x-ms-lease-break-period"] = path+"?comp=lease", "break", x.Headers["x-ms-lease-time"]
	default:
		return false
	}
	return true
}

// names are the parts of paths that differ from client to client.
var pathNames = regexp.MustCompile(`(?i)(/subscriptions|/resourcegroups|/providers/[^/]+/[a-z]+|/[a-z]*(?:logs|captures|rules|extensions|subnets|machines|interfaces|peerings|accounts|containers|runcommands|locations|operations|operationresults|operationstatus|asyncoperations|publishers|locks|policies|sources|deployments|statuses|versions|types))/[^/?]+`)

func operationOf(x *interaction) string {
	path, _, _ := strings.Cut(x.Path, "?")
	if x.Host != "" {
		segments := strings.Split(strings.Trim(path, "/"), "/")
		path = "blob:" + strings.Repeat("/*", len(segments))
		if u, err := url.Parse(x.Path); err == nil {
			path += "?" + u.Query().Get("comp")
		}
		return x.Method + " " + path
	}
	return x.Method + " " + pathNames.ReplaceAllString(path, "$1/*")
}

// player sends the requests of one recording to a sandbox.
type player struct {
	t        *testing.T
	s        *Sandbox
	r        recording
	handler  http.Handler
	urls     map[string]string // of operations, as recorded, to the sandbox's own
	values   map[string]string // that the sandbox made up: as recorded, to its own
	keeps    bool              // the recorder keeps Retry-After and the like
	accounts map[string]bool
	left     map[int]bool // numbers of interactions that were not tried
	chosen   map[int]bool // and of those that differ by choice
}

func (p *player) send(method, host, path string, header map[string]string, body []byte) *httptest.ResponseRecorder {
	if host == "" {
		host = "https://management.azure.com"
	}
	u, err := url.Parse(host)
	if err != nil {
		p.t.Fatal(err)
	}
	r := httptest.NewRequest(method, "/", bytes.NewReader(body))
	raw, query, _ := strings.Cut(path, "?")
	if r.URL, err = url.Parse(strings.ReplaceAll(raw, " ", "%20")); err != nil {
		p.t.Fatal(err)
	}
	r.URL.RawQuery, r.RequestURI, r.Host = strings.ReplaceAll(query, " ", "%20"), path, u.Host
	if u.Scheme == "https" {
		r.TLS = &tls.ConnectionState{}
	}
	r.Header.Set("Authorization", "Bearer sandbox")
	for name, value := range header {
		r.Header.Set(name, value)
		if value == "" {
			r.Header.Del(name)
		}
	}
	if r.Header.Get("Content-Type") == "" && len(body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	if strings.Contains(query, "sig=") {
		r.Header.Del("Authorization")
		p.resign(r)
	}
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w
}

var pending = regexp.MustCompile(`"(?:status|provisioningState)": ?"(?:InProgress|Queued|Creating|Updating|Running|Deleting)"`)

// play sends one request, when the answer that was recorded is due, and
// returns how the sandbox's differs.
func (p *player) play(x *interaction) []difference {
	late := x.Method == "GET" && !pending.Match(x.Response) && x.Status != http.StatusAccepted
	if late || x.Host != "" && (x.Headers["x-ms-lease-state"] == "broken" || x.Status == 412 || x.Status == 201 && x.Sent["x-ms-lease-action"] == "acquire") {
		p.pass(20 * time.Second)
	}
	if late && p.isPoll(x) {
		p.pass(10 * time.Minute)
	}
	if x.Method == "PUT" && x.Status < 300 && strings.Contains(x.Path, "/packetCaptures/") {
		p.pass(2 * time.Minute) // the agent was there by then, whatever polls the recording has left out
	}
	w := p.send(x.Method, x.Host, p.path(x.Path), p.header(x), p.body(x))
	p.learn(x, w)
	return p.compare(x, w)
}

// header is what a recorded request had in its header, as far as anybody
// knows. Recorders keep few names, and no credentials.
func (p *player) header(x *interaction) map[string]string {
	h := map[string]string{}
	for name, value := range x.Sent {
		h[strings.ToLower(name)] = value
	}
	if x.Host == "" {
		if x.Status == http.StatusUnauthorized && strings.Contains(string(x.Response), "ExpiredAuthenticationToken") {
			claims := base64.RawURLEncoding.EncodeToString([]byte(`{"exp":1000000000}`))
			h["authorization"] = "Bearer e30." + claims + "."
		}
		return h
	}
	if id := x.Headers["x-ms-lease-id"]; id != "" && slices.Contains([]string{"acquire", "change"}, h["x-ms-lease-action"]) {
		h["x-ms-proposed-lease-id"] = id
	}
	if x.Method == "PUT" && !strings.Contains(x.Path, "?") && h["x-ms-blob-type"] == "" {
		h["x-ms-blob-type"] = "BlockBlob"
	}
	if h["content-type"] == "" && x.Method == "PUT" {
		h["content-type"] = "application/octet-stream"
	}
	if h["x-ms-version"] == "" && !strings.Contains(x.Path, "sv=") {
		h["x-ms-version"] = x.Headers["x-ms-version"]
	}
	switch {
	case x.Headers["x-ms-error-code"] == "AuthenticationFailed":
		h["authorization"] = "SharedKey account:of-another-key"
	case x.Status == 404 && strings.Contains(string(x.Response), "<Code>ResourceNotFound<"):
		h["authorization"], h["x-ms-version"] = "", ""
	}
	return h
}

func (p *player) pass(d time.Duration) {
	if err := p.s.Clock().Sleep(p.t.Context(), d); err != nil {
		p.t.Fatal(err)
	}
}

func (p *player) isPoll(x *interaction) bool {
	return strings.Contains(strings.ToLower(x.Path), "operation")
}

// bare are the actions that need no body.
var bare = regexp.MustCompile(`(?i)/(listkeys|start|restart|poweroff|deallocate|redeploy|generalize|reimage|reapply|stop|querystatus|register|unregister|effective\w+|regeneratekey)(\?|$)`)

// unknown reports whether a request had a body that its recorder did not keep,
// and that the answer does not tell.
func (p *player) unknown(x *interaction) bool {
	if x.Host != "" || x.Method != "PUT" && x.Method != "PATCH" && x.Method != "POST" || bare.MatchString(x.Path) {
		return false
	}
	lost := string(x.Request) == `"(not recorded)"` || string(x.Request) == "null" && strings.Contains(p.r.Source, "java")
	return lost && len(p.body(x)) == 0
}

// start is the number of the interaction whose answer gave the address that is
// asked for; false if none did that was tried.
func (p *player) start(x *interaction) (int, bool) {
	for _, y := range p.r.Interactions {
		if y.N >= x.N || p.left[y.N] {
			continue
		}
		for _, value := range y.Headers {
			if key(value) == key(x.Path) {
				return y.N, true
			}
		}
	}
	return 0, false
}

// path is a recorded path with the sandbox's own addresses in it.
func (p *player) path(path string) string {
	if own, ok := p.urls[key(path)]; ok {
		return own
	}
	for recorded, own := range p.values {
		path = strings.ReplaceAll(path, recorded, own)
	}
	return path
}

// key is the part of an operation's address that says which it is.
func key(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	if strings.Contains(u.RawQuery, "monitor=true") {
		return strings.ToLower(u.Path) + "?monitor"
	}
	return strings.ToLower(u.Path)
}

var operationID = regexp.MustCompile(`(?i)/(operations|operationresults|asyncoperations|operationstatus)/`)

// learn notes the addresses that an answer gives.
func (p *player) learn(x *interaction, w *httptest.ResponseRecorder) {
	for name, value := range x.Headers {
		own := w.Header().Get(name)
		if own == "" || !operationID.MatchString(value) && !strings.EqualFold(name, "x-ms-lease-id") {
			continue
		}
		if strings.EqualFold(name, "x-ms-lease-id") {
			p.values[value] = own
			continue
		}
		u, err := url.Parse(own)
		if err == nil {
			p.urls[key(value)] = u.RequestURI()
		}
	}
	if v := x.Headers["x-ms-snapshot"]; v != "" {
		p.values[v] = w.Header().Get("x-ms-snapshot")
	}
}

var leftOut = regexp.MustCompile(`^\((\d+) bytes of blob content left out\)$`)

// body is what a recorded request sends.
func (p *player) body(x *interaction) []byte {
	if len(x.Request) == 0 || string(x.Request) == "null" || x.Host == "" && x.Request[0] == '"' {
		if x.Host == "" && (x.Method == "PUT" || x.Method == "PATCH") && bytes.HasPrefix(bytes.TrimSpace(x.Response), []byte("{")) && x.Status < 300 {
			return x.Response // its recorder keeps no requests; Azure sent the whole back
		}
		return nil
	}
	var text string
	if json.Unmarshal(x.Request, &text) == nil {
		if m := leftOut.FindStringSubmatch(text); m != nil {
			n := 0
			fmt.Sscan(m[1], &n)
			return bytes.Repeat([]byte("x"), n)
		}
		return []byte(text)
	}
	return x.Request
}
