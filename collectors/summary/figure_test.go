package summary

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
)

// TestFigure wants null for what was not measured, and never 0.
func TestFigure(t *testing.T) {
	for text, want := range map[string]Figure{"null": {}, "0": Known(0), "7": Known(7), "18446744073709551615": Known(math.MaxUint64)} {
		var got Figure
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
		if b, err := json.Marshal(want); err != nil || string(b) != text {
			t.Errorf("%+v: %s, %v", want, b, err)
		}
		if shown := want.String(); shown != strings.Replace(text, "null", "unknown", 1) {
			t.Errorf("%+v is shown as %s", want, shown)
		}
	}
	for _, text := range []string{"-1", "1.5", "1e3", "18446744073709551616", `"7"`, "true", "[]"} {
		var got Figure
		if err := json.Unmarshal([]byte(text), &got); err == nil || !strings.Contains(err.Error(), "not a number from 0 to 2^64-1") {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, tt := range []struct{ a, b, want Figure }{
		{Figure{}, Figure{}, Figure{}}, {Known(1), Figure{}, Known(1)}, {Figure{}, Known(1), Known(1)}, {Known(2), Known(3), Known(5)}, {Figure{}, Known(0), Known(0)},
	} {
		if got := tt.a.Plus(tt.b); got != tt.want {
			t.Errorf("%v and %v are %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}

// TestInstant wants times as the standard library writes them, and back.
func TestInstant(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	list := []int64{0, 1, -1, math.MaxInt64, math.MinInt64 + 1, testStart, -62135596800, 999_999_999, 1_000_000_000}
	for range 2000 {
		list = append(list, int64(r.Uint64()))
	}
	for _, ns := range list {
		if ns == flow.NoTime {
			continue
		}
		at := Instant(ns)
		want := time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000000000Z")
		if at.String() != want || !at.Known() || !at.Time().Equal(time.Unix(0, ns)) {
			t.Fatalf("%d is shown as %s, want %s", ns, at, want)
		}
		b, err := json.Marshal(at)
		var back Instant
		if err == nil {
			err = json.Unmarshal(b, &back)
		}
		if err != nil || back != at || string(b) != `"`+want+`"` {
			t.Fatalf("%d is written %s and read %d, %v", ns, b, back, err)
		}
	}
	none := Instant(flow.NoTime)
	if b, err := json.Marshal(none); err != nil || string(b) != "null" || none.Known() || none.String() != "unknown" || !none.Time().IsZero() {
		t.Errorf("no time: %s, %v, %s", b, err, none)
	}
	var back Instant
	if err := json.Unmarshal([]byte("null"), &back); err != nil || back != none {
		t.Errorf("null: %v, %v", back, err)
	}
	for _, text := range []string{`"yesterday"`, "7", `"2026-05-09"`, `"2026-05-09T10:00:00"`, `"0001-01-01T00:00:00Z"`, `"2300-01-01T00:00:00Z"`} {
		if err := json.Unmarshal([]byte(text), &back); err == nil {
			t.Errorf("%s is %s", text, back)
		}
	}
}

// someConversations are made up, with numbers that are known and unknown.
func someConversations(r *rand.Rand, n int) (list []Conversation) {
	figure := func() Figure { return known(r.Uint64(), r.IntN(3) > 0) }
	for range n {
		c := Conversation{
			A: flow.Addr4(r.Uint32()).String(), B: flow.Addr{Hi: r.Uint64(), Lo: r.Uint64()}.String(), Flows: r.Uint64(), Denied: figure(),
			PacketsAB: figure(), BytesAB: figure(), IPBytesAB: figure(), PacketsBA: figure(), BytesBA: figure(), IPBytesBA: figure(),
			First: Instant(flow.NoTime), Last: Instant(int64(r.Uint64() >> 1)),
		}
		for _, f := range []*Figure{&c.Denied, &c.PacketsAB, &c.BytesAB, &c.IPBytesAB, &c.PacketsBA, &c.BytesBA, &c.IPBytesBA} {
			if !f.Known {
				f.N = 0 // as it is read
			}
		}
		list = append(list, c)
	}
	return list
}

// TestConversationsAsJSON wants conversations as encoding/json has them, however they
// are kept, and back.
func TestConversationsAsJSON(t *testing.T) {
	for _, n := range []int{0, 1, 2, 50} {
		list := someConversations(rand.New(rand.NewPCG(uint64(n), 2)), n)
		if list == nil {
			list = []Conversation{}
		}
		want, err := json.Marshal(list)
		if err != nil {
			t.Fatal(err)
		}
		kept := ConversationsOf(list)
		got, err := json.Marshal(kept)
		if err != nil || string(got) != string(want) || kept.Len() != n || kept.Err() != nil || kept.Close() != nil {
			t.Errorf("%d: %v\n got %.500s\nwant %.500s", n, err, got, want)
		}
		var back Conversations
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatal(err)
		}
		var again []Conversation
		for c := range back.All() {
			again = append(again, c)
		}
		if diff := cmp.Diff(list, append([]Conversation{}, again...)); diff != "" {
			t.Errorf("%d: read back (-want +got)\n%s", n, diff)
		}
		for range back.All() { // may be left
			break
		}
	}
}

// TestWrittenIsRead wants of a document that was written all of it, again the same
// bytes, and one of another format refused.
func TestWrittenIsRead(t *testing.T) {
	w := newWorld(4, 3, 50)
	all := records(w, 2000)
	doc := documentOf(t, w.names, all, Options{}, asked(t, `port == 443`, "-denied", "local.address", "rule"))
	var first, second bytes.Buffer
	if err := doc.Write(&first); err != nil {
		t.Fatal(err)
	}
	back, err := Read(bytes.NewReader(first.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := back.Write(&second); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first.String(), second.String()); diff != "" {
		t.Errorf("written again (-first +second)\n%.2000s", diff)
	}
	if n := back.Conversations.Len(); n != doc.Conversations.Len() || n == 0 {
		t.Errorf("%d conversations of %d", n, doc.Conversations.Len())
	}
	later := bytes.Replace(first.Bytes(), []byte(`"format": "1"`), []byte(`"format": "2"`), 1)
	if _, err := Read(bytes.NewReader(later)); err == nil || !strings.Contains(err.Error(), `its format is "2", this flowctl reads "1"`) {
		t.Errorf("a later format: %v", err)
	}
	for cut := range 20 {
		if _, err := Read(bytes.NewReader(first.Bytes()[:first.Len()*cut/20])); err == nil {
			t.Errorf("%d twentieths of it are a document", cut)
		}
	}
	for room := 0; room < first.Len(); room += first.Len()/7 + 1 {
		if err := doc.Write(&narrow{room}); err == nil || !strings.Contains(err.Error(), "write summary: ") {
			t.Errorf("a disk of %d bytes: %v", room, err)
		}
	}
}

// narrow is a disk with room for so many bytes.
type narrow struct{ room int }

func (n *narrow) Write(b []byte) (int, error) {
	if len(b) > n.room {
		return 0, errNarrow
	}
	n.room -= len(b)
	return len(b), nil
}

var errNarrow = errors.New("the disk is full")
