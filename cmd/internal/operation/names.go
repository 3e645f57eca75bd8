package operation

import (
	"encoding/json"
	"fmt"
	"os"

	"flowctl/plan"
	"flowctl/plan/dictionary"
	"flowctl/plan/session"
)

// ReadNames reads a file of names of addresses; none if the name is empty.
func ReadNames(name string) ([]dictionary.Entry, error) {
	if name == "" {
		return nil, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("names: %w", err)
	}
	return dictionary.Read(name, data)
}

// ReadInventory reads the inventory of a results folder, or its file; none if the path
// is empty.
func ReadInventory(path string) ([]*plan.Inventory, error) {
	if path == "" {
		return nil, nil
	}
	if session.Is(path) {
		return (session.Folder{Path: path}).Inventory()
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	var list []*plan.Inventory
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("inventory: %s is neither a results folder nor the inventory.json of one: %w", path, err)
	}
	for i, inv := range list {
		if inv == nil {
			return nil, fmt.Errorf("inventory: %s: entry %d is null", path, i+1)
		}
	}
	return list, nil
}
