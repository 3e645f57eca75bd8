package report

import (
	"math"
	"strconv"

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
