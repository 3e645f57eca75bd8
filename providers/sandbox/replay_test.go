package sandbox

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// recording is what a client and Azure once said to each other.
type recording struct {
	name         string
	Source       string        `json:"source"`
	Recorded     string        `json:"recorded"`
	Caveats      []string      `json:"caveats"`
	Interactions []interaction `json:"interactions"`
}

type interaction struct {
	N        int               `json:"n"`
	Method   string            `json:"method"`
	Host     string            `json:"host"`
	Path     string            `json:"path"`
	Sent     map[string]string `json:"request_headers"`
	Request  json.RawMessage   `json:"request_body"`
	Status   int               `json:"status"`
	Headers  map[string]string `json:"response_headers"`
	Response json.RawMessage   `json:"response_body"`
	BodyKind string            `json:"body_kind"`
}

// recordings reads all recordings of FLOWCTL_RECORDINGS.
func recordings(t *testing.T) []recording {
	t.Helper()
	dir := os.Getenv("FLOWCTL_RECORDINGS")
	if dir == "" {
		t.Skip("FLOWCTL_RECORDINGS names no folder of recordings")
	}
	var all []recording
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		r := recording{name: strings.TrimSuffix(d.Name(), ".json")}
		if err := json.Unmarshal(text, &r); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatalf("%s holds no recordings", dir)
	}
	return all
}

// TestReplay sends what clients once sent to Azure to a sandbox that has what
// they need, and compares the answers by structure. Every difference must be
// in testdata/replay.txt with its verdict.
func TestReplay(t *testing.T) {
	verdicts := readVerdicts(t)
	total, same := tally{}, map[string][]int{}
	var unjudged, known []difference
	for _, r := range recordings(t) {
		sum, diffs, open := replay(t, r, verdicts)
		total.add(sum)
		same[r.name] = sum.same
		unjudged, known = append(unjudged, diffs...), append(known, open...)
		if testing.Verbose() {
			t.Logf("%-50s %v", r.name, sum)
		}
	}
	t.Logf("recordings: %v", total)
	for i, d := range unjudged {
		if i == 60 {
			t.Errorf("and %d more", len(unjudged)-i)
			break
		}
		t.Errorf("no verdict: %s", d)
	}
	keepEqual(t, same)
	if path := os.Getenv("FLOWCTL_REPLAY_DIFFERENCES"); path != "" {
		var b strings.Builder
		for _, d := range append(unjudged, known...) {
			fmt.Fprintln(&b, d)
		}
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Error(err)
		}
	}
}

// keepEqual fails if an answer that was as recorded is so no longer. With
// FLOWCTL_REPLAY_UPDATE it writes down which are.
func keepEqual(t *testing.T, same map[string][]int) {
	t.Helper()
	path := filepath.Join("testdata", "replay-equal.txt")
	if os.Getenv("FLOWCTL_REPLAY_UPDATE") != "" {
		var b strings.Builder
		fmt.Fprintln(&b, "# Recordings, and the numbers of their interactions that the sandbox answers as Azure did.")
		for _, name := range slices.Sorted(maps.Keys(same)) {
			fmt.Fprintln(&b, name, strings.Trim(fmt.Sprint(same[name]), "[]"))
		}
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		now, ok := same[f[0]]
		if !ok {
			continue // not among these recordings
		}
		for _, n := range f[1:] {
			if i, err := strconv.Atoi(n); err != nil || !slices.Contains(now, i) {
				t.Errorf("%s #%s was answered as recorded, and is no longer", f[0], n)
			}
		}
	}
}

// tally counts interactions.
type tally struct {
	tried, equal, choice, open int
	same                       []int // numbers of what is equal, of one recording
}

func (t *tally) add(u tally) {
	t.tried, t.equal, t.choice, t.open = t.tried+u.tried, t.equal+u.equal, t.choice+u.choice, t.open+u.open
}

func (t tally) String() string {
	return fmt.Sprintf("%d interactions tried, %d equal, %d differ by the sandbox's choice, %d otherwise", t.tried, t.equal, t.choice, t.open)
}

// difference is one place at which an answer is not the recorded one.
type difference struct {
	recording string
	n         int
	operation string // method and path without names
	at        string // status, header X, or a path in the body
	kind      string // missing, extra, value, case, type, order
	want, got string
}

func (d difference) String() string {
	return fmt.Sprintf("%s | %s | %s | %s #%d: recorded %.90q, sandbox %.600q", d.operation, d.at, d.kind, d.recording, d.n, d.want, d.got)
}

// replay plays one recording.
func replay(t *testing.T, r recording, verdicts []verdict) (sum tally, unjudged, known []difference) {
	p := newPlayer(t, r)
	for i := range r.Interactions {
		x := &r.Interactions[i]
		asksNothing := x.Host == "" && x.Method == "POST" && string(x.Request) == "null" && strings.Contains(r.Source, "java") && !strings.HasSuffix(x.Path, "stop")
		otherService := x.Host != "" && !strings.Contains(x.Host, ".blob.") || strings.HasPrefix(x.Path, "/v1/")
		if otherService || !infer(x) || asksNothing {
			continue // another service, or nobody knows what was asked
		}
		if p.isPoll(x) && !p.begun(x) {
			continue // what it asks about began before the recording
		}
		diffs := p.play(x)
		sum.tried++
		verdict := "equal"
		for _, d := range diffs {
			d.recording, d.n, d.operation = r.name, x.N, operationOf(x)
			switch v := judge(verdicts, d); {
			case v == nil:
				unjudged = append(unjudged, d)
				verdict = "open"
			case v.open:
				verdict, known = "open", append(known, d)
			case verdict == "equal":
				verdict = "choice"
			}
		}
		switch verdict {
		case "equal":
			sum.equal++
			sum.same = append(sum.same, x.N)
		case "choice":
			sum.choice++
		default:
			sum.open++
		}
	}
	return sum, unjudged, known
}

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

// begun reports whether an earlier answer of the recording gave the address.
func (p *player) begun(x *interaction) bool {
	for _, y := range p.r.Interactions {
		if y.N >= x.N {
			continue
		}
		for _, value := range y.Headers {
			if key(value) == key(x.Path) {
				return true
			}
		}
	}
	return false
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

// verdict is a row of testdata/replay.txt.
type verdict struct {
	operation, at, kind *regexp.Regexp
	open                bool
	reason              string
	used                int
}

func readVerdicts(t *testing.T) []verdict {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "replay.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var all []verdict
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, " | ")
		if len(f) != 5 || !slices.Contains([]string{"choice", "open"}, f[3]) || f[4] == "" {
			t.Fatalf("replay.txt: %q is not operation | place | kind | choice or open | reason", line)
		}
		all = append(all, verdict{operation: wild(f[0]), at: wild(f[1]), kind: wild(f[2]), open: f[3] == "open", reason: f[4]})
	}
	return all
}

// wild is a pattern in which … stands for any text.
func wild(pattern string) *regexp.Regexp {
	return regexp.MustCompile("(?i)^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), "…", ".*") + "$")
}

func judge(verdicts []verdict, d difference) *verdict {
	for i := range verdicts {
		if v := &verdicts[i]; v.operation.MatchString(d.operation) && v.at.MatchString(d.at) && v.kind.MatchString(d.kind) {
			v.used++
			return v
		}
	}
	return nil
}
