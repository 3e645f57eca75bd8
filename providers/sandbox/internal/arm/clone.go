package arm

import (
	"maps"
	"slices"
)

// Clone is a copy of the state of which changes do not touch the first one.
// What is only ever replaced as a whole, such as tags, both have in common.
func (st *State) Clone() *State {
	c := *st
	c.Watchers = copies(st.Watchers, nil)
	c.FlowLogs = copies(st.FlowLogs, func(l *FlowLog) { l.Runs = slices.Clone(l.Runs) })
	c.Captures = copies(st.Captures, nil)
	c.Extensions = copies(st.Extensions, nil)
	c.Resources = copies(st.Resources, func(m *Resource) { m.Body, m.Given = deepObject(m.Body), deepObject(m.Given) })
	c.History = slices.Clone(st.History) // events never change
	c.Operations = copies(st.Operations, nil)
	c.Lifecycles = copies(st.Lifecycles, func(l *Lifecycle) { l.Rules = slices.Clone(l.Rules) })
	c.Upgrades = maps.Clone(st.Upgrades)
	c.Providers = maps.Clone(st.Providers)
	for ns, r := range c.Providers {
		again := *r
		c.Providers[ns] = &again
	}
	return &c
}

// copies copies what a list points at; more copies what that points at.
func copies[T any](all []*T, more func(*T)) []*T {
	if all == nil {
		return nil
	}
	values, out := make([]T, len(all)), make([]*T, len(all))
	for i, v := range all {
		values[i] = *v
		if more != nil {
			more(&values[i])
		}
		out[i] = &values[i]
	}
	return out
}

// deep copies a value of JSON.
func deep(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return deepObject(v)
	case []any:
		c := make([]any, len(v))
		for i, inner := range v {
			c[i] = deep(inner)
		}
		return c
	}
	return v
}

func deepObject(v map[string]any) map[string]any {
	if v == nil {
		return nil
	}
	c := make(map[string]any, len(v))
	for name, inner := range v {
		c[name] = deep(inner)
	}
	return c
}
