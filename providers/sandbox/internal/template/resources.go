package template

import (
	"fmt"
	"strings"
)

// maxCopies is how many resources Azure takes in one loop.
const maxCopies = 800

// Resources are all that the template makes, each after those that it needs.
func (d *Deployment) Resources() ([]*Resource, error) {
	var all []*Resource
	for _, doc := range d.template.Resources {
		some, err := d.expand(doc, "", "")
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	for _, r := range all {
		if r.symbol != "" {
			d.symbols[strings.ToLower(r.symbol)] = r
		}
	}
	return order(all)
}

// expand makes a resource of the template, all of its copies, and those inside
// of it.
func (d *Deployment) expand(doc map[string]any, typ, name string) ([]*Resource, error) {
	loop, _ := doc["copy"].(map[string]any)
	if loop == nil {
		return d.one(doc, typ, name, "", 0)
	}
	of, _ := loop["name"].(string)
	count, err := d.value(loop["count"])
	if err != nil {
		return nil, err
	}
	n, ok := count.(float64)
	if !ok || n < 0 || n > maxCopies {
		return nil, fmt.Errorf("the copy count '%v' of '%s' is not an integer from 0 to %d", count, of, maxCopies)
	}
	var all []*Resource
	for i := range int(n) {
		some, err := d.one(doc, typ, name, of, float64(i))
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func (d *Deployment) one(doc map[string]any, typ, name, loop string, index float64) ([]*Resource, error) {
	d.loop(loop, index)
	defer d.loop("", 0)
	on, err := d.condition(doc["condition"])
	if err != nil || !on {
		return nil, err
	}
	r := &Resource{doc: doc, copyOf: loop, index: index}
	r.symbol, _ = doc["symbolicName"].(string)
	r.Existing, _ = doc["existing"].(bool)
	for member, to := range map[string]*string{"type": &r.Type, "name": &r.Name, "apiVersion": &r.APIVersion, "scope": &r.Scope} {
		v, err := d.value(doc[member])
		if err != nil {
			return nil, err
		}
		if *to, _ = v.(string); *to == "" && member != "scope" {
			return nil, fmt.Errorf("the template resource '%s' has no '%s'", r.Name, member)
		}
	}
	if typ != "" {
		r.Type, r.Name = typ+"/"+r.Type, name+"/"+r.Name
		r.DependsOn = append(r.DependsOn, d.scope.ID(typ, strings.Split(name, "/")))
	}
	if group, err := d.value(doc["resourceGroup"]); err != nil {
		return nil, err
	} else if g, _ := group.(string); g != "" {
		r.Scope = fmt.Sprint(d.scope.Subscription["id"], "/resourceGroups/", g)
	}
	if want := strings.Count(r.Type, "/"); want != strings.Count(r.Name, "/")+1 {
		return nil, fmt.Errorf("the template resource '%s' for type '%s' has incorrect segment lengths. A nested resource type must have identical number of segments as its resource name", r.Name, r.Type)
	}
	needs, err := d.value(doc["dependsOn"])
	if err != nil {
		return nil, err
	}
	list, _ := needs.([]any)
	for _, n := range list {
		r.DependsOn = append(r.DependsOn, fmt.Sprint(n))
	}
	all := []*Resource{r}
	inner, _ := doc["resources"].([]any)
	for _, child := range inner {
		c, _ := child.(map[string]any)
		if c == nil {
			continue
		}
		some, err := d.expand(c, r.Type, r.Name)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// loop is the copy that is worked out.
func (d *Deployment) loop(name string, index float64) {
	clear(d.copyIndex)
	if d.copyName = name; name != "" {
		d.copyIndex[strings.ToLower(name)] = index
	}
}

// Body is what is sent to make the resource. It is worked out when those that
// it needs are there.
func (d *Deployment) Body(r *Resource) (map[string]any, error) {
	d.loop(r.copyOf, r.index)
	defer d.loop("", 0)
	kept := map[string]any{}
	for name, v := range r.doc {
		switch name {
		case "type", "name", "apiVersion", "dependsOn", "condition", "copy", "resources", "comments", "scope", "symbolicName", "existing", "resourceGroup", "metadata":
		default:
			kept[name] = v
		}
	}
	v, err := d.value(kept)
	if err != nil {
		return nil, fmt.Errorf("the template resource '%s' is not valid: %w", r.Name, err)
	}
	return v.(map[string]any), nil
}

// names are those by which others can need the resource.
func (r *Resource) names() []string {
	types, names := strings.Split(r.Type, "/"), strings.Split(r.Name, "/")
	path := types[0]
	for i, n := range names {
		path += "/" + types[i+1] + "/" + n
	}
	return []string{path, r.Name, r.Type + "/" + r.Name, r.symbol, r.copyOf}
}

// needs reports whether the resource is to be made after another.
func (r *Resource) needs(other *Resource) bool {
	for _, want := range r.DependsOn {
		for _, name := range other.names() {
			if name != "" && (strings.EqualFold(want, name) || strings.Contains(want, "/") && strings.Contains(name, ".") &&
				strings.HasSuffix(strings.ToLower(want), "/"+strings.ToLower(name))) {
				return true
			}
		}
	}
	return false
}

// order puts resources behind those that they need, and else leaves them as
// they are.
func order(all []*Resource) ([]*Resource, error) {
	var sorted []*Resource
	const visiting, done = 1, 2
	state := map[*Resource]int{}
	var visit func(r *Resource) error
	visit = func(r *Resource) error {
		switch state[r] {
		case done:
			return nil
		case visiting:
			return fmt.Errorf("circular dependency detected on resource: '%s'", r.Name)
		}
		state[r] = visiting
		for _, other := range all {
			if other != r && r.needs(other) {
				if err := visit(other); err != nil {
					return err
				}
			}
		}
		state[r] = done
		sorted = append(sorted, r)
		return nil
	}
	for _, r := range all {
		if err := visit(r); err != nil {
			return nil, err
		}
	}
	return sorted, nil
}
