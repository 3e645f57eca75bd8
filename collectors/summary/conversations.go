package summary

import (
	"cmp"
	"encoding/json"
	"iter"
	"slices"
	"strconv"

	"flowctl/collectors/aggregate"
)

// Conversations are all conversations of a run, in the order of their
// addresses. They are kept small and written out one at a time.
type Conversations struct {
	pairs *pairs
	list  []Conversation // of a document that was read
}

// ConversationsOf returns the given conversations.
func ConversationsOf(list []Conversation) Conversations { return Conversations{list: list} }

// Len is the number of conversations.
func (c Conversations) Len() int {
	if c.pairs != nil {
		return c.pairs.len()
	}
	return len(c.list)
}

// Err is why All ended early: conversations could not be read back from a
// temporary file.
func (c Conversations) Err() error {
	if c.pairs == nil {
		return nil
	}
	return c.pairs.err
}

// Close removes temporary files. No conversation can be read afterwards.
func (c Conversations) Close() error {
	if c.pairs == nil {
		return nil
	}
	return c.pairs.close()
}

// All yields every conversation; see Err.
func (c Conversations) All() iter.Seq[Conversation] {
	if c.pairs == nil {
		return slices.Values(c.list)
	}
	return func(yield func(Conversation) bool) {
		c.pairs.all(func(p pair) bool { return yield(p.conversation()) })
	}
}

// MarshalJSON writes all conversations; Document.Write does so without
// holding the text in memory.
func (c Conversations) MarshalJSON() ([]byte, error) {
	b := []byte{'['}
	for v := range c.All() {
		if len(b) > 1 {
			b = append(b, ',')
		}
		b = v.appendJSON(b)
	}
	return append(b, ']'), c.Err()
}

// UnmarshalJSON reads all conversations.
func (c *Conversations) UnmarshalJSON(b []byte) error {
	c.pairs = nil
	return json.Unmarshal(b, &c.list)
}

// appendJSON does what encoding/json would, several times faster: documents
// of a million conversations are written here.
func (c *Conversation) appendJSON(b []byte) []byte {
	b = append(b, `{"a":"`...)
	b = append(b, c.A...)
	b = append(b, `","b":"`...)
	b = append(b, c.B...)
	b = append(b, '"')
	for _, f := range []struct {
		name string
		v    Figure
	}{
		{"packets_ab", c.PacketsAB}, {"bytes_ab", c.BytesAB}, {"ip_bytes_ab", c.IPBytesAB},
		{"packets_ba", c.PacketsBA}, {"bytes_ba", c.BytesBA}, {"ip_bytes_ba", c.IPBytesBA},
	} {
		b = f.v.appendJSON(member(b, f.name))
	}
	b = strconv.AppendUint(member(b, "flows"), c.Flows, 10)
	b = c.Denied.appendJSON(member(b, "denied"))
	b = c.First.appendJSON(member(b, "first"))
	b = c.Last.appendJSON(member(b, "last"))
	return append(b, '}')
}

func member(b []byte, name string) []byte {
	b = append(b, `,"`...)
	b = append(b, name...)
	return append(b, `":`...)
}

// sorted returns the numbers of the pairs in memory in the order of their addresses.
// Pairs of IPv4 addresses fit into a word and are sorted as such.
func (p *pairs) sorted() []uint32 {
	type short struct {
		key uint64
		n   uint32
	}
	shorts := make([]short, 0, p.rows.N)
	var others []uint32
	for i := range p.rows.N {
		r := p.rows.At(i)
		if r.Src.Is4() && r.Dst.Is4() {
			shorts = append(shorts, short{r.Src.Lo<<32 | r.Dst.Lo&0xffffffff, uint32(i)})
		} else {
			others = append(others, uint32(i))
		}
	}
	slices.SortFunc(shorts, func(a, b short) int { return cmp.Compare(a.key, b.key) })
	slices.SortFunc(others, p.compare)
	order := make([]uint32, 0, p.rows.N)
	for _, s := range shorts {
		for len(others) > 0 && p.compare(others[0], s.n) < 0 { // of an IPv4 address and none, or one of IPv6
			order, others = append(order, others[0]), others[1:]
		}
		order = append(order, s.n)
	}
	return append(order, others...)
}

// compare orders pairs in memory by their addresses.
func (p *pairs) compare(i, j uint32) int { return byAddresses(p.rows.At(int(i)), p.rows.At(int(j))) }

// byAddresses is the order of pairs, in memory and in files.
func byAddresses(x, y *aggregate.Row) int {
	return cmp.Or(x.Src.Compare(y.Src), x.Dst.Compare(y.Dst))
}
