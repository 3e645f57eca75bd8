package config

import (
	"maps"
	"slices"

	"github.com/zclconf/go-cty/cty"

	"flowctl/plan/dictionary"
)

// maxDictionary is how many names a file gives; more are for --names.
const maxDictionary = 10_000

// dictionary reads what an investigation calls networks and addresses.
func (b block) dictionary() []dictionary.Entry {
	v, ok := b.typed("dictionary", cty.Map(cty.String), `names of networks, such as dictionary { "10.9.0.0/24" = "branch Lisbon" }`)
	if !ok {
		return nil
	}
	given := v.AsValueMap()
	if len(given) > maxDictionary {
		b.scope.add("Too many names", b.at("dictionary"), "A dictionary has at most %d names. Give more in a file, with --names.", maxDictionary)
		return nil
	}
	var list []dictionary.Entry
	for _, prefix := range slices.Sorted(maps.Keys(given)) {
		name := ""
		if n := given[prefix]; !n.IsNull() && n.IsKnown() {
			name = n.AsString()
		}
		e, err := dictionary.New(prefix, name)
		if err != nil {
			b.scope.add("Invalid dictionary", b.at("dictionary"), "In dictionary, %v.", err)
			continue
		}
		if slices.ContainsFunc(list, func(o dictionary.Entry) bool { return o.Prefix == e.Prefix }) {
			b.scope.add("Invalid dictionary", b.at("dictionary"), "In dictionary, %s has two names.", e.Prefix)
			continue
		}
		list = append(list, e)
	}
	return list
}
