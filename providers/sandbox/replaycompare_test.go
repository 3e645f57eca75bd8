package sandbox

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// node is a value of JSON or XML whose members keep their order.
type node struct {
	kind    string // object, array, string, number, bool, null
	text    string // of a scalar
	names   []string
	members map[string]*node
	items   []*node
}

func parseJSON(text []byte) (*node, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return readNode(d)
}

func readNode(d *json.Decoder) (*node, error) {
	tok, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch v := tok.(type) {
	case json.Delim:
		n := &node{kind: "array"}
		if v == '{' {
			n.kind, n.members = "object", map[string]*node{}
		}
		for d.More() {
			name := ""
			if n.kind == "object" {
				t, err := d.Token()
				if err != nil {
					return nil, err
				}
				name = t.(string)
			}
			m, err := readNode(d)
			if err != nil {
				return nil, err
			}
			if n.kind == "array" {
				n.items = append(n.items, m)
				continue
			}
			n.names, n.members[name] = append(n.names, name), m
		}
		_, err := d.Token()
		return n, err
	case string:
		return &node{kind: "string", text: v}, nil
	case json.Number:
		return &node{kind: "number", text: v.String()}, nil
	case bool:
		return &node{kind: "bool", text: strconv.FormatBool(v)}, nil
	}
	return &node{kind: "null"}, nil
}

// parseXML reads a document of the Blob service in the same shape. Elements
// that come twice are an array.
func parseXML(text []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	for {
		tok, err := d.Token()
		if err != nil {
			return nil, err
		}
		if start, ok := tok.(xml.StartElement); ok {
			root := &node{kind: "object", members: map[string]*node{}}
			m, err := readElement(d, start)
			root.add(start.Name.Local, m)
			return root, err
		}
	}
}

func (n *node) add(name string, m *node) {
	old := n.members[name]
	switch {
	case old == nil:
		n.names, n.members[name] = append(n.names, name), m
	case old.kind == "array":
		old.items = append(old.items, m)
	default:
		n.members[name] = &node{kind: "array", items: []*node{old, m}}
	}
}

func readElement(d *xml.Decoder, start xml.StartElement) (*node, error) {
	n := &node{kind: "object", members: map[string]*node{}}
	for _, a := range start.Attr {
		n.add("@"+a.Name.Local, &node{kind: "string", text: a.Value})
	}
	var text strings.Builder
	for {
		tok, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch v := tok.(type) {
		case xml.StartElement:
			m, err := readElement(d, v)
			if err != nil {
				return nil, err
			}
			n.add(v.Name.Local, m)
		case xml.CharData:
			text.Write(v)
		case xml.EndElement:
			if len(n.names) == 0 {
				return &node{kind: "string", text: text.String()}, nil
			}
			return n, nil
		}
	}
}

// compare compares a recorded answer with the sandbox's.
func (p *player) compare(x *interaction, w *httptest.ResponseRecorder) (diffs []difference) {
	add := func(at, kind, want, got string) {
		diffs = append(diffs, difference{at: at, kind: kind, want: want, got: got})
	}
	got := w.Result()
	text, _ := io.ReadAll(got.Body)
	if got.StatusCode != x.Status {
		add("status", strconv.Itoa(x.Status), strconv.Itoa(x.Status), fmt.Sprint(got.StatusCode, " ", string(text)))
		return diffs
	}
	p.compareHeaders(x, got.Header.Get, add)
	switch {
	case x.BodyKind == "empty" || x.Method == "HEAD" || len(x.Response) == 0 || string(x.Response) == `""`:
		if len(text) > 0 {
			add("body", "extra", "", string(text))
		}
		return diffs
	case x.BodyKind == "literal null" || string(x.Response) == "null":
		if s := strings.TrimSpace(string(text)); s != "null" && !(s == "" && x.BodyKind == "") {
			add("body", "value", "null", s)
		}
		return diffs
	}
	parse, want := parseJSON, []byte(x.Response)
	var asText string
	if json.Unmarshal(x.Response, &asText) == nil {
		parse, want = parseXML, []byte(asText)
	}
	a, err := parse(want)
	if err != nil {
		return diffs // content of a blob
	}
	b, err := parse(text)
	if err != nil {
		add("body", "type", string(want), string(text))
		return diffs
	}
	a.compare("", b, add)
	return diffs
}

// timeless are headers whose values say nothing.
var timeless = []string{"date", "x-ms-request-id", "x-ms-correlation-request-id", "x-ms-client-request-id", "x-ms-routing-request-id", "etag", "last-modified",
	"content-length", "server", "x-ms-arm-service-request-id", "x-ms-operation-identifier", "strict-transport-security", "cache-control", "pragma", "expires",
	"x-content-type-options", "x-cache", "x-msedge-ref", "transfer-encoding", "vary", "x-ms-original-request-ids", "content-md5"}

// states are headers that tell a state; an answer may not have them of itself.
var states = []string{"Azure-AsyncOperation", "Location", "Etag", "X-Ms-Lease-Id", "X-Ms-Lease-Time", "X-Ms-Snapshot", "X-Ms-Copy-Status", "X-Ms-Failure-Cause"}

