package config

import (
	"encoding/json"
	"strings"
	"testing"

	"flowctl/plan"
)

// TestParsePrices reads prices that are one number, and those that have tiers, of
// which what an account uses in a month says the one that holds.
func TestParsePrices(t *testing.T) {
	const head = `{"currency": "EUR", "source": "s", "date": "2026-11-01", `
	p, err := ParsePrices([]byte(head + `"meters": {"egress_gb": [{"from": 100, "price": 0.08}, {"from": 10335, "price": 0.07}], "peering_gb": 0.009},
		"regions": {"japaneast": {"egress_gb": 0.11}}, "used_in_month": {"egress_gb": 10335}}`))
	if err != nil {
		t.Fatal(err)
	}
	for m, want := range map[plan.Meter]float64{plan.Egress: 0.07, plan.PeeringBytes: 0.009} {
		if got, ok := p.In("westeurope", m); !ok || got != want {
			t.Errorf("%s costs %v, %v; want %v", m, got, ok, want)
		}
	}
	if got, _ := p.In("japaneast", plan.Egress); got != 0.11 {
		t.Errorf("in a region with a price of its own it costs %v", got)
	}
	again, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if q, err := ParsePrices(again); err != nil || len(q.Meters[plan.Egress]) != 2 || len(q.Meters[plan.PeeringBytes]) != 1 {
		t.Errorf("written, they are %s: %v", again, err)
	}
	for body, want := range map[string]string{
		`"meters": {"egress_gb": -1}`: "below nothing",
		`"meters": {"egress_gb": []}`: "empty",
		`"meters": {"egress_gb": [{"from": 5, "price": 1}, {"from": 5, "price": 2}]}`:       "does not begin after",
		`"meters": {"egress_gb": "0.08"}`:                                                   "a price is a number",
		`"meters": {"egress_gb": [{"from": 5}]}`:                                            "no price",
		`"meters": {"egress_gb": null}`:                                                     "empty",
		`"meters": {"peering": 0.01}`:                                                       "no meter \"peering\"",
		`"meters": {"egress_gb": 0.08}, "used_in_month": {"egress": 1}`:                     "no meter \"egress\"",
		`"meters": {"egress_gb": 0.08}, "used_in_month": {"egress_gb": -1}`:                 "used_in_month of egress_gb",
		`"meters": {"egress_gb": 0.08}, "regions": {"japaneast": {"egress_gb": [{"a":1}]}}`: "a price is a number",
	} {
		if _, err := ParsePrices([]byte(head + body + "}")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
}
