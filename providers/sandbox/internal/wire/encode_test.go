package wire

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"flowctl/plan"
)

// TestEncode: a document is written as encoding/json and Order write it.
func TestEncode(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		doc := anyDocument(random, 4)
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Encode(doc)
		if err != nil {
			t.Fatal(err)
		}
		if want := string(Order(text)); string(got) != want {
			t.Fatalf("%s\n got %s\nwant %s", text, got, want)
		}
	}
}

// anyDocument is a resource, or what can be in one.
func anyDocument(random *rand.Rand, depth int) any {
	ids := []plan.ID{"/subscriptions/s/resourceGroups/g", "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v",
		"/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/m", "/subscriptions/s/resourceGroups/g/providers/Microsoft.None/none/n"}
	names := []string{"name", "type", "etag", "location", "properties", "tags", "a<b", "subnets", "ü", "sku", "osProfile"}
	kind := random.IntN(12)
	if depth == 4 {
		kind = 0
	}
	if depth == 0 {
		kind += 3
	}
	switch kind {
	case 0, 1:
		doc := map[string]any{}
		for range random.IntN(7) {
			doc[names[random.IntN(len(names))]] = anyDocument(random, depth-1)
		}
		switch random.IntN(3) {
		case 0:
			doc["id"] = ids[random.IntN(len(ids))]
		case 1:
			doc["id"] = string(ids[random.IntN(len(ids))])
		}
		return doc
	case 2:
		list := []any{}
		for range random.IntN(4) {
			list = append(list, anyDocument(random, depth-1))
		}
		return list
	case 3:
		return []float64{0, 1, -7, 0.5, 1e14, 1e15, 1e21, 1e-9, 123456789}[random.IntN(9)]
	case 4:
		return random.IntN(2) == 0
	case 5:
		return nil
	case 6:
		return random.IntN(1000) - 500
	case 7:
		return json.RawMessage(`{"b" : [1, {"a":"\u003c"}] }`)
	case 8:
		return struct {
			Z string            `json:"z"`
			A map[string]string `json:"a,omitempty"`
		}{"x", map[string]string{"type": "t"}}
	case 9:
		return []string{"a", "b"}
	}
	return []string{"", "plain", "a\"b\\c", "<&>", "ü", "\x00\x7f\u2028", "\xff", "/subscriptions/s"}[random.IntN(8)]
}
