package packet

// The most that is believed of lengths.
const (
	trailer   = 64      // bytes after an IP packet: padding, check sequence, what switches add
	offloaded = 0xffff  // an IP packet that the network card is to cut up
	bigTCP    = 1 << 20 // a jumbogram: no network card is given more than 512 KiB at once
)

// bound takes back lengths that cannot be, of a frame of which captured bytes
// were captured. A frame is not longer than what a link carries, nor much longer
// than an IP packet that was captured as a whole. An IP packet is not longer
// than what its frame has room for.
func (p *Packet) bound(link Link, captured int) {
	have, at := uint64(captured), uint64(p.Network)
	if p.FrameBytes > have && (p.FrameBytes > p.most(link) ||
		p.IPBytes > 0 && at+p.IPBytes <= have && p.FrameBytes > at+p.IPBytes+trailer) {
		p.FrameBytes = have
		p.Note |= Implausible
	}
	if at+p.IPBytes <= p.FrameBytes || p.IPBytes == 0 {
		return
	}
	room := p.FrameBytes - min(p.FrameBytes, at)
	p.Length -= uint32(min(uint64(p.Length), p.IPBytes-room))
	p.IPBytes = room
	p.Note |= Implausible
}

// most is how long a frame may be if not all of it was captured.
func (p *Packet) most(link Link) uint64 {
	switch {
	case !link.Known():
		return uint64(link.MaxCaptured())
	case p.Note&jumbogram != 0:
		return uint64(p.Network) + bigTCP
	}
	return uint64(p.Network) + offloaded + trailer
}
