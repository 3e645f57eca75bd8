package template

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// function is one of the template language.
type function struct {
	min, max int // arguments; max -1: any number
	run      func(d *Deployment, args []any) (any, error)
}

// equal compares as the language does; texts do not heed case.
func equal(a, b any) bool {
	x, ok1 := a.(string)
	y, ok2 := b.(string)
	if ok1 && ok2 {
		return strings.EqualFold(x, y)
	}
	return reflect.DeepEqual(a, b)
}

// table are the functions that deployments of networks and machines use. They
// are made when one is first called.
var table struct {
	sync.Once
	byName map[string]function
}

func functions() map[string]function {
	table.Do(func() {
		table.byName = map[string]function{}
		for _, some := range []map[string]function{placeFunctions(), textFunctions(), listFunctions(), numberFunctions()} {
			maps.Copy(table.byName, some)
		}
	})
	return table.byName
}

func placeFunctions() map[string]function {
	doc := func(of func(d *Deployment) map[string]any, what string) function {
		return function{0, 0, func(d *Deployment, _ []any) (any, error) {
			if m := of(d); m != nil {
				return m, nil
			}
			return nil, fmt.Errorf("there is no %s where the template is deployed", what)
		}}
	}
	return map[string]function{
		"parameters": {1, 1, func(d *Deployment, a []any) (any, error) {
			if v, ok := d.parameters[strings.ToLower(fmt.Sprint(a[0]))]; ok {
				return v, nil
			}
			return nil, fmt.Errorf("the template parameter '%v' is not found", a[0])
		}},
		"resourcegroup": doc(func(d *Deployment) map[string]any { return d.scope.Group }, "resource group"),
		"subscription":  doc(func(d *Deployment) map[string]any { return d.scope.Subscription }, "subscription"),
		"providers": {1, 2, func(d *Deployment, a []any) (any, error) {
			versions := []any{}
			for _, v := range d.scope.Versions {
				versions = append(versions, v)
			}
			typ := ""
			if len(a) == 2 {
				typ = fmt.Sprint(a[1])
			}
			return map[string]any{"resourceType": typ, "locations": []any{}, "apiVersions": versions}, nil
		}},
		"deployment": doc(func(d *Deployment) map[string]any { return d.scope.Deployment }, "deployment"),
		"copyindex": {0, 2, func(d *Deployment, a []any) (any, error) {
			name, offset := strings.ToLower(d.copyName), 0.0
			for _, v := range a {
				switch v := v.(type) {
				case string:
					name = strings.ToLower(v)
				case float64:
					offset = v
				}
			}
			i, ok := d.copyIndex[name]
			if !ok {
				return nil, errors.New("it is not within a copy of that name")
			}
			return i + offset, nil
		}},
		"resourceid": {2, -1, func(d *Deployment, a []any) (any, error) { return d.resourceID(a) }},
		"subscriptionresourceid": {2, -1, func(d *Deployment, a []any) (any, error) {
			sub := d.scope.Subscription["id"]
			if _, err := uuid.Parse(fmt.Sprint(a[0])); err == nil {
				sub, a = fmt.Sprint("/subscriptions/", a[0]), a[1:]
			}
			return fmt.Sprint(sub, "/providers/", joinID(fmt.Sprint(a[0]), texts(a[1:]))), nil
		}},
		"tenantresourceid": {2, -1, func(_ *Deployment, a []any) (any, error) {
			return "/providers/" + joinID(fmt.Sprint(a[0]), texts(a[1:])), nil
		}},
		"extensionresourceid": {3, -1, func(_ *Deployment, a []any) (any, error) {
			return fmt.Sprint(a[0], "/providers/", joinID(fmt.Sprint(a[1]), texts(a[2:]))), nil
		}},
		"reference": {1, 3, func(d *Deployment, a []any) (any, error) {
			version := ""
			if len(a) > 1 {
				version = fmt.Sprint(a[1])
			}
			full := len(a) == 3 && equal(a[2], "Full")
			if d.scope.Reference == nil {
				return nil, errors.New("references are known only when resources are made")
			}
			return d.scope.Reference(d.idOf(fmt.Sprint(a[0])), version, full)
		}},
	}
}

// resourceID makes the id of a resource: of another subscription and group, if
// these come first.
func (d *Deployment) resourceID(a []any) (any, error) {
	i := slices.IndexFunc(a, func(v any) bool { return strings.Contains(fmt.Sprint(v), "/") })
	if i < 0 || i > 2 || len(a)-i-1 != strings.Count(fmt.Sprint(a[i]), "/") {
		return nil, fmt.Errorf("it wants a type such as 'Microsoft.Network/virtualNetworks' and as many names as the type has segments, not %v", a)
	}
	typ, names := fmt.Sprint(a[i]), texts(a[i+1:])
	switch i {
	case 1:
		return fmt.Sprint(d.scope.Subscription["id"], "/resourceGroups/", a[0], "/providers/", joinID(typ, names)), nil
	case 2:
		return fmt.Sprint("/subscriptions/", a[0], "/resourceGroups/", a[1], "/providers/", joinID(typ, names)), nil
	}
	return d.scope.ID(typ, names), nil
}

