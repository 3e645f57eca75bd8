package collectors

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"flowctl/collectors/pcap/pcaptest"
	"flowctl/collectors/summary"
	"flowctl/plan/question"
)

// singleFlows wants single flows to be as many, and as much, as the total says, each
// with what is known of it; and the same by any workers and from any order.
func singleFlows(t *testing.T, dir string, r *rand.Rand, records []string) error {
	one := saved(dir, "PT1H.json", file(records))
	r.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	first, again := flowsOf(t, Sum{Workers: 1}, one), flowsOf(t, Sum{Workers: 3}, saved(dir, "b.json", file(records)), one)
	var sum amount
	var denied uint64
	for i, row := range first.Rows {
		sum = sum.plus(row)
		denied += row.Denied.N
		f := row.Flow
		if f == nil || row.Flows != 1 || len(f.SeenAt) == 0 || (row.Denied.N == 1) != (f.Verdict == "denied") || f.State == "denied" && f.Verdict != "denied" {
			return fmt.Errorf("flow %v: %+v, %d denied", row.Key, f, row.Denied.N)
		}
		if a, b := fmt.Sprintf("%v %+v", row.Key, *f), fmt.Sprintf("%v %+v", again.Rows[i].Key, *again.Rows[i].Flow); pointless(f) != pointless(again.Rows[i].Flow) || row.Volume != again.Rows[i].Volume {
			return fmt.Errorf("%s, read otherwise %s", a, b)
		}
	}
	if uint64(len(first.Rows)) != first.Total.Flows || sum != (amount{}).plus(first.Total) || denied != first.Total.Denied.N {
		return fmt.Errorf("%d flows of %+v, %d denied; the total is %d of %+v", len(first.Rows), sum, denied, first.Total.Flows, first.Total)
	}
	return nil
}

// pointless is what is known of a flow, as text without addresses of memory.
func pointless(f *summary.Single) string {
	s := -1.0
	if f.Seconds != nil {
		s = *f.Seconds
	}
	return fmt.Sprint(f.State, f.Verdict, f.Rules, f.SeenAt, s)
}

// Flows of captures are as many, and as much, as the summary says, in generated ones and
// in all of the corpus.
func TestFlowsOfCaptures(t *testing.T) {
	paths := []string{saved(t.TempDir(), "made.pcap", madeCapture())}
	if dir := os.Getenv("FLOWCTL_CORPUS"); dir != "" {
		err := filepath.WalkDir(filepath.Join(dir, "captures"), func(p string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				paths = append(paths, p)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	read := 0
	for _, p := range paths {
		s := Sum{Items: itemsOf(p)}
		doc, problems, err := s.Run(t.Context())
		if err != nil || problems.Count > 0 {
			continue // is no capture
		}
		read++
		flows := flowsOf(t, Sum{}, p)
		var sum amount
		for _, row := range flows.Rows {
			sum = sum.plus(row)
		}
		if flows.Others != nil {
			sum = sum.plus(*flows.Others)
		}
		if sum != (amount{}).plus(flows.Total) {
			t.Errorf("%s: flows are %+v, and their total %+v", p, sum, flows.Total)
		}
		want := doc.Total
		if flows.Total.Flows != want.Flows || flows.Total.Packets.N != want.Packets.N || flows.Total.IPBytes.N != want.IPBytes.N {
			t.Errorf("%s: %d flows of %v packets, %v bytes; the summary has %d, %v and %v", p, flows.Total.Flows, flows.Total.Packets, flows.Total.IPBytes, want.Flows, want.Packets, want.IPBytes)
		}
		if err := doc.Conversations.Close(); err != nil {
			t.Error(err)
		}
	}
	if read == 0 {
		t.Error("no capture was read")
	}
}

// The flows that are shown are the first of all, by any order and however few they are.
func TestOrderOfFlows(t *testing.T) {
	path := saved(t.TempDir(), "made.pcap", madeCapture())
	value := map[string]func(summary.Row) (float64, bool){
		"duration": func(r summary.Row) (float64, bool) { return deref(r.Flow.Seconds) },
		"rate":     func(r summary.Row) (float64, bool) { return deref(r.Flow.BitsPerS) },
		"packets":  func(r summary.Row) (float64, bool) { return float64(r.Packets.N), r.Packets.Known },
		"destination.port": func(r summary.Row) (float64, bool) {
			n, err := strconv.Atoi(r.Key[4])
			return float64(n), err == nil
		},
		"source.address": func(r summary.Row) (float64, bool) {
			a, err := netip.ParseAddr(r.Key[1])
			if err != nil {
				return 0, false
			}
			if a.Is6() { // after those of IPv4
				b := a.As16()
				return 1<<32 + float64(binary.BigEndian.Uint64(b[:])), true
			}
			b := a.As4()
			return float64(binary.BigEndian.Uint32(b[:])), true
		},
	}
	for name, of := range value {
		for _, ascending := range []bool{false, true} {
			order := question.Order{Measure: name, Ascending: ascending}
			all := orderedFlows(t, order, 100_000, path)
			for i := range all[1:] {
				x, knowsX := of(all[i])
				y, knowsY := of(all[i+1])
				if knowsY && (!knowsX || ascending && x > y || !ascending && x < y) {
					t.Fatalf("%v: %v before %v", order, x, y)
				}
			}
			for _, top := range []int{1, 7, len(all) / 2} {
				few := orderedFlows(t, order, top, path)
				for i := range few {
					if fmt.Sprint(few[i].Key) != fmt.Sprint(all[i].Key) {
						t.Fatalf("%v, %d rows: row %d is %v, of all it is %v", order, top, i, few[i].Key, all[i].Key)
					}
				}
			}
		}
	}
}

func deref(v *float64) (float64, bool) {
	if v == nil {
		return 0, false
	}
	return *v, true
}

func orderedFlows(t *testing.T, o question.Order, top int, path string) []summary.Row {
	t.Helper()
	q := summary.CompileFlows(question.Question{Name: "q", Top: top, Order: o})
	s := Sum{Items: itemsOf(path), Options: summary.Options{Questions: []*summary.Question{q}, Only: true}}
	doc, _, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return doc.Asks[0].Rows
}

// madeCapture is a capture of some hundred flows that are mixed in time.
func madeCapture() string {
	return string(pcaptest.Traffic{Seed: 13, Packets: 3000, Flows: 200, Active: 40, Data: 300, Span: 7 * time.Minute}.File(pcaptest.Classic{}, 65535))
}

func flowsOf(t *testing.T, s Sum, paths ...string) summary.Answer {
	t.Helper()
	q := summary.CompileFlows(question.Question{Name: "q", Top: 100_000})
	s.Items, s.Options = itemsOf(paths...), summary.Options{Questions: []*summary.Question{q}, Only: true}
	doc, _, err := s.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return doc.Asks[0]
}
