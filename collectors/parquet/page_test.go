package parquet

import (
	"testing"

	"flowctl/collectors/flow"
)

// FuzzPage unpacks any bytes as the data page of a column: what it takes for
// one has a value for each row that has one, of those that the dictionary has.
func FuzzPage(f *testing.F) {
	names := flow.NewNames()
	part := newPart(names, nil, pageRows)
	part.add(logged(1, pageRows/2, names))
	part.add(randomRecords(2, pageRows-pageRows/2, names))
	part.group()
	for i := range columns {
		v := part.column(i)
		part.pages.values(columns[i], &v, columns[i].encoding())
		f.Add(uint8(i), append([]byte(nil), part.pages.data...))
	}
	f.Fuzz(func(t *testing.T, column uint8, page []byte) {
		i := int(column) % columnCount
		var c columnReader
		out := read{addresses: make([]flow.Addr, 1)}
		switch {
		case i == colSource || i == colDestination:
			out.addresses = make([]flow.Addr, pageRows)
		case columns[i].sort == text || columns[i].sort == number:
			out.others = make([]uint32, pageRows)
		}
		if guard(func() error { return c.data(i, columns[i].encoding(), page, pageRows, &out) }) != nil {
			return
		}
		values := 0
		for _, t := range out.there {
			values += int(bit(t))
		}
		if len(out.there) != pageRows || values != out.values || max(len(out.slots), len(out.ints)) != values {
			t.Fatalf("%d rows, %d values said, %d there, %d slots, %d integers", len(out.there), out.values, values, len(out.slots), len(out.ints))
		}
		c.alike.spread(columns[i], &out)
		if len(out.others) > 0 {
			out.combine(make([]uint32, pageRows), 1)
			for _, slot := range first(out.byRow(nil)) {
				out.choice(int(slot))
			}
		}
	})
}

func first(slots, _ []int32) []int32 { return slots }

// pageRows is how many rows the pages of FuzzPage have.
const pageRows = 60
