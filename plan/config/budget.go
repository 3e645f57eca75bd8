package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"sync"

	"github.com/hashicorp/hcl/v2"

	"flowctl/plan"
	"flowctl/plan/price"
)

var budgetSchema = schema{attrs: []string{"limit", "log_rate", "prices"}}

// Budget is what an investigation may cost, and what its cost is worked out
// from.
type Budget struct {
	Limit    float64      `json:"limit,omitempty"` // 0: none
	Currency string       `json:"currency,omitempty"`
	LogRate  int64        `json:"log_rate,omitempty"` // bytes that the flow log of one interface writes in an hour; 0: not stated
	Prices   *plan.Prices `json:"prices,omitempty"`   // nil: flowctl's own

	Range      hcl.Range `json:"-"`
	LimitRange hcl.Range `json:"-"`
}

// moneyForm is an amount and a currency by its ISO 4217 code.
var moneyForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(\d{1,12}(?:\.\d{1,4})?) ?([A-Z]{3})$`) })

// maxLogRate is more than an interface can write: 100 GB in an hour.
const maxLogRate = 100e9

func (inv *Investigation) budget(b block, folder string) {
	budgetSchema.check(b.Body, "budget", b.scope.problems)
	bu := &Budget{Range: header(b.Block), LimitRange: b.at("limit")}
	inv.Budget = bu
	if b.empty(budgetSchema.attrs) {
		b.scope.add("Missing attribute", bu.Range, "This budget says nothing. Write limit = \"20 USD\", or log_rate or prices to have the cost worked out from them.")
	}
	if s, ok := b.text("limit"); ok {
		b.limit(bu, s)
	}
	if n, ok := b.size("log_rate", 1, maxLogRate); ok {
		bu.LogRate = n
	}
	if s, ok := b.text("prices"); ok {
		b.prices(bu, within(folder, s))
	}
	b.currency(bu)
}

func (b block) limit(bu *Budget, s string) {
	m := moneyForm().FindStringSubmatch(s)
	if m == nil {
		b.scope.add("Invalid amount", b.at("limit"), "limit is %q; write an amount and a currency, such as \"20 USD\" or \"12.50 EUR\".", s)
		return
	}
	bu.Limit, _ = strconv.ParseFloat(m[1], 64) // digits, as matched
	bu.Currency = m[2]
	if bu.Limit == 0 {
		b.scope.add("Invalid amount", b.at("limit"), "A limit of nothing lets nothing be recorded. Write what it may cost, or leave limit out.")
	}
}

func (b block) prices(bu *Budget, path string) {
	src, err := slurp(path)
	if err == nil {
		bu.Prices, err = ParsePrices(src)
	}
	if err != nil {
		b.scope.add("Invalid prices", b.at("prices"), "The prices cannot be taken from %s: %s.", path, cause(err))
	}
}

// ParsePrices reads a file of prices: the JSON form of plan.Prices.
func ParsePrices(src []byte) (*plan.Prices, error) {
	var p plan.Prices
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		return nil, fmt.Errorf("it is not a file of prices (%w); flowctl docs language shows one", err)
	}
	switch {
	case !regexp.MustCompile(`^[A-Z]{3}$`).MatchString(p.Currency):
		return nil, fmt.Errorf("its currency is %q, which is not a code such as USD", p.Currency)
	case p.Source == "" || p.Date == "":
		return nil, errors.New("it has no source or no date, without which nobody can trust a sum")
	case len(p.Meters) == 0:
		return nil, errors.New("it has no meters")
	}
	named := slices.Collect(maps.Keys(p.Meters))
	named = slices.AppendSeq(named, maps.Keys(p.Used))
	for _, meters := range p.Regions {
		named = slices.AppendSeq(named, maps.Keys(meters))
	}
	slices.Sort(named)
	for _, m := range named {
		if !slices.Contains(plan.Meters(), m) {
			return nil, fmt.Errorf("there is no meter %q; the meters are %v", m, plan.Meters())
		}
		if p.Used[m] < 0 {
			return nil, fmt.Errorf("used_in_month of %s is below nothing", m)
		}
	}
	return &p, nil
}

// currency checks, once the whole block is read, that the limit can be
// compared with the prices.
func (b block) currency(bu *Budget) {
	want := price.Currency
	if bu.Prices != nil {
		want = bu.Prices.Currency
	}
	if bu.Currency != "" && bu.Currency != want {
		b.scope.add("Invalid amount", b.at("limit"), "The limit is in %s and the prices are in %s; flowctl does not convert. Write the limit in %s, or give prices in %s.", bu.Currency, want, want, bu.Currency)
	}
}
