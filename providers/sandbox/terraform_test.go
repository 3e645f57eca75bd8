package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// terraform is a client that does what the provider does.
type terraform struct {
	*testing.T
	s       *Sandbox
	client  *http.Client
	replace *strings.Replacer
}

func newTerraform(t *testing.T) *terraform {
	s := virtual(t, Options{})
	sub := "/subscriptions/" + s.World.Subscription
	return &terraform{t, s, &http.Client{Transport: transport{s.Handler()}}, strings.NewReplacer("$G", sub+"/resourceGroups/rg-tf", "$S", sub,
		"$W", sub+"/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/networkWatchers/NetworkWatcher_westeurope")}
}

// ask sends a request and returns the status, the headers and the document.
func (tf *terraform) ask(method, address, body string) (int, http.Header, any) {
	tf.Helper()
	r, err := http.NewRequestWithContext(tf.Context(), method, address, strings.NewReader(body))
	if err != nil {
		tf.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer x")
	r.Header.Set("User-Agent", "HashiCorp/go-azure-sdk terraform-provider-azurerm/5.2.0")
	a, err := tf.client.Do(r)
	if err != nil {
		tf.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		tf.Fatal(err)
	}
	var doc any
	if len(bytes.TrimSpace(text)) > 0 {
		if err := json.Unmarshal(text, &doc); err != nil {
			tf.Fatalf("%s %s: %v\n%s", method, address, err, text)
		}
	}
	return a.StatusCode, a.Header, doc
}

func (tf *terraform) url(row tfRow) string {
	return "https://localhost:8443" + tf.replace.Replace(row.path) + "?api-version=" + row.version
}

// wait follows a write to its end, as the provider's SDK does.
func (tf *terraform) wait(h http.Header) {
	tf.Helper()
	at := h.Get("Azure-Asyncoperation")
	for range 200 {
		if at == "" {
			return
		}
		tf.sleep()
		code, _, doc := tf.ask("GET", at, "")
		status, _ := doc.(map[string]any)["status"].(string)
		if code != 200 || status != "Succeeded" && status != "InProgress" {
			tf.Fatalf("operation: %d %v", code, doc)
		}
		if status == "Succeeded" {
			return
		}
	}
	tf.Fatal("the operation does not end")
}

func (tf *terraform) sleep() { pass(tf.T, tf.s, time.Second) }

func (tf *terraform) get(row tfRow) map[string]any {
	tf.Helper()
	code, _, doc := tf.ask("GET", tf.url(row), "")
	if code != 200 {
		tf.Fatalf("GET: %d %v", code, doc)
	}
	return doc.(map[string]any)
}

// put writes a resource, and checks that it reads as it was written.
func (tf *terraform) put(row tfRow, body map[string]any, codes []int) {
	tf.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		tf.Fatal(err)
	}
	code, h, doc := tf.ask("PUT", tf.url(row), string(text))
	if !slices.Contains(codes, code) {
		tf.Fatalf("PUT: %d %v", code, doc)
	}
	tf.wait(h)
	got := tf.get(row)
	for _, path := range row.hidden {
		if _, there := at(got, path); there && path != "identity" {
			tf.Errorf("%s is shown", path)
		}
		without(body, path)
	}
	missing(tf.T, "", body, got)
	if diff := cmp.Diff(got, tf.get(row)); diff != "" {
		tf.Errorf("reads as another the second time (-first +second):\n%s", diff)
	}
}

func TestTerraform(t *testing.T) {
	tf := newTerraform(t)
	step := func(name string, f func(*terraform)) {
		if !t.Run(name, func(t *testing.T) { f(&terraform{t, tf.s, tf.client, tf.replace}) }) {
			t.Fatal("what comes after needs it")
		}
	}
	for _, row := range tfRows {
		step("create "+row.name, func(tf *terraform) { tf.create(row) })
	}
	for _, row := range tfRows {
		if row.change != "" {
			step("update "+row.name, func(tf *terraform) { tf.update(row) })
		}
	}
	for _, row := range slices.Backward(tfRows) {
		if !row.stays {
			step("delete "+row.name, func(tf *terraform) { tf.remove(row) })
		}
	}
}

