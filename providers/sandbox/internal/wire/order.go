// Package wire gives the answers of Resource Manager the form that Azure's
// have on the wire: their members in the order that recordings show. The
// servers behind it care for what is in an answer only.
package wire

import (
	"bytes"
	_ "embed"
	"slices"
	"strings"
	"sync"

	"flowctl/plan"
)

//go:embed order.txt
var orders string

// rule is the order of one object's members, and the rules below it.
type rule struct {
	rank    map[string]int
	members map[string]*rule
	items   *rule
}

// rules are those of types, by their names in small letters.
var rules = sync.OnceValue(func() map[string]*rule {
	all := map[string]*rule{}
	for line := range strings.Lines(orders) {
		line, _, _ = strings.Cut(line, "#")
		of, names, ok := strings.Cut(strings.TrimSpace(line), " : ")
		if !ok {
			continue
		}
		typ, place, _ := strings.Cut(of, " ")
		if all[typ] == nil {
			all[typ] = &rule{}
		}
		at := all[typ].at(place)
		at.rank = map[string]int{}
		for i, name := range strings.Fields(names) {
			at.rank[name] = i
		}
	}
	return all
})

// at returns the rule at a place such as .properties.subnets[].
func (r *rule) at(place string) *rule {
	for step := range strings.SplitSeq(strings.Trim(place, "."), ".") {
		if step == "" {
			continue
		}
		name, list := strings.CutSuffix(step, "[]")
		if r.members == nil {
			r.members = map[string]*rule{}
		}
		if r.members[name] == nil {
			r.members[name] = &rule{}
		}
		r = r.members[name]
		if list {
			if r.items == nil {
				r.items = &rule{}
			}
			r = r.items
		}
	}
	return r
}

// Order puts the members of all resources in a JSON text into the order in
// which Azure sends them. What is no resource, and what nobody recorded, stays
// as it is. The text must be valid, as encoding/json writes it.
func Order(text []byte) []byte {
	out := make([]byte, 0, len(text))
	return value(out, bytes.TrimSpace(text), nil)
}

func value(out, text []byte, r *rule) []byte {
	if len(text) == 0 {
		return out
	}
	switch text[0] {
	case '{':
		return object(out, text, r)
	case '[':
		return array(out, text, r)
	}
	return append(out, text...)
}

type member struct {
	name       string
	key, value []byte
	rank       int
}

// unranked is behind all that are.
const unranked = 1 << 20

func object(out, text []byte, r *rule) []byte {
	members := split(text)
	if own := ruleOf(members); own != nil {
		r = own
	}
	if r != nil && r.rank != nil {
		for i := range members {
			members[i].rank = unranked
			if n, ok := r.rank[members[i].name]; ok {
				members[i].rank = n
			}
		}
		slices.SortStableFunc(members, func(a, b member) int { return a.rank - b.rank })
	}
	out = append(out, '{')
	for i, m := range members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, m.key...), ':')
		var below *rule
		if r != nil {
			below = r.members[m.name]
		}
		out = value(out, m.value, below)
	}
	return append(out, '}')
}

// ruleOf is the rule of the type that an object's ID names.
func ruleOf(members []member) *rule {
	for _, m := range members {
		if m.name == "id" && len(m.value) > 2 && len(members) > 1 {
			typed := slices.ContainsFunc(members, func(m member) bool { return m.name == "type" })
			return ruleOfID(plan.ID(m.value[1:len(m.value)-1]), typed)
		}
	}
	return nil
}

// ruleOfID is the rule of the type that an id names. An object without a type of
// its own may only refer to it.
func ruleOfID(id plan.ID, typed bool) *rule {
	if t := strings.ToLower(id.Type()); t != "" {
		if r := rules()[t]; r != nil && r.rank != nil {
			return r
		}
		if !typed {
			return nil // only refers to it
		}
		ns, _, _ := strings.Cut(t, "/")
		return rules()[ns]
	}
	if s := strings.Split(strings.ToLower(string(id)), "/"); len(s) == 5 {
		return rules()[s[3]]
	}
	return nil
}

func array(out, text []byte, r *rule) []byte {
	var below *rule
	if r != nil {
		below = r.items
	}
	out = append(out, '[')
	first := true
	for rest := text[1:]; ; {
		rest = bytes.TrimLeft(rest, " \t\r\n,")
		if len(rest) == 0 || rest[0] == ']' {
			return append(out, ']')
		}
		n := length(rest)
		if !first {
			out = append(out, ',')
		}
		out, rest, first = value(out, rest[:n], below), rest[n:], false
	}
}

// split takes an object apart.
func split(text []byte) (members []member) {
	for rest := text[1:]; ; {
		rest = bytes.TrimLeft(rest, " \t\r\n,")
		if len(rest) == 0 || rest[0] == '}' {
			return members
		}
		n := length(rest)
		key := rest[:n]
		rest = bytes.TrimLeft(rest[n:], " \t\r\n:")
		n = length(rest)
		members = append(members, member{name: string(key[1 : len(key)-1]), key: key, value: rest[:n]})
		rest = rest[n:]
	}
}

// length is how long the value is with which a text begins.
func length(text []byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
			if depth == 0 {
				return min(i+1, len(text))
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth <= 0 {
				return i + min(1, depth+1)
			}
		case ',', ' ', '\n', '\r', '\t':
			if depth == 0 {
				return i
			}
		}
	}
	return len(text)
}
