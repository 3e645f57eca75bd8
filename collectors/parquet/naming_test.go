package parquet

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/klauspost/compress/zstd"

	"flowctl/collectors/flow"
)

// fakeNamer gives names that depend on the address, on the view, and of which some
// are missing. Views are points.
type fakeNamer struct {
	names *flow.Names
	views uint32 // 0 for one
	blind bool   // no name is known yet
}

func (f fakeNamer) Any() bool { return !f.blind }

func (f fakeNamer) View(point, _ flow.ID) int32 {
	if f.views == 0 {
		return 0
	}
	return int32(uint32(point) % f.views)
}

func (f fakeNamer) Names(a flow.Addr, view int32) flow.AddressNames {
	if a.IsZero() {
		return flow.AddressNames{}
	}
	n := flow.AddressNames{VNet: f.names.Of(fmt.Sprintf("vnet-%d", view)), ServiceTag: f.names.Of("Storage")}
	if a.Lo%3 == 0 {
		n.VM, n.NIC, n.Subnet = f.names.Of(fmt.Sprintf("vm-%d", a.Lo%100)), f.names.Of("nic"), f.names.Of(fmt.Sprintf("s-%d-%d", view, a.Lo%7))
	}
	if a.Lo%5 == 0 {
		n.Name, n.Host = f.names.Of(fmt.Sprintf("branch-%d", view)), f.names.Of(fmt.Sprintf("h%d.example", a.Lo%11))
	}
	return n
}

// cells returns all texts of a file's column, by row; empty for none, which an empty
// text is not.
func cells(t *testing.T, file []byte, col int, names *flow.Names) (out []string) {
	t.Helper()
	tail, err := readTail(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	tail.leaves[col] = col
	z, _ := zstd.NewReader(nil)
	c := columnReader{r: bytes.NewReader(file), tail: tail, names: names, zstd: z}
	for group := range tail.meta.RowGroups {
		var r read
		c.begin()
		if err := c.read(group, col, &r); err != nil {
			t.Fatal(columns[col].name, err)
		}
		n := 0
		for _, there := range r.there {
			text := ""
			if there && (col == colSource || col == colDestination) {
				text = r.addresses[1+r.slots[n]].String()
			} else if there {
				text = names.Text(flow.ID(r.others[r.slots[n]]))
			}
			if there && text == "" {
				text = "(an empty text)"
			}
			n += int(bit(there))
			out = append(out, text)
		}
	}
	return out
}

// TestNameColumns wants of each row what its addresses are called, seen from where
// the row was seen.
func TestNameColumns(t *testing.T) {
	for _, views := range []uint32{0, 1, 3} {
		names := flow.NewNames()
		list := append(randomRecords(3, 2500, names), logged(4, 1500, names)...)
		namer := fakeNamer{names, views, false}
		var b bytes.Buffer
		w, err := newWriter(&b, names, namer, 1000)
		if err != nil {
			t.Fatal(err)
		}
		w.Add(list)
		if _, err := w.Close(Meta{}); err != nil {
			t.Fatal(err)
		}
		got, _, _, err := load(b.Bytes(), names)
		if err != nil || len(got) != len(list) {
			t.Fatalf("%d records, error %v", len(got), err)
		}
		checkNames(t, b.Bytes(), got, namer)
	}
}

// checkNames compares the columns of names with what records, in the order of the
// file, are called.
func checkNames(t *testing.T, file []byte, rows []flow.Record, namer fakeNamer) {
	t.Helper()
	wrong, some := 0, 0
	for at := range 2 * nameCount {
		got := cells(t, file, colSourceNames+at, namer.names)
		for i := range rows {
			a := [2]flow.Addr{rows[i].Src, rows[i].Dst}[at/nameCount]
			n := namer.Names(a, namer.View(rows[i].Point, rows[i].Target))
			want := namer.names.Text([]flow.ID{n.VM, n.NIC, n.Subnet, n.VNet, n.Region, n.ServiceTag, n.Name, n.Host}[at%nameCount])
			if got[i] != want && wrong < 5 {
				wrong++
				t.Errorf("row %d: %s is %q, want %q", i, columns[colSourceNames+at].name, got[i], want)
			}
			some += len(want)
		}
	}
	if some == 0 {
		t.Error("no row has a name")
	}
}

// BenchmarkNames writes records with every kind of value and the names of their
// addresses.
func BenchmarkNames(b *testing.B) {
	names := flow.NewNames()
	list := randomRecords(1, 1<<17, names)
	for b.Loop() {
		w, err := newWriter(io.Discard, names, fakeNamer{names, 0, false}, groupRows)
		if err != nil {
			b.Fatal(err)
		}
		w.Add(list)
		if _, err := w.Close(Meta{}); err != nil {
			b.Fatal(err)
		}
	}
	perRow(b, len(list))
}
