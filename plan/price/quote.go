package price

import (
	"fmt"
	"slices"
	"strings"

	"flowctl/plan"
)

// Range is what a GB costs: from Low to High, which are one if that is known.
type Range struct{ Low, High float64 }

// Exact reports whether there is but one price.
func (r Range) Exact() bool { return r.Low == r.High }

// Plus is the sum of both.
func (r Range) Plus(o Range) Range { return Range{r.Low + o.Low, r.High + o.High} }

// Charge is what one payer pays for a GB on one meter.
type Charge struct {
	Payer  Payer
	Meter  plan.Meter // empty if the book has none for it
	Region string     // by which the price goes, if it does
	Price  Range
	Known  bool // false: there is no price
}

// Quote is what the bytes of one direction cost.
type Quote struct {
	Class   Class
	Charges []Charge // none where nobody pays
	Notes   []string // why a price is a range, is missing, or is not sure
}

// Price is what all pay together; ok is false if there is no price.
func (q *Quote) Price() (sum Range, ok bool) {
	if q.Class == Unknown {
		return Range{}, false
	}
	for _, c := range q.Charges {
		if !c.Known {
			return Range{}, false
		}
		sum = sum.Plus(c.Price)
	}
	return sum, true
}

// String is the class, and what is charged besides on the way.
func (q *Quote) String() string {
	parts := []string{q.Class.String()}
	for _, c := range q.Charges {
		if name, ok := besides[c.Meter]; ok && !slices.Contains(parts, name) {
			parts = append(parts, name)
		}
	}
	return strings.Join(parts, " + ")
}

// besides are the names of charges that come on top of a class.
var besides = map[plan.Meter]string{
	plan.PeeringBytes: Peering.String(), plan.GlobalPeering: GlobalPeering.String(), plan.InterRegion: InterRegion.String(),
	plan.InterContinent: InterContinent.String(), plan.NATBytes: "nat-gateway", plan.BalancerBytes: "load-balancer", plan.FirewallBytes: "firewall",
}

// quoter makes a quote.
type quoter struct {
	Book
	Quote
	Bytes
}

func (q *quoter) note(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(q.Notes, text) {
		q.Notes = append(q.Notes, text)
	}
}

// charge adds what payer pays by a meter in a region.
func (q *quoter) charge(payer Payer, m plan.Meter, region string) {
	c := q.priced(payer, m, region)
	if !c.Known {
		q.note("there is no price of %s%s", m, in(region))
	}
	if d := q.doubt(region, m); d != "" {
		q.note("%s", d)
	}
	q.Charges = append(q.Charges, c)
}

func in(region string) string {
	if region == "" {
		return ""
	}
	return " in " + region
}

func (q *quoter) priced(payer Payer, m plan.Meter, region string) Charge {
	p, ok := q.In(region, m)
	return Charge{Payer: payer, Meter: m, Region: region, Price: Range{p, p}, Known: ok}
}

// upTo adds a charge that may be anything from low to high.
func (q *quoter) upTo(payer Payer, m plan.Meter, region string, r Range, known bool) {
	q.Charges = append(q.Charges, Charge{Payer: payer, Meter: m, Region: region, Price: r, Known: known})
}
