package template

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// evaluate works out one expression.
func evaluate(t *testing.T, text string) (any, error) {
	t.Helper()
	d, err := New(&Template{Variables: map[string]any{"list": []any{"a", "b"}, "me": "[variables('me')]"}}, nil, Scope{
		Subscription: map[string]any{"id": "/subscriptions/s"}, Group: map[string]any{"location": "here"}, Versions: []string{"2024-05-01"},
		ID: func(typ string, names []string) string { return "/group/providers/" + joinID(typ, names) }})
	if err != nil {
		t.Fatal(err)
	}
	return d.value(text)
}

func TestExpressions(t *testing.T) {
	for text, want := range map[string]string{
		`plain`: `"plain"`, `[[not]`: `"[not]"`, `[concat('a', 'it''s', 1)]`: `"ait's1"`,
		`[concat(createArray(1), createArray('b'))]`: `[1,"b"]`, `[add(2, mul(3, -4))]`: `-10`,
		`[if(equals('A', 'a'), 'same', variables('none'))]`: `"same"`, `[resourceGroup().location]`: `"here"`,
		`[variables('LIST')[1]]`: `"b"`, `[format('{0}/{1:D2}', 'v', 2)]`: `"v/2"`,
		`[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')]`: `"/group/providers/Microsoft.Network/virtualNetworks/v/subnets/s"`,
		`[resourceId('other', 'Microsoft.Network/virtualNetworks', 'v')]`:     `"/subscriptions/s/resourceGroups/other/providers/Microsoft.Network/virtualNetworks/v"`,
		`[toUpper(take(split('abc-def', '-')[1], 2))]`:                        `"DE"`,
		`[length(union(createArray(1, 2), createArray(2, 3)))]`:               `3`,
		`[and(true(), not(empty('x')), contains(variables('list'), 'a'))]`:    `true`,
		`[last(range(3, 4))]`:                        `6`,
		`[padLeft(7, 3, '0')]`:                       `"007"`,
		`[json('{"a":[1]}').a[0]]`:                   `1`,
		`[string(createObject('k', createArray()))]`: `"{\"k\":[]}"`,
		`[providers('A.b', 'c').apiVersions[0]]`:     `"2024-05-01"`, `[div(7, 2)]`: `3`,
		`[coalesce(null(), 'x')]`:     `"x"`,
		`[substring('abcdef', 2, 3)]`: `"cde"`,
		`[extensionResourceId('/x', 'Microsoft.Authorization/locks', 'keep')]`: `"/x/providers/Microsoft.Authorization/locks/keep"`,
	} {
		v, err := evaluate(t, text)
		got, _ := json.Marshal(v)
		if err != nil || string(got) != want {
			t.Errorf("%s is %s, %v; want %s", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		`[nothing(1)]`: "'nothing'", `[concat('a']`: "position", `['a]`: "no end", `[variables('me')]`: "needs itself", `[variables('list')[2]]`: "out of bounds",
		`[div(1, 0)]`: "zero", `[resourceGroup().x]`: "'x'", `[copyIndex()]`: "copy", `[resourceId('Microsoft.Network/virtualNetworks')]`: "arguments",
		`[]`: "function", `[if(1, 2, 3)]`: "boolean", `[substring('a', 2)]`: "within", "[" + strings.Repeat("concat(", 200) + "]": "deep", `[add('a', 1)]`: "numbers",
	} {
		if v, err := evaluate(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is %v, %v; want an error with %q", text, v, err, want)
		}
	}
}

func TestResourcesAreInTheOrderOfTheirNeeds(t *testing.T) {
	template, err := Parse([]byte(`{"$schema":"s","parameters":{"n":{"type":"int"}},"resources":[
		{"type":"A.b/c","name":"last","apiVersion":"1","dependsOn":["loop"]},
		{"type":"A.b/d","name":"[concat('x', copyIndex(1))]","apiVersion":"1","copy":{"name":"loop","count":"[parameters('n')]"},"dependsOn":["A.b/e/first"],"properties":{"i":"[copyIndex()]"}},
		{"type":"A.b/e","name":"first","apiVersion":"1","resources":[{"type":"f","name":"child","apiVersion":"1"}]},
		{"type":"A.b/e","name":"off","apiVersion":"1","condition":"[equals(parameters('n'), 0)]"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(template, map[string]any{"N": 2.0}, Scope{ID: joinID})
	if err != nil {
		t.Fatal(err)
	}
	all, err := d.Resources()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range all {
		body, err := d.Body(r)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(r.Type, " ", r.Name, " ", body))
	}
	want := "A.b/e first map[]; A.b/d x1 map[properties:map[i:0]]; A.b/d x2 map[properties:map[i:1]]; A.b/c last map[]; A.b/e/f first/child map[]"
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
	for text, params := range map[string]map[string]any{"'n'": nil, "'o'": {"n": 1.0, "o": 1.0}, "'int'": {"n": "x"}} {
		if _, err := New(template, params, Scope{}); err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("parameters %v: %v", params, err)
		}
	}
}

func TestLenient(t *testing.T) {
	for text, want := range map[string]string{
		`{"a":{"b":1}, template:{"c": true /* why */, // and
			"d//": "x:/*y*/", e : null, "f": -1.5e+3}}`: `{"a":{"b":1},"template":{"c":true,"d//":"x:/*y*/","e":null,"f":-1500}}`,
		`{"a":"\\\"b"}`: `{"a":"\\\"b"}`,
	} {
		var v, w any
		if err := json.Unmarshal(Lenient([]byte(text)), &v); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if err := json.Unmarshal([]byte(want), &w); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(v) != fmt.Sprint(w) {
			t.Errorf("%s: %v, want %v", text, v, w)
		}
	}
	for _, text := range []string{"", "{", `"`, `"\\`, "/", "//", "/*", "a", "{a"} {
		_ = Lenient([]byte(text)) // damaged ones end
	}
}
