package collectors

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"

	"flowctl/collectors/summary"
	"flowctl/plan"
	"flowctl/plan/dictionary"
)

// mostInventories is how many bytes of inventories a file of flows keeps; readers
// hold them in memory.
const mostInventories = 32 << 20

// inventories are those that files of kept flows have with them, of each
// subscription the one that was read last, and what people call networks there.
type inventories struct {
	mu         sync.Mutex
	last       map[string]*plan.Inventory
	dictionary []dictionary.Entry
}

// addDictionary takes the names that people gave networks of a file.
func (k *inventories) addDictionary(text []byte) error {
	var list []dictionary.Entry
	if err := json.Unmarshal(text, &list); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.dictionary = append(k.dictionary, list...)
	return nil
}

// dictionaryBeside returns given, which counts first, with what files have, in an order
// that does not depend on theirs.
func (k *inventories) dictionaryBeside(given []dictionary.Entry) []dictionary.Entry {
	found := slices.Clone(k.dictionary)
	slices.SortFunc(found, func(a, b dictionary.Entry) int {
		return cmp.Or(a.Prefix.Addr().Compare(b.Prefix.Addr()), cmp.Compare(a.Prefix.Bits(), b.Prefix.Bits()), cmp.Compare(a.Name, b.Name))
	})
	return slices.Concat(given, slices.Compact(found))
}

// dictionaryToKeep is JSON of what people call networks; empty if nobody does, or if it
// is more than a file keeps.
func (r *reading) dictionaryToKeep() ([]byte, error) {
	all := r.found.dictionaryBeside(r.Options.Dictionary)
	if len(all) == 0 {
		return nil, nil
	}
	text, err := json.Marshal(all)
	if len(text) <= mostInventories {
		return text, err
	}
	r.Options.Coverage = append(r.Options.Coverage, summary.Coverage{Code: "dictionary-not-kept",
		Text: fmt.Sprintf("The dictionary is too large for the Parquet file (%d MB of at most %d): the columns of names have it, flowctl reading the file back does not.", len(text)>>20, mostInventories>>20)})
	return nil, nil
}

// add takes those of a file.
func (k *inventories) add(text []byte) error {
	var all []*plan.Inventory
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.last == nil {
		k.last = map[string]*plan.Inventory{}
	}
	for _, inv := range all {
		if inv == nil {
			return fmt.Errorf("an inventory is null")
		}
		if was := k.last[inv.Subscription]; was == nil || inv.Read.After(was.Read) {
			k.last[inv.Subscription] = inv
		}
	}
	return nil
}

// beside returns given with those of other subscriptions.
func (k *inventories) beside(given []*plan.Inventory) []*plan.Inventory {
	out := slices.Clone(given)
	for _, subscription := range slices.Sorted(maps.Keys(k.last)) {
		if !slices.ContainsFunc(given, func(inv *plan.Inventory) bool { return inv.Subscription == subscription }) {
			out = append(out, k.last[subscription])
		}
	}
	return out
}

// namesToKeep is JSON of what inventories say of names; empty if there are none,
// or more than a file keeps.
func (r *reading) namesToKeep() ([]byte, error) {
	var all []plan.Inventory
	for _, inv := range r.found.beside(r.Options.Inventories) {
		all = append(all, onlyNames(inv))
	}
	if len(all) == 0 {
		return nil, nil
	}
	text, err := json.Marshal(all)
	if len(text) <= mostInventories {
		return text, err
	}
	r.Options.Coverage = append(r.Options.Coverage, summary.Coverage{Code: "inventory-not-kept",
		Text: fmt.Sprintf("The inventory is too large for the Parquet file (%d MB of at most %d): the columns of names have it, flowctl reading the file back does not.", len(text)>>20, mostInventories>>20)})
	return nil, nil
}

// onlyNames is what of an inventory gives names to addresses, MACs and access
// lists.
func onlyNames(inv *plan.Inventory) plan.Inventory {
	out := plan.Inventory{Provider: inv.Provider, Subscription: inv.Subscription, Read: inv.Read, VNets: inv.VNets}
	for _, n := range inv.NICs {
		n.NSG = ""
		out.NICs = append(out.NICs, n)
	}
	for _, g := range inv.NSGs {
		out.NSGs = append(out.NSGs, plan.NSG{ID: g.ID, GUID: g.GUID, Location: g.Location})
	}
	return out
}
