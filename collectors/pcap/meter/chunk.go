package meter

// chunk is some packets in the order of the file.
type chunk struct {
	list [chunkPackets]observed
	n    int
	mine [parts][chunkPackets]uint8 // numbers of the packets of each part
	of   [parts]int                 // how many these are
}

const chunkPackets = 256

// add takes the packet at list[n] up.
func (c *chunk) add(seed uint64, early bool) {
	o := &c.list[c.n]
	o.identify(seed)
	o.early = early
	p := partOf(o.hash)
	c.mine[p][c.of[p]&(chunkPackets-1)] = uint8(c.n)
	c.of[p]++
	c.n++
}

// clear makes c empty.
func (c *chunk) clear() { c.n, c.of = 0, [parts]int{} }

// take adds those packets of c up that are of p, which is the part numbered n.
// Memory is the bottleneck of tables that are larger than the cache, so all that
// is needed is touched before the first is used.
func (p *part) take(c *chunk, n int, out *exporter) {
	mine, t := c.mine[n][:c.of[n]], &p.table
	t.index.Reserve(len(mine))
	for _, i := range mine {
		p.sink += uint64(t.index.Peek(uint32(c.list[i].hash)))
	}
	for _, i := range mine {
		p.sink += t.warm(&c.list[i])
	}
	for _, i := range mine {
		p.add(&c.list[i], out)
	}
	p.sweep(out)
}
