package summary

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"sync"

	"flowctl/collectors/aggregate"
	"flowctl/collectors/flow"
	"flowctl/plan/price"
	"flowctl/plan/servicetag"
)

// way is in which direction bytes go.
type way uint8

const (
	bothWays way = iota
	there        // what the source sent
	back         // what it received
)

// directions are rows in parts of one direction each, if the question tells
// directions apart. A part in which nothing went is left out, but for flows without
// any bytes: those are with what the source sent. Parts are valid until the next ones.
func (g *groups) directions(rows ...*enriched) []*enriched {
	if !g.halved {
		return rows
	}
	g.parts = slices.Grow(g.parts[:0], 2*len(rows))
	parts := make([]*enriched, 0, 2*len(rows))
	for _, s := range rows {
		for _, w := range []way{there, back} {
			if w == back && empty(&s.received) || w == there && empty(&s.sent) && !empty(&s.received) {
				continue
			}
			g.parts = append(g.parts, *s)
			part := &g.parts[len(g.parts)-1]
			part.way = w
			other := &part.received
			if w == back {
				other = &part.sent
			}
			*other = aggregate.Tally{Marks: other.Marks}
			if w == back && !empty(&s.sent) && g.quotes.of(s, there).class == g.quotes.of(s, back).class {
				part.flows, part.denied = 0, 0 // it counts with the other part
			}
			parts = append(parts, part)
		}
	}
	return parts
}

func empty(t *aggregate.Tally) bool { return t.Packets|t.IPBytes|t.FrameBytes == 0 }

// priceField is the price class of a part of a row.
func priceField() field {
	of := func(s *enriched) uint8 {
		w := s.way
		if w == bothWays {
			w = there
		}
		return s.point.locator.quotes.of(s, w).class
	}
	return enumField("price_class", price.Classes(), of)
}

// addPrice adds what s costs to a sum of money.
//
// Such a sum is kept where lines keep those of traffic, so that lines are merged and
// spilled in one way. Money is counted exactly, in 10^-15 of the currency, so that the
// order of rows does not count: what the bytes cost at least and at most, each as 32
// lower bits and the rest, besides the bytes that have no price, the number of
// directions that have one, and that of rows whose IP bytes were not measured.
func (g *groups) addPrice(sum *group, s *enriched) {
	if !g.priced {
		return
	}
	ways := []way{there, back}
	if s.way != bothWays {
		ways = []way{s.way}
	}
	for _, w := range ways {
		t := &s.sent
		if w == back {
			t = &s.received
		}
		if t.IPBytes == 0 {
			if t.Packets > 0 && !t.Marks.IPBytes() {
				sum.denied++
			}
			continue
		}
		if q := g.quotes.of(s, w); q.known {
			addMoney(&sum.sent, t.IPBytes, q.low)
			addMoney(&sum.received, t.IPBytes, q.high)
			sum.flows++
		} else {
			sum.sent.FrameBytes += t.IPBytes
		}
	}
	sum.sent.Marks |= s.sent.Marks | s.received.Marks
}

// price adds what s costs to that of a line's sums.
func (g *groups) price(to []group, s *enriched) {
	if g.priced {
		g.addPrice(&to[1+number(g.sided)], s)
	}
}

// addMoney adds bytes at a price in 10^-6 per GB.
func addMoney(t *aggregate.Tally, bytes, price uint64) {
	hi, lo := bits.Mul64(bytes, price)
	t.Packets += lo & math.MaxUint32
	t.IPBytes += hi<<32 | lo>>32
}

// money is a sum of money in 10^-9 of the currency.
func money(t *aggregate.Tally) int64 {
	lo, carry := bits.Add64(t.Packets, t.IPBytes<<32, 0)
	hi := t.IPBytes>>32 + carry
	const unit = 1_000_000
	if hi >= unit {
		return math.MaxInt64
	}
	n, _ := bits.Div64(hi, lo, unit)
	return int64(min(n, math.MaxInt64))
}

// highest is what a line costs at most, as far as it has a price.
func (v *group) highest() (int64, bool) { return money(&v.received), v.costKnown() }

// costKnown reports whether any of the bytes have a price, or there are none.
func (v *group) costKnown() bool {
	return v.denied == 0 && v.sent.Marks.IPBytes() && (v.flows > 0 || v.sent.FrameBytes == 0)
}

