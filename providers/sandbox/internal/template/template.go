// Package template reads the templates that clients deploy and works out what
// they make: parameters, variables, copies, conditions, the order in which
// resources need each other, and the expressions that deployments of networks
// and machines use. A function that it does not know is refused by its name.
package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Template is what a client deploys.
type Template struct {
	Parameters map[string]Parameter `json:"parameters"`
	Variables  map[string]any       `json:"variables"`
	Resources  []map[string]any     `json:"-"`
	Outputs    map[string]Output    `json:"outputs"`
}

// Parameter is what a template may be given.
type Parameter struct {
	Type    string `json:"type"`
	Default any    `json:"defaultValue"`
	Allowed []any  `json:"allowedValues"`
	Min     *int   `json:"minLength"`
	Max     *int   `json:"maxLength"`
}

// Output is a value that a deployment shows.
type Output struct {
	Type      string `json:"type"`
	Value     any    `json:"value"`
	Condition any    `json:"condition"`
}

// Parse reads a template. Its resources may be a list or, by their symbolic
// names, an object.
func Parse(raw []byte) (*Template, error) {
	var doc struct {
		Template
		Schema    string          `json:"$schema"`
		Resources json.RawMessage `json:"resources"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("the template is not valid: %w", err)
	}
	if doc.Schema == "" {
		return nil, errors.New("the template has no '$schema'")
	}
	t := &doc.Template
	if json.Unmarshal(doc.Resources, &t.Resources) == nil {
		return t, nil
	}
	var named map[string]map[string]any
	if err := json.Unmarshal(doc.Resources, &named); err != nil {
		return nil, fmt.Errorf("the template's resources are not valid: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		r := named[name]
		r["symbolicName"] = name
		t.Resources = append(t.Resources, r)
	}
	return t, nil
}

// Resource is one that a template makes.
type Resource struct {
	Type, Name, APIVersion string
	Scope                  string   // id below which it is; empty: where the template is deployed
	DependsOn              []string // ids or names, as the template has them
	Existing               bool     // is only referred to

	doc    map[string]any
	symbol string // name within the template
	copyOf string
	index  float64
}

// Scope is where a template is deployed and what it may ask of the place.
type Scope struct {
	Subscription map[string]any
	Group        map[string]any // nil if it is deployed to a subscription
	Deployment   map[string]any
	Versions     []string // of the interface of all types

	Reference func(id, apiVersion string, full bool) (any, error)        // a resource as it is
	List      func(id, apiVersion, action string, body any) (any, error) // what an action of it lists
	ID        func(typ string, names []string) string                    // of a resource of the place
}

// Deployment is a template with its parameters at a place.
type Deployment struct {
	scope      Scope
	template   *Template
	parameters map[string]any
	variables  map[string]any
	working    map[string]bool // variables that are being worked out

	copyName  string // of the loop that is worked out
	copyIndex map[string]float64
	symbols   map[string]*Resource
}

// New checks the parameters that a client gives a template.
func New(t *Template, given map[string]any, scope Scope) (*Deployment, error) {
	d := &Deployment{scope: scope, template: t, parameters: map[string]any{}, variables: map[string]any{}, working: map[string]bool{},
		copyIndex: map[string]float64{}, symbols: map[string]*Resource{}}
	for name := range given {
		if _, known := lookup(t.Parameters, name); !known {
			return nil, fmt.Errorf("the following parameters were supplied, but do not correspond to any parameters defined in the template: '%s'", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Parameters)) {
		p := t.Parameters[name]
		v, ok := lookup(given, name)
		if !ok && p.Default == nil {
			return nil, fmt.Errorf("the value for the template parameter '%s' is not provided", name)
		}
		if !ok {
			var err error
			if v, err = d.value(p.Default); err != nil {
				return nil, err
			}
		}
		if err := p.check(name, v); err != nil {
			return nil, err
		}
		d.parameters[strings.ToLower(name)] = v
	}
	return d, nil
}

func lookup[T any](m map[string]T, name string) (v T, ok bool) {
	if v, ok = m[name]; ok {
		return v, ok
	}
	for k, v := range m {
		if strings.EqualFold(k, name) {
			return v, true
		}
	}
	return v, false
}

func (p Parameter) check(name string, v any) error {
	kind := ""
	length := -1
	switch v := v.(type) {
	case string:
		kind, length = "string", len(v)
	case float64:
		kind = "int"
	case bool:
		kind = "bool"
	case []any:
		kind, length = "array", len(v)
	case map[string]any:
		kind = "object"
	}
	if want := strings.TrimPrefix(strings.ToLower(p.Type), "secure"); kind != "" && want != kind {
		return fmt.Errorf("the provided value for the template parameter '%s' is not valid. Expected a value of type '%s', but received a value of type '%s'", name, p.Type, kind)
	}
	if p.Allowed != nil && !slices.ContainsFunc(p.Allowed, func(a any) bool { return equal(a, v) }) {
		return fmt.Errorf("the provided value '%v' for the template parameter '%s' is not valid. The value is not part of the allowed value(s)", v, name)
	}
	if length >= 0 && (p.Min != nil && length < *p.Min || p.Max != nil && length > *p.Max) {
		return fmt.Errorf("the provided value for the template parameter '%s' is not valid. Its length of %d is not within the limits", name, length)
	}
	return nil
}

// Parameters are those that the template has, with their values; secure ones
// have none.
func (d *Deployment) Parameters() map[string]any {
	all := map[string]any{}
	for name, p := range d.template.Parameters {
		shown := map[string]any{"type": title(p.Type)}
		if !strings.HasPrefix(strings.ToLower(p.Type), "secure") {
			shown["value"] = d.parameters[strings.ToLower(name)]
		}
		all[name] = shown
	}
	return all
}

// title is how a deployment shows a type: String, SecureString.
func title(typ string) string {
	switch typ = strings.ToLower(typ); typ {
	case "securestring":
		return "SecureString"
	case "secureobject":
		return "SecureObject"
	case "":
		return ""
	}
	return strings.ToUpper(typ[:1]) + typ[1:]
}

// Outputs are the values that the template shows.
func (d *Deployment) Outputs() (map[string]any, error) {
	all := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(d.template.Outputs)) {
		o := d.template.Outputs[name]
		if on, err := d.condition(o.Condition); err != nil || !on {
			if err != nil {
				return nil, err
			}
			continue
		}
		v, err := d.value(o.Value)
		if err != nil {
			return nil, fmt.Errorf("the template output '%s' is not valid: %w", name, err)
		}
		all[name] = map[string]any{"type": title(o.Type), "value": v}
	}
	return all, nil
}

func (d *Deployment) condition(c any) (bool, error) {
	if c == nil {
		return true, nil
	}
	v, err := d.value(c)
	if err != nil {
		return false, err
	}
	on, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("the condition '%v' is no boolean", c)
	}
	return on, nil
}
