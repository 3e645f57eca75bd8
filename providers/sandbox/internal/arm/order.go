package arm

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// ordered is a resource that is written in the order of its provider
// (recordings-around: what a fake forgets).
type ordered map[string]any

var orders = map[string][]string{
	"microsoft.network":             {"name", "id", "etag", "type", "location", "kind", "tags", "properties", "sku"},
	"microsoft.compute":             {"name", "id", "type", "location", "tags", "sku", "properties", "resources"},
	"microsoft.storage":             {"sku", "kind", "id", "name", "type", "location", "tags", "properties"},
	"microsoft.operationalinsights": {"properties", "id", "name", "type", "location", "tags"},
	"microsoft.resources":           {"id", "name", "type", "location", "tags", "properties"},
}

// MarshalJSON writes what the order names, and then all else.
func (d ordered) MarshalJSON() ([]byte, error) {
	kind, _ := d["type"].(string)
	ns, _, _ := strings.Cut(strings.ToLower(kind), "/")
	var b bytes.Buffer
	b.WriteByte('{')
	write := func(name string) error {
		key, err := json.Marshal(name)
		if err != nil {
			return err
		}
		value, err := json.Marshal(d[name])
		if err != nil {
			return err
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
		return nil
	}
	for _, name := range orders[ns] {
		if _, ok := d[name]; ok {
			if err := write(name); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d)) {
		if slices.Contains(orders[ns], name) {
			continue
		}
		if err := write(name); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
