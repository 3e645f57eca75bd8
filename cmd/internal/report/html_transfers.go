package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
)

// transferChart shows who sends to whom: senders at the left, receivers at
// the right, between them bands as thick as what was sent.
type transferChart struct {
	ID, Title     string
	Height        int
	LeftWidth     int // of the labels, in characters
	RightWidth    int
	Left, Right   []*transferEnd
	Bands         []band
	Note, Describ string

	room float64 // how thick all bands are together
}

// transferEnd is a sender or a receiver. Its label is in the middle of its
// slot, its bar as tall as its bands together. Places are pixels.
type transferEnd struct {
	Name, Short       string // Short is for narrow pages
	Detail, Full      string
	Middle, Top, Tall string

	address    string
	bytes      uint64
	measured   uint64   // of them, what are bytes
	words      []string // of the others
	slot, tall float64
	next       float64 // where the next band ends
}

// band is what one address sent another.
type band struct {
	Path, Text string
	Answer     bool // it is in the answer
	Refused    bool

	from, to *transferEnd
	bytes    uint64
	thick    float64
}

const (
	manyBands = 10
	allBands  = 240.0 // how thick all bands are together at most, in pixels
	thinBand  = 1.5
	labelSlot = 42.0
	slotGap   = 10.0

	labelWidth = 32 // of a label, in characters
	shortLabel = 15
)

// transfer is what one end sent another, of which the chart draws the biggest.
type transfer struct {
	from, to, fromName, toName string
	bytes                      uint64 // or what stands for them
	text                       string // of the amount; empty for the bytes
	answer, refused            bool
}

// newTransferChart draws the biggest directions of the biggest conversations.
func newTransferChart(doc *summary.Document) *transferChart {
	c := newChart("transfers", wholeTitle, conversationsOf(doc))
	if c != nil {
		c.Note = fmt.Sprintf("The %s of the biggest conversations, senders at the left.", Many(uint64(len(c.Bands)), "biggest direction"))
		c.Describ += " The table of conversations has the numbers."
	}
	return c
}

// newAskChart draws what went between the ends that the rows of an answer name.
func newAskChart(doc *summary.Document, a *summary.Answer, id string) *transferChart {
	list := edges(doc, a)
	var sum uint64
	for _, e := range list {
		sum += e.bytes.N
	}
	var all []transfer
	refused := false
	for _, e := range list {
		t := transfer{from: e.from, to: e.to, bytes: e.bytes.N, refused: e.refused}
		if t.bytes == 0 { // flows without bytes are drawn as thin bands
			t.bytes, t.text = 1, e.amount()
		}
		if sum == 0 {
			t.bytes = e.flows
		}
		refused = refused || e.refused
		all = append(all, t)
	}
	c := newChart(id, "Picture of "+a.Name, all)
	if c != nil {
		left := "whoever opened flows"
		if a.Total.Left != nil {
			left = "the ends at which flows were seen"
		}
		c.Note = fmt.Sprintf("%s, %s at the left.", Many(uint64(len(c.Bands)), "pair"), left)
		if refused {
			c.Note += " Red was refused."
		}
	}
	return c
}

const wholeTitle = "Who sends to whom"

func newChart(id, title string, all []transfer) *transferChart {
	c := &transferChart{ID: id, Title: terminal.Escape(title), room: allBands}
	c.bands(all)
	if len(c.Bands) == 0 {
		return nil
	}
	if title != wholeTitle {
		c.room = min(allBands, 48*float64(len(c.Bands)))
	}
	c.place()
	first := c.Bands[0]
	for _, b := range c.Bands {
		if b.bytes > first.bytes {
			first = b
		}
	}
	c.Describ = "Flow diagram from senders to receivers, thickness by bytes. The biggest: " + first.Text + "."
	return c
}

// conversationsOf are the directions of the biggest conversations.
func conversationsOf(doc *summary.Document) []transfer {
	hosts := map[string]string{}
	for _, n := range doc.Names {
		if len(n.Hosts) > 0 {
			hosts[n.Address] = n.Hosts[0].Name
		}
	}
	var all []transfer
	for _, p := range doc.Top {
		a, b := cmp.Or(p.AVM, hosts[p.A]), cmp.Or(p.BVM, hosts[p.B])
		all = append(all, transfer{from: p.A, to: p.B, fromName: a, toName: b, bytes: p.IPBytesAB.N}, transfer{from: p.B, to: p.A, fromName: b, toName: a, bytes: p.IPBytesBA.N})
	}
	for i := range all {
		all[i].answer = doc.Answer != nil && doc.Answer.From.Address == all[i].from && doc.Answer.To.Address == all[i].to
	}
	return all
}

// bands finds the biggest directions and their ends.
func (c *transferChart) bands(all []transfer) {
	few := len(all) <= manyEdges
	slices.SortStableFunc(all, func(a, b transfer) int { return cmp.Compare(b.bytes, a.bytes) })
	for _, d := range all[:min(len(all), manyEdges)] {
		if d.bytes == 0 || len(c.Bands) == manyBands && !few {
			break
		}
		b := band{from: endOf(&c.Left, d.from, d.fromName), to: endOf(&c.Right, d.to, d.toName), bytes: d.bytes, Answer: d.answer, Refused: d.refused}
		b.from.got(d)
		b.to.got(d)
		b.Text = terminal.Escape(fmt.Sprintf("%s to %s: %s", end(d.fromName, d.from), end(d.toName, d.to), cmp.Or(d.text, terminal.Bytes(d.bytes))))
		c.Bands = append(c.Bands, b)
	}
}

