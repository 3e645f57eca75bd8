package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Rate is the price of a unit: one, or one for each tier of what an account uses in
// a month, the first of them the first that is paid. In JSON a single price is a number.
type Rate []Tier

// Tier is the price of the units from a number in a month on.
type Tier struct {
	From  float64 `json:"from"`
	Price float64 `json:"price"`
}

// Flat is the rate that is the same for every unit.
func Flat(price float64) Rate { return Rate{{Price: price}} }

// At is the price of the next unit after so many in a month. A free allowance is
// not taken off: before the first tier, its price holds.
func (r Rate) At(used float64) float64 {
	price := r[0].Price
	for _, t := range r[1:] {
		if used >= t.From {
			price = t.Price
		}
	}
	return price
}

// MarshalJSON writes the price, or the tiers.
func (r Rate) MarshalJSON() ([]byte, error) {
	if len(r) == 1 && r[0].From == 0 {
		return json.Marshal(r[0].Price)
	}
	return json.Marshal([]Tier(r))
}

// UnmarshalJSON reads a price, or tiers in their order.
func (r *Rate) UnmarshalJSON(b []byte) error {
	var price *float64
	if json.Unmarshal(b, &price) == nil && price != nil {
		*r = Flat(*price)
		return r.check()
	}
	var tiers []struct{ From, Price *float64 }
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&tiers); err != nil {
		return fmt.Errorf("a price is a number, or a list of tiers such as {\"from\": 100, \"price\": 0.087}: %w", err)
	}
	*r = Rate{}
	for _, t := range tiers {
		if t.From == nil || t.Price == nil {
			return errors.New("a tier has no from or no price")
		}
		*r = append(*r, Tier{*t.From, *t.Price})
	}
	return r.check()
}

func (r Rate) check() error {
	if len(r) == 0 {
		return errors.New("a list of tiers is empty")
	}
	for i, t := range r {
		switch {
		case t.Price < 0:
			return fmt.Errorf("the price %v is below nothing", t.Price)
		case t.From < 0 || i > 0 && t.From <= r[i-1].From:
			return fmt.Errorf("the tier from %v does not begin after the one before it", t.From)
		}
	}
	return nil
}
