package parquet

import (
	"bytes"
	"strings"

	pq "github.com/parquet-go/parquet-go"

	"flowctl/collectors/flow"
)

// mostAddresses is how many addresses an encoder keeps the texts of from one
// row group to the next.
const mostAddresses = 2 * groupRows

// addresses are the texts of addresses. The number of none is 0.
type addresses struct {
	numbers map[flow.Addr]uint32
	texts   [][]byte // by number
}

func (a *addresses) reset() {
	if a.numbers == nil || len(a.texts) > mostAddresses {
		a.numbers, a.texts = map[flow.Addr]uint32{}, append(a.texts[:0], nil)
	}
}

// number returns the number of x.
func (a *addresses) number(x flow.Addr) uint32 {
	if x.IsZero() {
		return 0
	}
	n, ok := a.numbers[x]
	if !ok {
		n = uint32(len(a.texts))
		a.numbers[x] = n
		a.texts = append(a.texts, x.Netip().AppendTo(nil))
	}
	return n
}

// value returns the address with a number as a value of a column.
func (a *addresses) value(col int, n uint32) pq.Value {
	if n == 0 {
		return pq.Value{}
	}
	return pq.ByteArrayValue(a.texts[n]).Level(0, 1, col)
}

func (a *addresses) compare(x, y uint32) int {
	if x == y {
		return 0
	}
	return bytes.Compare(a.texts[x], a.texts[y])
}

// texts are the texts of names as values, by flow.ID.
type texts struct {
	names *flow.Names
	list  []knownText
	group uint32 // row group that is being taken
}

type knownText struct {
	value pq.Value
	size  int
	group uint32 // last one it was in
}

// add returns how many bytes id adds to the texts of the row group.
func (t *texts) add(id flow.ID) int {
	if int(id) >= len(t.list) {
		t.list = append(t.list, make([]knownText, int(id)+1-len(t.list))...)
	}
	k := &t.list[id]
	if id == 0 || k.group == t.group {
		return 0
	}
	if k.group == 0 {
		s := strings.ToValidUTF8(t.names.Text(id), "\ufffd")
		*k = knownText{value: pq.ByteArrayValue([]byte(s)).Level(0, 1, 0), size: len(s)}
	}
	k.group = t.group
	return k.size
}

// enumTexts are the texts of enumerated values as values.
type enumTexts [32]pq.Value

func newEnumTexts(col int) *enumTexts {
	t := &enumTexts{}
	for v := range t {
		t[v] = pq.ByteArrayValue([]byte(enumText(col, uint16(v)))).Level(0, 1, col)
	}
	return t
}

// enumText is the text of an enumerated value.
func enumText(col int, v uint16) string {
	switch col {
	case colDirection:
		return flow.Direction(v).String()
	case colState:
		return flow.State(v).String()
	case colEncryption:
		return flow.Encryption(v).String()
	}
	return flow.Tunnel(v).String()
}

// enumValue is the value with a text, as enumText gives it.
func enumValue(col int, s string) (uint8, bool) {
	for v := uint16(1); v < uint16(len(enumTexts{})); v++ {
		if t := enumText(col, v); t == s && t != "unknown" {
			return uint8(v), true
		}
	}
	return 0, false
}
