package parquet

import (
	"slices"

	"flowctl/collectors/flow"
)

// kinds numbers the combinations of what rows of flow logs have in common.
type kinds struct {
	index []uint32 // by row: the number of its combination
	steps []combined
	size  int      // numbers that there may be
	seen  []uint32 // scratch: new numbers by old ones, + 1

	list     []kind // by number
	contexts map[contextOf]uint32
	of       []contextOf // by number of the context
}

// kind is what the rows of one combination have in common.
type kind struct {
	context uint32
	state   flow.State
}

// contextOf is a context with a protocol.
type contextOf struct {
	flow.Context
	proto uint8
}

// combined is a step in which numbers were made: the values of a column were
// added, times stride, or numbers that did not come were left out.
type combined struct {
	column, stride int
	left           []uint32 // if numbers were left out: those before, by new number
}

// kindColumns are the columns by which rows of flow logs differ in kind.
var kindColumns = [...]int{colState, colProtocol, colDirection, colEncryption, colPoint, colTarget, colRule, colACL, colLog, colClass}

// mostKinds is how many numbers there may be before those that did not come
// are left out, and after.
const mostKinds = 1 << 20

// combine numbers the rows of g. It reports false if there are too many kinds.
func (k *kinds) combine(g *rows) bool {
	k.index = grow(k.index, g.total)
	clear(k.index)
	k.steps, k.size = k.steps[:0], 1
	for _, col := range kindColumns {
		c := &g.columns[col]
		n := c.choices()
		if n < 2 {
			k.steps = append(k.steps, combined{column: col, stride: k.size})
			continue
		}
		if k.size*n > mostKinds {
			k.compact()
		}
		if k.size*n > mostKinds {
			return false
		}
		c.combine(k.index, uint32(k.size))
		k.steps = append(k.steps, combined{column: col, stride: k.size})
		k.size *= n
	}
	k.compact()
	k.describe(g)
	return true
}

// choices is how many values of a column there may be, none of them included.
func (r *read) choices() int {
	switch r.values {
	case 0:
		return 1
	case len(r.there):
		return len(r.others)
	}
	return len(r.others) + 1
}

// combine adds the slots of a column's values, times stride, to the numbers
// of rows. No value is the slot after the last.
func (r *read) combine(index []uint32, stride uint32) {
	if r.values == len(r.there) {
		for i, p := range r.slots[:len(index)] {
			index[i] += uint32(p) * stride
		}
		return
	}
	n, none := 0, uint32(len(r.others))*stride
	for i, t := range r.there[:len(index)] {
		if !t {
			index[i] += none
			continue
		}
		index[i] += uint32(r.slots[n]) * stride
		n++
	}
}

// compact numbers the rows anew, without the numbers that did not come.
func (k *kinds) compact() {
	k.seen = grow(k.seen, k.size)
	clear(k.seen)
	var left []uint32
	for i, v := range k.index {
		n := k.seen[v]
		if n == 0 {
			left = append(left, v)
			n = uint32(len(left))
			k.seen[v] = n
		}
		k.index[i] = n - 1
	}
	k.steps = append(k.steps, combined{left: left})
	k.size = len(left)
}

// describe says what each number stands for.
func (k *kinds) describe(g *rows) {
	if k.contexts == nil {
		k.contexts = map[contextOf]uint32{}
	}
	clear(k.contexts)
	k.list, k.of = k.list[:0], k.of[:0]
	for n := range k.size {
		var values [columnCount]uint32
		v := n
		for _, s := range slices.Backward(k.steps) {
			if s.left != nil {
				v = int(s.left[v])
				continue
			}
			values[s.column] = g.columns[s.column].choice(v / s.stride)
			v %= s.stride
		}
		k.list = append(k.list, k.kind(&values))
	}
}

// choice is the value at a slot.
func (r *read) choice(slot int) uint32 {
	if r.values == 0 || slot == len(r.others) {
		return 0
	}
	return r.others[slot]
}

func (k *kinds) kind(values *[columnCount]uint32) kind {
	state := flow.State(values[colState])
	c := contextOf{flow.Context{
		Point: flow.ID(values[colPoint]), Target: flow.ID(values[colTarget]), Rule: flow.ID(values[colRule]), ACL: flow.ID(values[colACL]), Log: flow.ID(values[colLog]),
		Direction: flow.Direction(values[colDirection]), Encryption: flow.Encryption(values[colEncryption]), Class: flow.Class(values[colClass]), Denied: state == flow.Deny,
	}, uint8(values[colProtocol])}
	n, ok := k.contexts[c]
	if !ok {
		n = uint32(len(k.of))
		k.contexts[c], k.of = n, append(k.of, c)
	}
	return kind{n, state}
}