// Cost is what bytes cost, by all who pay for them: from Low to High, which are nil
// where nothing has a price. Unpriced are IP bytes that have none and are not in it.
type Cost struct {
	Low      *float64 `json:"low"`
	High     *float64 `json:"high"`
	Unpriced uint64   `json:"unpriced_ip_bytes"`
}

// cost is a sum of money as documents show it.
func (v *group) cost() *Cost {
	c := &Cost{Unpriced: v.sent.FrameBytes}
	if v.costKnown() {
		low, high := float64(money(&v.sent))/1e9, float64(money(&v.received))/1e9
		c.Low, c.High = &low, &high
	}
	return c
}

// quotes are prices of ways between ends, each worked out once.
type quotes struct {
	book      price.Book
	p         *locator
	unseenPEs bool // private endpoints could not be read
	mu        sync.RWMutex
	known     map[wayKey]quote
	notes     []string
}

// quote is what bytes of one direction cost, in 10^-6 of the currency per GB.
type quote struct {
	class     uint8
	known     bool
	low, high uint64
}

// wayKey is all that the price of a direction depends on.
type wayKey struct {
	from, to endKey
	answer   bool
}

type endKey struct {
	name     publicName
	vnet     int32
	region   int32
	endpoint bool
	remote   bool // in a peered network that no inventory holds
	owned    bool // an interface of the inventory has the address
	none     bool // the address is not known
}

func newQuotes(p *locator, o Options) *quotes {
	q := &quotes{book: price.Open(o.Prices), p: p, known: map[wayKey]quote{}}
	for _, inv := range o.Inventories {
		_, unread := inv.Unread["private_endpoints"]
		q.unseenPEs = q.unseenPEs || unread
	}
	return q
}

// of is what a direction of a row costs.
func (q *quotes) of(s *enriched, w way) quote {
	if s.point.Class == aggregate.NoIP {
		return quote{class: uint8(price.None), known: true}
	}
	key := wayKey{q.end(s, s.row.Src, s.src), q.end(s, s.row.Dst, s.dst), false}
	from, to := s.row.Src, s.row.Dst
	if w == back {
		key = wayKey{key.to, key.from, true}
		from, to = to, from
	}
	q.mu.RLock()
	v, ok := q.known[key]
	q.mu.RUnlock()
	if ok {
		return v
	}
	return q.work(key, from, to)
}

func (q *quotes) end(s *enriched, a flow.Addr, at location) endKey {
	n := &q.p.nics[at.nic]
	return endKey{
		name: q.p.public.of(a, at), vnet: at.vnet, region: cmp.Or(q.p.vnets[at.vnet].at, n.at), endpoint: n.endpoint, owned: n.vm != 0,
		remote: at.vnet == 0 && s.point.vnet != 0 && q.p.remote(a, s.point.vnet), none: a.IsZero(),
	}
}

// work works a quote out.
func (q *quotes) work(key wayKey, from, to flow.Addr) quote {
	v := quote{class: uint8(price.Unknown)}
	var notes []string
	if !key.from.none && !key.to.none && !q.unclear(key.from) && !q.unclear(key.to) {
		b := price.Bytes{From: q.ofEnd(key.from, from), To: q.ofEnd(key.to, to), Answer: key.answer}
		b.Way.Peered = key.from.remote || key.to.remote || key.from.vnet != key.to.vnet && q.p.connected(key.from.vnet, key.to.vnet)
		made := q.book.Of(b)
		r, ok := made.Price()
		notes = made.Notes
		v = quote{uint8(made.Class), ok, micro(r.Low), micro(r.High)}
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.known[key] = v
	for _, n := range notes {
		q.notes = with(q.notes, n)
	}
	return v
}

// unclear reports whether an address may be that of a private endpoint, and nobody
// could read which are.
func (q *quotes) unclear(e endKey) bool { return q.unseenPEs && e.vnet != 0 && !e.owned }

func micro(price float64) uint64 { return uint64(math.Round(price * 1e6)) }

func (q *quotes) ofEnd(k endKey, a flow.Addr) price.End {
	public := &q.p.public
	e := price.End{Address: a.Netip(), Region: public.regions[k.region]}
	switch {
	case k.remote:
		e.VNet = "peered"
	case k.vnet != 0:
		e.VNet = strconv.Itoa(int(k.vnet))
	case int(k.name.tag) > len(servicetag.Specials()):
		e.Place = servicetag.Place{Tag: public.tags[k.name.tag], Service: public.services[k.name.service], Region: public.regions[k.name.region]}
	}
	if k.endpoint {
		e.Endpoint = &price.PrivateEndpoint{}
	}
	return e
}
