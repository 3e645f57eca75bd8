package wire

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"flowctl/plan"
)

// Members is a document whose members stand in an order of their own.
type Members interface {
	// Members returns the names and the values.
	Members() (names []string, values []any)
}

// Encode is what Order makes of a document's JSON, in one pass: lists of many
// thousand resources are most of what a sandbox does. A form of JSON that it does
// not know is left to encoding/json.
func Encode(doc any) ([]byte, error) { return Append(nil, doc) }

// Append is Encode to the end of out, which the caller may use again.
func Append(out []byte, doc any) ([]byte, error) { return encode(out, doc, nil) }

func encode(out []byte, v any, r *rule) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(out, "null"...), nil
	case string:
		return quote(out, v)
	case plan.ID:
		return quote(out, string(v))
	case bool:
		return strconv.AppendBool(out, v), nil
	case int:
		return strconv.AppendInt(out, int64(v), 10), nil
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1e15 && (v != 0 || !math.Signbit(v)) {
			return strconv.AppendInt(out, int64(v), 10), nil
		}
	case map[string]any:
		if v != nil {
			return encodeObject(out, v, r)
		}
	case []any:
		if v != nil {
			return encodeList(out, v, r)
		}
	case Members:
		names, values := v.Members()
		return encodeMembers(out, names, values, r)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return out, err
	}
	return value(out, text, r), nil
}

func encodeList(out []byte, items []any, r *rule) (_ []byte, err error) {
	var below *rule
	if r != nil {
		below = r.items
	}
	out = append(out, '[')
	for i, item := range items {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = encode(out, item, below); err != nil {
			return out, err
		}
	}
	return append(out, ']'), nil
}

// encodeObject writes the members of an object: those that are ranked by their
// rank, the others by name.
func encodeObject(out []byte, doc map[string]any, r *rule) (_ []byte, err error) {
	if own := ruleOfDocument(doc); own != nil {
		r = own
	}
	type named struct {
		name string
		rank int
	}
	var few [24]named
	all := few[:0]
	for name := range doc {
		n := named{name: name}
		if r != nil && r.rank != nil {
			n.rank = unranked
			if rank, ok := r.rank[name]; ok {
				n.rank = rank
			}
		}
		all = append(all, n)
	}
	slices.SortFunc(all, func(a, b named) int {
		if a.rank != b.rank {
			return a.rank - b.rank
		}
		return strings.Compare(a.name, b.name)
	})
	out = append(out, '{')
	for i, n := range all {
		if out, err = encodeMember(out, i, n.name, doc[n.name], r); err != nil {
			return out, err
		}
	}
	return append(out, '}'), nil
}

func encodeMembers(out []byte, names []string, values []any, r *rule) (_ []byte, err error) {
	out = append(out, '{')
	for i, name := range names {
		if out, err = encodeMember(out, i, name, values[i], r); err != nil {
			return out, err
		}
	}
	return append(out, '}'), nil
}

func encodeMember(out []byte, i int, name string, v any, r *rule) (_ []byte, err error) {
	if i > 0 {
		out = append(out, ',')
	}
	if out, err = quote(out, name); err != nil {
		return out, err
	}
	var below *rule
	if r != nil {
		below = r.members[name]
	}
	return encode(append(out, ':'), v, below)
}

// ruleOfDocument is ruleOf for a document that is not yet text.
func ruleOfDocument(doc map[string]any) *rule {
	var id plan.ID
	switch v := doc["id"].(type) {
	case string:
		id = plan.ID(v)
	case plan.ID:
		id = v
	}
	if id == "" || len(doc) < 2 {
		return nil
	}
	_, typed := doc["type"]
	return ruleOfID(id, typed)
}

// quote appends a text as encoding/json writes it.
func quote(out []byte, s string) ([]byte, error) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= utf8.RuneSelf || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' || c == 0x7f {
			text, err := json.Marshal(s)
			return append(out, text...), err
		}
	}
	return append(append(append(out, '"'), s...), '"'), nil
}
