package flowlog

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
)

// truth is what jq counts in a flow log.
type truth struct {
	Bytes      int64             `json:"bytes"`
	Records    uint64            `json:"flow_records"`
	Versions   map[string]uint64 `json:"versions"`
	MACs       []string          `json:"macs"`
	Targets    []string          `json:"targets"`
	State      map[string]uint64 `json:"by_state"`
	Direction  map[string]uint64 `json:"by_direction"`
	Protocol   map[string]uint64 `json:"by_protocol"`
	Encryption map[string]uint64 `json:"by_encryption"`
	Rule       map[string]uint64 `json:"by_rule"`
	ACL        map[string]uint64 `json:"by_acl"`
	FirstMS    int64             `json:"first_ms"`
	LastMS     int64             `json:"last_ms"`
	Total      sums              `json:"total"`
	Pairs      []pair            `json:"pairs"`
	Services   []service         `json:"services"`
	Flows      int               `json:"flows"`
}

type sums struct {
	Tuples          uint64 `json:"tuples"`
	Denied          uint64 `json:"denied"`
	PacketsSent     uint64 `json:"packets_sent"`
	BytesSent       uint64 `json:"bytes_sent"`
	PacketsReceived uint64 `json:"packets_received"`
	BytesReceived   uint64 `json:"bytes_received"`
}

func (s *sums) add(r *flow.Record) {
	s.Tuples++
	if r.Denied() {
		s.Denied++
	}
	s.PacketsSent += r.Sent.Packets
	s.BytesSent += r.Sent.IPBytes
	s.PacketsReceived += r.Received.Packets
	s.BytesReceived += r.Received.IPBytes
}

type pair struct {
	Src string `json:"src"`
	Dst string `json:"dst"`
	sums
}

type service struct {
	Proto uint8  `json:"proto"`
	Dst   string `json:"dst"`
	DPort uint16 `json:"dport"`
	sums
}

// TestTruth reads the files of the corpus, which others wrote, and compares
// with what another tool counts in them.
func TestTruth(t *testing.T) {
	corpus := os.Getenv("FLOWCTL_CORPUS")
	if corpus == "" {
		t.Skip("FLOWCTL_CORPUS does not name the folder of real files")
	}
	files, _ := filepath.Glob(filepath.Join(corpus, "flowlogs", "*.truth.json"))
	if len(files) == 0 {
		t.Fatalf("no flow logs in %s", corpus)
	}
	for _, file := range files {
		name := strings.TrimSuffix(file, ".truth.json")
		t.Run(filepath.Base(name), func(t *testing.T) {
			var want truth
			unmarshal(t, file, &want)
			data, err := os.ReadFile(name + ".json")
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range []options{{maxRecord: MaxRecord}, {maxRecord: MaxRecord, reference: true}} {
				got := readAll(data, o)
				if got.err != nil || len(got.skipped) > 0 || got.source.Status != flow.OK {
					t.Fatalf("status %s, skipped %v, error %v", got.source.Status, got.skipped, got.err)
				}
				if diff := gocmp.Diff(canonical(want), canonical(got.truth()), gocmp.AllowUnexported(pair{}, service{})); diff != "" {
					t.Errorf("reference %t: -want +got\n%s", o.reference, diff)
				}
			}
		})
	}
}

func unmarshal(t *testing.T, file string, into any) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// canonical drops what the records do not say and brings the rest in order.
func canonical(v truth) truth {
	slices.SortFunc(v.Pairs, func(a, b pair) int { return cmp.Or(cmp.Compare(a.Src, b.Src), cmp.Compare(a.Dst, b.Dst)) })
	slices.SortFunc(v.Services, func(a, b service) int {
		return cmp.Or(cmp.Compare(a.Dst, b.Dst), cmp.Compare(a.DPort, b.DPort), cmp.Compare(a.Proto, b.Proto))
	})
	v.Records, v.Versions = 0, keysOf(v.Versions)
	return v
}

func keysOf(m map[string]uint64) map[string]uint64 {
	keys := map[string]uint64{}
	for k := range m {
		keys[k] = 1
	}
	return keys
}

// result is what Read made of a file.
type result struct {
	source  flow.Source
	names   *flow.Names
	records []flow.Record
	skipped []flow.Skip
	err     error
	met     met
}