// endOf returns the end with an address, a new one if there is none yet.
func endOf(ends *[]*transferEnd, address, name string) *transferEnd {
	i := slices.IndexFunc(*ends, func(e *transferEnd) bool { return e.address == address })
	if i >= 0 {
		return (*ends)[i]
	}
	e := &transferEnd{address: address, Name: terminal.Escape(cmp.Or(name, address)), Full: terminal.Escape(end(name, address))}
	e.Name, e.Short = squeeze(e.Name, labelWidth), squeeze(e.Name, shortLabel)
	if name != "" {
		e.Detail = terminal.Escape(address)
	}
	*ends = append(*ends, e)
	return e
}

// place gives ends and bands their places: ends by what they sent or got,
// bands so that they cross little.
func (c *transferChart) place() {
	var all float64
	for _, b := range c.Bands {
		all += float64(b.bytes)
	}
	for i := range c.Bands {
		b := &c.Bands[i]
		b.thick = max(thinBand, float64(b.bytes)/all*c.room)
		b.from.tall += b.thick
		b.to.tall += b.thick
	}
	high := max(stack(c.Left), stack(c.Right))
	settle(c.Left, high)
	settle(c.Right, high)
	c.Height, c.LeftWidth, c.RightWidth = int(high+0.5), widest(c.Left), widest(c.Right)
	at := func(ends []*transferEnd, e *transferEnd) int { return slices.Index(ends, e) }
	from, to := make([]float64, len(c.Bands)), make([]float64, len(c.Bands))
	order := make([]int, len(c.Bands))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return at(c.Right, c.Bands[i].to) - at(c.Right, c.Bands[j].to) })
	for _, i := range order {
		from[i] = c.Bands[i].from.take(c.Bands[i].thick)
	}
	slices.SortStableFunc(order, func(i, j int) int { return at(c.Left, c.Bands[i].from) - at(c.Left, c.Bands[j].from) })
	for _, i := range order {
		to[i] = c.Bands[i].to.take(c.Bands[i].thick)
	}
	for i := range c.Bands {
		c.Bands[i].Path = curve(from[i], to[i], c.Bands[i].thick)
	}
}

// stack orders ends by their bytes and returns how high they are together.
func stack(ends []*transferEnd) (high float64) {
	slices.SortStableFunc(ends, func(a, b *transferEnd) int { return cmp.Compare(b.bytes, a.bytes) })
	for _, e := range ends {
		e.slot = max(labelSlot, e.tall+slotGap)
		high += e.slot
	}
	return high
}

// settle puts ends below each other, in the middle of the height.
func settle(ends []*transferEnd, high float64) {
	y := high
	for _, e := range ends {
		y -= e.slot
	}
	y /= 2
	for _, e := range ends {
		middle := y + e.slot/2
		e.next = middle - e.tall/2
		e.Middle, e.Top, e.Tall = decimal(middle), decimal(e.next), decimal(e.tall)
		if e.Detail != "" {
			e.Detail = " · " + e.Detail
		}
		e.Detail = e.amount() + e.Detail
		y += e.slot
	}
}

// amount is what an end sent or got.
func (e *transferEnd) amount() string {
	var parts []string
	if e.measured > 0 || len(e.words) == 0 {
		parts = append(parts, terminal.Bytes(e.measured))
	}
	if len(e.words) > 1 {
		return strings.Join(append(parts, e.words[0]+" …"), ", ")
	}
	return strings.Join(append(parts, e.words...), ", ")
}

// got notes what an end sent or got by one band.
func (e *transferEnd) got(t transfer) {
	e.bytes += t.bytes
	if t.text == "" {
		e.measured += t.bytes
	} else {
		e.words = append(e.words, t.text)
	}
}

// widest is how many characters the labels of ends need, within bounds.
func widest(ends []*transferEnd) int {
	n := 8
	for _, e := range ends {
		n = max(n, utf8.RuneCountInString(e.Name)+1, utf8.RuneCountInString(e.Detail))
	}
	return min(n, labelWidth)
}

// squeeze leaves out the middle of a long name: addresses differ at their ends.
func squeeze(s string, limit int) string {
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	head := (limit - 1) / 2
	return string(r[:head]) + "…" + string(r[len(r)-(limit-1-head):])
}

// take returns where the next band begins.
func (e *transferEnd) take(thick float64) float64 {
	y := e.next
	e.next += thick
	return y
}

// curve is the outline of a band from one height to another, 100 wide.
func curve(from, to, thick float64) string {
	a, b, c, d := decimal(from), decimal(to), decimal(to+thick), decimal(from+thick)
	return fmt.Sprintf("M0 %s C50 %s 50 %s 100 %s V%s C50 %s 50 %s 0 %s Z", a, a, b, b, c, c, d, d)
}