func (tf *terraform) create(row tfRow) {
	if code, _, doc := tf.ask("GET", tf.url(row), ""); code != 404 && !row.stays {
		tf.Fatalf("before: %d %v", code, doc)
	}
	codes := row.codes
	if codes == nil {
		codes = []int{200, 201, 202}
	}
	tf.put(row, tf.parse(row.body), codes)
	got := tf.get(row)
	for path, want := range row.filled {
		v, _ := at(got, path)
		if text, err := json.Marshal(v); err != nil || string(text) != want {
			tf.Errorf("%s is %s, want %s", path, text, want)
		}
	}
}

// update reads a resource, changes it and writes all of it, as the provider
// does with most.
func (tf *terraform) update(row tfRow) {
	doc, change := tf.get(row), tf.parse(row.change)
	overlay(doc, change)
	code, h, answer := tf.ask("PUT", tf.url(row), tf.text(doc))
	if code != 200 && code != 201 && code != 202 {
		tf.Fatalf("PUT: %d %v", code, answer)
	}
	tf.wait(h)
	missing(tf.T, "", change, tf.get(row))
}

func (tf *terraform) remove(row tfRow) {
	tf.get(row)
	code, h, doc := tf.ask("DELETE", tf.url(row), "")
	if code != 200 && code != 202 && code != 204 {
		tf.Fatalf("DELETE: %d %v", code, doc)
	}
	tf.wait(h)
	for range 60 {
		if code, _, _ = tf.ask("GET", tf.url(row), ""); code == 404 {
			return
		}
		tf.sleep()
	}
	tf.Errorf("still there: %d", code)
}

func (tf *terraform) parse(text string) map[string]any {
	tf.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(tf.replace.Replace(text)), &doc); err != nil {
		tf.Fatal(err)
	}
	return doc
}

func (tf *terraform) text(doc any) string {
	tf.Helper()
	text, err := json.Marshal(doc)
	if err != nil {
		tf.Fatal(err)
	}
	return string(text)
}

// missing reports what was sent and does not come back. Empty tags and empty
// texts are none.
func missing(t *testing.T, path string, sent, got any) {
	t.Helper()
	switch sent := sent.(type) {
	case map[string]any:
		other, _ := got.(map[string]any)
		for name, v := range sent {
			if m, ok := v.(map[string]any); ok && len(m) == 0 && (name == "tags" || other[name] != nil) {
				continue
			}
			missing(t, path+"."+name, v, other[name])
		}
	case []any:
		other, _ := got.([]any)
		if len(sent) > len(other) {
			t.Errorf("%s: sent %v, got %v", path, sent, got)
			return
		}
		for i, v := range sent {
			missing(t, fmt.Sprint(path, ".", i), v, other[i])
		}
	default:
		if !cmp.Equal(sent, got) && (sent != "" || got != nil) {
			t.Errorf("%s: sent %v, got %v", path, sent, got)
		}
	}
}

// at is what a document holds at a path such as a.0.b.
func at(doc any, path string) (any, bool) {
	for _, name := range strings.Split(path, ".") {
		switch d := doc.(type) {
		case map[string]any:
			v, ok := d[name]
			if !ok {
				return nil, false
			}
			doc = v
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(d) {
				return nil, false
			}
			doc = d[i]
		default:
			return nil, false
		}
	}
	return doc, true
}

// without drops what a document holds at a path.
func without(doc map[string]any, path string) {
	first, rest, more := strings.Cut(path, ".")
	if !more {
		delete(doc, first)
	} else if inner, ok := doc[first].(map[string]any); ok {
		without(inner, rest)
	}
}

// overlay puts a change into a document, object by object.
func overlay(doc, change map[string]any) {
	for name, v := range change {
		inner, isObject := v.(map[string]any)
		old, wasObject := doc[name].(map[string]any)
		if isObject && wasObject {
			overlay(old, inner)
		} else {
			doc[name] = v
		}
	}
}
