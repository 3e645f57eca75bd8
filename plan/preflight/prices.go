package preflight

import (
	"flowctl/plan"
	"flowctl/plan/price"
)

// prices are those that the file names, or flowctl's own.
func (c *checker) prices() plan.Prices {
	if b := c.Config.Budget; b != nil {
		return price.Open(b.Prices).Prices
	}
	return price.Own()
}
