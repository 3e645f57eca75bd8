package migrate

import (
	"maps"

	"flowctl/plan"
)

// Volume compares what NSG flow logs write in a day with what the flow logs in their
// place would. What is not known is nil.
type Volume struct {
	Measured int      `json:"measured"`           // NSG flow logs whose blobs of a day could be read
	Now      *float64 `json:"now,omitempty"`      // bytes a day
	Proposed *float64 `json:"proposed,omitempty"` // bytes a day
	Basis    string   `json:"basis"`

	Currency      string   `json:"currency"`
	Price         *float64 `json:"price,omitempty"` // of a GB of logs, which is the same for both
	NowMonth      *float64 `json:"now_month,omitempty"`
	ProposedMonth *float64 `json:"proposed_month,omitempty"`
	PriceSource   string   `json:"price_source"`
}

const (
	gb    = 1e9
	month = 730.0 / 24 // days
)

// Estimate works a Volume out of what the logs wrote. Where two security groups guard an
// interface, a flow is in the log of the one that decided, so both together are what a flow
// log of its network has.
func Estimate(logs []Log, proposals []Proposal, prices plan.Prices) Volume {
	v := Volume{Currency: prices.Currency, PriceSource: prices.Source + ", " + prices.Date}
	var now float64
	observed := map[string]bool{}
	for _, l := range logs {
		if l.Bytes != nil && l.Enabled {
			now += float64(*l.Bytes)
			maps.Copy(observed, l.nics)
			v.Measured++
		}
	}
	if now == 0 || len(observed) == 0 {
		v.Basis = "not estimated: no NSG flow log wrote anything in the last 24 hours that could be read"
		return v
	}
	n := 0
	for _, p := range proposals {
		n += p.Interfaces
	}
	proposed := now / float64(len(observed)) * float64(n)
	v.Now, v.Proposed = &now, &proposed
	v.Basis = "as much for each interface as NSG flow logs wrote in the last 24 hours; records of the two kinds are about equally long"
	if price, ok := prices.In(logs[0].Location, plan.NetworkLogs); ok {
		a, b := now/gb*month*price, proposed/gb*month*price
		v.Price, v.NowMonth, v.ProposedMonth = &price, &a, &b
	}
	return v
}
