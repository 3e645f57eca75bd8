package parquet

import "flowctl/collectors/flow"

// Namer says what addresses are called. It is asked by several goroutines.
type Namer interface {
	// View numbers from where records of a point, or of a captured machine, were
	// seen: networks that are not joined may use the same addresses.
	View(point, target flow.ID) int32
	// Names is what an address is called, seen from a view.
	Names(a flow.Addr, view int32) flow.AddressNames
	// Any reports whether any name is known by now: host names are learned while
	// records are read.
	Any() bool
}

// mostNamed is how many pairs of a view and an address are remembered.
const mostNamed = 1 << 22

// naming numbers what the addresses of a row group are called.
type naming struct {
	namer Namer // nil if nobody knows names
	none  bool  // nobody knows any of this row group

	views   []int32 // of the traits, each once
	view    []int32 // by number of traits: its slot in views
	known   []uint32
	list    []flow.AddressNames // by number; the first is of those without any
	number  map[flow.AddressNames]uint32
	numbers [2][]uint32 // of every row, in the order of the file
}

// all numbers the names of the rows of p, in the order of list.
func (n *naming) all(p *part, list []sortKey) {
	if n.none = n.namer == nil || !n.namer.Any(); n.none {
		return
	}
	n.see(&p.traits)
	n.list, n.number = append(n.list[:0], flow.AddressNames{}), map[flow.AddressNames]uint32{{}: 0}
	for side := range n.numbers {
		n.side(side, p, list)
	}
}

// see numbers the views of traits.
func (n *naming) see(l *traitList) {
	slots := map[int32]int32{}
	n.views, n.view = n.views[:0], n.view[:0]
	for i := range l.list {
		ids := l.list[i].ids()
		v := n.namer.View(ids[0], ids[1])
		at, ok := slots[v]
		if !ok {
			at = int32(len(n.views))
			n.views, slots[v] = append(n.views, v), at
		}
		n.view = append(n.view, at)
	}
}

// side numbers the names of sources, or of destinations.
func (n *naming) side(side int, p *part, list []sortKey) {
	of := p.addresses[side].list
	n.numbers[side] = grow(n.numbers[side], len(list))
	if n.known = n.known[:0]; len(of)*len(n.views) <= mostNamed {
		n.known = grow(n.known, len(of)*len(n.views))
		clear(n.known)
	}
	for i, at := range list {
		r := &p.rows[at&rowMask]
		address := [2]uint32{r.src, r.dst}[side]
		n.numbers[side][i] = n.of(of[address], int(n.view[r.traits])*len(of)+int(address), n.views[n.view[r.traits]])
	}
}

// of is the number of what an address is called; at is where that is remembered.
func (n *naming) of(a flow.Addr, at int, view int32) uint32 {
	if at < len(n.known) && n.known[at] != 0 {
		return n.known[at] - 1
	}
	names := n.namer.Names(a, view)
	number, ok := n.number[names]
	if !ok {
		number = uint32(len(n.list))
		n.list, n.number[names] = append(n.list, names), number
	}
	if at < len(n.known) {
		n.known[at] = number + 1
	}
	return number
}

// column numbers the values of a column of names, as that of traits does.
func (n *naming) column(col int, slots []uint32) (dictionary, outPlaces []uint32) {
	numbers := map[flow.ID]uint32{}
	slots = slots[:0]
	for i := range n.list {
		id := nameOf(&n.list[i], (col-colSourceNames)%nameCount)
		if id != 0 && numbers[id] == 0 {
			dictionary = append(dictionary, uint32(id))
			numbers[id] = uint32(len(dictionary))
		}
		slots = append(slots, numbers[id])
	}
	return dictionary, slots
}

// nameOf is one of the names of an address, by its column.
func nameOf(n *flow.AddressNames, at int) flow.ID {
	return [nameCount]flow.ID{nameVM: n.VM, nameNIC: n.NIC, nameSubnet: n.Subnet, nameVNet: n.VNet, nameRegion: n.Region, nameServiceTag: n.ServiceTag, nameName: n.Name, nameHost: n.Host}[at]
}