func (p *player) compareHeaders(x *interaction, get func(string) string, add func(at, kind, want, got string)) {
	has := map[string]bool{}
	for name, want := range x.Headers {
		lower := strings.ToLower(name)
		has[lower] = true
		got := get(name)
		switch {
		case lower == "retry-after" && want == "0": // which the recorder of Java writes
		case strings.HasPrefix(lower, "x-ms-ratelimit") || strings.HasPrefix(lower, "x-ms-user-quota"):
		case got == "":
			add("header "+lower, "missing", want, "")
		case slices.Contains(timeless, lower):
		case plain(want) != plain(got):
			add("header "+lower, "value", want, got)
		}
	}
	if !p.keeps {
		return
	}
	for _, name := range states {
		if got := get(name); got != "" && !has[strings.ToLower(name)] {
			add("header "+strings.ToLower(name), "extra", "", got)
		}
	}
}

var volatile = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`), "GUID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)`), "TIME"},
	{regexp.MustCompile(`[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT`), "TIME"},
	{regexp.MustCompile(`\d+/\d+/\d{4} \d+:\d\d:\d\d [AP]M`), "TIME"},
	{regexp.MustCompile(`/\d{4}/\d\d/\d\d/packetcapture_\d\d_\d\d_\d\d_\d+`), "/TIME/packetcapture"},
	{regexp.MustCompile(`&t=\d+&c=[^&]+&s=[^&]+&h=[^&"]+`), ""}, // which addresses have since 2023
	{regexp.MustCompile(`\?p=GUID&`), "?"},                      // the same of Compute's
	{regexp.MustCompile(`0x8[0-9A-F]{13,14}`), "TAG"},
	{regexp.MustCompile(`\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`), "ADDRESS"},
	{regexp.MustCompile(`\b([0-9A-F]{2}-){5}[0-9A-F]{2}\b`), "MAC"},
	{regexp.MustCompile(`operationresults/[A-Za-z0-9_-]{20,}`), "operationresults/TOKEN"},
	{regexp.MustCompile(`^(?:[A-Za-z0-9+/]{27,}={0,2}|[A-Za-z0-9+/]{22}==)$`), "TOKEN"},
	{regexp.MustCompile(`[a-z0-9]+\.[a-z]+\.internal\.cloudapp\.net`), "SUFFIX"},
}

// plain is a text without what differs from time to time.
func plain(text string) string {
	for _, v := range volatile {
		text = v.pattern.ReplaceAllString(text, v.with)
	}
	return text
}

func (n *node) compare(at string, m *node, add func(at, kind, want, got string)) {
	if n.kind != m.kind {
		add(at, "type", n.kind+" "+n.text, m.kind+" "+m.text)
		return
	}
	switch n.kind {
	case "object":
		n.compareObjects(at, m, add)
	case "array":
		n.compareArrays(at, m, add)
	default:
		switch a, b := plain(n.text), plain(m.text); {
		case a == b:
		case strings.EqualFold(a, b):
			add(at, "case", n.text, m.text)
		default:
			add(at, "value", n.text, m.text)
		}
	}
}

// freeNames are objects whose members are named by clients.
func freeNames(at string) bool {
	return strings.HasSuffix(at, ".tags") || strings.HasSuffix(at, "userAssignedIdentities")
}

func (n *node) compareObjects(at string, m *node, add func(at, kind, want, got string)) {
	var want, got []string
	for _, name := range n.names {
		child := at + "." + name
		if freeNames(at) {
			child = at + ".*"
		}
		if m.members[name] == nil {
			add(child, "missing", n.members[name].brief(), "")
			continue
		}
		want = append(want, name)
		n.members[name].compare(child, m.members[name], add)
	}
	for _, name := range m.names {
		if n.members[name] == nil {
			add(at+"."+name, "extra", "", m.members[name].brief())
			continue
		}
		got = append(got, name)
	}
	if !slices.Equal(want, got) && !freeNames(at) {
		add(at, "order", strings.Join(want, " "), strings.Join(got, " "))
	}
}

// compareArrays pairs things by their names where they have any.
func (n *node) compareArrays(at string, m *node, add func(at, kind, want, got string)) {
	named := func(x *node) string {
		for _, name := range []string{"id", "name"} {
			if v := x.members[name]; v != nil && v.kind == "string" {
				return strings.ToLower(plain(v.text))
			}
		}
		return ""
	}
	for i, want := range n.items {
		j := i
		if name := named(want); name != "" {
			j = slices.IndexFunc(m.items, func(x *node) bool { return named(x) == name })
		}
		if j < 0 || j >= len(m.items) {
			add(at+"[]", "missing", want.brief(), "")
			continue
		}
		want.compare(at+"[]", m.items[j], add)
	}
	if len(m.items) > len(n.items) {
		add(at+"[]", "extra", strconv.Itoa(len(n.items)), strconv.Itoa(len(m.items)))
	}
}

func (n *node) brief() string {
	switch n.kind {
	case "object":
		return "{" + strings.Join(n.names, " ") + "}"
	case "array":
		return fmt.Sprintf("[%d]", len(n.items))
	}
	return n.text
}
