package collectors

import (
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
	"flowctl/collectors/summary"
)

// exported is what a truth file says of an export of Log Analytics: the sums of its
// rows as they are written, and where both ends of a conversation count once.
type exported struct {
	Kind      string
	Code      string
	AsWritten *exportedSums `json:"as_written"`
	Once      *exportedSums
	LeftOut   uint64 `json:"rows_seen_at_both_ends_left_out"`
	Addresses map[string]struct {
		Flows    uint64  `json:"flows_started"`
		Sent     *uint64 `json:"bytes_src_to_dest"`
		Received *uint64 `json:"bytes_dest_to_src"`
		Packets  *uint64
		Denied   bool
	} `json:"public_addresses"`
	Incomplete bool
}

type exportedSums struct {
	Rows            uint64
	Allowed         *uint64 `json:"flows_allowed"`
	Established     *uint64 `json:"connections_established"`
	Denied          *uint64 `json:"flows_denied"`
	SentPackets     *uint64 `json:"packets_src_to_dest"`
	ReceivedPackets *uint64 `json:"packets_dest_to_src"`
	SentBytes       *uint64 `json:"bytes_src_to_dest"`
	ReceivedBytes   *uint64 `json:"bytes_dest_to_src"`
}

// TestWorkspaceCorpus reads each sample export and compares with its truth, which a
// script counted from the file.
func TestWorkspaceCorpus(t *testing.T) {
	root := os.Getenv("FLOWCTL_CORPUS")
	if root == "" {
		t.Skip("FLOWCTL_CORPUS is not set")
	}
	n := 0
	err := filepath.WalkDir(filepath.Join(root, "workspace"), func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".truth.json") {
			return err
		}
		n++
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		var want exported
		if err := json.Unmarshal(b, &want); err != nil {
			return err
		}
		path := strings.TrimSuffix(name, ".truth.json")
		t.Run(strings.TrimPrefix(path, root), func(t *testing.T) { want.check(t, path) })
		return nil
	})
	if err != nil || n < 40 {
		t.Fatalf("%d samples, error %v", n, err)
	}
}

func (want exported) check(t *testing.T, path string) {
	doc, problems, err := Sum{Items: itemsOf(path)}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	src := doc.Sources[0]
	if want.Kind == "error" {
		if src.Status != flow.Unreadable || problems.Count != 1 || !strings.Contains(src.Detail, want.Code) {
			t.Errorf("status %s, %q; want the error %s", src.Status, src.Detail, want.Code)
		}
		return
	}
	if src.Status != flow.OK || len(doc.Skipped) > 0 {
		t.Errorf("status %s, skipped %v", src.Status, doc.Skipped)
	}
	said := func(code string) bool {
		return slices.ContainsFunc(doc.Coverage, func(c summary.Coverage) bool { return c.Code == code })
	}
	if want.Once == nil { // of listening ports the sums are those of another table
		if src.Records != 0 || doc.Total.Flows != 0 || !said("table-without-flows") {
			t.Errorf("%d records, %d flows of a table without flows", src.Records, doc.Total.Flows)
		}
		return
	}
	if src.Records != want.AsWritten.Rows || !measuredAs(src.Total.IPBytes, plus(want.AsWritten.SentBytes, want.AsWritten.ReceivedBytes)) ||
		!measuredAs(src.Total.Packets, plus(want.AsWritten.SentPackets, want.AsWritten.ReceivedPackets)) {
		t.Errorf("as written: %d rows, %s packets, %s bytes; want %+v", src.Records, src.Total.Packets, src.Total.IPBytes, *want.AsWritten)
	}
	got, once := doc.Services.Total, want.Once
	if !measuredAs(got.Sent.IPBytes, once.SentBytes) || !measuredAs(got.Received.IPBytes, once.ReceivedBytes) || !measuredAs(got.Sent.Packets, once.SentPackets) || !measuredAs(got.Received.Packets, once.ReceivedPackets) {
		t.Errorf("once: %+v", got)
	}
	began := plus(once.Allowed, once.Denied)
	if once.Established != nil {
		began = once.Established
	}
	if began != nil && doc.Total.Flows != *began || once.Denied != nil && doc.Total.Denied.N != *once.Denied {
		t.Errorf("once: %d flows, %s denied", doc.Total.Flows, doc.Total.Denied)
	}
	if doc.Merged.Records != want.LeftOut || said("seen-at-both-ends") != (want.LeftOut > 0) || said("partial-result") != want.Incomplete {
		t.Errorf("%d rows left out, want %d; coverage %v", doc.Merged.Records, want.LeftOut, doc.Coverage)
	}
	want.peers(t, doc)
}

// peers compares the public addresses, by their conversations.
func (want exported) peers(t *testing.T, doc *summary.Document) {
	type peer struct {
		Bytes, Packets, Flows uint64
		Measured              bool
		Denied                bool
	}
	got, wants := map[string]peer{}, map[string]peer{}
	for c := range doc.Conversations.All() {
		for _, a := range []string{c.A, c.B} {
			if _, listed := want.Addresses[a]; listed {
				p := got[a]
				p.Bytes += c.IPBytesAB.N + c.IPBytesBA.N
				p.Packets += c.PacketsAB.N + c.PacketsBA.N
				p.Flows += c.Flows
				p.Measured = p.Measured || c.IPBytesAB.Known
				p.Denied = p.Denied || c.Denied.N > 0
				got[a] = p
			}
		}
	}
	for a, w := range want.Addresses {
		p := peer{Flows: w.Flows, Denied: w.Denied, Measured: w.Sent != nil && !w.Denied}
		if w.Sent != nil {
			p.Bytes, p.Packets = *w.Sent+*w.Received, *w.Packets
		}
		wants[a] = p
	}
	if diff := cmp.Diff(wants, got); diff != "" {
		t.Errorf("public addresses %v: -want +got\n%s", slices.Sorted(maps.Keys(want.Addresses)), diff)
	}
}

// measuredAs reports whether a figure is known to be n, or not known if there is none.
func measuredAs(f summary.Figure, n *uint64) bool {
	return n == nil && !f.Known || n != nil && f.Known && f.N == *n
}

func plus(a, b *uint64) *uint64 {
	if a == nil || b == nil {
		return nil
	}
	n := *a + *b
	return &n
}
