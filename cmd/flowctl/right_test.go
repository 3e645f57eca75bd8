package main

import (
	"encoding/csv"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// counted is a flow of a log with what its tuples add up to, whoever told of it.
type counted struct {
	tuple
	sent, received, packets uint64
	first, last             time.Time
}

// flows are those of the log of which tuples are kept, by their five values. Two
// interfaces that saw a flow say the same of it, so the tuples of one of them do.
func (t *traffic) flows(keep func(tuple) bool) []counted {
	var list []counted
	at := map[int]int{} // by the client's port, which is of one flow alone
	for _, p := range t.tuples {
		if keep != nil && !keep(p) {
			continue
		}
		i, known := at[p.srcPort]
		if !known {
			i, list = len(list), append(list, counted{tuple: p, first: p.at()})
			at[p.srcPort] = i
		}
		if f := &list[i]; f.nic == p.nic {
			f.packets += p.counted[0] + p.counted[2]
			f.sent += p.counted[1]
			f.received += p.counted[3]
			f.last = p.at()
		}
	}
	return list
}

func (c counted) denied() bool { return c.state == "D" }

func local(address string) bool {
	return slices.ContainsFunc(machines, func(m struct{ address, mac, vm, subnet string }) bool { return m.address == address })
}

func public(address string) bool {
	return !netip.MustParseAddr(address).IsPrivate() && address != "168.63.129.16"
}

// verdict, service and where a machine is, in the words of answers.
func (c counted) verdict() string {
	if c.denied() {
		return "denied"
	}
	return "allowed"
}

func (c counted) service() string {
	return map[int]string{22: "ssh", 53: "dns", 80: "http", 443: "https", 1433: "mssql", 3389: "rdp", 5432: "postgresql", 8080: "http-alt"}[c.dstPort]
}

func subnetOf(address string) string {
	for _, m := range machines {
		if m.address == address {
			return m.subnet
		}
	}
	return ""
}

// row is a line of an answer, by the names of its columns; what is not in it is not
// compared.
type row map[string]string

// sum makes rows of flows: of each flow one for every key that it has.
func sum(flows []counted, by []string, keys func(counted) [][]string, columns ...string) []row {
	type total struct{ flows, denied, sent, received, packets, first, last uint64 }
	totals := map[string]*total{}
	for _, f := range flows {
		for _, key := range keys(f) {
			k := strings.Join(key, "\x00")
			if totals[k] == nil {
				totals[k] = &total{first: 1 << 62}
			}
			v := totals[k]
			v.flows++
			if f.denied() {
				v.denied++
			}
			v.sent, v.received, v.packets = v.sent+f.sent, v.received+f.received, v.packets+f.packets
			v.first, v.last = min(v.first, uint64(f.first.Unix())), max(v.last, uint64(f.last.Unix()))
		}
	}
	var rows []row
	for k, v := range totals {
		r := row{}
		for i, part := range strings.Split(k, "\x00") {
			if i < len(by) {
				r[by[i]] = part
			}
		}
		instant := func(s uint64) string {
			return time.Unix(int64(s), 0).UTC().Format("2006-01-02T15:04:05.000000000Z")
		}
		all := row{
			"flows": number(v.flows), "denied": number(v.denied), "first": instant(v.first), "last": instant(v.last),
			"ip_bytes": number(v.sent + v.received), "sent_ip_bytes": number(v.sent), "received_ip_bytes": number(v.received), "packets": number(v.packets),
		}
		for _, c := range columns {
			r[c] = all[c]
			if v.flows == v.denied && (strings.HasSuffix(c, "bytes") || c == "packets") {
				r[c] = "" // not measured, which is not 0
			}
		}
		rows = append(rows, r)
	}
	return rows
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

// those are the flows for which a condition holds.
func those(flows []counted, holds func(counted) bool) []counted {
	return slices.DeleteFunc(flows, func(c counted) bool { return !holds(c) })
}

// one is a single key.
func one(of func(counted) []string) func(counted) [][]string {
	return func(c counted) [][]string { return [][]string{of(c)} }
}

// ends are the watched ends of a flow, each with what left it.
func ends(flows []counted, of func(here, there string, c counted) (key []string, ok bool), by ...string) []row {
	sums := map[string][2]uint64{}
	for _, f := range flows {
		for i, here := range []string{f.src, f.dst} {
			key, ok := of(here, []string{f.dst, f.src}[i], f)
			if !local(here) || !ok || f.denied() {
				continue
			}
			k := strings.Join(key, "\x00")
			v := sums[k]
			v[0] += []uint64{f.sent, f.received}[i]
			v[1] += []uint64{f.received, f.sent}[i]
			sums[k] = v
		}
	}
	var rows []row
	for k, v := range sums {
		r := row{"left_ip_bytes": number(v[0]), "arrived_ip_bytes": number(v[1])}
		for i, part := range strings.Split(k, "\x00") {
			r[by[i]] = part
		}
		rows = append(rows, r)
	}
	return rows
}

// inCapture are the conversations of the capture, by who opened them.
func inCapture(t *traffic, keep func(packet) bool) []row {
	type total struct {
		row
		there, back, packets uint64
	}
	sums := map[string]*total{}
	for _, p := range t.packets {
		if !keep(p) {
			continue
		}
		r := row{"source.address": p.client.Addr().String(), "destination.address": p.server.Addr().String(), "protocol": p.protocol}
		key := fmt.Sprint(r)
		if sums[key] == nil {
			sums[key] = &total{row: r}
		}
		v := sums[key]
		v.packets++
		if p.src == p.client {
			v.there += p.bytes
		} else {
			v.back += p.bytes
		}
	}
	var rows []row
	for _, v := range sums {
		v.row["sent_ip_bytes"], v.row["received_ip_bytes"], v.row["packets"] = number(v.there), number(v.back), number(v.packets)
		rows = append(rows, v.row)
	}
	return rows
}

// most are the n rows that have most of a column.
func most(rows []row, column string, n int) []row {
	slices.SortFunc(rows, func(a, b row) int {
		x, _ := strconv.ParseUint(a[column], 10, 64)
		y, _ := strconv.ParseUint(b[column], 10, 64)
		return int(int64(y) - int64(x))
	})
	return rows[:min(n, len(rows))]
}

// text is rows as lines, in an order of their own.
func text(rows []row) string {
	var lines []string
	for _, r := range rows {
		var parts []string
		for _, name := range slices.Sorted(maps.Keys(r)) {
			parts = append(parts, name+"="+r[name])
		}
		lines = append(lines, strings.Join(parts, " "))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// right N FILE wants a file of comma-separated values to be the right answer to the
// question N about the traffic of writeTraffic: these rows, no others, and the columns
// that the question is about.
func right(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.Atoi(args[0])
	ts.Check(err)
	want := thirty[n-1].right(trafficOf(1))
	lines, err := csv.NewReader(strings.NewReader(ts.ReadFile(args[1]))).ReadAll()
	ts.Check(err)
	got := []row{}
	for _, line := range lines[1:] {
		r := row{}
		for i, name := range lines[0] {
			if _, compared := want[0][name]; compared {
				r[name] = line[i]
			}
		}
		got = append(got, r)
	}
	if len(want) == 0 || (text(got) == text(want)) == neg {
		ts.Fatalf("question %d: %s\n--- got\n%s\n--- want\n%s", n, thirty[n-1].question, text(got), text(want))
	}
}

// TestRight wants traffic about which questions can be told right from wrong: each
// has rows to find, and where it selects, rows to leave out.
func TestRight(t *testing.T) {
	for i, q := range thirty {
		if q.right == nil {
			continue
		}
		if rows := q.right(trafficOf(1)); len(rows) == 0 {
			t.Errorf("question %d, %s: nothing to find", i+1, q.question)
		}
		if text(q.right(trafficOf(1))) == text(q.right(trafficOf(2))) {
			t.Errorf("question %d, %s: the same of other traffic", i+1, q.question)
		}
	}
	if once, again := trafficOf(1), trafficOf(1); !slices.Equal(once.tuples, again.tuples) {
		t.Error("the traffic of a seed differs from time to time")
	}
}