// met is the records that a reader asked about, all of which count.
type met struct {
	mu  sync.Mutex
	ids []flow.RecordID
}

func (m *met) Meet(id flow.RecordID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ids = append(m.ids, id)
	return true
}

func (m *met) Repeat(flow.Batch) flow.Batch { return nil }

func (m *met) Lost() {}

func (m *met) String() string {
	slices.SortFunc(m.ids, func(a, b flow.RecordID) int {
		return cmp.Or(cmp.Compare(a.Minute, b.Minute), cmp.Compare(a.Content[0], b.Content[0]))
	})
	return fmt.Sprintf("%v", m.ids)
}

// oneNames is for all reads, so that what they say of names can be compared.
var oneNames = flow.NewNames()

func readAll(data []byte, o options) *result { return readFrom(bytes.NewReader(data), o) }

func readFrom(r io.Reader, o options) *result {
	res := &result{source: flow.Source{Path: "test"}, names: oneNames}
	var skipped flow.Skipped
	in := flow.Input{Source: &res.source, Names: res.names, Skipped: &skipped, Evidence: &res.met}
	for b, err := range read(r, in, o) {
		res.records = append(res.records, b...)
		res.err = err
	}
	res.skipped = skipped.All()
	return res
}

// truth counts what was read as a truth file does.
func (res *result) truth() truth {
	v := truth{
		Bytes: res.source.Bytes, MACs: res.source.Points, Versions: map[string]uint64{},
		State: map[string]uint64{}, Direction: map[string]uint64{}, Protocol: map[string]uint64{},
		Encryption: map[string]uint64{}, Rule: map[string]uint64{}, ACL: map[string]uint64{},
	}
	for _, s := range strings.Split(res.source.Detail[strings.IndexByte(res.source.Detail, ' ')+1:], ", ") {
		v.Versions[s] = 1
	}
	pairs, services, flows := map[[2]string]*sums{}, map[service]*sums{}, map[flow.Key]bool{}
	for k := range res.records {
		r := &res.records[k]
		v.Total.add(r)
		p := [2]string{r.Src.String(), r.Dst.String()}
		s := service{Proto: r.Proto, Dst: r.Dst.String(), DPort: r.DstPort}
		if pairs[p] == nil {
			pairs[p] = &sums{}
		}
		if services[s] == nil {
			services[s] = &sums{}
		}
		pairs[p].add(r)
		services[s].add(r)
		flows[r.Key] = true
		v.State[res.state(r)]++
		v.Direction[map[flow.Direction]string{flow.Inbound: "I", flow.Outbound: "O"}[r.Direction]]++
		v.Protocol[strconv.Itoa(int(r.Proto))]++
		v.Encryption[map[bool]string{true: r.Encryption.String()}[r.Encryption != 0]]++
		v.Rule[res.names.Text(r.Rule)]++
		if r.Class == flow.NSGLog { // the file names no ACL: it is the NSG's own
			v.ACL[""]++
		} else {
			v.ACL[res.names.Text(r.ACL)]++
		}
		if target := res.names.Text(r.Target); !slices.Contains(v.Targets, target) {
			v.Targets = append(v.Targets, target)
		}
		if ms := r.First / 1e6; k == 0 || ms < v.FirstMS {
			v.FirstMS = ms
		}
		v.LastMS = max(v.LastMS, r.Last/1e6)
	}
	for p, s := range pairs {
		v.Pairs = append(v.Pairs, pair{p[0], p[1], *s})
	}
	for s, sum := range services {
		s.sums = *sum
		v.Services = append(v.Services, s)
	}
	v.Flows = len(flows)
	return v
}

// state is the letter that a truth file counts: none in version 1, and in
// version 2 a denied flow begins.
func (res *result) state(r *flow.Record) string {
	switch {
	case strings.Contains(res.source.Detail, "1"):
		return ""
	case r.State == flow.Deny && res.source.Kind == flow.NSGFlowLog:
		return "B"
	}
	return map[flow.State]string{flow.Begin: "B", flow.Continue: "C", flow.End: "E", flow.Deny: "D"}[r.State]
}

func testInput() flow.Input {
	return flow.Input{Source: &flow.Source{Path: "test"}, Names: flow.NewNames(), Skipped: new(flow.Skipped)}
}

func timeOf(ns int64) time.Time { return time.Unix(0, ns).UTC() }
