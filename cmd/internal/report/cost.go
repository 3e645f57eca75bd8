package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"flowctl/cmd/internal/terminal"
	"flowctl/collectors/summary"
)

// costTitle heads the column of costs.
func costTitle(doc *summary.Document) string {
	if doc.Prices == nil {
		return "cost"
	}
	return "cost " + doc.Prices.Currency
}

// Cost is an amount of money: one, or from the least to the most. A + says that some
// of the bytes have no price and are not in it.
func Cost(c *summary.Cost) string {
	if c.Low == nil {
		return unknown
	}
	text := amount(*c.High)
	if low := amount(*c.Low); low != text {
		text = low + "–" + text
	}
	if c.Unpriced > 0 {
		text += " +"
	}
	return text
}

// amount is money with two digits that tell something, and no less than cents.
func amount(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 0.000001:
		return "<0.000001"
	case v >= 0.1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	digits := 1 - int(math.Floor(math.Log10(v)))
	return strconv.FormatFloat(v, 'f', min(digits, 6), 64)
}

// priceSpread is how many times as much as the cheapest byte that is not free the dearest costs,
// about, so that fewer bytes without a price do not cost more.
const priceSpread = 20

// costly is a sentence about a row with what that costs. What has no price may cost more than
// what has one, so then it is not said to cost the most.
func costly(doc *summary.Document, a *summary.Answer, r *summary.Row, said string) string {
	cost := ", at a cost that is not known"
	if r.Cost.Low != nil {
		cost = ", for " + strings.TrimSuffix(Cost(r.Cost), " +")
		if doc.Prices != nil {
			cost += " " + doc.Prices.Currency
		}
	}
	if c := a.Total.Cost; c != nil && c.Unpriced > r.IPBytes.N/priceSpread && r.Cost.Low != nil {
		return fmt.Sprintf("what costs most cannot be said, for %s have no price; of what has one, %s%s", terminal.Bytes(c.Unpriced), said, cost)
	}
	return said + cost
}
