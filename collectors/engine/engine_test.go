package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/go-cmp/cmp"

	"flowctl/collectors/flow"
)

func TestParseURL(t *testing.T) {
	for text, want := range map[string]Address{
		"clickhouse://ch1": {Hosts: []string{"ch1:9440"}, Database: "flowctl", Secure: true},
		"clickhouse://me@ch1:1,[::1],ch3/net?cluster=c&secure=false": {Hosts: []string{"ch1:1", "[::1]:9000", "ch3:9000"}, Database: "net", User: "me", Cluster: "c"},
	} {
		got, err := ParseURL(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: error %v, -want +got\n%s", text, err, diff)
		}
	}
	for text, says := range map[string]string{
		"":                                  "does not begin",
		"http://ch1/x":                      "does not begin",
		"clickhouse:///x":                   "names no host",
		"clickhouse://a,/x":                 "names no host",
		"clickhouse://u:geheim@ch1/x":       PasswordVariable,
		"clickhouse://u:ge%heim@ch1/x":      "no URL",
		"clickhouse://ch1/x;drop":           "no name of a database",
		"clickhouse://ch1/x?cluster='":      "no name of a cluster",
		"clickhouse://ch1/x?secure=perhaps": "secure is true or false",
		"clickhouse://ch1/x?pass=geheim":    "no setting",
		"clickhouse://ch1:99999/x":          "is no port",
	} {
		_, err := ParseURL(text)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v, want %q and no secret", text, err, says)
		}
	}
}

// TestIdentity wants a record to be known whatever the order of its rows, and by
// everything that it says.
func TestIdentity(t *testing.T) {
	names := flow.NewNames()
	log, nic := names.Of("LOG"), names.Of("0022484D1200")
	record := func() flow.Batch {
		var b flow.Batch
		for i := range 20 {
			b = append(b, flow.Record{Key: flow.Key{Src: flow.Addr4(uint32(i / 2)), DstPort: 443}, State: flow.Continue, Rule: names.Of("rule")})
		}
		return b
	}
	d := identity{names: newTexts(names)}
	id := flow.RecordID{Log: log, Point: nic, Minute: 7}
	want, rows := d.of(id, record()), record()
	rand.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	other := identity{names: newTexts(names)}
	if got := other.of(id, rows); got != want {
		t.Error("another order makes it another record")
	}
	if diff := cmp.Diff(record(), rows); diff != "" {
		t.Errorf("rows are not in one order: %s", diff)
	}
	for name, change := range map[string]func(id *flow.RecordID, r *flow.Record){
		"log": func(id *flow.RecordID, _ *flow.Record) { id.Log = nic }, "interface": func(id *flow.RecordID, _ *flow.Record) { id.Point = log },
		"minute": func(id *flow.RecordID, _ *flow.Record) { id.Minute++ }, "source": func(_ *flow.RecordID, r *flow.Record) { r.Src.Lo++ },
		"destination": func(_ *flow.RecordID, r *flow.Record) { r.Dst.Hi++ }, "port": func(_ *flow.RecordID, r *flow.Record) { r.SrcPort++ },
		"protocol": func(_ *flow.RecordID, r *flow.Record) { r.Proto++ }, "time": func(_ *flow.RecordID, r *flow.Record) { r.First++ },
		"state": func(_ *flow.RecordID, r *flow.Record) { r.State = flow.End }, "direction": func(_ *flow.RecordID, r *flow.Record) { r.Direction = flow.Inbound },
		"rule": func(_ *flow.RecordID, r *flow.Record) { r.Rule = 0 }, "acl": func(_ *flow.RecordID, r *flow.Record) { r.ACL = log },
		"encryption": func(_ *flow.RecordID, r *flow.Record) { r.Encryption = flow.Encrypted }, "bytes": func(_ *flow.RecordID, r *flow.Record) { r.Received.IPBytes++ },
		"measured": func(_ *flow.RecordID, r *flow.Record) { r.Measured = 3 },
	} {
		rows, id := record(), id
		change(&id, &rows[4])
		if d.of(id, rows) == want {
			t.Errorf("another %s is the same record", name)
		}
	}
	if d.of(id, record()[:19]) == want {
		t.Error("a row less is the same record")
	}
}

func TestExplain(t *testing.T) {
	a := Address{Hosts: []string{"ch1:9440"}}
	for says, err := range map[string]error{
		"grants":                   &clickhouse.Exception{Code: 497, Message: "Not enough privileges"},
		"max_memory_usage":         &clickhouse.Exception{Code: 241},
		"engine init":              &clickhouse.Exception{Code: 60},
		"code 9999): strange":      &clickhouse.Exception{Code: 9999, Message: "strange\nstack"},
		"did not answer in time":   context.DeadlineExceeded,
		"at ch1:9440: who knows":   errors.New("who knows"),
		"not its native port (944": errors.New("read: EOF"),
	} {
		if got := a.explain("ask", err); got == nil || !strings.Contains(got.Error(), says) || strings.Contains(got.Error(), "stack") {
			t.Errorf("%v: %v, want %q", err, got, says)
		}
	}
	if err := a.explain("ask", context.Canceled); !errors.Is(err, context.Canceled) || a.explain("ask", nil) != nil {
		t.Error("what was cancelled is told")
	}
}

// TestColumns wants every part of a record to come back as it was.
func TestColumns(t *testing.T) {
	names := flow.NewNames()
	in, out := newTexts(names), newTexts(names)
	want := flow.Record{
		Key: flow.Key{Src: flow.Addr4(7), Dst: flow.Unspecified, SrcPort: 1, DstPort: 2, Proto: 3}, First: flow.NoTime, Last: -5,
		Sent: flow.Count{Packets: 1, IPBytes: 2, FrameBytes: 3}, Received: flow.Count{Packets: 4, IPBytes: 5, FrameBytes: 6}, Measured: flow.Packets | flow.SentOnly,
		Class: flow.Capture, Direction: flow.Outbound, State: flow.Deny, Encryption: names.Encryption([]byte("NX_NEW")), Tunnel: flow.PPPoE, Guessed: true, EtherType: 9,
		Point: names.Of("p"), Log: names.Of("l"), Target: names.Of("t"), Rule: names.Of("r"), ACL: names.Of("a"),
		TCP: flow.TCP{Sent: flow.TCPCount{Retransmitted: 1, DupACKs: 2, RetransmittedBytes: 3, SYN: 4, SYNACK: 5, FIN: 6, RST: 7, ZeroWindow: 8, KeepAlive: 9}, Received: flow.TCPCount{SYN: 1}, Answered: 2, Confirmed: 3, Seen: flow.TCPPartly},
	}
	var got flow.Record
	for _, c := range columns {
		b, to := c.buffer(), c.cell()
		b.add(&want, in)
		if err := b.send(passing{to.pointer()}); err != nil {
			t.Fatal(c.name(), err)
		}
		to.put(&got, out)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// passing gives a column's one value to a cell.
type passing struct{ to any }

func (p passing) Append(all any) error {
	reflect.ValueOf(p.to).Elem().Set(reflect.ValueOf(all).Index(0))
	return nil
}

func (p passing) AppendRow(any) error { return errors.New("one by one") }