// joinID writes types and names by turns.
func joinID(typ string, names []string) string {
	types := strings.Split(typ, "/")
	id := types[0]
	for i, name := range names {
		if i+1 < len(types) {
			id += "/" + types[i+1]
		}
		id += "/" + name
	}
	return id
}

func texts(a []any) []string {
	all := make([]string, 0, len(a))
	for _, v := range a {
		all = append(all, fmt.Sprint(v))
	}
	return all
}

// formatItem is {0} and the like, as .NET calls it.
var formatItem = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{(\d+)(?::[^}]*)?\}`) })

func textOf(f func(string) any) function {
	return function{1, 1, func(_ *Deployment, a []any) (any, error) { return f(fmt.Sprint(a[0])), nil }}
}

func listFunctions() map[string]function {
	return map[string]function{
		"concat": {1, -1, func(_ *Deployment, a []any) (any, error) {
			if _, isList := a[0].([]any); isList {
				all := []any{}
				for _, v := range a {
					list, ok := v.([]any)
					if !ok {
						return nil, errors.New("arrays and texts cannot be joined")
					}
					all = append(all, list...)
				}
				return all, nil
			}
			var b strings.Builder
			for _, v := range a {
				b.WriteString(show(v))
			}
			return b.String(), nil
		}},
		"length": {1, 1, func(_ *Deployment, a []any) (any, error) {
			switch v := a[0].(type) {
			case string:
				return float64(len(v)), nil
			case []any:
				return float64(len(v)), nil
			case map[string]any:
				return float64(len(v)), nil
			}
			return nil, errors.New("it wants a text, an array or an object")
		}},
		"empty": {1, 1, func(_ *Deployment, a []any) (any, error) {
			switch v := a[0].(type) {
			case nil:
				return true, nil
			case string:
				return v == "", nil
			case []any:
				return len(v) == 0, nil
			case map[string]any:
				return len(v) == 0, nil
			}
			return nil, errors.New("it wants a text, an array or an object")
		}},
		"contains": {2, 2, func(_ *Deployment, a []any) (any, error) {
			switch v := a[0].(type) {
			case string:
				return strings.Contains(v, show(a[1])), nil
			case []any:
				return slices.ContainsFunc(v, func(item any) bool { return reflect.DeepEqual(item, a[1]) }), nil
			case map[string]any:
				_, ok := lookup(v, fmt.Sprint(a[1]))
				return ok, nil
			}
			return nil, errors.New("it wants a text, an array or an object")
		}},
		"first": {1, 1, func(_ *Deployment, a []any) (any, error) { return end(a[0], true) }},
		"last":  {1, 1, func(_ *Deployment, a []any) (any, error) { return end(a[0], false) }},
		"take": {2, 2, func(_ *Deployment, a []any) (any, error) {
			return cut(a, func(n, length int) (int, int) { return 0, min(n, length) })
		}},
		"skip": {2, 2, func(_ *Deployment, a []any) (any, error) {
			return cut(a, func(n, length int) (int, int) { return min(n, length), length })
		}},
		"createarray": {0, -1, func(_ *Deployment, a []any) (any, error) { return a, nil }},
		"array": {1, 1, func(_ *Deployment, a []any) (any, error) {
			if list, ok := a[0].([]any); ok {
				return list, nil
			}
			return a, nil
		}},
		"createobject": {0, -1, func(_ *Deployment, a []any) (any, error) {
			doc := map[string]any{}
			if len(a)%2 != 0 {
				return nil, errors.New("it wants names and values by turns")
			}
			for i := 0; i < len(a); i += 2 {
				doc[fmt.Sprint(a[i])] = a[i+1]
			}
			return doc, nil
		}},
		"union": {1, -1, func(_ *Deployment, a []any) (any, error) { return union(a) }},
		"coalesce": {1, -1, func(_ *Deployment, a []any) (any, error) {
			for _, v := range a {
				if v != nil {
					return v, nil
				}
			}
			return nil, nil
		}},
	}
}

func end(v any, first bool) (any, error) {
	switch v := v.(type) {
	case string:
		if v == "" {
			return "", nil
		}
		if first {
			return v[:1], nil
		}
		return v[len(v)-1:], nil
	case []any:
		if len(v) == 0 {
			return nil, nil
		}
		if first {
			return v[0], nil
		}
		return v[len(v)-1], nil
	}
	return nil, errors.New("it wants a text or an array")
}

func cut(a []any, part func(n, length int) (int, int)) (any, error) {
	n, ok := a[1].(float64)
	n = max(n, 0)
	switch v := a[0].(type) {
	case string:
		if from, to := part(int(n), len(v)); ok {
			return v[from:to], nil
		}
	case []any:
		if from, to := part(int(n), len(v)); ok {
			return v[from:to], nil
		}
	}
	return nil, errors.New("it wants a text or an array, and a number")
}

func union(a []any) (any, error) {
	if _, isList := a[0].([]any); isList {
		all := []any{}
		for _, v := range a {
			list, ok := v.([]any)
			if !ok {
				return nil, errors.New("arrays and objects cannot be joined")
			}
			for _, item := range list {
				if !slices.ContainsFunc(all, func(have any) bool { return reflect.DeepEqual(have, item) }) {
					all = append(all, item)
				}
			}
		}
		return all, nil
	}
	doc := map[string]any{}
	for _, v := range a {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, errors.New("it wants arrays or objects")
		}
		maps.Copy(doc, m)
	}
	return doc, nil
}

func numberFunctions() map[string]function {
	calc := func(f func(a, b float64) (any, error)) function {
		return function{2, 2, func(_ *Deployment, a []any) (any, error) {
			x, ok1 := a[0].(float64)
			y, ok2 := a[1].(float64)
			if !ok1 || !ok2 {
				return nil, fmt.Errorf("it wants two numbers, not '%v' and '%v'", a[0], a[1])
			}
			return f(x, y)
		}}
	}
	divide := func(f func(a, b int64) int64) function {
		return calc(func(a, b float64) (any, error) {
			if b == 0 {
				return nil, errors.New("it would divide by zero")
			}
			return float64(f(int64(a), int64(b))), nil
		})
	}
	logic := func(f func(a []any) (any, error)) function {
		return function{1, -1, func(_ *Deployment, a []any) (any, error) { return f(a) }}
	}
	all := func(a []any, want bool) (bool, error) {
		hit := false
		for _, v := range a {
			on, ok := v.(bool)
			if !ok {
				return false, fmt.Errorf("'%v' is no boolean", v)
			}
			hit = hit || on == want
		}
		return hit, nil
	}
	return map[string]function{
		"add":             calc(func(a, b float64) (any, error) { return a + b, nil }),
		"sub":             calc(func(a, b float64) (any, error) { return a - b, nil }),
		"mul":             calc(func(a, b float64) (any, error) { return a * b, nil }),
		"div":             divide(func(a, b int64) int64 { return a / b }),
		"mod":             divide(func(a, b int64) int64 { return a % b }),
		"less":            calc(func(a, b float64) (any, error) { return a < b, nil }),
		"lessorequals":    calc(func(a, b float64) (any, error) { return a <= b, nil }),
		"greater":         calc(func(a, b float64) (any, error) { return a > b, nil }),
		"greaterorequals": calc(func(a, b float64) (any, error) { return a >= b, nil }),
		"min":             calc(func(a, b float64) (any, error) { return min(a, b), nil }),
		"max":             calc(func(a, b float64) (any, error) { return max(a, b), nil }),
		"range": calc(func(from, n float64) (any, error) {
			if n < 0 || n > 10000 {
				return nil, errors.New("it makes up to 10000 numbers")
			}
			list := []any{}
			for i := range int(n) {
				list = append(list, from+float64(i))
			}
			return list, nil
		}),
		"int": {1, 1, func(_ *Deployment, a []any) (any, error) {
			if f, ok := a[0].(float64); ok {
				return f, nil
			}
			n, err := strconv.ParseInt(fmt.Sprint(a[0]), 10, 64)
			return float64(n), err
		}},
		"bool": {1, 1, func(_ *Deployment, a []any) (any, error) {
			return equal(a[0], true) || equal(a[0], "true") || equal(a[0], 1.0), nil
		}},
		"true":   {0, 0, func(*Deployment, []any) (any, error) { return true, nil }},
		"false":  {0, 0, func(*Deployment, []any) (any, error) { return false, nil }},
		"null":   {0, 0, func(*Deployment, []any) (any, error) { return nil, nil }},
		"equals": {2, 2, func(_ *Deployment, a []any) (any, error) { return equal(a[0], a[1]), nil }},
		"not":    logic(func(a []any) (any, error) { return all(a[:1], false) }),
		"or":     logic(func(a []any) (any, error) { return all(a, true) }),
		"and": logic(func(a []any) (any, error) {
			no, err := all(a, false)
			return !no, err
		}),
	}
}
