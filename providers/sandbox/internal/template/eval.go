package template

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// value works out all expressions in a value of the template.
func (d *Deployment) value(v any) (any, error) {
	switch v := v.(type) {
	case string:
		switch {
		case isExpression(v):
			e, err := parse(v)
			if err != nil {
				return nil, err
			}
			return d.eval(e)
		case strings.HasPrefix(v, "[["):
			return v[1:], nil
		}
	case []any:
		list := make([]any, 0, len(v))
		for _, item := range v {
			done, err := d.value(item)
			if err != nil {
				return nil, err
			}
			list = append(list, done)
		}
		return list, nil
	case map[string]any:
		return d.object(v)
	}
	return v, nil
}

// object works out an object, and the lists that a copy inside of it makes.
func (d *Deployment) object(v map[string]any) (any, error) {
	doc := make(map[string]any, len(v))
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if loops, ok := v[name].([]any); ok && name == "copy" {
			if err := d.copies(doc, loops); err != nil {
				return nil, err
			}
			continue
		}
		key, err := d.value(name)
		if err != nil {
			return nil, err
		}
		if doc[fmt.Sprint(key)], err = d.value(v[name]); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

func (d *Deployment) copies(doc map[string]any, loops []any) error {
	for _, l := range loops {
		loop, _ := l.(map[string]any)
		name, _ := loop["name"].(string)
		count, err := d.value(loop["count"])
		n, ok := count.(float64)
		if err != nil || name == "" || !ok || n < 0 || n > maxCopies {
			return fmt.Errorf("the copy '%s' with the count '%v' is not valid", name, count)
		}
		list := []any{}
		for i := range int(n) {
			d.copyIndex[strings.ToLower(name)] = float64(i)
			item, err := d.value(loop["input"])
			if err != nil {
				return err
			}
			list = append(list, item)
		}
		delete(d.copyIndex, strings.ToLower(name))
		doc[name] = list
	}
	return nil
}

func (d *Deployment) eval(e *expr) (any, error) {
	switch {
	case e.of != nil:
		return d.part(e)
	case e.call != "":
		return d.callFunction(e)
	}
	return e.literal, nil
}

func (d *Deployment) part(e *expr) (any, error) {
	of, err := d.eval(e.of)
	if err != nil {
		return nil, err
	}
	key := any(e.member)
	if e.index != nil {
		if key, err = d.eval(e.index); err != nil {
			return nil, err
		}
	}
	switch of := of.(type) {
	case map[string]any:
		if v, ok := lookup(of, fmt.Sprint(key)); ok {
			return v, nil
		}
		return nil, fmt.Errorf("the language expression property '%v' doesn't exist, available properties are '%s'", key,
			strings.Join(slices.Sorted(maps.Keys(of)), ", "))
	case []any:
		i, ok := key.(float64)
		if !ok || i < 0 || int(i) >= len(of) {
			return nil, fmt.Errorf("the language expression property array index '%v' is out of bounds", key)
		}
		return of[int(i)], nil
	}
	return nil, fmt.Errorf("the language expression property '%v' can't be evaluated: its value is neither an object nor an array", key)
}

// callFunction calls a function of the template language. Those that need not
// all of their arguments come first.
func (d *Deployment) callFunction(e *expr) (any, error) {
	switch e.call {
	case "if":
		if len(e.args) != 3 {
			return nil, fmt.Errorf("the template function 'if' takes 3 arguments, not %d", len(e.args))
		}
		test, err := d.eval(e.args[0])
		if err != nil {
			return nil, err
		}
		if on, ok := test.(bool); !ok {
			return nil, fmt.Errorf("the template function 'if' wants a boolean, not '%v'", test)
		} else if on {
			return d.eval(e.args[1])
		}
		return d.eval(e.args[2])
	case "variables":
		return d.variable(e)
	}
	args := make([]any, 0, len(e.args))
	for _, a := range e.args {
		v, err := d.eval(a)
		if err != nil {
			return nil, err
		}
		args = append(args, v)
	}
	if strings.HasPrefix(e.call, "list") && len(args) >= 2 && d.scope.List != nil {
		return d.scope.List(d.idOf(fmt.Sprint(args[0])), fmt.Sprint(args[1]), e.call, nil)
	}
	f, ok := functions()[e.call]
	switch {
	case !ok:
		return nil, fmt.Errorf("the template function '%s' is not valid, or the sandbox does not know it", e.call)
	case len(args) < f.min || f.max >= 0 && len(args) > f.max:
		return nil, fmt.Errorf("the template function '%s' does not take %d arguments", e.call, len(args))
	}
	v, err := f.run(d, args)
	if err != nil {
		return nil, fmt.Errorf("the template function '%s' cannot be evaluated: %w", e.call, err)
	}
	return v, nil
}

// variable works one out when it is first asked for.
func (d *Deployment) variable(e *expr) (any, error) {
	if len(e.args) != 1 {
		return nil, fmt.Errorf("the template function 'variables' takes one argument")
	}
	arg, err := d.eval(e.args[0])
	if err != nil {
		return nil, err
	}
	name := strings.ToLower(fmt.Sprint(arg))
	if v, ok := d.variables[name]; ok {
		return v, nil
	}
	of, ok := lookup(d.template.Variables, name)
	if !ok {
		if list, isLoop, err := d.variableLoop(name); isLoop || err != nil {
			return list, err
		}
		return nil, fmt.Errorf("the template variable '%v' is not found", arg)
	}
	if d.working[name] {
		return nil, fmt.Errorf("the template variable '%v' needs itself", arg)
	}
	d.working[name] = true
	defer delete(d.working, name)
	v, err := d.value(of)
	if err != nil {
		return nil, err
	}
	d.variables[name] = v
	return v, nil
}

// variableLoop is a variable that a copy at the top of the variables makes.
func (d *Deployment) variableLoop(name string) (v any, found bool, err error) {
	loops, _ := d.template.Variables["copy"].([]any)
	for _, l := range loops {
		loop, _ := l.(map[string]any)
		if of, _ := loop["name"].(string); strings.EqualFold(of, name) {
			doc := map[string]any{}
			err := d.copies(doc, []any{loop})
			return doc[of], true, err
		}
	}
	return nil, false, nil
}

// idOf is the id of what a reference names: an id, a symbolic name, or the name
// of a resource in the template.
func (d *Deployment) idOf(name string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	if r := d.symbols[strings.ToLower(name)]; r != nil {
		return d.scope.ID(r.Type, strings.Split(r.Name, "/"))
	}
	resources, err := d.Resources()
	if err != nil {
		return name
	}
	for _, r := range resources {
		if slices.ContainsFunc(r.names(), func(n string) bool { return strings.EqualFold(n, name) }) {
			return d.scope.ID(r.Type, strings.Split(r.Name, "/"))
		}
	}
	return name
}
