package summary

import (
	"fmt"
	"slices"
	"strings"
)

// Prices says by which prices bytes cost what they do, and what that rests on.
type Prices struct {
	Currency string   `json:"currency"`
	Source   string   `json:"source"`
	Date     string   `json:"date"`
	Notes    []string `json:"notes"` // why a price is a range, is missing, or is not sure
}

// prices are those that answers used; nil if none is about money.
func (q *quotes) prices(answers []*groups) *Prices {
	if !slices.ContainsFunc(answers, func(g *groups) bool { return g.priced }) {
		return nil
	}
	notes := []string{}
	for _, n := range q.notes {
		notes = append(notes, strings.ToUpper(n[:1])+n[1:]+".")
	}
	return &Prices{q.book.Currency, q.book.Source, q.book.Date, notes}
}

// coverage says in sentences what an estimate of money leaves open.
func (p *Prices) coverage() []Coverage {
	texts := []string{
		fmt.Sprintf("Costs are an estimate in %s, of IP bytes and not of billed bytes, at list prices (%s, %s): a GB of 10^9 or of 2^30 bytes differ by 7%%, the tier that the account is in by up to 43%%, and an agreement by more. What anybody pays for the bytes is in it, whoever that is.", p.Currency, p.Source, p.Date),
		"The inventory does not show NAT gateways, load balancers, firewalls, gateways and routing preferences: what they charge or save is not in the costs. Free allowances are not taken off.",
	}
	var list []Coverage
	for _, t := range append(texts, p.Notes...) {
		list = append(list, Coverage{Code: "cost", Text: t})
	}
	return list
}
