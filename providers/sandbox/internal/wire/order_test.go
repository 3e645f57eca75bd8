package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

func TestOrder(t *testing.T) {
	const id = "/subscriptions/s/resourceGroups/g/providers/Microsoft."
	tests := map[string][2]string{
		"network":               {`{"etag":"e","id":"` + id + `Network/virtualNetworks/v","location":"l","name":"v","properties":{"subnets":[],"addressSpace":{},"provisioningState":"S"},"tags":{"b":1,"a":2},"type":"t"}`, `{"name":"v","id":"` + id + `Network/virtualNetworks/v","etag":"e","type":"t","location":"l","tags":{"b":1,"a":2},"properties":{"provisioningState":"S","addressSpace":{},"subnets":[]}}`},
		"storage":               {`{"id":"` + id + `Storage/storageAccounts/a","kind":"k","name":"a","sku":{"tier":"t","name":"n"}}`, `{"sku":{"name":"n","tier":"t"},"kind":"k","id":"` + id + `Storage/storageAccounts/a","name":"a"}`},
		"in a list":             {`{"value":[{"id":"` + id + `Compute/virtualMachines/m","name":"m","zeta":[1, 2 ],"type":"t"}]}`, `{"value":[{"name":"m","id":"` + id + `Compute/virtualMachines/m","type":"t","zeta":[1,2]}]}`},
		"one in another":        {`{"id":"` + id + `Network/virtualNetworks/v","properties":{"subnets":[{"id":"` + id + `Network/virtualNetworks/v/subnets/s","etag":"e","name":"s"}]}}`, `{"id":"` + id + `Network/virtualNetworks/v","properties":{"subnets":[{"name":"s","id":"` + id + `Network/virtualNetworks/v/subnets/s","etag":"e"}]}}`},
		"group":                 {`{"tags":{},"location":"l","name":"g","id":"/subscriptions/s/resourceGroups/g"}`, `{"id":"/subscriptions/s/resourceGroups/g","name":"g","location":"l","tags":{}}`},
		"nobody's":              {`{"b":1,"a":"{\"x\":[}"}`, `{"b":1,"a":"{\"x\":[}"}`},
		"another of a provider": {`{"etag":"e","id":"` + id + `Network/natGateways/n","location":"l","name":"n","type":"t"}`, `{"name":"n","id":"` + id + `Network/natGateways/n","etag":"e","type":"t","location":"l"}`},
		"an unknown type":       {`{"id":"` + id + `None/none/n","b":1,"a":2}`, `{"id":"` + id + `None/none/n","b":1,"a":2}`},
		"a reference alone":     {`{"id":"` + id + `Network/virtualNetworks/v"}`, `{"id":"` + id + `Network/virtualNetworks/v"}`},
		"null":                  {` null `, `null`},
		"a number":              {`12`, `12`},
	}
	for name, tt := range tests {
		if got := string(Order([]byte(tt[0]))); got != tt[1] {
			t.Errorf("%s:\n%s, want\n%s", name, got, tt[1])
		}
	}
}

// TestOrderLosesNothing: whatever the members, the same is said; and what is
// in order stays so.
func TestOrderLosesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var make func(depth int) any
	make = func(depth int) any {
		switch n := r.IntN(7); {
		case n == 0 && depth > 0:
			var all []any
			for range r.IntN(4) {
				all = append(all, make(depth-1))
			}
			return all
		case n < 4 && depth > 0:
			m := map[string]any{}
			for _, name := range []string{"id", "name", "etag", "type", "location", "properties", "subnets", "sku", "{\"[", "ü,:"} {
				if r.IntN(2) == 0 {
					m[name] = make(depth - 1)
				}
			}
			if r.IntN(2) == 0 {
				m["id"] = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v"
			}
			return m
		case n == 4:
			return fmt.Sprint("te\"x\\t, {}[]:", r.IntN(9))
		case n == 5:
			return nil
		}
		return r.Float64()
	}
	for range 500 {
		text, err := json.MarshalIndent(make(5), "", strings.Repeat(" ", r.IntN(2)))
		if err != nil {
			t.Fatal(err)
		}
		got := Order(text)
		var a, b any
		if json.Unmarshal(text, &a) != nil || json.Unmarshal(got, &b) != nil || !reflect.DeepEqual(a, b) {
			t.Fatalf("\n%s\nbecame\n%s", text, got)
		}
		if again := Order(got); !bytes.Equal(again, got) {
			t.Fatalf("\n%s\nbecame\n%s", got, again)
		}
	}
}

func TestHandler(t *testing.T) {
	const id = "/subscriptions/s/resourceGroups/g"
	for name, tt := range map[string]struct {
		kind, body, want string
		status           int
	}{
		"ordered":  {"application/json; charset=utf-8", `{"name":"g","id":"` + id + `"}`, `{"id":"` + id + `","name":"g"}`, 201},
		"no JSON":  {"text/plain", `{"name":"g","id":"` + id + `"}`, `{"name":"g","id":"` + id + `"}`, 200},
		"no body":  {"application/json", "", "", 202},
		"the null": {"application/json", "null", "null", 202},
	} {
		w := httptest.NewRecorder()
		Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", tt.kind)
			w.Header().Set("Content-Length", fmt.Sprint(len(tt.body)))
			w.WriteHeader(tt.status)
			fmt.Fprint(w, tt.body)
		})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != tt.status || w.Body.String() != tt.want || w.Header().Get("Content-Length") != fmt.Sprint(len(tt.want)) {
			t.Errorf("%s: %d %v %s", name, w.Code, w.Header(), w.Body)
		}
	}
}
